//! A part of a document as the type that the engine works with.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{Path, Problem, Step, check_schema};

/// More problems of one part than anyone would read at once.
const MOST: usize = 64;

/// Reads a part of a document, or tells everything that is wrong with it; paths start at the part.
///
/// The JSON Schema of the type finds wrong types and unknown keys, all at once; serde finds texts of a wrong form; `check`
/// says what neither can say, of a part in which each value is right by itself.
pub fn read<T: DeserializeOwned + JsonSchema>(value: &Json, check: fn(&T) -> Vec<Problem>) -> Result<T, Vec<Problem>> {
    read_with(&schemars::schema_for!(T).to_value(), value, check)
}

/// As [`read`], with the schema of the type at hand.
pub fn read_with<T: DeserializeOwned>(
    schema: &Json,
    value: &Json,
    check: fn(&T) -> Vec<Problem>,
) -> Result<T, Vec<Problem>> {
    let mut problems = check_schema(schema, value);
    let mut rest = value.clone();
    for problem in &problems {
        remove(&mut rest, &problem.path);
    }
    // serde stops at the first wrong value: it is taken out, and the rest is read again.
    while problems.len() < MOST {
        match serde_path_to_error::deserialize::<_, T>(&rest) {
            Ok(parsed) => {
                if problems.is_empty() {
                    problems = check(&parsed);
                    if problems.is_empty() {
                        return Ok(parsed);
                    }
                }
                break;
            }
            Err(error) => {
                let problem = Problem::from_serde(&error);
                let removed = remove(&mut rest, &problem.path);
                // What is missing was taken out here, or the schema has told.
                if removed || problems.is_empty() {
                    problems.push(problem);
                }
                if !removed {
                    break;
                }
            }
        }
    }
    Err(problems)
}

/// Takes the value at that path out of a mapping; whether there was one. Items of a list stay: the others would move.
fn remove(value: &mut Json, path: &Path) -> bool {
    let Some((last, outer)) = path.0.split_last() else { return false };
    let owner = outer.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    });
    match (owner, last) {
        (Some(Json::Object(entries)), Step::Key(key)) => entries.shift_remove(key).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Duration;
    use serde::Deserialize;
    use serde_json::json;

    /// A text of a form that the schema does not know.
    #[derive(Debug, PartialEq)]
    struct Even(i64);

    impl<'de> Deserialize<'de> for Even {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let number: i64 = String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)?;
            if number % 2 == 0 { Ok(Self(number)) } else { Err(serde::de::Error::custom("expected an even number")) }
        }
    }

    impl JsonSchema for Even {
        fn schema_name() -> std::borrow::Cow<'static, str> {
            "Even".into()
        }
        fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
            schemars::json_schema!({ "type": "string" })
        }
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Part {
        first: Even,
        second: Option<Even>,
        every: Option<Duration>,
        count: Option<u8>,
    }

    fn limited(part: &Part) -> Vec<Problem> {
        let wrong = part.first == Even(4);
        wrong.then(|| Problem::new(Path::default().key("first"), "four is taken")).into_iter().collect()
    }

    fn problems(value: &Json) -> Vec<String> {
        let found = read(value, limited).err().unwrap_or_default();
        found.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    }

    #[test]
    fn every_wrong_value_is_told_at_once() {
        let part = json!({"first": "1", "second": "3", "every": "5x", "count": "many", "third": 1});
        let found = problems(&part);
        for path in ["first", "second", "every", "count", "third"] {
            assert!(found.iter().any(|text| text.starts_with(&format!("{path}: "))), "{path} is not in {found:?}");
        }
        assert_eq!(found.len(), 5, "{found:?}");
    }

    #[test]
    fn what_is_missing_is_told_once() {
        assert_eq!(problems(&json!({"second": "3"})).len(), 2);
        assert_eq!(problems(&json!({"first": 5})).len(), 1);
    }

    #[test]
    fn the_check_sees_only_right_values() {
        assert_eq!(problems(&json!({"first": "4"})), ["first: four is taken"]);
        assert_eq!(problems(&json!({"first": "2"})), Vec::<String>::new());
    }
}
