//! What every value class has in common: a keyword constructor, checked attributes, equality, `repr`, `dict`, `copy`
//! and pickling.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

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
        let plural = if self.errors.len() == 1 { "" } else { "s" };
        let mut text = format!("{} validation error{plural} for {}", self.errors.len(), self.class);
        for (name, message) in self.errors {
            text.extend(["\n", name, "\n  ", &message]);
        }
        Err(PyValueError::new_err(text))
    }
}

/// The name of an object's class.
pub(super) fn class_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string())
}

/// `Class(a=1, b='x')`
pub(super) fn repr(object: &Bound<'_, PyAny>, fields: &[(&str, &Py<PyAny>)]) -> PyResult<String> {
    let mut parts = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        parts.push(format!("{name}={}", value.bind(object.py()).repr()?));
    }
    Ok(format!("{}({})", class_name(object), parts.join(", ")))
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
                let checked = |read: $crate::python::values::record::Read| {
                    read(value).map(pyo3::Bound::unbind).map_err(|message| {
                        let class = $crate::python::values::record::class_name(slf.as_any());
                        pyo3::exceptions::PyValueError::new_err(format!("1 validation error for {class}\n{name}\n  {message}"))
                    })
                };
                match name {
                    $( stringify!($field) => {
                        let value = checked($read)?;
                        slf.borrow_mut().$field = value;
                        Ok(())
                    } )*
                    _ => {
                        let object = slf.py().import("builtins")?.getattr("object")?;
                        object.call_method1("__setattr__", (slf, name, value)).map(drop)
                    }
                }
            }

            fn __eq__(slf: &pyo3::Bound<'_, Self>, other: &pyo3::Bound<'_, pyo3::PyAny>) -> pyo3::PyResult<bool> {
                let Ok(other) = other.cast::<Self>() else { return Ok(false) };
                let py = slf.py();
                let (this, that) = (slf.borrow(), other.borrow());
                $( if !this.$field.bind(py).eq(that.$field.bind(py))? { return Ok(false); } )*
                Ok(true)
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                let this = slf.borrow();
                $crate::python::values::record::repr(slf.as_any(), &[$( (stringify!($field), &this.$field) ),*])
            }

            /// The fields as a dict, values inside of it too.
            fn dict<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                let this = slf.borrow();
                let dict = pyo3::types::PyDict::new(slf.py());
                $( dict.set_item(stringify!($field), $crate::python::values::record::plain(this.$field.bind(slf.py()))?)?; )*
                Ok(dict)
            }

            /// A copy that shares the fields' objects; `update` replaces some.
            #[pyo3(signature = (*, update = None))]
            fn copy<'py>(
                slf: &pyo3::Bound<'py, Self>,
                update: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                let fields = pyo3::types::PyDict::new(slf.py());
                {
                    let this = slf.borrow();
                    $( fields.set_item(stringify!($field), &this.$field)?; )*
                }
                if let Some(update) = update { fields.update(update.as_mapping())?; }
                slf.get_type().call((), Some(&fields))
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<(pyo3::Bound<'py, pyo3::types::PyType>, pyo3::Bound<'py, pyo3::types::PyTuple>)> {
                let this = slf.borrow();
                let py = slf.py();
                let fields = [$( this.$field.clone_ref(py) ),*];
                Ok((slf.get_type(), pyo3::types::PyTuple::new(py, fields)?))
            }

            /// The hook of pydantic 1: an object of the class is taken as it is.
            #[classmethod]
            fn __get_validators__<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                let validators = cls.py().import("servo._pydantic")?.call_method1("value_validators", (cls,))?;
                Ok(validators.try_iter()?.into_any())
            }

            /// The hook of pydantic 2: an object of the class is taken as it is.
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

            $( $($method)* )?
        }
    };
}
pub(super) use record;
