//! A part of a document as the type that the engine works with.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{Problem, check_schema};

/// Reads a part of a document, or tells everything that is wrong with it; paths start at the part.
///
/// The JSON Schema of the type finds wrong types and unknown keys, all at once; `check` says what a schema cannot say.
pub fn read<T: DeserializeOwned + JsonSchema>(value: &Json, check: fn(&T) -> Vec<Problem>) -> Result<T, Vec<Problem>> {
    read_with(&schemars::schema_for!(T).to_value(), value, check)
}

/// As [`read`], with the schema of the type at hand.
pub fn read_with<T: DeserializeOwned>(
    schema: &Json,
    value: &Json,
    check: fn(&T) -> Vec<Problem>,
) -> Result<T, Vec<Problem>> {
    let problems = check_schema(schema, value);
    if !problems.is_empty() {
        return Err(problems);
    }
    let parsed = serde_path_to_error::deserialize(value).map_err(|error| vec![Problem::from_serde(&error)])?;
    let problems = check(&parsed);
    if problems.is_empty() { Ok(parsed) } else { Err(problems) }
}
