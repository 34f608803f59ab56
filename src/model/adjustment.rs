//! A change that an optimizer asks for.

use std::fmt;

use serde_json::{Map, json};

use super::Value;

/// One setting of one component, and what it is to be set to.
#[derive(Clone, Debug, PartialEq)]
pub struct Adjustment {
    /// The component's name.
    pub component_name: String,
    /// The setting's name.
    pub setting_name: String,
    /// What it is to be set to.
    pub value: Value,
}

/// An ADJUST command without the parts that say what to adjust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the adjustment has no {path}: expected {expected}")]
pub struct DescriptorError {
    /// Where something is missing, such as `state.application.components`.
    pub path: String,
    /// What belongs there.
    pub expected: &'static str,
}

impl Adjustment {
    /// A change of `component.setting` to that value.
    pub fn new(component: impl Into<String>, setting: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { component_name: component.into(), setting_name: setting.into(), value: value.into() }
    }

    /// `component.setting`
    pub fn selector(&self) -> String {
        format!("{}.{}", self.component_name, self.setting_name)
    }

    /// The adjustments in the `param` of an ADJUST command, in document order.
    pub fn from_wire(param: &serde_json::Value) -> Result<Vec<Self>, DescriptorError> {
        let missing = |path: String, expected| DescriptorError { path, expected };
        let components = param
            .pointer("/state/application/components")
            .and_then(serde_json::Value::as_object)
            .ok_or_else(|| missing("state.application.components".into(), "an object of components"))?;
        let mut adjustments = Vec::new();
        for (component, body) in components {
            let settings = body
                .get("settings")
                .and_then(serde_json::Value::as_object)
                .ok_or_else(|| missing(format!("{component}.settings"), "an object of settings"))?;
            for (setting, body) in settings {
                let value = match body.get("value") {
                    Some(serde_json::Value::Bool(flag)) => Value::Text(if *flag { "True" } else { "False" }.into()),
                    Some(value) => serde_json::from_value(value.clone())
                        .map_err(|_| missing(format!("{component}.{setting}.value"), "a number or a text"))?,
                    None => return Err(missing(format!("{component}.{setting}.value"), "a number or a text")),
                };
                adjustments.push(Self::new(component, setting, value));
            }
        }
        Ok(adjustments)
    }

    /// The descriptor of those adjustments, as an ADJUST command carries it.
    pub fn wire(adjustments: &[Self]) -> serde_json::Value {
        let mut components = Map::new();
        for adjustment in adjustments {
            let component =
                components.entry(adjustment.component_name.clone()).or_insert_with(|| json!({ "settings": {} }));
            component["settings"][&adjustment.setting_name] = json!({ "value": adjustment.value });
        }
        json!({ "state": { "application": { "components": components } } })
    }
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}={}", self.component_name, self.setting_name, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_round_trips() {
        let adjustments = vec![
            Adjustment::new("web", "cpu", 1.5),
            Adjustment::new("web", "gc", "zgc"),
            Adjustment::new("db", "n", 3),
        ];
        assert_eq!(Adjustment::from_wire(&Adjustment::wire(&adjustments)), Ok(adjustments));
    }

    #[test]
    fn a_missing_level_is_named() {
        let error = Adjustment::from_wire(&json!({"state": {}})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the adjustment has no state.application.components: expected an object of components"
        );
    }
}
