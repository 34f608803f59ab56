//! `servo.Component`, `servo.Description`, `servo.Adjustment` and `servo.Control` on their way into the engine and out
//! of it.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::{Map, Value as Json};

use super::super::json::to_json;
use super::read::{adjustment_class, component_class, control_class, description_class};
use super::{
    Adjustment, Component, Control, Description, Metric, Modelled, duration, from_models, scalar_from_model,
    scalar_to_model, setting, to_models,
};
use crate::model;

impl Modelled for Component {
    type Model = model::Component;

    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Component> {
        super::check(object, &component_class(object.py())?)?;
        let settings = object.getattr("settings")?.try_iter()?.map(|item| setting::to_model(&item?));
        Ok(model::Component { name: object.getattr("name")?.extract()?, settings: settings.collect::<PyResult<_>>()? })
    }

    fn from_model<'py>(py: Python<'py>, value: &model::Component) -> PyResult<Bound<'py, PyAny>> {
        let settings = value.settings.iter().map(|item| setting::from_model(py, item)).collect::<PyResult<Vec<_>>>()?;
        component_class(py)?.call1((value.name.as_str(), PyList::new(py, settings)?))
    }
}

impl Modelled for Description {
    type Model = model::Description;

    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Description> {
        super::check(object, &description_class(object.py())?)?;
        Ok(model::Description {
            components: to_models::<Component>(&object.getattr("components")?)?,
            metrics: to_models::<Metric>(&object.getattr("metrics")?)?,
        })
    }

    fn from_model<'py>(py: Python<'py>, value: &model::Description) -> PyResult<Bound<'py, PyAny>> {
        let kwargs = PyDict::new(py);
        kwargs.set_item("components", from_models::<Component>(py, &value.components)?)?;
        kwargs.set_item("metrics", from_models::<Metric>(py, &value.metrics)?)?;
        description_class(py)?.call((), Some(&kwargs))
    }
}

impl Modelled for Adjustment {
    type Model = model::Adjustment;

    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Adjustment> {
        super::check(object, &adjustment_class(object.py())?)?;
        Ok(model::Adjustment {
            component_name: object.getattr("component_name")?.extract()?,
            setting_name: object.getattr("setting_name")?.extract()?,
            value: scalar_to_model(&object.getattr("value")?)?.unwrap_or(model::Value::Int(0)),
        })
    }

    fn from_model<'py>(py: Python<'py>, value: &model::Adjustment) -> PyResult<Bound<'py, PyAny>> {
        let kwargs = PyDict::new(py);
        kwargs.set_item("component_name", &value.component_name)?;
        kwargs.set_item("setting_name", &value.setting_name)?;
        kwargs.set_item("value", scalar_from_model(py, Some(&value.value))?)?;
        adjustment_class(py)?.call((), Some(&kwargs))
    }
}

impl Modelled for Control {
    type Model = model::Control;

    fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Control> {
        let py = object.py();
        super::check(object, &control_class(py)?)?;
        let span = |name: &str| duration::to_model(&object.getattr(name)?);
        let map = |name: &str| -> PyResult<Option<Map<String, Json>>> {
            let value = object.getattr(name)?;
            if value.is_none() {
                return Ok(None);
            }
            match to_json(&super::record::records(py)?.call_method1("jsonable", (value,))?)? {
                Json::Object(map) => Ok(Some(map)),
                _ => Err(PyTypeError::new_err(format!("the {name} of a control is no mapping"))),
            }
        };
        Ok(model::Control {
            duration: span("duration")?,
            delay: span("delay")?,
            warmup: span("warmup")?,
            settlement: if object.getattr("settlement")?.is_none() { None } else { Some(span("settlement")?) },
            load: map("load")?,
            userdata: map("userdata")?,
            environment: map("environment")?,
        })
    }

    fn from_model<'py>(py: Python<'py>, value: &model::Control) -> PyResult<Bound<'py, PyAny>> {
        let kwargs = PyDict::new(py);
        for (name, span) in [("duration", value.duration), ("delay", value.delay), ("warmup", value.warmup)] {
            kwargs.set_item(name, duration::from_model(py, span)?)?;
        }
        if let Some(span) = value.settlement {
            kwargs.set_item("settlement", duration::from_model(py, span)?)?;
        }
        for (name, map) in [("load", &value.load), ("userdata", &value.userdata), ("environment", &value.environment)] {
            kwargs.set_item(name, pythonize::pythonize(py, map)?)?;
        }
        control_class(py)?.call((), Some(&kwargs))
    }
}
