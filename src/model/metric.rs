//! What is measured.

use serde::{Deserialize, Serialize};

use super::Unit;

/// A quantity that a connector can measure, such as `latency_95th` in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Metric {
    /// Unique within a servo.
    pub name: String,
    /// The unit of every value of the metric.
    #[serde(default)]
    pub unit: Unit,
}

impl Metric {
    /// A metric of that name and unit.
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit }
    }
}
