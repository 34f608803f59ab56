//! `servo.RangeSetting` and `servo.EnumSetting`

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString};

use super::defaults::{no, none};
use super::read::{boolean, number, optional_number, optional_scalar, optional_text, scalars, text};
use super::record::record;
use super::{scalar_from_model, scalar_to_model};
use crate::model;

record! {
    /// A setting that takes every `step` from `min` to `max`.
    ///
    /// Args:
    ///     name: Unique within its component.
    ///     min: The least value.
    ///     max: The greatest value.
    ///     step: The distance of neighbours.
    ///     value: What it is set to now.
    ///     pinned: Shown, but never changed.
    ///     unit: For people.
    RangeSetting {
        name: text, min: number, max: number, step: number,
        value: optional_number => none, pinned: boolean => no, unit: optional_text => none,
    } + {
        /// Always `range`.
        #[classattr]
        #[pyo3(name = "type")]
        const TYPE: &'static str = "range";

        fn __opsani_repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            wire(py, &self.to_setting(py)?)
        }
    }
}

record! {
    /// A setting that takes one of a list of values.
    ///
    /// Args:
    ///     name: Unique within its component.
    ///     values: The choices; numbers or texts, at least one.
    ///     value: What it is set to now.
    ///     pinned: Shown, but never changed.
    ///     unit: For people.
    EnumSetting {
        name: text, values: scalars,
        value: optional_scalar => none, pinned: boolean => no, unit: optional_text => none,
    } + {
        /// Always `enum`.
        #[classattr]
        #[pyo3(name = "type")]
        const TYPE: &'static str = "enum";

        fn __opsani_repr__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
            wire(py, &self.to_setting(py)?)
        }
    }
}

fn wire<'py>(py: Python<'py>, setting: &model::Setting) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item(&setting.name, pythonize::pythonize(py, &setting.wire())?)?;
    Ok(dict)
}

fn required(value: &Py<PyAny>, py: Python<'_>) -> PyResult<model::Value> {
    Ok(scalar_to_model(value.bind(py))?.unwrap_or(model::Value::Int(0)))
}

impl RangeSetting {
    pub(super) fn to_setting(&self, py: Python<'_>) -> PyResult<model::Setting> {
        Ok(model::Setting {
            name: self.name.extract(py)?,
            domain: model::Domain::Range {
                min: required(&self.min, py)?,
                max: required(&self.max, py)?,
                step: required(&self.step, py)?,
            },
            pinned: self.pinned.extract(py)?,
            unit: self.unit.extract(py)?,
            value: scalar_to_model(self.value.bind(py))?,
        })
    }
}

impl EnumSetting {
    pub(super) fn to_setting(&self, py: Python<'_>) -> PyResult<model::Setting> {
        let values = self.values.bind(py).try_iter()?;
        let values = values.map(|value| scalar_to_model(&value?)).collect::<PyResult<Vec<_>>>()?;
        Ok(model::Setting {
            name: self.name.extract(py)?,
            domain: model::Domain::Enum { values: values.into_iter().flatten().collect() },
            pinned: self.pinned.extract(py)?,
            unit: self.unit.extract(py)?,
            value: scalar_to_model(self.value.bind(py))?,
        })
    }
}

/// The setting of an object of either class.
pub(super) fn to_model(object: &Bound<'_, PyAny>) -> PyResult<model::Setting> {
    match object.cast::<RangeSetting>() {
        Ok(range) => range.borrow().to_setting(object.py()),
        Err(_) => object.cast::<EnumSetting>()?.borrow().to_setting(object.py()),
    }
}

/// The object of a setting.
pub(super) fn from_model(py: Python<'_>, setting: &model::Setting) -> PyResult<Py<PyAny>> {
    let name = PyString::new(py, &setting.name).into_any().unbind();
    let pinned = PyBool::new(py, setting.pinned).to_owned().into_any().unbind();
    let unit = setting.unit.as_deref().into_pyobject(py)?.unbind();
    let value = scalar_from_model(py, setting.value.as_ref())?;
    match &setting.domain {
        model::Domain::Range { min, max, step } => {
            let [min, max, step] = [min, max, step].map(|bound| scalar_from_model(py, Some(bound)));
            let object = RangeSetting { name, min: min?, max: max?, step: step?, value, pinned, unit };
            Ok(Py::new(py, object)?.into_any())
        }
        model::Domain::Enum { values } => {
            let values = values.iter().map(|value| scalar_from_model(py, Some(value))).collect::<PyResult<Vec<_>>>()?;
            let values = PyList::new(py, values)?.into_any().unbind();
            Ok(Py::new(py, EnumSetting { name, values, value, pinned, unit })?.into_any())
        }
    }
}
