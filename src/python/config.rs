//! From a file to servos.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyException, PyLookupError, PySystemExit};
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::Value as Json;

use super::errors::{self, config_error};
use super::event_loop::EventLoop;
use super::native::NativeConnector;
use super::servo::PyServo;
use super::types::connector_type;
use crate::config::{
    ConfigError, ConnectorCatalog, Document, Environment, Offer, Origin, Problem, ServoConfig, load_bytes_offering,
    load_file_in,
};
use crate::connector::Registry;
use crate::connectors;
use crate::event::Responder;
use crate::runner::Servo;

/// The native types and those of Python; a dotted path that is not known yet is imported.
pub(super) struct Catalog {
    registry: Mutex<Registry>,
    /// Why dotted paths could not be imported.
    failures: Mutex<HashMap<String, String>>,
    /// A file may have thousands of documents, and pydantic takes its time.
    schemas: Mutex<HashMap<String, Json>>,
    /// What was raised by someone who wants everything to end, such as a KeyboardInterrupt. Nothing is imported after it.
    interruption: Mutex<Option<PyErr>>,
    event_loop: Arc<EventLoop>,
}

impl Catalog {
    pub(super) fn new(types: &[Bound<'_, PyAny>]) -> PyResult<Self> {
        Self::beside(connectors::registry(), types)
    }

    /// Native types, and those of Python beside them.
    fn beside(mut registry: Registry, types: &[Bound<'_, PyAny>]) -> PyResult<Self> {
        let event_loop = Arc::new(EventLoop::default());
        for class in types {
            let kind = connector_type(class, &event_loop)?;
            // A class of an imported module does not take a native connector's key away.
            if registry.resolve(&kind.name).is_none() {
                registry.register(kind);
            }
        }
        Ok(Self {
            registry: Mutex::new(registry),
            failures: Mutex::default(),
            schemas: Mutex::default(),
            interruption: Mutex::default(),
            event_loop,
        })
    }

    fn registry(&self) -> Registry {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn interruption(&self) -> MutexGuard<'_, Option<PyErr>> {
        self.interruption.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Raises what an import was interrupted with.
    fn go_on(&self) -> PyResult<()> {
        self.interruption().take().map_or(Ok(()), Err)
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
        if !identifier.contains('.') || self.interruption().is_some() || self.unresolved(identifier).is_some() {
            return None;
        }
        match self.import(identifier) {
            Ok(name) => Some(name),
            Err(error) => {
                let (why, fails) = Python::attach(|py| {
                    let fails = error.is_instance_of::<PyException>(py) || error.is_instance_of::<PySystemExit>(py);
                    (errors::from_python(py, &error).message, fails)
                });
                if !fails {
                    *self.interruption() = Some(error);
                }
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

    fn schema(&self, name: &str) -> Json {
        let known = self.schemas.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or_else(|| {
            let schema = ConnectorCatalog::schema(&self.registry(), name);
            self.schemas.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), schema.clone());
            schema
        })
    }

    fn coercion_schema(&self, name: &str) -> Json {
        self.registry().coercion_schema(name)
    }

    fn optimizer_schema(&self) -> Json {
        self.registry().optimizer_schema()
    }

    fn validate_optimizer(&self, local: &Json) -> Vec<Problem> {
        ConnectorCatalog::validate_optimizer(&self.registry(), local)
    }
}

/// Python code may be called while a file is read, so the GIL is given up for the rest of it.
pub(super) fn load(
    py: Python<'_>,
    config_file: &str,
    catalog: &Catalog,
    environment: Option<HashMap<String, String>>,
) -> PyResult<Vec<ServoConfig>> {
    let environment: Environment = environment.into_iter().flatten().collect();
    let loaded = py.detach(|| load_file_in(config_file, catalog, &environment));
    catalog.go_on()?;
    loaded.map_err(|error| config_error(py, &error))
}

/// Checks a servo.yaml.
///
/// Args:
///     config_file: The path.
///     types: Connector classes beside the native ones.
///     environment: The variables that fill gaps of the file; none unless given.
///     content: What the file holds; it is read unless given.
///     offered: The keys that documents without `connectors` may have, None for a default name, and what each stands
///         for; all connectors unless given.
///
/// Returns:
///     The number of documents.
///
/// Raises:
///     ConfigError: Everything that is wrong.
///     LookupError: A connector that is offered is not known; the text is its identifier.
#[pyfunction]
#[pyo3(signature = (config_file, types, environment = None, content = None, offered = None))]
#[allow(clippy::needless_pass_by_value)]
pub fn validate_file(
    py: Python<'_>,
    config_file: &str,
    types: Vec<Bound<'_, PyAny>>,
    environment: Option<HashMap<String, String>>,
    content: Option<Vec<u8>>,
    offered: Option<Vec<(Option<String>, String)>>,
) -> PyResult<usize> {
    let catalog = Catalog::new(&types)?;
    let environment: Environment = environment.into_iter().flatten().collect();
    let mut offer = Offer::of(&catalog);
    for (key, identifier) in offered.iter().flatten() {
        if !offer.add(key.as_deref(), identifier) {
            catalog.go_on()?;
            return Err(PyLookupError::new_err(identifier.clone()));
        }
    }
    let loaded = py.detach(|| {
        let read = match content {
            Some(bytes) => bytes,
            None => Document::bytes_of(config_file)?,
        };
        let offer: &dyn ConnectorCatalog = if offered.is_some() { &offer } else { &catalog };
        load_bytes_offering(config_file, &read, &catalog, offer, &environment)
    });
    catalog.go_on()?;
    Ok(loaded.map_err(|error| config_error(py, &error))?.len())
}

/// The path of a value, and where it came from.
type Traced = (String, String);

/// Reads a servo.yaml as servos read it: checked, and with its gaps filled.
///
/// Args:
///     config_file: The path.
///     types: Connector classes beside the native ones.
///     environment: The variables that fill gaps of the file; none unless given.
///
/// Returns:
///     For each document the name of its servo, the document as JSON, and of each value its path, such as `load.rate` or
///     `meter.targets[2].url`, and where it is from: `servo.yaml:3:7`, or the name of a variable.
///
/// Raises:
///     ConfigError: Everything that is wrong.
#[pyfunction]
#[pyo3(signature = (config_file, types, environment = None))]
#[allow(clippy::needless_pass_by_value)]
pub fn effective_documents(
    py: Python<'_>,
    config_file: &str,
    types: Vec<Bound<'_, PyAny>>,
    environment: Option<HashMap<String, String>>,
) -> PyResult<Vec<(String, String, Vec<Traced>)>> {
    let configs = load(py, config_file, &Catalog::new(&types)?, environment)?;
    let documents = configs.iter().map(|config| {
        let document = &config.document;
        let origins = document.origins().into_iter().map(|(path, origin)| {
            let from = match origin {
                Origin::Place(place) => format!("{}:{}:{}", document.file, place.line, place.column),
                Origin::Variable(name) => name.to_string(),
            };
            (path.to_string(), from)
        });
        (config.servo_name(), document.to_json().to_string(), origins.collect())
    });
    Ok(documents.collect())
}

/// The JSON Schema of `optimizer.local`.
#[pyfunction]
pub fn local_optimizer_schema() -> String {
    connectors::registry().optimizer_schema().to_string()
}

/// Reads the documents of a YAML file, as the engine reads a servo.yaml.
///
/// Args:
///     file: The path.
///
/// Returns:
///     Each document as JSON; none for a file without content.
///
/// Raises:
///     ConfigError: It cannot be read, or it is no YAML, with its place.
#[pyfunction]
pub fn read_documents(py: Python<'_>, file: &str) -> PyResult<Vec<String>> {
    let documents = py.detach(|| Document::read_file(file)).map_err(|error| config_error(py, &error))?;
    Ok(documents.iter().map(|document| document.to_json().to_string()).collect())
}

/// The values that variables give to the fields of a schema.
///
/// Args:
///     prefix: What the names begin with, such as `SERVO_LOAD_`.
///     schema: The JSON Schema, as text.
///     environment: The variables.
///
/// Returns:
///     The values as a JSON object, and for each variable that cannot be read the path, the variable and why.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, clippy::type_complexity)]
pub fn environment_values(
    prefix: &str,
    schema: &str,
    environment: HashMap<String, String>,
) -> PyResult<(String, Vec<(String, String, String)>)> {
    let schema: Json = serde_json::from_str(schema).map_err(errors::runtime_error)?;
    let environment: Environment = environment.into_iter().collect();
    Ok(match environment.values(prefix, &schema) {
        Ok(values) => (values.to_string(), Vec::new()),
        Err(problems) => {
            let told = problems.into_iter();
            let told = told.map(|(name, problem)| (problem.path.to_string(), name.to_string(), problem.message));
            ("{}".to_owned(), told.collect())
        }
    })
}

/// The default name and the class name of each native connector.
#[pyfunction]
pub fn native_connectors() -> Vec<(String, Vec<String>)> {
    connectors::registry().types().map(|kind| (kind.name.clone(), kind.identifiers.clone())).collect()
}

/// Puts the servos of a servo.yaml together, without starting anything.
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
pub fn open_servos(
    py: Python<'_>,
    config_file: &str,
    types: Vec<Bound<'_, PyAny>>,
    environment: Option<HashMap<String, String>>,
) -> PyResult<Vec<Py<PyServo>>> {
    let configs = load(py, config_file, &Catalog::new(&types)?, environment)?;
    let file: Arc<str> = config_file.into();
    let natives = connectors::registry();
    configs
        .into_iter()
        .map(|config| {
            // The connectors of each servo live on a loop of their own accord.
            let catalog = Catalog::beside(natives.clone(), &types)?;
            for route in &config.connectors {
                catalog.resolve(&route.identifier);
            }
            catalog.go_on()?;
            let registry = catalog.registry();
            let assembled: Result<Servo, ConfigError> = py.detach(|| Servo::assemble(&config, &registry));
            let servo = assembled.map_err(|error| config_error(py, &error))?;
            let members = servo.members().to_vec();
            let servo = Bound::new(py, PyServo::new(config, &file, servo, catalog.event_loop.clone()))?;
            catalog.event_loop.belong_to(servo.as_any())?;
            // Without connectors in Python nobody looks, unless there are checks.
            if !catalog.event_loop.connectors(py).is_empty() {
                show(&servo, &catalog.event_loop, &members)?;
            }
            Ok(servo.unbind())
        })
        .collect()
}

/// Makes the `servo.Servo` that Python connectors and checks see.
pub(super) fn show(servo: &Bound<'_, PyServo>, event_loop: &EventLoop, members: &[Arc<dyn Responder>]) -> PyResult<()> {
    let py = servo.py();
    let written = event_loop.connectors(py);
    let mut of_python = HashMap::new();
    for connector in written {
        of_python.insert(connector.getattr("name")?.extract::<String>()?, connector);
    }
    let connectors = PyList::empty(py);
    for member in members {
        let name = member.name().to_owned();
        match of_python.remove(&name) {
            Some(connector) => connectors.append((name, connector))?,
            None => connectors.append((name, NativeConnector::of(member.clone())))?,
        }
    }
    let view = py.import("servo._engine")?.call_method1("view_of", (servo, servo.get().document(), connectors))?;
    event_loop.belong_to(&view)?;
    servo.get().show_as(view.unbind());
    Ok(())
}
