//! What every value class has in common: a keyword constructor, checked attributes, equality, `repr`, `dict`, `copy`
//! and pickling.

use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyTypeMethods};

/// Checks one argument and gives what is stored; the error is a sentence without the field's name.
pub(super) type Read = for<'py> fn(&Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, String>;

/// What stands in a field that was not given.
pub(super) type Default = for<'py> fn(Python<'py>) -> PyResult<Bound<'py, PyAny>>;

/// The arguments of one constructor call, and everything that is wrong with them.
pub(super) struct Arguments<'py> {
    class: String,
    values: Vec<Option<Bound<'py, PyAny>>>,
    next: usize,
    errors: Vec<(&'static str, String)>,
    py: Python<'py>,
}

impl<'py> Arguments<'py> {
    /// Positional arguments fill the fields in order; unknown keywords are ignored.
    pub fn bind(
        class: String,
        names: &[&'static str],
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Self> {
        if args.len() > names.len() {
            return Err(PyTypeError::new_err(format!(
                "{class}() takes at most {} positional arguments but {} were given",
                names.len(),
                args.len()
            )));
        }
        let mut values = vec![None; names.len()];
        for (at, value) in args.iter().enumerate() {
            values[at] = Some(value);
        }
        for (at, name) in names.iter().enumerate() {
            if let Some(value) = kwargs.and_then(|kwargs| kwargs.get_item(name).transpose()) {
                if values[at].is_some() {
                    return Err(PyTypeError::new_err(format!("{class}() got multiple values for argument '{name}'")));
                }
                values[at] = Some(value?);
            }
        }
        Ok(Self { class, values, next: 0, errors: Vec::new(), py: args.py() })
    }

    /// The next field, in the order of the names.
    pub fn take(&mut self, name: &'static str, read: Read, default: Option<Default>) -> PyResult<Py<PyAny>> {
        let given = self.values[self.next].take();
        self.next += 1;
        let value = match (given, default) {
            (Some(value), _) => read(&value),
            (None, Some(default)) => Ok(default(self.py)?),
            (None, None) => Err("field required".to_owned()),
        };
        Ok(match value {
            Ok(value) => value.unbind(),
            Err(message) => {
                self.errors.push((name, message));
                self.py.None()
            }
        })
    }

    /// Raises when any field was wrong.
    pub fn finish(self) -> PyResult<()> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(invalid(self.py, &self.class, &self.errors))
    }
}

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
pub(super) fn equal(py: Python<'_>, these: &[Py<PyAny>], those: &[Py<PyAny>]) -> PyResult<bool> {
    for (this, that) in these.iter().zip(those) {
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

/// The exception for wrong fields, that of the installed pydantic.
fn invalid(py: Python<'_>, class: &str, errors: &[(&str, String)]) -> PyErr {
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

/// Defines a value class. A field is `name: reader` or `name: reader = default`; further methods stand behind `+`.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $class:ident { $( $field:ident : $read:expr $(=> $default:expr)? ),* $(,)? }
        $(+ { $($method:tt)* })?
    ) => {
        $(#[$meta])*
        #[pyo3::pyclass(subclass, weakref, dict, module = "servo.types")]
        pub struct $class { $( pub(in crate::python) $field: pyo3::Py<pyo3::PyAny>, )* }

        #[pyo3::pymethods]
        impl $class {
            /// The fields, in the order of the constructor.
            #[classattr]
            #[pyo3(name = "__servo_record__")]
            const FIELDS: &'static [&'static str] = &[$( stringify!($field) ),*];

            #[new]
            #[pyo3(signature = (*_args, **_kwargs))]
            fn __new__(
                py: pyo3::Python<'_>,
                _args: &pyo3::Bound<'_, pyo3::types::PyTuple>,
                _kwargs: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> Self {
                // Filled by `__init__`, so that a subclass may have a constructor of its own.
                Self { $( $field: { let _ = stringify!($field); py.None() }, )* }
            }

            #[pyo3(signature = (*args, **kwargs))]
            fn __init__(
                slf: &pyo3::Bound<'_, Self>,
                args: &pyo3::Bound<'_, pyo3::types::PyTuple>,
                kwargs: Option<&pyo3::Bound<'_, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<()> {
                let class = $crate::python::values::record::class_name(slf.as_any());
                let mut arguments =
                    $crate::python::values::record::Arguments::bind(class, Self::FIELDS, args, kwargs)?;
                $(
                    #[allow(unused_mut, unused_assignments)]
                    let $field = {
                        let mut default: Option<$crate::python::values::record::Default> = None;
                        $( default = Some($default); )?
                        arguments.take(stringify!($field), $read, default)?
                    };
                )*
                arguments.finish()?;
                let mut this = slf.borrow_mut();
                $( this.$field = $field; )*
                Ok(())
            }

            $(
                #[getter]
                fn $field(&self, py: pyo3::Python<'_>) -> pyo3::Py<pyo3::PyAny> { self.$field.clone_ref(py) }
            )*

            fn __setattr__(
                slf: &pyo3::Bound<'_, Self>,
                name: &str,
                value: &pyo3::Bound<'_, pyo3::PyAny>,
            ) -> pyo3::PyResult<()> {
                let object = slf.as_any();
                match name {
                    $( stringify!($field) => {
                        // Checked before the borrow: a check may call Python code that looks at this object.
                        let value = $crate::python::values::record::checked(object, name, value, $read)?;
                        slf.borrow_mut().$field = value;
                        Ok(())
                    } )*
                    _ => $crate::python::values::record::set_other(object, name, value),
                }
            }

            fn __delattr__(slf: &pyo3::Bound<'_, Self>, name: &str) -> pyo3::PyResult<()> {
                $crate::python::values::record::delete(slf.as_any(), Self::FIELDS, name)
            }

            fn __eq__<'py>(
                slf: &pyo3::Bound<'py, Self>,
                other: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                let py = slf.py();
                let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented().into_bound(py)) };
                let equal = $crate::python::values::record::equal(py, &Self::field_objects(slf), &Self::field_objects(other))?;
                Ok(pyo3::types::PyBool::new(py, equal).to_owned().into_any())
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::python::values::record::repr(slf.as_any(), Self::FIELDS, &Self::field_objects(slf))
            }

            /// The fields as a dict, values inside of it too.
            fn dict<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::python::values::record::dict(slf.py(), Self::FIELDS, &Self::field_objects(slf))
            }

            /// A copy that shares the fields' objects; `update` replaces some, which are checked.
            #[pyo3(signature = (*, update = None))]
            fn copy<'py>(
                slf: &pyo3::Bound<'py, Self>,
                update: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::record::copy(slf.as_any(), update)
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyTuple>> {
                $crate::python::values::record::reduce(slf.as_any(), &Self::field_objects(slf))
            }

            /// Fills a new object with what `__reduce__` gave, past the constructor of whatever subclass it is.
            fn __setstate__(
                slf: &pyo3::Bound<'_, Self>,
                state: &pyo3::Bound<'_, pyo3::types::PyTuple>,
            ) -> pyo3::PyResult<()> {
                let mut at = 0;
                $(
                    let $field = $crate::python::values::record::stored(slf.as_any(), state, at)?;
                    at += 1;
                )*
                {
                    let mut this = slf.borrow_mut();
                    $( this.$field = $field; )*
                }
                slf.as_any().getattr("__dict__")?.call_method1("update", (state.get_item(at)?,)).map(drop)
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
                schema.set_item("type", "object")?;
                schema.set_item("title", cls.name()?)
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

            fn __traverse__(&self, visit: pyo3::PyVisit<'_>) -> Result<(), pyo3::PyTraverseError> {
                $( visit.call(&self.$field)?; )*
                Ok(())
            }

            fn __clear__(&mut self, py: pyo3::Python<'_>) {
                $( self.$field = py.None(); )*
            }

            $( $($method)* )?
        }

        impl $class {
            /// The fields' objects; nothing stays borrowed while Python code looks at them.
            fn field_objects(slf: &pyo3::Bound<'_, Self>) -> Vec<pyo3::Py<pyo3::PyAny>> {
                let (this, py) = (slf.borrow(), slf.py());
                vec![$( this.$field.clone_ref(py) ),*]
            }
        }
    };
}
pub(super) use record;
