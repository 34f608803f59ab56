//! What an application consists of: components with settings, and the metrics that can be measured.

use serde_json::{Map, json};

use super::{Metric, Setting, Unit};

/// A part of the application with settings of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Unique within the application.
    pub name: String,
    /// Its settings, in the order the connector gave them.
    pub settings: Vec<Setting>,
}

/// The answer to a `describe` or `adjust` event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    /// The components with their settings and present values.
    pub components: Vec<Component>,
    /// The metrics that can be measured.
    pub metrics: Vec<Metric>,
}

impl Component {
    /// A component of that name.
    pub fn new(name: impl Into<String>, settings: Vec<Setting>) -> Self {
        Self { name: name.into(), settings }
    }
}

impl Description {
    /// Adds what another connector described.
    pub fn extend(&mut self, other: Self) {
        self.components.extend(other.components);
        self.metrics.extend(other.metrics);
    }

    /// Every setting with its component's name.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.components
            .iter()
            .flat_map(|component| component.settings.iter().map(|setting| (component.name.as_str(), setting)))
    }

    /// The setting called `component.setting`; the component ends at the first dot.
    pub fn setting(&self, selector: &str) -> Option<&Setting> {
        let (component, setting) = selector.split_once('.')?;
        self.settings().find(|(owner, found)| *owner == component && found.name == setting).map(|(_, found)| found)
    }

    /// The descriptor an optimizer reads. Of two components with one name the later stands.
    pub fn wire(&self) -> serde_json::Value {
        let mut components = Map::new();
        for component in &self.components {
            let settings: Map<_, _> =
                component.settings.iter().map(|setting| (setting.name.clone(), setting.wire())).collect();
            components.insert(component.name.clone(), json!({ "settings": settings }));
        }
        let metrics: Map<_, _> =
            self.metrics.iter().map(|metric| (metric.name.clone(), json!({ "unit": metric.unit }))).collect();
        json!({ "application": { "components": components }, "measurement": { "metrics": metrics } })
    }

    /// The description of a descriptor; what has another form is left out.
    pub fn from_wire(descriptor: &serde_json::Value) -> Self {
        let object = |pointer: &str| descriptor.pointer(pointer).and_then(serde_json::Value::as_object);
        let components = object("/application/components").into_iter().flatten().map(|(name, body)| {
            let settings = body.get("settings").and_then(serde_json::Value::as_object).into_iter().flatten();
            Component::new(name, settings.filter_map(|(name, setting)| Setting::from_wire(name, setting)).collect())
        });
        let metrics = object("/measurement/metrics").into_iter().flatten().map(|(name, body)| {
            let unit = body.get("unit").and_then(|unit| unit.as_str()).and_then(Unit::from_wire);
            Metric::new(name, unit.unwrap_or_default())
        });
        Self { components: components.collect(), metrics: metrics.collect() }
    }
}
