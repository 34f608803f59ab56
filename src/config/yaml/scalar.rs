//! What a plain scalar of YAML 1.1 stands for, as PyYAML's safe loader reads it.

use std::sync::Arc;

use serde_json::Number;

/// A value without parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`, `~` or nothing at all.
    Null,
    /// `yes`, `off`, `true`…
    Bool(bool),
    /// A whole number or a finite one with a dot.
    Number(Number),
    /// A number with another spelling than its own, as `0123`, `1_000` or `1.10`.
    Respelled(Number),
    /// Everything else, and whatever is quoted.
    Text(Arc<str>),
}

impl Scalar {
    /// What a plain (unquoted) scalar stands for. Dates stay text.
    ///
    /// # Errors
    /// A number that 64 bits cannot hold, or that is not finite.
    pub fn plain(text: &str) -> Result<Self, String> {
        if let Some(known) = Self::null(text).or_else(|| Self::bool(text)) {
            return Ok(known);
        }
        match Self::int(text).or_else(|| Self::float(text)) {
            Some(number) => number,
            None => Ok(Self::Text(text.into())),
        }
    }

    /// `text` as null, if it is one.
    pub fn null(text: &str) -> Option<Self> {
        matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Self::Null)
    }

    /// `text` as a boolean, if it is one. `y` and `n` are none.
    pub fn bool(text: &str) -> Option<Self> {
        Some(Self::Bool(match text {
            "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => true,
            "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => false,
            _ => return None,
        }))
    }

    /// `text` as a whole number, if it has the form of one: decimal, `0x`, `0b`, octal with a leading 0, base 60
    /// (`1:30` is 90), `_` anywhere after the first digit.
    pub fn int(text: &str) -> Option<Result<Self, String>> {
        let (negative, body) = sign(text);
        let size = if let Some(digits) = body.strip_prefix("0b") {
            radix(digits, 2)?.ok()
        } else if let Some(digits) = body.strip_prefix("0x") {
            radix(digits, 16)?.ok()
        } else if body.len() > 1 && body.starts_with('0') {
            radix(body, 8)?.ok()
        } else {
            let (head, tail) = body.split_once(':').map_or((body, None), |(head, tail)| (head, Some(tail)));
            if !head.starts_with(|c: char| c.is_ascii_digit()) || (tail.is_some() && head == "0") {
                return None;
            }
            let mut size = radix(head, 10)?.ok();
            for part in tail.into_iter().flat_map(|tail| tail.split(':')) {
                let part = i128::from(sixtieth(part)?);
                size = size.and_then(|size| size.checked_mul(60)?.checked_add(part));
            }
            size
        };
        let size = size.map(|size| if negative { -size } else { size });
        let number = size.and_then(Number::from_i128).map(Self::Number);
        Some(number.ok_or_else(|| "expected a whole number of at most 64 bits, quote it if text is meant".to_owned()))
    }

    /// `text` as a number with a dot, if it has the form of one: `1.5`, `.5`, `1.5e+3` (the sign is required), `.inf`,
    /// base 60 (`1:30.5`).
    pub fn float(text: &str) -> Option<Result<Self, String>> {
        let (negative, body) = sign(text);
        let size = match body {
            ".inf" | ".Inf" | ".INF" => f64::INFINITY,
            ".nan" | ".NaN" | ".NAN" if body == text => f64::NAN,
            _ if body.contains(':') => {
                let (whole, fraction) = body.split_once('.')?;
                let mut parts = whole.split(':');
                let head = parts.next().filter(|head| digits(head))?;
                let mut size: f64 = head.replace('_', "").parse().ok()?;
                for part in parts {
                    size = size * 60.0 + f64::from(sixtieth(part)?);
                }
                size + fraction_of(fraction)?
            }
            _ => {
                let (whole, rest) = body.split_once('.')?;
                let (fraction, exponent) = match rest.find(['e', 'E']) {
                    Some(at) => (&rest[..at], Some(&rest[at + 1..])),
                    None => (rest, None),
                };
                let exponent_fits = exponent.is_none_or(|exponent| {
                    exponent
                        .strip_prefix(['+', '-'])
                        .is_some_and(|e| !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit()))
                });
                let whole_fits = if whole.is_empty() { body == text && digits(fraction) } else { digits(whole) };
                if !(exponent_fits && whole_fits) {
                    return None;
                }
                fraction_of(fraction)?;
                body.replace('_', "").parse().ok()?
            }
        };
        let size = if negative { -size } else { size };
        let number = Number::from_f64(size).map(Self::Number);
        Some(number.ok_or_else(|| "expected a finite number, quote it if text is meant".to_owned()))
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// A digit, then digits and `_`.
fn digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// The number of digits of that radix and `_`; an error when it is too large.
fn radix(text: &str, radix: u32) -> Option<Result<i128, std::num::ParseIntError>> {
    if !text.chars().all(|c| c == '_' || c.is_digit(radix)) {
        return None;
    }
    let digits = text.replace('_', "");
    if digits.is_empty() { None } else { Some(i128::from_str_radix(&digits, radix)) }
}

/// A part of a number of base 60: one digit, or two of which the first is at most 5.
fn sixtieth(text: &str) -> Option<u8> {
    let fits = matches!(text.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    if fits { text.parse().ok() } else { None }
}

fn fraction_of(text: &str) -> Option<f64> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return None;
    }
    format!("0.{}0", text.replace('_', "")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Scalar;
    use proptest::prelude::*;
    use serde_json::json;

    fn as_json(text: &str) -> serde_json::Value {
        match Scalar::plain(text) {
            Ok(Scalar::Null) => json!(null),
            Ok(Scalar::Bool(value)) => json!(value),
            Ok(Scalar::Number(value) | Scalar::Respelled(value)) => json!(value),
            Ok(Scalar::Text(value)) => json!(&*value),
            Err(message) => json!({ "error": message }),
        }
    }

    #[test]
    fn scalars_of_yaml_1_1() {
        for (texts, value) in [
            (&["", "~", "null", "Null", "NULL"][..], json!(null)),
            (&["yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"], json!(true)),
            (&["no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"], json!(false)),
            (&["0", "+0", "-0", "00", "0_0", "0x0", "0b0"], json!(0)),
            (&["10", "1_0", "+10", "012", "0xA", "0xa", "0b1010", "0b10_10"], json!(10)),
            (&["-8", "-010", "-0x8"], json!(-8)),
            (&["90", "1:30", "01_32"], json!(90)),
            (&["3661", "1:1:1"], json!(3661)),
            (&["18446744073709551615"], json!(u64::MAX)),
            (&["1.5", "+1.5", "1_.5", "1.5_0", "1.5e+0", "15.0e-1", "0.15E+1"], json!(1.5)),
            (&[".5", "0.5"], json!(0.5)),
            (&["1.", "1.0"], json!(1.0)),
            (&["90.5", "1:30.5", "1:30.5_0"], json!(90.5)),
        ] {
            for text in texts {
                assert_eq!(as_json(text), value, "{text}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_something_is_text() {
        for text in [
            "y",
            "n",
            "YeS",
            "nULL",
            "08",
            "0o10",
            "0b2",
            "0xg",
            "1e3",
            "1.5e3",
            "1e+3",
            "-.5",
            "1:60",
            "0:30",
            "1:",
            ":1",
            "12:00:",
            "1.2.3",
            "2026-01-02",
            "2026-01-02T03:04:05Z",
            "-",
            "+",
            ".",
            "._1",
            "0b",
            "0x",
            "+.nan",
            "inf",
            "1__a",
            "5m",
            "=",
            "<<",
            "1:30.5e+1",
        ] {
            assert_eq!(as_json(text), json!(text), "{text}");
        }
    }

    #[test]
    fn numbers_that_no_json_can_hold_are_refused() {
        for text in ["18446744073709551616", "-9223372036854775809", ".inf", "-.INF", ".nan", "1.0e+400"] {
            assert!(Scalar::plain(text).is_err(), "{text}");
        }
        assert!(Scalar::plain(&"9".repeat(10_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,12}|[-+0-9_.:eExb]{0,12}") {
            let _ = Scalar::plain(&text);
        }

        #[test]
        fn whole_numbers_keep_their_value(number in any::<i64>()) {
            prop_assert_eq!(as_json(&number.to_string()), json!(number));
        }
    }
}
