//! What the value classes of the engine have in common: a keyword constructor, checked attributes, equality, `repr`,
//! `dict`, `copy`, pickling, and the methods of pydantic's models.

use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType, PyTypeMethods};

/// What a reader gives: the value as it is stored, or a sentence without the field's name.
pub(super) type Read<'py> = Result<Bound<'py, PyAny>, String>;

/// A class with fields that Python sees.
pub(super) trait Record: pyo3::PyClass {
    /// The fields, in the order of the constructor; the first `REQUIRED` of them have no default.
    const FIELDS: &'static [&'static str];
    /// How many fields have no default.
    const REQUIRED: usize;

    /// The fields' objects. Nothing is borrowed any more when it returns.
    fn field_objects<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<Bound<'py, PyAny>>>;

    /// Checks a field and sets it; the inner error is a sentence.
    fn store(slf: &Bound<'_, Self>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<Result<(), String>>;

    /// Sets every field of a new object; what is wrong is told by field.
    fn fill(slf: &Bound<'_, Self>, values: Vec<Option<Bound<'_, PyAny>>>) -> PyResult<Vec<(&'static str, String)>> {
        let mut errors = Vec::new();
        for (name, value) in Self::FIELDS.iter().zip(values) {
            let value = value.unwrap_or_else(|| slf.py().None().into_bound(slf.py()));
            if let Err(message) = Self::store(slf, name, &value)? {
                errors.push((*name, message));
            }
        }
        Ok(errors)
    }
}

/// Sets the fields of a new object from the arguments of its constructor; all that is wrong is told at once.
pub(super) fn init<T: Record>(
    slf: &Bound<'_, T>,
    args: &Bound<'_, PyTuple>,
    kwargs: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let (py, class) = (slf.py(), class_name(slf.as_any()));
    if args.len() > T::REQUIRED {
        return Err(PyTypeError::new_err(format!(
            "{class}() takes at most {} positional arguments but {} were given",
            T::REQUIRED,
            args.len()
        )));
    }
    let mut values: Vec<_> = args.iter().map(Some).collect();
    values.resize(T::FIELDS.len(), None);
    let further = PyDict::new(py);
    for (name, value) in kwargs.into_iter().flatten() {
        match T::FIELDS.iter().position(|field| name.eq(field).unwrap_or(false)) {
            Some(at) if values[at].is_some() => {
                return Err(PyTypeError::new_err(format!("{class}() got multiple values for argument '{name}'")));
            }
            Some(at) => values[at] = Some(value),
            None => further.set_item(name, value)?,
        }
    }
    let missing: Vec<_> = T::FIELDS[..T::REQUIRED]
        .iter()
        .zip(&values)
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() {
        let names = missing.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        return Err(PyTypeError::new_err(format!("{class}() misses the required arguments {names}")));
    }
    let errors = T::fill(slf, values)?;
    if !errors.is_empty() {
        return Err(invalid(py, &class, &errors));
    }
    if slf.as_any().get_type().is(T::type_object(py)) {
        return Ok(());
    }
    // A subclass may have declared fields of its own.
    records(py)?.call_method1("init_further_fields", (slf, further)).map(drop)
}

/// The Python half of this file.
pub(super) fn records(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import("servo.types.records")
}

/// The name of an object's class.
pub(super) fn class_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string())
}

/// Sets an attribute: a field that is read and stored, one that a subclass declares, or a property.
pub(super) fn set<T: Record>(slf: &Bound<'_, T>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let object = slf.as_any();
    let field = T::FIELDS.contains(&name);
    if !field && let Some(setter) = class_attribute(object, name)?.filter(|found| settable(found)) {
        return setter.call_method1("__set__", (object, value)).map(drop);
    }
    if !object.get_type().is(T::type_object(slf.py())) {
        // A subclass may have fields and validators of its own.
        return records(slf.py())?.call_method1("assign", (slf, name, value)).map(drop);
    }
    if field { set_field(slf, name, value) } else { Err(no_field(object, name)) }
}

/// Sets a field of the class itself.
pub(super) fn set_field<T: Record>(slf: &Bound<'_, T>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let Some(field) = T::FIELDS.iter().find(|field| **field == name) else { return Err(no_field(slf.as_any(), name)) };
    T::store(slf, field, value)?.map_err(|message| invalid(slf.py(), &class_name(slf.as_any()), &[(*field, message)]))
}

fn settable(attribute: &Bound<'_, PyAny>) -> bool {
    attribute.hasattr("__set__").unwrap_or(false)
}

fn no_field(object: &Bound<'_, PyAny>, name: &str) -> PyErr {
    PyValueError::new_err(format!("\"{}\" object has no field \"{name}\"", class_name(object)))
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
        _ => {
            let absent = |_| PyAttributeError::new_err(name.to_owned());
            object.getattr("__dict__").map_err(absent)?.del_item(name).map_err(absent)
        }
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

/// Whether the fields are equal, each to its counterpart.
pub(super) fn equal(left: &[Bound<'_, PyAny>], right: &[Bound<'_, PyAny>]) -> PyResult<bool> {
    for (this, that) in left.iter().zip(right) {
        if !this.eq(that)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How an object is copied and pickled: its class, its fields, its further attributes.
pub(super) fn reduce<'py>(
    object: &Bound<'py, PyAny>,
    values: impl IntoIterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let py = object.py();
    let new = py.import("copyreg")?.getattr("__newobj__")?;
    // Only objects of subclasses have further attributes.
    let attributes = match object.getattr_opt("__dict__")? {
        Some(attributes) => attributes.call_method0("copy")?,
        None => PyDict::new(py).into_any(),
    };
    let state = values.into_iter().chain([attributes]).collect::<Vec<_>>();
    let class = PyTuple::new(py, [object.get_type()])?;
    PyTuple::new(py, [new, class.into_any(), PyTuple::new(py, state)?.into_any()])
}

/// A part of a pickled object.
pub(super) fn stored<'py>(
    object: &Bound<'_, PyAny>,
    state: &Bound<'py, PyTuple>,
    at: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let foreign = |_| PyValueError::new_err(format!("the state is not that of a {}", class_name(object)));
    state.get_item(at).map_err(foreign)
}

/// Gives a new object the further attributes of a pickled one.
pub(super) fn restore_attributes(object: &Bound<'_, PyAny>, state: &Bound<'_, PyTuple>, at: usize) -> PyResult<()> {
    match object.getattr_opt("__dict__")? {
        Some(attributes) => attributes.call_method1("update", (stored(object, state, at)?,)).map(drop),
        None => Ok(()),
    }
}

/// The JSON Schema of a value in a user's model.
pub(super) fn json_schema<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyDict>> {
    Ok(records(class.py())?.call_method1("schema", (class,))?.cast_into()?)
}

/// The exception for wrong fields, that of the installed pydantic.
pub(super) fn invalid(py: Python<'_>, class: &str, errors: &[(&str, String)]) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let error = py.import("servo._pydantic")?.call_method1("validation_error", (class, errors.to_vec()))?;
        Ok(PyErr::from_value(error))
    };
    make().unwrap_or_else(|failure| failure)
}

/// The methods of a value class: those that all have, and its own behind `+`.
macro_rules! record_methods {
    ($class:ident + { $($method:tt)* }) => {
        #[pyo3::pymethods]
        impl $class {
            /// The fields, in the order of the constructor.
            #[classattr]
            #[pyo3(name = "__servo_record__")]
            const FIELD_NAMES: &'static [&'static str] = <Self as $crate::python::values::record::Record>::FIELDS;

            #[pyo3(signature = (*args, **kwargs))]
            fn __init__(
                slf: &pyo3::Bound<'_, Self>,
                args: &pyo3::Bound<'_, pyo3::types::PyTuple>,
                kwargs: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<()> {
                $crate::python::values::record::init(slf, args, kwargs)
            }

            fn __setattr__(
                slf: &pyo3::Bound<'_, Self>,
                name: &str,
                value: &pyo3::Bound<'_, pyo3::PyAny>,
            ) -> pyo3::PyResult<()> {
                $crate::python::values::record::set(slf, name, value)
            }

            /// Sets a field of this class past what subclasses check.
            fn __servo_set__(
                slf: &pyo3::Bound<'_, Self>,
                name: &str,
                value: &pyo3::Bound<'_, pyo3::PyAny>,
            ) -> pyo3::PyResult<()> {
                $crate::python::values::record::set_field(slf, name, value)
            }

            fn __delattr__(slf: &pyo3::Bound<'_, Self>, name: &str) -> pyo3::PyResult<()> {
                $crate::python::values::record::delete(slf.as_any(), Self::FIELD_NAMES, name)
            }

            fn __repr__<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::record::records(slf.py())?.call_method1("text", (slf,))
            }

            /// The fields as a dict, values inside of it too; the arguments are those of pydantic 1.
            #[pyo3(signature = (**kwargs))]
            fn dict<'py>(
                slf: &pyo3::Bound<'py, Self>,
                kwargs: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::record::records(slf.py())?.call_method("as_dict", (slf,), kwargs)
            }

            /// The fields as JSON; the arguments are those of pydantic 1.
            #[pyo3(signature = (**kwargs))]
            fn json<'py>(
                slf: &pyo3::Bound<'py, Self>,
                kwargs: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::record::records(slf.py())?.call_method("as_json", (slf,), kwargs)
            }

            /// A copy; `update` replaces some fields, `deep` copies what the fields hold.
            #[pyo3(signature = (**kwargs))]
            fn copy<'py>(
                slf: &pyo3::Bound<'py, Self>,
                kwargs: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::record::records(slf.py())?.call_method("copied", (slf,), kwargs)
            }

            /// The object of a mapping of its fields.
            #[classmethod]
            fn parse_obj<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                obj: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::record::records(cls.py())?.call_method1("parse", (cls, obj))
            }

            /// The object of a JSON text of its fields.
            #[classmethod]
            #[pyo3(signature = (b, **_kwargs))]
            fn parse_raw<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                b: &pyo3::Bound<'py, pyo3::PyAny>,
                _kwargs: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                let data = cls.py().import("json")?.call_method1("loads", (b,))?;
                $crate::python::values::record::records(cls.py())?.call_method1("parse", (cls, data))
            }

            /// The object of those fields, which are trusted.
            #[classmethod]
            #[pyo3(signature = (_fields_set = None, **values))]
            fn construct<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                _fields_set: Option<&pyo3::Bound<'py, pyo3::PyAny>>,
                values: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                cls.call((), values)
            }

            /// The JSON Schema.
            #[classmethod]
            #[pyo3(signature = (**_kwargs))]
            fn schema<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                _kwargs: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::python::values::record::json_schema(cls)
            }

            /// The hook of pydantic 1: an object of the class is taken as it is, a mapping is its fields.
            #[classmethod]
            fn __get_validators__<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                let validators = cls.py().import("servo._pydantic")?.call_method1("value_validators", (cls,))?;
                Ok(validators.try_iter()?.into_any())
            }

            /// The hook of pydantic 1 for JSON Schemas.
            #[classmethod]
            fn __modify_schema__(
                cls: &pyo3::Bound<'_, pyo3::types::PyType>,
                schema: &pyo3::Bound<'_, pyo3::types::PyDict>,
            ) -> pyo3::PyResult<()> {
                schema.update($crate::python::values::record::json_schema(cls)?.as_mapping())
            }

            /// The hook of pydantic 2 for JSON Schemas.
            #[classmethod]
            fn __get_pydantic_json_schema__<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                _schema: &pyo3::Bound<'py, pyo3::PyAny>,
                _handler: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::python::values::record::json_schema(cls)
            }

            /// The hook of pydantic 2: an object of the class is taken as it is, a mapping is its fields.
            #[classmethod]
            fn __get_pydantic_core_schema__<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                _source: &pyo3::Bound<'py, pyo3::PyAny>,
                _handler: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                cls.py().import("servo._pydantic")?.call_method1("value_schema", (cls,))
            }

            $($method)*
        }
    };
}
pub(super) use record_methods;
