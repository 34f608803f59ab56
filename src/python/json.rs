//! JSON of Python objects.

use std::fmt;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pythonize::Depythonizer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// How deep values may be nested: as deep as they can be read again.
const MAX_DEPTH: u32 = 127;

/// The JSON of an object of dicts, lists, texts and numbers; NaN and infinity become null.
///
/// # Errors
///
/// `TypeError`: there is something else in it, or it is nested too deeply, perhaps in itself.
pub(super) fn to_json(object: &Bound<'_, PyAny>) -> PyResult<Json> {
    let read = Nested(MAX_DEPTH).deserialize(&mut Depythonizer::from_object(object));
    read.map_err(|error| PyTypeError::new_err(error.to_string()))
}

/// A value of at most so many levels.
#[derive(Clone, Copy)]
struct Nested(u32);

impl Nested {
    fn inner<E: Error>(self) -> Result<Self, E> {
        let told = || E::custom(format!("it is nested more than {MAX_DEPTH} levels deep"));
        self.0.checked_sub(1).map(Self).ok_or_else(told)
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Json::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut values = Map::new();
        while let Some(name) = items.next_key::<String>()? {
            values.insert(name, items.next_value_seed(inner)?);
        }
        Ok(Json::Object(values))
    }
}
