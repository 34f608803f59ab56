//! From a file to servos.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use serde_json::Value as Json;

use super::errors::{self, config_error};
use super::event_loop::EventLoop;
use super::servo::PyServo;
use super::types::connector_type;
use crate::config::{ConfigError, ConnectorCatalog, Problem, ServoConfig, load_file};
use crate::connector::Registry;
use crate::connectors;
use crate::runner::Servo;

/// The native types and those of Python; a dotted path that is not known yet is imported.
struct Catalog {
    registry: Mutex<Registry>,
    /// Why dotted paths could not be imported.
    failures: Mutex<HashMap<String, String>>,
    event_loop: Arc<EventLoop>,
}

impl Catalog {
    fn new(types: &[Bound<'_, PyAny>]) -> PyResult<Self> {
        let event_loop = Arc::new(EventLoop::default());
        let mut registry = connectors::registry();
        for class in types {
            let kind = connector_type(class, &event_loop)?;
            // A class of an imported module does not take a native connector's key away.
            if registry.resolve(&kind.name).is_none() {
                registry.register(kind);
            }
        }
        Ok(Self { registry: Mutex::new(registry), failures: Mutex::default(), event_loop })
    }

    fn registry(&self) -> Registry {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Imports the class of a dotted path and makes it known.
    fn import(&self, identifier: &str) -> PyResult<String> {
        Python::attach(|py| {
            let class = py.import("servo.connector")?.call_method1("import_connector", (identifier,))?;
            let kind = connector_type(&class, &self.event_loop)?;
            let name = kind.name.clone();
            self.registry.lock().unwrap_or_else(PoisonError::into_inner).register(kind);
            Ok(name)
        })
    }
}

impl ConnectorCatalog for Catalog {
    fn resolve(&self, identifier: &str) -> Option<String> {
        if let Some(known) = ConnectorCatalog::resolve(&self.registry(), identifier) {
            return Some(known);
        }
        if !identifier.contains('.') {
            return None;
        }
        match self.import(identifier) {
            Ok(name) => Some(name),
            Err(error) => {
                let why = Python::attach(|py| errors::from_python(py, &error).message);
                self.failures.lock().unwrap_or_else(PoisonError::into_inner).insert(identifier.to_owned(), why);
                None
            }
        }
    }

    fn unresolved(&self, identifier: &str) -> Option<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).get(identifier).cloned()
    }

    fn names(&self) -> Vec<String> {
        ConnectorCatalog::names(&self.registry())
    }

    fn validate(&self, name: &str, config: &Json) -> Vec<Problem> {
        ConnectorCatalog::validate(&self.registry(), name, config)
    }

    fn validate_optimizer(&self, local: &Json) -> Vec<Problem> {
        ConnectorCatalog::validate_optimizer(&self.registry(), local)
    }
}

/// Python code may be called while a file is read, so the GIL is given up for the rest of it.
fn load(py: Python<'_>, config_file: &str, catalog: &Catalog) -> PyResult<Vec<ServoConfig>> {
    py.detach(|| load_file(config_file, catalog)).map_err(|error| config_error(py, &error))
}

/// Checks a servo.yaml.
///
/// Args:
///     config_file: The path.
///     types: Connector classes beside the native ones.
///
/// Returns:
///     The number of documents.
///
/// Raises:
///     ConfigError: Everything that is wrong.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)]
pub fn validate_file(py: Python<'_>, config_file: &str, types: Vec<Bound<'_, PyAny>>) -> PyResult<usize> {
    Ok(load(py, config_file, &Catalog::new(&types)?)?.len())
}

/// Puts the servos of a servo.yaml together, without starting anything.
///
/// Args:
///     config_file: The path.
///     types: Connector classes beside the native ones.
///
/// Raises:
///     ConfigError: Everything that is wrong.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)]
pub fn open_servos(py: Python<'_>, config_file: &str, types: Vec<Bound<'_, PyAny>>) -> PyResult<Vec<Py<PyServo>>> {
    let configs = load(py, config_file, &Catalog::new(&types)?)?;
    configs
        .into_iter()
        .map(|config| {
            // The connectors of each servo live on a loop of their own accord.
            let catalog = Catalog::new(&types)?;
            for route in &config.connectors {
                catalog.resolve(&route.identifier);
            }
            let registry = catalog.registry();
            let assembled: Result<Servo, ConfigError> = py.detach(|| Servo::assemble(&config, &registry));
            let servo = assembled.map_err(|error| config_error(py, &error))?;
            let servo = Bound::new(py, PyServo::new(config, config_file, servo, catalog.event_loop.clone()))?;
            catalog.event_loop.belong_to(servo.as_any())?;
            Ok(servo.unbind())
        })
        .collect()
}
