//! Units of metrics, as they stand on the wire.

use serde::{Deserialize, Serialize};

/// The unit of a metric. `Float` (the empty text) also stands for plain counts and rates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs)]
pub enum Unit {
    #[default]
    #[serde(rename = "", alias = "float", alias = "int", alias = "count", alias = "rate")]
    Float,
    #[serde(rename = "%", alias = "percentage")]
    Percentage,
    #[serde(rename = "ms", alias = "milliseconds")]
    Milliseconds,
    #[serde(rename = "bytes")]
    Bytes,
    #[serde(rename = "GiB", alias = "gibibytes")]
    Gibibytes,
    #[serde(rename = "cores")]
    Cores,
    #[serde(rename = "rpm", alias = "requests_per_minute")]
    RequestsPerMinute,
    #[serde(rename = "rps", alias = "requests_per_second")]
    RequestsPerSecond,
}

impl Unit {
    /// Every unit, in the order of the Python enumeration.
    pub const ALL: [Self; 8] = [
        Self::Float,
        Self::Percentage,
        Self::Milliseconds,
        Self::Bytes,
        Self::Gibibytes,
        Self::Cores,
        Self::RequestsPerMinute,
        Self::RequestsPerSecond,
    ];

    /// The text on the wire, empty for a bare number.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Float => "",
            Self::Percentage => "%",
            Self::Milliseconds => "ms",
            Self::Bytes => "bytes",
            Self::Gibibytes => "GiB",
            Self::Cores => "cores",
            Self::RequestsPerMinute => "rpm",
            Self::RequestsPerSecond => "rps",
        }
    }

    /// The unit of a wire text.
    pub fn from_wire(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.as_str() == text)
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
