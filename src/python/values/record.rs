//! The macro that defines value classes: a keyword constructor, checked attributes, equality, `repr`, `dict`, `copy`,
//! pickling and the hooks of both pydantics.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::object::invalid;

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
                let class = $crate::python::values::object::class_name(slf.as_any());
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
                        let value = $crate::python::values::object::checked(object, name, value, $read)?;
                        slf.borrow_mut().$field = value;
                        Ok(())
                    } )*
                    _ => $crate::python::values::object::set_other(object, name, value),
                }
            }

            fn __delattr__(slf: &pyo3::Bound<'_, Self>, name: &str) -> pyo3::PyResult<()> {
                $crate::python::values::object::delete(slf.as_any(), Self::FIELDS, name)
            }

            fn __eq__<'py>(
                slf: &pyo3::Bound<'py, Self>,
                other: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                let py = slf.py();
                let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented().into_bound(py)) };
                let equal = $crate::python::values::object::equal(py, &Self::field_objects(slf), &Self::field_objects(other))?;
                Ok(pyo3::types::PyBool::new(py, equal).to_owned().into_any())
            }

            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::python::values::object::repr(slf.as_any(), Self::FIELDS, &Self::field_objects(slf))
            }

            /// The fields as a dict, values inside of it too.
            fn dict<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::python::values::object::dict(slf.py(), Self::FIELDS, &Self::field_objects(slf))
            }

            /// A copy that shares the fields' objects; `update` replaces some, which are checked.
            #[pyo3(signature = (*, update = None))]
            fn copy<'py>(
                slf: &pyo3::Bound<'py, Self>,
                update: Option<&pyo3::Bound<'py, pyo3::types::PyDict>>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                $crate::python::values::object::copy(slf.as_any(), update)
            }

            fn __reduce__<'py>(
                slf: &pyo3::Bound<'py, Self>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyTuple>> {
                $crate::python::values::object::reduce(slf.as_any(), &Self::field_objects(slf))
            }

            /// Fills a new object with what `__reduce__` gave, past the constructor of whatever subclass it is.
            fn __setstate__(
                slf: &pyo3::Bound<'_, Self>,
                state: &pyo3::Bound<'_, pyo3::types::PyTuple>,
            ) -> pyo3::PyResult<()> {
                let mut at = 0;
                $(
                    let $field = $crate::python::values::object::stored(slf.as_any(), state, at)?;
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
                schema.update($crate::python::values::object::json_schema(cls)?.as_mapping())
            }

            /// The hook of pydantic 2 for JSON Schemas.
            #[classmethod]
            fn __get_pydantic_json_schema__<'py>(
                cls: &pyo3::Bound<'py, pyo3::types::PyType>,
                _schema: &pyo3::Bound<'py, pyo3::PyAny>,
                _handler: &pyo3::Bound<'py, pyo3::PyAny>,
            ) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::python::values::object::json_schema(cls)
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
