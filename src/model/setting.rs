//! What can be adjusted, and between which bounds.

use serde_json::{Map, json};

use super::Value;

/// One knob of a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Unique within its component.
    pub name: String,
    /// The values it may take.
    pub domain: Domain,
    /// A pinned setting is shown but never changed.
    pub pinned: bool,
    /// For people: `cores`, `GiB`, …
    pub unit: Option<String>,
    /// What it is set to now.
    pub value: Option<Value>,
}

/// The values a setting may take.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// Every `step` from `min` to `max`, both included.
    Range {
        /// The least value.
        min: Value,
        /// The greatest value.
        max: Value,
        /// The distance of neighbours; zero when `min` equals `max`.
        step: Value,
    },
    /// One of a list.
    Enum {
        /// The choices, in the order written.
        values: Vec<Value>,
    },
}

/// Why a value cannot be given to a setting.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// Outside of the range.
    #[error("{value} is outside of the range {min} to {max} of setting '{name}'")]
    OutOfRange {
        /// The setting.
        name: String,
        /// The value offered.
        value: Value,
        /// The least value.
        min: Value,
        /// The greatest value.
        max: Value,
    },
    /// Not one of the list.
    #[error("{value:?} is not one of {choices} of setting '{name}'")]
    NotAChoice {
        /// The setting.
        name: String,
        /// The value offered.
        value: String,
        /// The list, as text.
        choices: String,
    },
    /// A text for a range.
    #[error("{value:?} is not a number, which setting '{name}' needs")]
    NotANumber {
        /// The setting.
        name: String,
        /// The value offered.
        value: String,
    },
    /// A number with a fraction, for a range of whole numbers.
    #[error("{value} is not a whole number, which setting '{name}' needs")]
    NotWhole {
        /// The setting.
        name: String,
        /// The value offered.
        value: Value,
    },
    /// A pinned setting was to change.
    #[error(
        "value of pinned settings cannot be changed: assigned value {new} is not equal to existing value {old} ('{name}')"
    )]
    Pinned {
        /// The setting.
        name: String,
        /// The value offered.
        new: Value,
        /// The value it has.
        old: Value,
    },
}

impl Setting {
    /// A range setting with a value.
    pub fn range(
        name: impl Into<String>,
        min: impl Into<Value>,
        max: impl Into<Value>,
        step: impl Into<Value>,
        value: impl Into<Value>,
    ) -> Self {
        Self {
            name: name.into(),
            domain: Domain::Range { min: min.into(), max: max.into(), step: step.into() },
            pinned: false,
            unit: None,
            value: Some(value.into()),
        }
    }

    /// An enumeration with a value.
    pub fn choice<V: Into<Value>>(name: impl Into<String>, values: impl IntoIterator<Item = V>, value: V) -> Self {
        Self {
            name: name.into(),
            domain: Domain::Enum { values: values.into_iter().map(Into::into).collect() },
            pinned: false,
            unit: None,
            value: Some(value.into()),
        }
    }

    /// The value as this setting stores it: checked against the domain, and a number in the type of the range
    /// (`2.0` and `"2"` become `2` where the range is of whole numbers).
    pub fn accept(&self, value: &Value) -> Result<Value, SettingError> {
        let accepted = match &self.domain {
            Domain::Range { min, max, step } => {
                let number = match value {
                    Value::Text(text) => text.trim().parse().ok(),
                    number => number.as_f64(),
                };
                let Some(number) = number else {
                    return Err(SettingError::NotANumber { name: self.name.clone(), value: value.to_string() });
                };
                let (Some(low), Some(high)) = (min.as_f64(), max.as_f64()) else {
                    return Err(SettingError::NotANumber { name: self.name.clone(), value: format!("{min}-{max}") });
                };
                // NaN is refused as well: it is not within any bounds.
                if !(number >= low && number <= high) {
                    return Err(SettingError::OutOfRange {
                        name: self.name.clone(),
                        value: value.clone(),
                        min: min.clone(),
                        max: max.clone(),
                    });
                }
                let whole = [min, max, step].iter().all(|bound| matches!(bound, Value::Int(_)));
                if whole && number.fract() != 0.0 {
                    return Err(SettingError::NotWhole { name: self.name.clone(), value: value.clone() });
                }
                if whole { Value::Int(number as i64) } else { Value::Float(number) }
            }
            Domain::Enum { values } => values
                .iter()
                .find(|choice| choice.same(value) || choice.to_string() == value.to_string())
                .cloned()
                .ok_or_else(|| SettingError::NotAChoice {
                    name: self.name.clone(),
                    value: value.to_string(),
                    choices: format!("[{}]", values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")),
                })?,
        };
        match &self.value {
            Some(old) if self.pinned && !old.same(&accepted) => {
                Err(SettingError::Pinned { name: self.name.clone(), new: accepted, old: old.clone() })
            }
            _ => Ok(accepted),
        }
    }

    /// The object that stands under the setting's name on the wire.
    pub fn wire(&self) -> serde_json::Value {
        let mut object = Map::new();
        let kind = match self.domain {
            Domain::Range { .. } => "range",
            Domain::Enum { .. } => "enum",
        };
        object.insert("type".into(), json!(kind));
        object.insert("pinned".into(), json!(self.pinned));
        if let Some(unit) = &self.unit {
            object.insert("unit".into(), json!(unit));
        }
        if let Some(value) = &self.value {
            object.insert("value".into(), json!(value));
        }
        match &self.domain {
            Domain::Range { min, max, step } => {
                object.insert("min".into(), json!(min));
                object.insert("max".into(), json!(max));
                object.insert("step".into(), json!(step));
            }
            Domain::Enum { values } => {
                object.insert("values".into(), json!(values));
            }
        }
        serde_json::Value::Object(object)
    }

    /// The setting of a wire object; `None` when it has another form.
    pub fn from_wire(name: &str, object: &serde_json::Value) -> Option<Self> {
        let get = |key: &str| serde_json::from_value::<Value>(object.get(key)?.clone()).ok();
        let domain = match object.get("type")?.as_str()? {
            "range" => Domain::Range { min: get("min")?, max: get("max")?, step: get("step")? },
            "enum" => Domain::Enum { values: serde_json::from_value(object.get("values")?.clone()).ok()? },
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            domain,
            pinned: object.get("pinned").and_then(serde_json::Value::as_bool).unwrap_or(false),
            unit: object.get("unit").and_then(|unit| unit.as_str()).map(str::to_owned),
            value: get("value"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_takes_numbers_in_its_own_type() {
        let workers = Setting::range("workers", 1, 8, 1, 2);
        assert_eq!(workers.accept(&Value::Float(4.0)), Ok(Value::Int(4)));
        assert_eq!(workers.accept(&"3".into()), Ok(Value::Int(3)));
        assert!(workers.accept(&9.into()).is_err());
        assert_eq!(
            workers.accept(&2.5.into()).unwrap_err().to_string(),
            "2.5 is not a whole number, which setting 'workers' needs"
        );
        assert!(workers.accept(&Value::Float(f64::NAN)).is_err());
        assert!(workers.accept(&"many".into()).is_err());
    }

    #[test]
    fn an_enumeration_takes_its_choices() {
        let level = Setting::choice("level", [0, 1, 6], 1);
        assert_eq!(level.accept(&"6".into()), Ok(Value::Int(6)));
        assert_eq!(
            level.accept(&2.into()).unwrap_err().to_string(),
            r#""2" is not one of [0, 1, 6] of setting 'level'"#
        );
    }

    #[test]
    fn a_pinned_setting_stays() {
        let mut mem = Setting::range("mem", 0.5, 8.0, 0.5, 2.0);
        mem.pinned = true;
        assert!(mem.accept(&2.0.into()).is_ok());
        assert!(mem.accept(&4.0.into()).unwrap_err().to_string().contains("pinned"));
    }

    #[test]
    fn the_wire_form_round_trips() {
        let mut cpu = Setting::range("cpu", 0.25, 4.0, 0.125, 1.0);
        cpu.unit = Some("cores".into());
        let wire = cpu.wire();
        assert_eq!(
            wire.to_string(),
            r#"{"type":"range","pinned":false,"unit":"cores","value":1.0,"min":0.25,"max":4.0,"step":0.125}"#
        );
        assert_eq!(Setting::from_wire("cpu", &wire), Some(cpu));
    }
}
