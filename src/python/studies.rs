//! The studies of local optimizers as they are written down, for those who look at them.

use std::collections::HashMap;

use pyo3::exceptions::{PyLookupError, PyValueError};
use pyo3::prelude::*;
use serde_json::{Value as Json, json};

use super::config::{Catalog, load};
use super::errors::runtime_error;
use crate::config::{OptimizerConfig, ServoConfig};
use crate::optimizer::local::{LocalConfig, Records, Review, StorageError, StorageUrl, StudyRecord};

/// A study by its name, in a storage. Reading it disturbs nobody.
#[pyclass(frozen, module = "servo._core")]
pub struct StudySource {
    /// The servo whose configuration it is from.
    #[pyo3(get)]
    servo: Option<String>,
    /// The name of the study; any when absent.
    #[pyo3(get)]
    study: Option<String>,
    url: StorageUrl,
}

#[pymethods]
impl StudySource {
    #[new]
    #[pyo3(signature = (storage, study = None))]
    fn new(storage: &str, study: Option<String>) -> PyResult<Self> {
        let url = storage.parse().map_err(PyValueError::new_err)?;
        Ok(Self { servo: None, study, url })
    }

    /// Where it is: the path of a file, or the URL of a database without its password.
    #[getter]
    fn storage(&self) -> String {
        self.url.to_string()
    }

    /// Another study of the same storage.
    fn with_study(&self, study: String) -> Self {
        Self { servo: self.servo.clone(), study: Some(study), url: self.url.clone() }
    }

    /// Every study of the storage, as JSON.
    fn studies(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| {
            let studies = Records::open(&self.url)?.all_studies()?;
            let studies = studies.iter().map(|study| {
                json!({
                    "study": study.label(), "name": study.name, "generation": study.generation,
                    "created": study.created,
                })
            });
            Ok(Json::Array(studies.collect()).to_string())
        })
        .map_err(|error: StorageError| runtime_error(error))
    }

    /// The study with its trials, as JSON; the newest unless a generation is named.
    #[pyo3(signature = (generation = None))]
    fn read(&self, py: Python<'_>, generation: Option<u32>) -> PyResult<String> {
        py.detach(|| self.review(generation))
    }
}

impl StudySource {
    fn review(&self, generation: Option<u32>) -> PyResult<String> {
        let records = Records::open(&self.url).map_err(runtime_error)?;
        let all = records.all_studies().map_err(runtime_error)?;
        let study = self.choose(&all, generation).map_err(PyLookupError::new_err)?;
        let review = Review::read(&records, study).map_err(runtime_error)?;
        serde_json::to_string(&review).map_err(runtime_error)
    }

    /// The study that is meant; the error says which there are.
    fn choose<'a>(&self, all: &'a [StudyRecord], generation: Option<u32>) -> Result<&'a StudyRecord, String> {
        // The name alone, or with its generation: `app#2`.
        let wanted = |study: &&StudyRecord| match &self.study {
            Some(name) => study.name == *name || study.label() == *name,
            None => study.name == all[0].name,
        };
        let found: Vec<_> = all.iter().filter(wanted).collect();
        let known = |labels: Vec<String>| if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        if found.is_empty() || (self.study.is_none() && found.len() < all.len()) {
            let wanted = match &self.study {
                Some(name) => format!("there is no study '{name}'"),
                None if all.is_empty() => "there is no study yet".to_owned(),
                None => "there are several studies: name one with --study".to_owned(),
            };
            let labels = known(all.iter().map(StudyRecord::label).collect());
            return Err(format!("{wanted} in {}; studies: {labels}", self.url));
        }
        let newest = found.iter().max_by_key(|study| study.generation);
        let chosen = match generation {
            None => newest,
            Some(generation) => found.iter().find(|study| study.generation == generation),
        };
        chosen.copied().ok_or_else(|| {
            let generations = known(found.iter().map(|study| study.generation.to_string()).collect());
            let (name, wanted) = (&found[0].name, generation.unwrap_or_default());
            format!("study '{name}' in {} has no generation {wanted}; generations: {generations}", self.url)
        })
    }
}

/// The studies of the servos of a servo.yaml that have a local optimizer.
///
/// Args:
///     config_file: The path.
///     types: Connector classes beside the native ones.
///     environment: The variables that fill gaps of the file; none unless given.
///
/// Raises:
///     ConfigError: Everything that is wrong.
#[pyfunction]
#[pyo3(signature = (config_file, types, environment = None))]
#[allow(clippy::needless_pass_by_value)]
pub fn configured_studies(
    py: Python<'_>,
    config_file: &str,
    types: Vec<Bound<'_, PyAny>>,
    environment: Option<HashMap<String, String>>,
) -> PyResult<Vec<StudySource>> {
    let configs = load(py, config_file, &Catalog::new(&types)?, environment)?;
    configs.iter().filter_map(|config| source_of(config).transpose()).collect()
}

fn source_of(config: &ServoConfig) -> PyResult<Option<StudySource>> {
    let OptimizerConfig::Local(local) = &config.optimizer else { return Ok(None) };
    let local: LocalConfig = serde_json::from_value(local.clone()).map_err(runtime_error)?;
    let url = local.url().map_err(|problem| PyValueError::new_err(problem.message))?;
    let study = local.study.unwrap_or_else(|| config.servo_name());
    Ok(Some(StudySource { servo: Some(config.servo_name()), study: Some(study), url }))
}
