//! Places in a file, and everything that is wrong with one.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::Problem;

/// A place in a file; lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

impl Place {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Where a value came from: the file, or a variable of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The place in the file.
    Place(Place),
    /// The name of the variable.
    Variable(Arc<str>),
}

impl From<Place> for Origin {
    fn from(place: Place) -> Self {
        Self::Place(place)
    }
}

/// One thing that is wrong with a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LocatedProblem {
    /// The file as it was named by who asked for it.
    pub file: Arc<str>,
    /// Where it is; `None` when the file could not be read at all, or when the value is not from the file.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The variable of the environment that the value came from, which then has no place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<Arc<str>>,
    /// The path of the value, such as `load.targets[2].url`; empty for the whole document.
    pub path: String,
    /// What is wrong, what was expected and what was found.
    pub message: String,
    /// The known name that the unknown one is nearest to.
    pub nearest: Option<String>,
}

impl LocatedProblem {
    /// In the order of the file; variables come last.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        (self.variable.is_some(), self.place, &self.variable).cmp(&(
            other.variable.is_some(),
            other.place,
            &other.variable,
        ))
    }
}

impl fmt::Display for LocatedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.variable {
            Some(variable) => write!(f, "environment variable {variable}")?,
            None => f.write_str(&self.file)?,
        }
        if let Some(Place { line, column }) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.nearest {
            Some(name) => write!(f, ", did you mean '{name}'?"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration file, in the order of the file; never empty.
///
/// As text, one problem a line: `servo.yaml:7:3: load.ratee: unknown key, did you mean 'rate'?`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigError {
    problems: Vec<LocatedProblem>,
}

impl ConfigError {
    /// One problem of the whole file: it could not be read.
    pub fn unreadable(file: Arc<str>, message: impl Into<String>) -> Self {
        let (path, message) = (String::new(), message.into());
        let problem = LocatedProblem { file, place: None, variable: None, path, message, nearest: None };
        Self { problems: vec![problem] }
    }

    /// What was found in a file, which must not be nothing.
    pub(super) fn located<O: Into<Origin>>(file: &Arc<str>, found: Vec<(O, Problem)>) -> Self {
        debug_assert!(!found.is_empty(), "an error says what is wrong");
        let mut problems: Vec<_> = found
            .into_iter()
            .map(|(origin, problem)| {
                let (place, variable) = match origin.into() {
                    Origin::Place(place) => (Some(place), None),
                    Origin::Variable(name) => (None, Some(name)),
                };
                LocatedProblem {
                    file: file.clone(),
                    place,
                    variable,
                    path: problem.path.to_string(),
                    message: problem.message,
                    nearest: problem.nearest,
                }
            })
            .collect();
        problems.sort_by(LocatedProblem::order);
        problems.dedup();
        Self { problems }
    }

    /// The problems of this error and of others of the same file.
    pub(super) fn and(mut self, others: impl IntoIterator<Item = Self>) -> Self {
        self.problems.extend(others.into_iter().flat_map(|other| other.problems));
        self.problems.sort_by(LocatedProblem::order);
        // A variable is the same one for all documents.
        self.problems.dedup();
        self
    }

    /// The problems, sorted by place.
    pub fn problems(&self) -> &[LocatedProblem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
