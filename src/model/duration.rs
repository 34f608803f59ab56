//! Spans of time as operators write them: `90s`, `1h30m`, `250ms`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MICROSECOND: i64 = 1;
const MILLISECOND: i64 = 1_000 * MICROSECOND;
const SECOND: i64 = 1_000 * MILLISECOND;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTH: i64 = 30 * DAY;
const YEAR: i64 = 365 * DAY;

/// A signed span of time with a resolution of one microsecond.
///
/// Text is a sum of terms, each a number and a unit of `ns us ms s m h d w mm y` (`mm` is 30 days,
/// `y` 365 days), with an optional sign in front of the whole: `1h30m`, `-1.5s`, `10.5s 4m`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    micros: i64,
}

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// The text has another form altogether.
    #[error("Invalid duration '{0}'")]
    Form(String),
    /// A unit that does not exist.
    #[error("Unknown unit '{unit}' in duration '{text}'")]
    Unit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// A number that does not parse, such as `1.2.3`.
    #[error("Invalid value '{value}' in duration '{text}'")]
    Number {
        /// The number as written.
        value: String,
        /// The whole text.
        text: String,
    },
    /// More than about 292,000 years.
    #[error("Duration '{0}' is out of range")]
    Range(String),
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self { micros: 0 };

    /// From whole microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// From whole seconds; saturates.
    pub const fn from_secs(seconds: i64) -> Self {
        Self { micros: seconds.saturating_mul(SECOND) }
    }

    /// From seconds with a fraction, rounded half to even; `None` for NaN and what does not fit.
    pub fn from_secs_f64(seconds: f64) -> Option<Self> {
        let micros = (seconds * 1e6).round_ties_even();
        (micros.abs() < i64::MAX as f64).then_some(Self { micros: micros as i64 })
    }

    /// The whole span in microseconds.
    pub const fn as_micros(self) -> i64 {
        self.micros
    }

    /// The whole span in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.micros as f64 / SECOND as f64
    }

    /// Whether the span is zero.
    pub const fn is_zero(self) -> bool {
        self.micros == 0
    }

    /// The span for a timer: a negative one is no wait at all.
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.micros).unwrap_or(0))
    }

    /// The regular expression of the JSON Schema.
    pub const PATTERN: &'static str = r"([\d\.]+y)?([\d\.]+mm)?(([\d\.]+w)?[\d\.]+d)?([\d\.]+h)?([\d\.]+m)?([\d\.]+s)?([\d\.]+ms)?([\d\.]+us)?([\d\.]+ns)?";
}

impl std::ops::Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_add(other.micros) }
    }
}

impl From<std::time::Duration> for Duration {
    fn from(span: std::time::Duration) -> Self {
        Self { micros: i64::try_from(span.as_micros()).unwrap_or(i64::MAX) }
    }
}

/// Nanoseconds of one unit.
fn unit_nanos(unit: &str) -> Option<i128> {
    let micros = match unit {
        "ns" => return Some(1),
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        "mm" => MONTH,
        "y" => YEAR,
        _ => return None,
    };
    Some(i128::from(micros) * 1_000)
}

/// A decimal number times a size, exactly but for what is less than one; `None` when it does not fit.
fn times(number: &str, size: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    // Further digits are less than a nanosecond of the greatest unit.
    let fraction = &fraction[..fraction.len().min(18)];
    let scale = 10_i128.pow(fraction.len() as u32);
    let parts: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    whole.checked_mul(size)?.checked_add(parts * size / scale)
}

impl FromStr for Duration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || InvalidDuration::Form(text.to_owned());
        let body = text.trim();
        let (negative, mut rest) = match body.as_bytes().first() {
            Some(b'-') => (true, &body[1..]),
            Some(b'+') => (false, &body[1..]),
            _ => (false, body),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        if rest.is_empty() {
            return Err(form());
        }
        let mut nanos = 0_i128;
        while !rest.is_empty() {
            let number_end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(form)?;
            let (number, tail) = rest.split_at(number_end);
            let unit_end =
                tail.find(|c: char| !(c.is_ascii_lowercase() || c == '\u{b5}' || c == '\u{3bc}')).unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_end);
            if number.is_empty() || unit.is_empty() {
                return Err(form());
            }
            let size = unit_nanos(unit)
                .ok_or_else(|| InvalidDuration::Unit { unit: unit.to_owned(), text: text.to_owned() })?;
            let invalid = || InvalidDuration::Number { value: number.to_owned(), text: text.to_owned() };
            if !number.bytes().any(|byte| byte.is_ascii_digit()) || number.matches('.').count() > 1 {
                return Err(invalid());
            }
            let out_of_range = || InvalidDuration::Range(text.to_owned());
            nanos = times(number, size).and_then(|term| nanos.checked_add(term)).ok_or_else(out_of_range)?;
            rest = tail.trim_start();
        }
        let micros = i64::try_from(nanos / 1_000).map_err(|_| InvalidDuration::Range(text.to_owned()))?;
        // Half a microsecond goes to the even neighbour.
        let up = match (nanos % 1_000).cmp(&500) {
            Ordering::Greater => true,
            Ordering::Equal => micros % 2 == 1,
            Ordering::Less => false,
        };
        let micros = micros.checked_add(i64::from(up)).ok_or_else(|| InvalidDuration::Range(text.to_owned()))?;
        Ok(Self { micros: if negative { -micros } else { micros } })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.micros == 0 {
            return f.write_str("0");
        }
        if self.micros < 0 {
            f.write_str("-")?;
        }
        let mut rest = self.micros.unsigned_abs();
        if rest < SECOND as u64 {
            for (size, unit) in [(MILLISECOND, "ms"), (MICROSECOND, "us")] {
                let count = rest / size as u64;
                rest %= size as u64;
                if count > 0 {
                    write!(f, "{count}{unit}")?;
                }
            }
            return Ok(());
        }
        for (size, unit) in [(YEAR, "y"), (MONTH, "mm"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m")] {
            let count = rest / size as u64;
            rest %= size as u64;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        if rest > 0 {
            let fraction = rest % SECOND as u64;
            write!(f, "{}", rest / SECOND as u64)?;
            if fraction > 0 {
                write!(f, ".{}", format!("{fraction:06}").trim_end_matches('0'))?;
            }
            f.write_str("s")?;
        }
        Ok(())
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Duration;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as 30s or a number of seconds")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Duration, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Duration, E> {
                Ok(Duration::from_secs(seconds))
            }
            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Duration, E> {
                Ok(Duration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
            }
            fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<Duration, E> {
                Duration::from_secs_f64(seconds).ok_or_else(|| E::custom("a duration must be a finite number"))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl schemars::JsonSchema for Duration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "number"],
            "format": "duration",
            "pattern": Self::PATTERN,
            "examples": ["300ms", "5m", "2h45m", "72h3m0.5s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<i64, InvalidDuration> {
        text.parse::<Duration>().map(Duration::as_micros)
    }

    #[test]
    fn reads_every_unit_in_any_order() {
        for (text, micros) in [
            ("0", 0),
            ("-0", 0),
            ("1500ns", 2),
            ("500ns", 0),
            ("5.s", 5_000_000),
            (".5s", 500_000),
            ("10.5s4m", 250_500_000),
            ("1h 30m", 5_400_000_000),
            ("-2m3.4s", -123_400_000),
            ("1mm", 30 * 86_400_000_000),
            ("39h", 39 * 3_600_000_000),
            ("3\u{b5}s", 3),
        ] {
            assert_eq!(parse(text), Ok(micros), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "3", "-", "s", ".", "-.", ".s", "5 m", "5M", "5m garbage", "garbage5m", "1h-30m"] {
            assert!(parse(text).is_err(), "{text:?} must be refused");
        }
        assert_eq!(parse("5x").unwrap_err().to_string(), "Unknown unit 'x' in duration '5x'");
        assert_eq!(parse("1.2.3s").unwrap_err().to_string(), "Invalid value '1.2.3' in duration '1.2.3s'");
        assert_eq!(parse("9999999999999y").unwrap_err().to_string(), "Duration '9999999999999y' is out of range");
    }

    #[test]
    fn writes_the_shortest_exact_form() {
        for (micros, text) in [
            (0, "0"),
            (1_500, "1ms500us"),
            (-5_000_000, "-5s"),
            (5_400_000_000, "1h30m"),
            (604_800_000_000, "7d"),
            (1_500_000, "1.5s"),
            (60_000_007, "1m0.000007s"),
            (73_729_440_000_000, "2y4mm3d8h24m"),
        ] {
            assert_eq!(Duration::from_micros(micros).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(micros in -i64::MAX..=i64::MAX) {
            let text = Duration::from_micros(micros).to_string();
            prop_assert_eq!(parse(&text), Ok(micros));
        }

        #[test]
        fn any_text_gives_an_answer(text in "\\PC{0,24}") {
            let _ = parse(&text);
        }
    }
}
