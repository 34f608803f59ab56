//! A document of a file, and the places of its values.

use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use serde_json::{Number, Value as Json};

use super::coerce::coerce_document;
use super::environment::Origins;
use super::place::Origin;
use super::yaml::{self, Node, Scalar, Value};
use super::{ConfigError, ConnectorCatalog, Environment, Path, Place, Problem, Step};

/// One YAML document of a file.
#[derive(Clone)]
pub struct Document {
    /// The file as it was named by who asked for it.
    pub file: Arc<str>,
    node: Node,
    /// The document with what variables added to it; `None` for the file alone.
    filled: Option<Arc<Filled>>,
}

struct Filled {
    json: Json,
    origins: Origins,
    problems: Vec<(Arc<str>, Problem)>,
}

/// Values may be secrets, so only the place is shown.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("file", &self.file).field("place", &self.place()).finish_non_exhaustive()
    }
}

impl Document {
    /// The documents of a file's bytes; a file without any is one empty mapping.
    ///
    /// # Errors
    /// Everything that makes it no YAML, or YAML with duplicate keys, unknown tags, unknown aliases or keys that are
    /// no text.
    pub fn parse(file: impl Into<Arc<str>>, bytes: &[u8]) -> Result<Vec<Self>, ConfigError> {
        let file = file.into();
        let mut documents = Self::parse_present(&file, bytes)?;
        if documents.is_empty() {
            documents.push(Self::empty(&file));
        }
        Ok(documents)
    }

    /// A mapping without keys.
    pub(super) fn empty(file: &Arc<str>) -> Self {
        Self { file: file.clone(), node: Node::empty(Place::START), filled: None }
    }

    /// The documents of a file; none when it holds nothing but space and comments.
    ///
    /// # Errors
    /// As [`Document::parse`], and that the file cannot be read or is larger than [`MAX_FILE_SIZE`](super::MAX_FILE_SIZE).
    pub fn read_file(path: impl AsRef<FilePath>) -> Result<Vec<Self>, ConfigError> {
        let path = path.as_ref();
        Self::parse_present(&path.display().to_string().into(), &Self::bytes_of(path)?)
    }

    /// What a file holds.
    ///
    /// # Errors
    /// It cannot be read or is larger than [`MAX_FILE_SIZE`](super::MAX_FILE_SIZE).
    pub fn bytes_of(path: impl AsRef<FilePath>) -> Result<Vec<u8>, ConfigError> {
        let path = path.as_ref();
        let file = path.display().to_string();
        super::file::read(path).map_err(|message| ConfigError::unreadable(file.into(), message))
    }

    /// The documents of a file's bytes; none for a file that holds nothing but space and comments.
    pub(super) fn parse_present(file: &Arc<str>, bytes: &[u8]) -> Result<Vec<Self>, ConfigError> {
        match yaml::read(bytes) {
            Ok(nodes) => Ok(nodes.into_iter().map(|node| Self { file: file.clone(), node, filled: None }).collect()),
            Err(found) => Err(ConfigError::located(file, found)),
        }
    }

    /// The document as JSON, keys in the order of the file; what variables added comes last.
    pub fn to_json(&self) -> Json {
        self.filled.as_ref().map_or_else(|| self.node.to_json(), |filled| filled.json.clone())
    }

    /// The document with its gaps filled from the environment, and with scalars as its parts ask for them; `alone` when it
    /// is the only one of its file.
    ///
    /// `<KEY>` and `<FIELD>` in `SERVO_<KEY>_<FIELD>` are what the catalog's schemas know. What is wrong with the text of a
    /// variable is told when the document is read.
    #[must_use]
    pub fn filled(&self, environment: &Environment, alone: bool, catalog: &dyn ConnectorCatalog) -> Self {
        // What is no mapping is refused as it is.
        let Json::Object(entries) = self.node.to_json() else { return self.clone() };
        let (mut json, origins, problems) = environment.fill(entries, alone, catalog);
        coerce_document(&mut json, catalog, &|path, number| self.is_respelled(path, number));
        Self { filled: Some(Arc::new(Filled { json, origins, problems })), ..self.clone() }
    }

    /// Whether the text that a number was written with is not the one it has by itself.
    fn is_respelled(&self, path: &Path, number: &Number) -> bool {
        let node = path.0.iter().try_fold(&self.node, |node, step| match (step, &node.value) {
            (Step::Key(key), Value::Map(entries)) => entries.get(key.as_str()).map(|entry| &entry.node),
            (Step::Index(index), Value::Seq(items)) => items.get(*index),
            _ => None,
        });
        // In JSON, as a variable has it, only whole numbers have one spelling.
        node.map_or(number.is_f64(), |node| matches!(node.value, Value::Scalar(Scalar::Respelled(_))))
    }

    /// Problems of this document, which must not be none, with their places.
    pub fn error(&self, problems: Vec<Problem>) -> ConfigError {
        ConfigError::located(&self.file, self.located(problems))
    }

    /// What is wrong with the variables that were to fill it.
    pub(super) fn unreadable_variables(&self) -> impl Iterator<Item = (Origin, Problem)> {
        let found = self.filled.iter().flat_map(|filled| &filled.problems);
        found.map(|(variable, problem)| (Origin::Variable(variable.clone()), problem.clone()))
    }

    /// The variable that the value of a path came from, or what is around it.
    fn variable(&self, path: &Path) -> Option<Arc<str>> {
        let origins = &self.filled.as_ref()?.origins;
        (0..=path.0.len()).rev().find_map(|length| origins.get(&Path(path.0[..length].to_vec())).cloned())
    }

    /// Whether the file says which connectors are active, and does not leave it to the keys of the document.
    pub(super) fn names_connectors(&self) -> bool {
        match self.node.to_json().get("connectors") {
            None | Some(Json::Null) => false,
            Some(Json::Array(items)) => !items.is_empty(),
            Some(Json::Object(entries)) => !entries.is_empty(),
            Some(_) => true,
        }
    }

    /// Where each value without parts came from, and each list and mapping without content: its path, and the place in
    /// the file or the variable.
    pub fn origins(&self) -> Vec<(Path, Origin)> {
        let mut found = Vec::new();
        self.trace(&self.to_json(), &Path::default(), &mut found);
        found
    }

    fn trace(&self, value: &Json, path: &Path, found: &mut Vec<(Path, Origin)>) {
        match value {
            Json::Object(entries) if !entries.is_empty() => {
                entries.iter().for_each(|(key, value)| self.trace(value, &path.key(key), found));
            }
            Json::Array(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(index, value)| self.trace(value, &path.index(index), found));
            }
            _ => {
                let origin = self.variable(path).map_or_else(|| self.locate(path, false).into(), Origin::Variable);
                found.push((path.clone(), origin));
            }
        }
    }

    /// Where the document starts.
    pub fn place(&self) -> Place {
        self.node.place
    }

    /// Where the value of a path is, or its key. For what is not there, the nearest value around it: a missing key is
    /// at the mapping that lacks it. What an alias or `<<` brought in is where it was written.
    pub fn locate(&self, path: &Path, at_key: bool) -> Place {
        let mut node = &self.node;
        let mut place = node.place;
        for (depth, step) in path.0.iter().enumerate() {
            node = match (step, &node.value) {
                (Step::Key(key), Value::Map(entries)) => match entries.get(key.as_str()) {
                    Some(entry) => {
                        let last = depth + 1 == path.0.len();
                        place = if last && at_key { entry.key_place } else { entry.node.place };
                        &entry.node
                    }
                    None => return place,
                },
                (Step::Index(index), Value::Seq(items)) => match items.get(*index) {
                    Some(item) => {
                        place = item.place;
                        item
                    }
                    None => return place,
                },
                _ => return place,
            };
        }
        place
    }

    /// The problems with their places.
    pub(super) fn located(&self, problems: Vec<Problem>) -> Vec<(Origin, Problem)> {
        let origin = |problem: &Problem| match self.variable(&problem.path) {
            Some(variable) => Origin::Variable(variable),
            None => Origin::Place(self.locate(&problem.path, problem.at_key)),
        };
        problems.into_iter().map(|problem| (origin(&problem), problem)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize, column: usize) -> Place {
        Place { line, column }
    }

    #[test]
    fn finds_values_keys_and_what_lacks_them() {
        let text = "base: &b\n  x: 1\nload:\n  targets:\n    - {url: u}\n  more: *b\n";
        let document = Document::parse("servo.yaml", text.as_bytes()).unwrap().remove(0);
        let targets = Path::default().key("load").key("targets");
        for (path, at_key, expected) in [
            (Path::default(), false, place(1, 1)),
            (targets.clone(), true, place(4, 3)),
            (targets.index(0), false, place(5, 7)),
            (targets.index(0).key("url"), false, place(5, 13)),
            (targets.index(0).key("method"), false, place(5, 7)),
            (targets.index(7), false, place(5, 5)),
            (Path::default().key("load").key("rate"), true, place(4, 3)),
            (Path::default().key("load").key("more"), false, place(6, 9)),
            (Path::default().key("load").key("more").key("x"), false, place(2, 6)),
            (Path::default().key("nothing").key("at").key("all"), false, place(1, 1)),
        ] {
            assert_eq!(document.locate(&path, at_key), expected, "{path} {at_key}");
        }
    }

    #[test]
    fn an_empty_file_is_an_empty_mapping() {
        let documents = Document::parse("servo.yaml", b"# later\n").unwrap();
        assert_eq!(documents.len(), 1);
        assert_eq!(documents[0].to_json(), serde_json::json!({}));
    }
}
