//! How many requests in which time: `50/1s`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Duration;

/// The rate of a load as it stands in `servo.yaml`. It is read with [`RateText::rate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateText(pub String);

/// The rate of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// That many requests in that many nanoseconds, evenly spaced. Neither is zero.
    Constant {
        /// Requests.
        hits: u64,
        /// Nanoseconds.
        interval: u64,
    },
    /// As many as the workers manage.
    Unlimited,
}

/// Why a text is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRate {
    /// Neither `hits` nor `hits/interval`.
    #[error("rate strings are of the form hits/interval, such as 50/1s; found '{0}'")]
    Form(String),
    /// The part before the slash is no whole number.
    #[error("rate must have an integer hits component, such as 50/1s; found '{0}'")]
    Hits(String),
    /// The part after the slash is no duration, or a negative one.
    #[error("Invalid duration '{interval}' in rate '{rate}'")]
    Interval {
        /// The part after the slash.
        interval: String,
        /// The whole text.
        rate: String,
    },
}

impl RateText {
    /// The rate that the text says.
    pub fn rate(&self) -> Result<Rate, InvalidRate> {
        self.0.parse()
    }
}

impl Rate {
    /// Requests a second, `None` when unlimited.
    pub fn per_second(self) -> Option<f64> {
        match self {
            Self::Constant { hits, interval } => Some(hits as f64 * 1e9 / interval as f64),
            Self::Unlimited => None,
        }
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    /// Reads `hits`, meaning a second, or `hits/interval`, where the number of the interval may be left out (`50/s`).
    /// Zero requests, no time, and `infinity` all mean [`Rate::Unlimited`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "infinity" {
            return Ok(Self::Unlimited);
        }
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let (hits, interval) = match text.split_once('/') {
            None if digits(text) => (text, "1s"),
            Some((hits, interval)) if !interval.contains('/') => (hits, interval),
            _ => return Err(InvalidRate::Form(text.to_owned())),
        };
        if !digits(hits) {
            return Err(InvalidRate::Hits(text.to_owned()));
        }
        let hits = hits.parse().map_err(|_| InvalidRate::Hits(text.to_owned()))?;
        let nanos = span(interval)
            .ok_or_else(|| InvalidRate::Interval { interval: interval.to_owned(), rate: text.to_owned() })?;
        Ok(if hits == 0 || nanos == 0 { Self::Unlimited } else { Self::Constant { hits, interval: nanos } })
    }
}

/// The nanoseconds of a span that is not negative; `s` is `1s`.
fn span(text: &str) -> Option<u64> {
    let parsed = match text.bytes().next()? {
        first if first.is_ascii_alphabetic() => format!("1{text}").parse::<Duration>(),
        _ => text.parse::<Duration>(),
    };
    u64::try_from(parsed.ok()?.as_micros()).ok()?.checked_mul(1_000)
}

impl fmt::Display for RateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RateText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RateText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = RateText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate of the form hits/interval, such as 50/1s, or a whole number of requests a second")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RateText, E> {
                Ok(RateText(text.to_owned()))
            }
            fn visit_u64<E: serde::de::Error>(self, hits: u64) -> Result<RateText, E> {
                Ok(RateText(hits.to_string()))
            }
            fn visit_i64<E: serde::de::Error>(self, hits: i64) -> Result<RateText, E> {
                Ok(RateText(hits.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for RateText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer"], "examples": ["50/1s", "3000/m", 200] })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_hits_and_an_interval() {
        let constant = |hits, interval| Ok(Rate::Constant { hits, interval });
        for (text, rate) in [
            ("500", constant(500, 1_000_000_000)),
            ("500/1s", constant(500, 1_000_000_000)),
            ("50/s", constant(50, 1_000_000_000)),
            ("3000/m", constant(3000, 60_000_000_000)),
            ("7/1m30s", constant(7, 90_000_000_000)),
            ("1/250ms", constant(1, 250_000_000)),
            ("0", Ok(Rate::Unlimited)),
            ("50/0", Ok(Rate::Unlimited)),
            ("infinity", Ok(Rate::Unlimited)),
        ] {
            assert_eq!(text.parse(), rate, "{text}");
        }
        assert_eq!("3000/m".parse::<Rate>().unwrap().per_second(), Some(50.0));
    }

    #[test]
    fn says_what_is_wrong() {
        for text in ["INVALID", "1.5", "-5", "1/2/3", " 50", "inf", ""] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(matches!(error, InvalidRate::Form(_)), "{text}: {error}");
        }
        for text in ["a/1s", "50 / 1s", "-1/s", "/s", "99999999999999999999/1s"] {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(matches!(error, InvalidRate::Hits(_)), "{text}: {error}");
        }
        for (text, interval) in [("500/1zxzczc", "1zxzczc"), ("50/", ""), ("50/-1s", "-1s"), ("50/5", "5")] {
            let error = text.parse::<Rate>().unwrap_err();
            assert_eq!(error.to_string(), format!("Invalid duration '{interval}' in rate '{text}'"));
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,24}") {
            let _ = text.parse::<Rate>();
        }

        #[test]
        fn what_is_written_is_read(hits in 1_u64.., millis in 1_i64..1_000_000_000) {
            let text = format!("{hits}/{}", Duration::from_micros(millis * 1_000));
            let read = text.parse::<Rate>();
            prop_assert_eq!(read, Ok(Rate::Constant { hits, interval: millis as u64 * 1_000_000 }));
        }
    }
}
