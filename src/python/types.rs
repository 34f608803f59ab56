//! Connector classes written in Python, as types that `servo.yaml` may name.

use std::sync::Arc;

use pyo3::prelude::*;
use serde_json::Value as Json;

use super::connector::PyConnector;
use super::errors;
use super::event_loop::EventLoop;
use crate::config::{Path, Problem, Step, nearest};
use crate::connector::{BuildError, ConnectorType};

/// The type of a connector class; its connectors' handlers run on that loop.
pub(super) fn connector_type(class: &Bound<'_, PyAny>, event_loop: &Arc<EventLoop>) -> PyResult<ConnectorType> {
    let name: Option<String> = class.getattr("__default_name__")?.extract()?;
    let class_name: String = class.getattr("__name__")?.extract()?;
    let module: String = class.getattr("__module__")?.extract()?;
    let qualified: String = class.getattr("__qualname__")?.extract()?;
    let identifiers = vec![class_name.clone(), qualified.clone(), format!("{module}.{qualified}")];
    let validate = {
        let class = class.clone().unbind();
        move |config: &Json| {
            Python::attach(|py| problems(class.bind(py), config))
                .unwrap_or_else(|error| vec![Problem::new(Path::default(), error.to_string())])
        }
    };
    let name = name.unwrap_or_else(|| class_name.to_lowercase());
    let build = {
        let (class, event_loop) = (class.clone().unbind(), event_loop.clone());
        let kind: Arc<str> = name.as_str().into();
        move |name: &str, config: Json| {
            Python::attach(|py| {
                let make = || -> PyResult<PyConnector> {
                    let kwargs = pyo3::types::PyDict::new(py);
                    kwargs.set_item("name", name)?;
                    kwargs.set_item("config", pythonize::pythonize(py, &config)?)?;
                    PyConnector::new(&class.bind(py).call((), Some(&kwargs))?, kind.clone(), event_loop.clone())
                };
                make()
                    .map(|connector| Arc::new(connector) as _)
                    .map_err(|error| BuildError::Other(errors::from_python(py, &error).message))
            })
        }
    };
    let schema = {
        let class = class.clone().unbind();
        move || Python::attach(|py| schema(class.bind(py))).unwrap_or_default()
    };
    Ok(ConnectorType::foreign(name, identifiers, validate, build).with_schema(schema))
}

/// The JSON Schema of a configuration of the class.
fn schema(class: &Bound<'_, PyAny>) -> PyResult<Json> {
    let py = class.py();
    let text = py.import("servo._pydantic")?.call_method1("schema_text", (class.call_method0("config_model")?,))?;
    serde_json::from_str(&text.extract::<String>()?).map_err(errors::runtime_error)
}

/// What pydantic finds wrong with a configuration of the class.
fn problems(class: &Bound<'_, PyAny>, config: &Json) -> PyResult<Vec<Problem>> {
    let py = class.py();
    let model = class.call_method0("config_model")?;
    let pydantic = py.import("servo._pydantic")?;
    let found = pydantic.call_method1("problems", (&model, pythonize::pythonize(py, config)?))?;
    let mut problems = Vec::new();
    for item in found.try_iter()? {
        let (place, message, known): (Vec<Bound<'_, PyAny>>, String, Option<Vec<String>>) = item?.extract()?;
        let steps = place.iter().map(|step| match step.extract::<usize>() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key(step.to_string()),
        });
        let mut problem = Problem::new(Path(steps.collect()), message);
        if let Some(known) = known {
            problem.at_key = true;
            if let Some(Step::Key(key)) = problem.path.0.last() {
                problem.nearest = nearest(key, known.iter().map(String::as_str));
            }
        }
        problems.push(problem);
    }
    Ok(problems)
}
