//! What the objects of every value class can do, whatever their fields.

use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType, PyTypeMethods};

use super::record::Read;

/// The name of an object's class.
pub(super) fn class_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string())
}

/// `Class(a=1, b='x')`
pub(super) fn repr(object: &Bound<'_, PyAny>, names: &[&str], values: &[Py<PyAny>]) -> PyResult<String> {
    let mut parts = Vec::with_capacity(names.len());
    for (name, value) in names.iter().zip(values) {
        parts.push(format!("{name}={}", value.bind(object.py()).repr()?));
    }
    Ok(format!("{}({})", class_name(object), parts.join(", ")))
}

/// Whether the fields are equal, each to its counterpart.
pub(super) fn equal(py: Python<'_>, left: &[Py<PyAny>], right: &[Py<PyAny>]) -> PyResult<bool> {
    for (this, that) in left.iter().zip(right) {
        if !this.bind(py).eq(that.bind(py))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The fields by name, values inside of them as dicts too.
pub(super) fn dict<'py>(py: Python<'py>, names: &[&str], values: &[Py<PyAny>]) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in names.iter().zip(values) {
        dict.set_item(name, plain(value.bind(py))?)?;
    }
    Ok(dict)
}

/// A field's new value; raises when it is wrong.
pub(super) fn checked(
    object: &Bound<'_, PyAny>,
    name: &str,
    value: &Bound<'_, PyAny>,
    read: Read,
) -> PyResult<Py<PyAny>> {
    read(value).map(Bound::unbind).map_err(|message| invalid(object.py(), &class_name(object), &[(name, message)]))
}

/// Sets what is no field, as `object.__setattr__` does it, which cannot be called past this class's own.
pub(super) fn set_other(object: &Bound<'_, PyAny>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match class_attribute(object, name)? {
        Some(attribute) if attribute.hasattr("__set__")? => {
            attribute.call_method1("__set__", (object, value)).map(drop)
        }
        _ => object.getattr("__dict__")?.set_item(name, value),
    }
}

/// Deletes what is no field, as `object.__delattr__` does it.
pub(super) fn delete(object: &Bound<'_, PyAny>, fields: &[&str], name: &str) -> PyResult<()> {
    if fields.contains(&name) {
        return Err(PyAttributeError::new_err(format!(
            "the field '{name}' of {} cannot be deleted",
            class_name(object)
        )));
    }
    match class_attribute(object, name)? {
        Some(attribute) if attribute.hasattr("__delete__")? => {
            attribute.call_method1("__delete__", (object,)).map(drop)
        }
        _ => object.getattr("__dict__")?.del_item(name).map_err(|_| PyAttributeError::new_err(name.to_owned())),
    }
}

/// The attribute of the class or its bases, unbound.
fn class_attribute<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    for class in object.get_type().mro() {
        let attributes = class.getattr("__dict__")?;
        if attributes.contains(name)? {
            return attributes.get_item(name).map(Some);
        }
    }
    Ok(None)
}

/// A copy of an object, of its own class, with some attributes set anew.
pub(super) fn copy<'py>(
    object: &Bound<'py, PyAny>,
    update: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let copy = object.py().import("copy")?.call_method1("copy", (object,))?;
    for (name, value) in update.into_iter().flatten() {
        copy.setattr(name.cast::<PyString>()?, value)?;
    }
    Ok(copy)
}

/// How an object is copied and pickled: its class, its fields, its further attributes.
pub(super) fn reduce<'py>(object: &Bound<'py, PyAny>, values: &[Py<PyAny>]) -> PyResult<Bound<'py, PyTuple>> {
    let py = object.py();
    let new = py.import("copyreg")?.getattr("__newobj__")?;
    let attributes = object.getattr("__dict__")?.call_method0("copy")?;
    let state = values.iter().map(|value| value.bind(py).clone()).chain([attributes]).collect::<Vec<_>>();
    let class = PyTuple::new(py, [object.get_type()])?;
    PyTuple::new(py, [new, class.into_any(), PyTuple::new(py, state)?.into_any()])
}

/// A field of a pickled object.
pub(super) fn stored(object: &Bound<'_, PyAny>, state: &Bound<'_, PyTuple>, at: usize) -> PyResult<Py<PyAny>> {
    let foreign = |_| PyValueError::new_err(format!("the state is not that of a {}", class_name(object)));
    state.get_item(at).map(Bound::unbind).map_err(foreign)
}

/// The JSON Schema of a value in a user's model.
pub(super) fn json_schema<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyDict>> {
    let schema = PyDict::new(class.py());
    schema.set_item("title", class.name()?)?;
    schema.set_item("type", "object")?;
    Ok(schema)
}

/// The exception for wrong fields, that of the installed pydantic.
pub(super) fn invalid(py: Python<'_>, class: &str, errors: &[(&str, String)]) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let error = py.import("servo._pydantic")?.call_method1("validation_error", (class, errors.to_vec()))?;
        Ok(PyErr::from_value(error))
    };
    make().unwrap_or_else(|failure| failure)
}

/// The value with every value inside of it as plain lists and dicts.
pub(super) fn plain<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(list) = value.cast::<PyList>() {
        let items = list.iter().map(|item| plain(&item)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(value.py(), items)?.into_any());
    }
    if value.hasattr("__servo_record__")? { value.call_method0("dict") } else { Ok(value.clone()) }
}
