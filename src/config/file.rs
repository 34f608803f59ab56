//! A configuration file as servos, one for each document.

use std::fs::File;
use std::io::Read;
use std::path::Path as FilePath;
use std::sync::Arc;

use super::{ConfigError, ConnectorCatalog, Document, Environment, Path, Place, Problem, ServoConfig};

/// The most bytes of a configuration file: 16 MiB.
pub const MAX_FILE_SIZE: u64 = 16 << 20;

/// The servos that a file alone configures, one for each document; never none.
///
/// # Errors
/// Everything that is wrong with all of its documents, sorted by place. A file that is no YAML is not looked at any
/// further.
pub fn load_file(path: impl AsRef<FilePath>, catalog: &dyn ConnectorCatalog) -> Result<Vec<ServoConfig>, ConfigError> {
    load_file_in(path, catalog, &Environment::default())
}

/// The servos that a file configures, with the gaps filled from the environment.
///
/// # Errors
/// As [`load_file`]; what is wrong with the value of a variable is told with the variable's name.
pub fn load_file_in(
    path: impl AsRef<FilePath>,
    catalog: &dyn ConnectorCatalog,
    environment: &Environment,
) -> Result<Vec<ServoConfig>, ConfigError> {
    let path = path.as_ref();
    load_bytes_in(path.display().to_string(), &Document::bytes_of(path)?, catalog, environment)
}

/// The servos that the content of a file configures; `file` is what errors call it.
///
/// # Errors
/// As [`load_file`].
pub fn load_bytes(
    file: impl Into<Arc<str>>,
    bytes: &[u8],
    catalog: &dyn ConnectorCatalog,
) -> Result<Vec<ServoConfig>, ConfigError> {
    load_bytes_in(file, bytes, catalog, &Environment::default())
}

/// The servos that the content of a file configures, with the gaps filled from the environment.
///
/// # Errors
/// As [`load_file_in`].
pub fn load_bytes_in(
    file: impl Into<Arc<str>>,
    bytes: &[u8],
    catalog: &dyn ConnectorCatalog,
    environment: &Environment,
) -> Result<Vec<ServoConfig>, ConfigError> {
    load_bytes_offering(file, bytes, catalog, catalog, environment)
}

/// As [`load_bytes_in`]; documents without `connectors` may have what `offered` knows, and nothing else.
///
/// # Errors
/// As [`load_file_in`].
pub fn load_bytes_offering(
    file: impl Into<Arc<str>>,
    bytes: &[u8],
    catalog: &dyn ConnectorCatalog,
    offered: &dyn ConnectorCatalog,
    environment: &Environment,
) -> Result<Vec<ServoConfig>, ConfigError> {
    let file = file.into();
    let mut documents = Document::parse_present(&file, bytes)?;
    let empty = documents.is_empty();
    if empty {
        documents.push(Document::empty(&file));
    }
    let documents: Vec<_> = documents.into_iter().map(Arc::new).collect();
    let mut servos = Vec::with_capacity(documents.len());
    let mut errors = Vec::new();
    for document in &documents {
        let catalog = if document.names_connectors() { catalog } else { offered };
        let filled = document.filled(environment, documents.len() == 1, catalog);
        match ServoConfig::load(Arc::new(filled), catalog) {
            Ok(servo) => servos.push(servo),
            Err(error) => errors.push(error),
        }
        if documents.len() > 1 {
            errors.extend(without_optimizer(document));
        }
    }
    let mut errors = errors.into_iter();
    match errors.next() {
        None => Ok(servos),
        // There is no place in an empty file to complain of.
        Some(first) if empty && first.problems().iter().all(|problem| problem.variable.is_none()) => {
            let message = "the file is empty, expected a mapping with at least one connector";
            Err(ConfigError::located(&file, vec![(Place::START, Problem::new(Path::default(), message))]))
        }
        Some(first) => Err(first.and(errors)),
    }
}

/// Servos of one file share no optimizer.
fn without_optimizer(document: &Document) -> Option<ConfigError> {
    let json = document.to_json();
    let entries = json.as_object()?;
    let named = entries.get("optimizer").is_some_and(|optimizer| {
        // What is no mapping has a problem of its own.
        optimizer.as_object().is_none_or(|keys| !keys.is_empty())
    });
    if named {
        return None;
    }
    let message = "cannot configure a multi-servo assembly without an optimizer specified in each config";
    let problem = Problem::new(Path::default().key("optimizer"), message);
    Some(ConfigError::located(&document.file, document.located(vec![problem])))
}

/// The bytes of a file, or why there are none.
pub(super) fn read(path: &FilePath) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "expected a configuration file, found none of that name".to_owned(),
        _ => format!("expected a configuration file that can be read: {error}"),
    };
    // Not every system opens a directory to tell.
    if path.is_dir() {
        return Err("expected a configuration file, found a directory".to_owned());
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(format!("expected a configuration file of at most {} MiB, found more", MAX_FILE_SIZE >> 20));
    }
    Ok(bytes)
}
