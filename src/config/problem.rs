//! One thing that is wrong with a configuration.

use std::fmt;

use serde_json::Value as Json;

/// A step from a value to one inside of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item of a list, counted from 0.
    Index(usize),
}

/// Where a value stands in a document: `load.targets[2].url`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The path of a key of this value.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.then(Step::Key(key.into()))
    }

    /// The path of an item of this value.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    /// The path one step further.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// `inner` seen from where this path starts.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        Self(self.0.iter().chain(&inner.0).cloned().collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is, from the root of the document or of the part that was checked.
    pub path: Path,
    /// What is wrong, what was expected and what was found, as one sentence without the place and the nearest name.
    pub message: String,
    /// The known name that the unknown one is nearest to.
    pub nearest: Option<String>,
    /// Whether the place is the key itself and not its value, as for an unknown key.
    pub at_key: bool,
}

impl Problem {
    /// A problem of the value at that path.
    pub fn new(path: Path, message: impl Into<String>) -> Self {
        Self { path, message: message.into(), nearest: None, at_key: false }
    }

    /// What serde says, at the path it was at.
    pub fn from_serde(error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        use serde_path_to_error::Segment;
        let steps = error.path().iter().filter_map(|segment| match segment {
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Self::new(Path(steps.collect()), error.inner().to_string())
    }

    /// The same problem seen from further out.
    #[must_use]
    pub fn under(mut self, outer: &Path) -> Self {
        self.path = outer.join(&self.path);
        self
    }
}

/// `load.ratee: unknown key, did you mean 'rate'?`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.0.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(name) => write!(f, ", did you mean '{name}'?"),
            None => Ok(()),
        }
    }
}

/// What a value is, for messages. A text may be a secret in the wrong place, and is not shown.
pub(super) fn kind(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => format!("the number {number}"),
        Json::String(_) => "text".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a mapping".to_owned(),
    }
}
