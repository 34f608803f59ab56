//! `servo.Adjustment`

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::read::{scalar, text};
use super::record::record;
use super::{Modelled, scalar_from_model, scalar_to_model};
use crate::model;

record! {
    /// A change that an optimizer asks for.
    ///
    /// Args:
    ///     component_name: The component.
    ///     setting_name: The setting.
    ///     value: A number or a text.
    Adjustment { component_name: text, setting_name: text, value: scalar } + {
        /// `component.setting`
        #[getter]
        fn selector(&self, py: Python<'_>) -> String {
            format!("{}.{}", self.component_name.bind(py), self.setting_name.bind(py))
        }

        fn __str__(&self, py: Python<'_>) -> String {
            format!("{}={}", self.selector(py), self.value.bind(py))
        }
    }
}

impl Modelled for Adjustment {
    type Model = model::Adjustment;

    fn to_model(&self, py: Python<'_>) -> PyResult<model::Adjustment> {
        Ok(model::Adjustment {
            component_name: self.component_name.extract(py)?,
            setting_name: self.setting_name.extract(py)?,
            value: scalar_to_model(self.value.bind(py))?.unwrap_or(model::Value::Int(0)),
        })
    }

    fn from_model(py: Python<'_>, value: &model::Adjustment) -> PyResult<Self> {
        Ok(Self {
            component_name: PyString::new(py, &value.component_name).into_any().unbind(),
            setting_name: PyString::new(py, &value.setting_name).into_any().unbind(),
            value: scalar_from_model(py, Some(&value.value))?,
        })
    }
}
