//! What is told of a type of connectors.

use std::fmt;

use serde::Serialize;

/// How far a connector can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub enum Maturity {
    Experimental,
    Stable,
    Robust,
}

impl fmt::Display for Maturity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What is told of a type of connectors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metadata {
    /// The key in `servo.yaml`, such as `load`.
    pub name: &'static str,
    /// The name of the type, such as `LoadConnector`.
    pub class_name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// A semantic version.
    pub version: &'static str,
    /// How far it can be relied on.
    pub maturity: Maturity,
}

/// The key in `servo.yaml` of a class: `KubeMetricsConnector` is `kube_metrics`, `AWSConnector` is `aws`.
pub fn default_name(class_name: &str) -> Option<String> {
    let stem = class_name.replace("Connector", "");
    if stem.is_empty() {
        return None;
    }
    if stem.chars().all(|c| c.is_ascii_uppercase()) {
        return Some(stem.to_ascii_lowercase());
    }
    let mut name = String::with_capacity(stem.len() + 4);
    for (at, c) in stem.char_indices() {
        if c.is_uppercase() && at > 0 {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::default_name;

    #[test]
    fn names_follow_the_class() {
        for (class, name) in [
            ("KubernetesConnector", Some("kubernetes")),
            ("KubeMetricsConnector", Some("kube_metrics")),
            ("ACRONYMConnector", Some("acronym")),
            ("ConnectorThing", Some("thing")),
            ("HTTPServerConnector", Some("h_t_t_p_server")),
            ("Foo2BarConnector", Some("foo2_bar")),
            ("DataDog", Some("data_dog")),
            ("Connector", None),
        ] {
            assert_eq!(default_name(class).as_deref(), name, "{class}");
        }
    }
}
