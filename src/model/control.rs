//! How a command is to be carried out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::Duration;

/// The `control` object of a command. Unknown keys are dropped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Control {
    /// How long to measure.
    pub duration: Duration,
    /// How long to wait after the measurement, before the values are read.
    pub delay: Duration,
    /// How long to wait before the measurement counts.
    pub warmup: Duration,
    /// How long an adjustment is given to take effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settlement: Option<Duration>,
    /// Free form, for load generators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<Map<String, Json>>,
    /// Free form; the key `slo` holds objectives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userdata: Option<Map<String, Json>>,
    /// Free form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Map<String, Json>>,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(1),
            delay: Duration::ZERO,
            warmup: Duration::ZERO,
            settlement: None,
            load: None,
            userdata: None,
            environment: None,
        }
    }
}

/// What is accepted: `past` for `delay`, and anything falsy for no time at all.
#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "given")]
    duration: Option<Json>,
    #[serde(default, deserialize_with = "given")]
    delay: Option<Json>,
    #[serde(default, deserialize_with = "given")]
    past: Option<Json>,
    #[serde(default, deserialize_with = "given")]
    warmup: Option<Json>,
    settlement: Option<Duration>,
    load: Option<Map<String, Json>>,
    userdata: Option<Map<String, Json>>,
    environment: Option<Map<String, Json>>,
}

/// A null that was written is not a key left out.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(deserializer).map(Some)
}

impl TryFrom<Wire> for Control {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let delay = match (wire.delay, wire.past) {
            (Some(delay), Some(past)) if delay != past => {
                return Err("past and delay attributes must be equal".into());
            }
            (delay, past) => delay.or(past),
        };
        let span = |value: Option<Json>, default: Duration| match value {
            None => Ok(default),
            Some(Json::Null) => Ok(Duration::ZERO),
            Some(Json::String(text)) if text.is_empty() => Ok(Duration::ZERO),
            Some(value) => serde_json::from_value(value).map_err(|error| error.to_string()),
        };
        Ok(Self {
            duration: span(wire.duration, Duration::from_secs(1))?,
            delay: span(delay, Duration::ZERO)?,
            warmup: span(wire.warmup, Duration::ZERO)?,
            settlement: wire.settlement,
            load: wire.load,
            userdata: wire.userdata,
            environment: wire.environment,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn control(value: Json) -> Result<Control, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn past_is_another_name_of_delay() {
        assert_eq!(control(json!({"past": 123})).unwrap().delay.to_string(), "2m3s");
        assert_eq!(control(json!({"past": 1, "delay": 2})).unwrap_err(), "past and delay attributes must be equal");
    }

    #[test]
    fn defaults_are_one_second_without_warmup() {
        assert_eq!(control(json!({"unknown": 1})).unwrap(), Control::default());
        assert_eq!(control(json!({"duration": null, "warmup": ""})).unwrap().duration, Duration::ZERO);
    }
}
