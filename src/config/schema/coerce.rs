//! Scalars of another type than the schema asks for, read as pydantic 1 read them.
//!
//! Files of ServoX have `token: 123456`, `quiet: "yes"` and `rate: "10"`. A value is changed only where its schema allows
//! one type (and null): where several are allowed, as a duration may be text or a number, it means what it is.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value as Json};

use super::{Checker, MAX_HOPS, describe, parts};
use crate::config::Path;

/// Turns the scalars of `value` into the types that `schema` asks for, where pydantic 1 did.
///
/// `respelled` says of which numbers the file has another spelling than their own, as `0123` or `1.10`: they become no
/// text, since it would be another one. Paths start at `value`. What cannot be turned stays for
/// [`check_schema`](super::check_schema) to tell.
pub fn coerce(schema: &Json, value: &mut Json, respelled: &dyn Fn(&Path, &Number) -> bool) {
    let coercion = Coercion { checker: Checker { root: schema }, respelled };
    coercion.value(schema, value, &Path::default(), 0);
}

#[derive(Clone, Copy)]
struct Coercion<'c> {
    checker: Checker<'c>,
    respelled: &'c dyn Fn(&Path, &Number) -> bool,
}

impl<'c> Coercion<'c> {
    fn value(self, schema: &'c Json, value: &mut Json, path: &Path, hops: usize) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::Number(_) | Json::String(_) => {
                let mut types = self.types(schema, hops);
                types.remove("null");
                if let Some(turned) = self.scalar(&types, value, path) {
                    *value = turned;
                }
            }
            Json::Array(_) | Json::Object(_) => self.parts(schema, value, path, hops),
        }
    }

    /// The types that a schema allows; `any` where it names none, `named` where it names the values one by one.
    fn types(self, schema: &'c Json, hops: usize) -> BTreeSet<&'c str> {
        let mut types: BTreeSet<&str> = describe::types(schema).into_iter().collect();
        if hops < MAX_HOPS {
            let composed = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|key| parts(schema, key));
            for part in composed.chain(self.checker.referred(schema)) {
                types.extend(self.types(part, hops + 1));
            }
        }
        let names = describe::names(schema);
        if names.iter().any(|name| !name.is_null()) {
            types.insert("named");
        } else if types.is_empty() && names.is_empty() {
            types.insert("any");
        }
        types
    }

    fn scalar(self, types: &BTreeSet<&str>, value: &Json, path: &Path) -> Option<Json> {
        let only = |names: &[&str]| !types.is_empty() && types.iter().all(|name| names.contains(name));
        match value {
            Json::Number(number) if only(&["string"]) => {
                (!(self.respelled)(path, number)).then(|| Json::String(number.to_string()))
            }
            Json::Number(number) if only(&["boolean"]) => match number.as_f64()? {
                0.0 => Some(Json::Bool(false)),
                1.0 => Some(Json::Bool(true)),
                _ => None,
            },
            Json::Number(number) if only(&["integer"]) && number.is_f64() => whole(number).map(Json::Number),
            Json::String(text) if only(&["boolean"]) => boolean(text).map(Json::Bool),
            Json::String(text) if only(&["integer"]) => integer(text.trim()).map(Json::Number),
            Json::String(text) if only(&["integer", "number"]) => {
                let text = text.trim();
                integer(text).or_else(|| Number::from_f64(ungrouped(text)?.parse().ok()?)).map(Json::Number)
            }
            _ => None,
        }
    }

    fn parts(self, schema: &'c Json, value: &mut Json, path: &Path, hops: usize) {
        if hops >= MAX_HOPS {
            return;
        }
        for part in self.checker.referred(schema).into_iter().chain(parts(schema, "allOf")) {
            self.value(part, value, path, hops + 1);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(key).and_then(Json::as_array) {
                self.union(branches, value, path, hops + 1);
            }
        }
        match value {
            Json::Array(items) => {
                let firsts = schema.get("prefixItems").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
                for (at, item) in items.iter_mut().enumerate() {
                    if let Some(schema) = firsts.get(at).or(schema.get("items")) {
                        self.value(schema, item, &path.index(at), 0);
                    }
                }
            }
            Json::Object(entries) => self.entries(schema, entries, path),
            _ => {}
        }
    }

    fn entries(self, schema: &'c Json, entries: &mut Map<String, Json>, path: &Path) {
        let by_key = |key: &str| schema.get(key).and_then(Json::as_object);
        let others = by_key("patternProperties").and_then(|patterns| patterns.values().next());
        let others = others.or(schema.get("additionalProperties"));
        for (key, value) in entries {
            if let Some(schema) = by_key("properties").and_then(|properties| properties.get(key)).or(others) {
                self.value(schema, value, &path.key(key), 0);
            }
        }
    }

    /// Of several shapes the one that the value fits best once it is turned; one that fits as it is stays as it is.
    fn union(self, branches: &'c [Json], value: &mut Json, path: &Path, hops: usize) {
        let wrong = |branch: &'c Json, value: &Json| self.checker.problems(branch, value, path, hops).len();
        let mut best: Option<(usize, Json)> = None;
        for branch in branches {
            let before = wrong(branch, value);
            if before == 0 {
                return;
            }
            let mut turned = value.clone();
            self.value(branch, &mut turned, path, hops);
            let after = wrong(branch, &turned);
            if after < before && best.as_ref().is_none_or(|(least, _)| after < *least) {
                best = Some((after, turned));
            }
        }
        if let Some((_, turned)) = best {
            *value = turned;
        }
    }
}

/// The words of pydantic 1.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A text as a whole number, which `5.0` is, too.
fn integer(text: &str) -> Option<Number> {
    let digits = ungrouped(text)?;
    if let Ok(number) = digits.parse::<i128>() {
        return Number::from_i128(number);
    }
    // An exponent makes a fraction in Python.
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    whole(&Number::from_f64(digits.parse().ok().filter(|_| plain)?)?)
}

/// A number without a fraction, as long as every such number has a spelling of its own.
#[allow(clippy::cast_possible_truncation)]
fn whole(number: &Number) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let size = number.as_f64().filter(|size| size.fract() == 0.0 && size.abs() < EXACT)?;
    Some((size as i64).into())
}

/// A number without the `_` that Python allows between two digits; nothing where another one stands.
fn ungrouped(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let fits = bytes.iter().enumerate().all(|(at, b)| *b != b'_' || digit(at.checked_sub(1)) && digit(Some(at + 1)));
    (fits && bytes.iter().any(u8::is_ascii_digit)).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::check_schema;
    use super::coerce;

    fn turned(schema: &Json, mut value: Json) -> Json {
        coerce(schema, &mut value, &|_, _| false);
        value
    }

    #[test]
    fn scalars_become_what_is_asked_for() {
        for (name, cases) in [
            (
                "string",
                json!([
                    [123_456, "123456"],
                    [-1.5, "-1.5"],
                    [1.0, "1.0"],
                    [u64::MAX, "18446744073709551615"],
                    ["x", "x"]
                ]),
            ),
            (
                "boolean",
                json!([
                    ["yes", true],
                    ["Y", true],
                    ["ON", true],
                    ["t", true],
                    ["True", true],
                    ["1", true],
                    [1, true],
                    [1.0, true],
                    ["no", false],
                    ["n", false],
                    ["Off", false],
                    ["f", false],
                    ["false", false],
                    ["0", false],
                    [0, false],
                ]),
            ),
            (
                "integer",
                json!([
                    ["10", 10],
                    [" -7 ", -7],
                    ["+5", 5],
                    ["010", 10],
                    ["1_000", 1000],
                    ["5.0", 5],
                    [5.0, 5],
                    [5, 5]
                ]),
            ),
            ("number", json!([["10", 10], ["1.5", 1.5], ["1e3", 1000.0], ["-.5", -0.5], ["1_0.5", 10.5], [5.0, 5.0]])),
        ] {
            let schemas = [
                json!({ "type": name }),
                json!({ "type": [name, "null"] }),
                json!({ "anyOf": [{ "type": name }, { "$ref": "#/$defs/it" }], "$defs": { "it": { "type": name } } }),
                json!({ "anyOf": [{ "$ref": "#/$defs/it" }, { "type": "null" }], "$defs": { "it": { "type": name } } }),
            ];
            for case in cases.as_array().unwrap() {
                for schema in &schemas {
                    assert_eq!(turned(schema, case[0].clone()), case[1], "{case} as {schema}");
                }
            }
        }
    }

    #[test]
    fn what_pydantic_refused_or_may_be_several_things_stays() {
        let duration = json!({ "type": ["string", "number"], "format": "duration" });
        let either = json!({ "anyOf": [{ "type": "boolean" }, { "type": "string" }] });
        for (schema, values) in [
            (json!({ "type": "string" }), json!([true, null, [1], {"a": 1}])),
            (json!({ "type": "boolean" }), json!([2, -1, 0.5, "", "si", " yes", "1.0", null])),
            (
                json!({ "type": "integer" }),
                json!(["x", "", "1.5", "1e3", 1.5, 1.0e300, "0x10", "_1", "1__0", true, "nan"]),
            ),
            (json!({ "type": "number" }), json!(["x", "inf", "nan", "1e999", "_", ".", true])),
            (json!({ "type": "string", "enum": ["1", "2"] }), json!([1])),
            (duration, json!(["90", 90])),
            (either, json!(["yes", 1])),
            (json!({}), json!([1, "1", "yes"])),
            (json!(true), json!([1, "1", "yes"])),
            (json!(null), json!([1, "1", "yes"])),
        ] {
            for value in values.as_array().unwrap() {
                assert_eq!(&turned(&schema, value.clone()), value, "{schema}");
            }
        }
    }

    #[test]
    fn parts_are_reached_at_every_depth() {
        let schema = json!({
            "properties": { "list": { "items": { "type": "string" } }, "pair": { "prefixItems": [{ "type": "integer" }] } },
            "patternProperties": { "^x": { "$ref": "#/$defs/flags" } },
            "$defs": { "flags": { "additionalProperties": { "type": "boolean" } } },
        });
        let value = json!({ "list": [1, "b"], "pair": ["1", "2"], "x": { "a": "on" } });
        assert_eq!(turned(&schema, value), json!({ "list": ["1", "b"], "pair": [1, "2"], "x": { "a": true } }));
    }

    #[test]
    fn of_several_shapes_the_one_that_fits_is_meant() {
        let http = json!({ "required": ["http"], "additionalProperties": false, "properties": { "http": { "type": "string" } } });
        let tcp = json!({ "required": ["port"], "additionalProperties": false,
            "properties": { "port": { "type": "integer" }, "name": { "type": "string" } } });
        let schema = json!({ "oneOf": [http, tcp] });
        assert_eq!(turned(&schema, json!({ "port": "80", "name": 5 })), json!({ "port": 80, "name": "5" }));
        assert_eq!(turned(&schema, json!({ "http": 80 })), json!({ "http": "80" }));
        // What is wrong beside it stays as it is.
        assert_eq!(turned(&schema, json!({ "port": "x", "name": 5 })), json!({ "port": "x", "name": "5" }));
        assert_eq!(turned(&schema, json!({ "other": "80" })), json!({ "other": "80" }));
    }

    #[test]
    fn a_number_with_another_spelling_becomes_no_text() {
        let schema = json!({ "items": { "type": "string" } });
        let mut value = json!([1, 2]);
        coerce(&schema, &mut value, &|path, number| path.to_string() == "[1]" && number.as_u64() == Some(2));
        assert_eq!(value, json!(["1", 2]));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "anyOf": [{ "$ref": "#/$defs/a" }] } } });
        for value in [json!(1), json!([1]), json!({ "a": "1" })] {
            assert_eq!(turned(&schema, value.clone()), value);
        }
    }

    proptest! {
        #[test]
        fn what_fits_stays(number in any::<i64>(), flag: bool, text in "\\PC{0,8}") {
            let schema = json!({ "properties": {
                "number": { "type": "integer" }, "flag": { "type": "boolean" }, "text": { "type": "string" },
            } });
            let value = json!({ "number": number, "flag": flag, "text": text });
            prop_assert_eq!(turned(&schema, value.clone()), value);
        }

        #[test]
        fn texts_of_numbers_are_those_numbers(number in any::<i64>(), size in -1.0e15..1.0e15_f64) {
            let whole = json!({ "type": "integer" });
            prop_assert_eq!(turned(&whole, json!(number.to_string())), json!(number));
            prop_assert_eq!(turned(&json!({ "type": "number" }), json!(format!("{size:?}"))).as_f64(), Some(size));
            prop_assert!(check_schema(&whole, &turned(&whole, json!(size.trunc()))).is_empty());
        }
    }
}
