//! Sizes as operators write them: `10MiB`, `500kB`, `4096`.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

/// A number of bytes. Text is a number and a unit of `B kB MB GB KiB MiB GiB`; a bare number counts bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(u64);

const UNITS: [(&str, u64); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl Size {
    /// From whole bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let expected = || format!("expected a size such as 10MiB or 500kB, found '{text}'");
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim_start());
        let factor = match unit {
            "" => 1,
            unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or_else(expected)?,
        };
        let bytes = number.parse::<f64>().map_err(|_| expected())? * factor as f64;
        // Beyond 2^53 not every whole number is a float; no file is that large.
        if bytes.is_finite() && bytes < 9e15 { Ok(Self(bytes.round() as u64)) } else { Err(expected()) }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Size;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a size such as 10MiB or a number of bytes")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }
            fn visit_i64<E: serde::de::Error>(self, bytes: i64) -> Result<Size, E> {
                u64::try_from(bytes).map(Size).map_err(|_| E::custom("a size must not be negative"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for Size {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "integer"],
            "pattern": r"^\s*[\d.]+\s*(B|kB|MB|GB|KiB|MiB|GiB)?\s*$",
            "minimum": 0,
            "examples": ["10MiB", "500kB"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_are_decimal_or_binary() {
        for (text, bytes) in
            [("0", 0), ("12", 12), ("10MiB", 10 << 20), ("1.5 KiB", 1536), ("2kB", 2_000), ("3GB", 3_000_000_000)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "MiB", "10mib", "-1", "1.2.3kB", "1e3", "99999999999GiB", "10 MiB x"] {
            assert!(text.parse::<Size>().is_err(), "{text:?} must be refused");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,16}") {
            let _ = text.parse::<Size>();
        }

        #[test]
        fn whole_bytes_are_exact(bytes in 0_u64..1 << 50) {
            prop_assert_eq!(bytes.to_string().parse(), Ok(Size(bytes)));
        }
    }
}
