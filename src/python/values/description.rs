//! `servo.Component` and `servo.Description`

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::defaults::empty_list;
use super::metric::Metric;
use super::read::{list_of, settings, text};
use super::record::record;
use super::{Modelled, from_models, setting, to_models};
use crate::model;

record! {
    /// A part of the application with settings of its own.
    ///
    /// Args:
    ///     name: Unique within the application.
    ///     settings: Range and enum settings.
    Component { name: text, settings: settings } + {
        /// The setting of that name, or None.
        fn get_setting<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
            named(self.settings.bind(py), name)
        }

        fn __opsani_repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            let description = model::Description { components: vec![self.to_model(py)?], metrics: Vec::new() };
            Ok(pythonize::pythonize(py, &description.wire()["application"]["components"])?)
        }
    }
}

record! {
    /// What an application consists of, and what can be measured.
    ///
    /// Args:
    ///     components: The parts with their settings.
    ///     metrics: The metrics that can be measured.
    Description { components: list_of::<Component> => empty_list, metrics: list_of::<Metric> => empty_list } + {
        /// The component of that name, or None.
        fn get_component<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
            named(self.components.bind(py), name)
        }

        /// The metric of that name, or None.
        fn get_metric<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
            named(self.metrics.bind(py), name)
        }

        /// The setting called `component.setting`, or None.
        fn get_setting<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
            let Some((component, setting)) = name.split_once('.') else {
                return Err(pyo3::exceptions::PyValueError::new_err("name must include component name and setting name"));
            };
            match named(self.components.bind(py), component)? {
                Some(component) => named(&component.getattr("settings")?, setting),
                None => Ok(None),
            }
        }

        fn __opsani_repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
            Ok(pythonize::pythonize(py, &self.to_model(py)?.wire())?)
        }
    }
}

/// The item of a list with that name.
fn named<'py>(list: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    for item in list.try_iter()? {
        let item = item?;
        if item.getattr("name")?.eq(name)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

impl Modelled for Component {
    type Model = model::Component;

    fn to_model(&self, py: Python<'_>) -> PyResult<model::Component> {
        let settings = self.settings.bind(py).try_iter()?.map(|item| setting::to_model(&item?));
        Ok(model::Component { name: self.name.extract(py)?, settings: settings.collect::<PyResult<_>>()? })
    }

    fn from_model(py: Python<'_>, value: &model::Component) -> PyResult<Self> {
        let settings = value.settings.iter().map(|item| setting::from_model(py, item)).collect::<PyResult<Vec<_>>>()?;
        Ok(Self {
            name: PyString::new(py, &value.name).into_any().unbind(),
            settings: PyList::new(py, settings)?.into_any().unbind(),
        })
    }
}

impl Modelled for Description {
    type Model = model::Description;

    fn to_model(&self, py: Python<'_>) -> PyResult<model::Description> {
        Ok(model::Description {
            components: to_models::<Component>(self.components.bind(py))?,
            metrics: to_models::<Metric>(self.metrics.bind(py))?,
        })
    }

    fn from_model(py: Python<'_>, value: &model::Description) -> PyResult<Self> {
        Ok(Self {
            components: from_models::<Component>(py, &value.components)?.into_any().unbind(),
            metrics: from_models::<Metric>(py, &value.metrics)?.into_any().unbind(),
        })
    }
}
