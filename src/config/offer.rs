//! Some of the connectors of a catalogue, under keys of their own.

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::{ConnectorCatalog, Problem};

/// The keys that documents without `connectors` may have, each for a connector of a catalogue.
pub struct Offer<'c, C> {
    catalog: &'c C,
    /// The default name of the type of each key.
    types: IndexMap<String, String>,
}

impl<'c, C: ConnectorCatalog> Offer<'c, C> {
    /// Offers nothing yet.
    pub fn of(catalog: &'c C) -> Self {
        Self { catalog, types: IndexMap::new() }
    }

    /// Offers the connector of an identifier under a key, else under its default name; whether there is such a one.
    pub fn add(&mut self, key: Option<&str>, identifier: &str) -> bool {
        let Some(type_name) = self.catalog.resolve(identifier) else { return false };
        self.types.insert(key.map_or_else(|| type_name.clone(), str::to_owned), type_name);
        true
    }
}

impl<C: ConnectorCatalog> ConnectorCatalog for Offer<'_, C> {
    fn resolve(&self, identifier: &str) -> Option<String> {
        self.types.get(identifier).map(|_| identifier.to_owned()).or_else(|| self.catalog.resolve(identifier))
    }

    fn unresolved(&self, identifier: &str) -> Option<String> {
        self.catalog.unresolved(identifier)
    }

    fn names(&self) -> Vec<String> {
        self.types.keys().cloned().collect()
    }

    fn validate(&self, name: &str, config: &Json) -> Vec<Problem> {
        self.types.get(name).map_or_else(Vec::new, |type_name| self.catalog.validate(type_name, config))
    }

    fn schema(&self, name: &str) -> Json {
        self.types.get(name).map_or(Json::Null, |type_name| self.catalog.schema(type_name))
    }

    fn coercion_schema(&self, name: &str) -> Json {
        self.types.get(name).map_or(Json::Null, |type_name| self.catalog.coercion_schema(type_name))
    }

    fn optimizer_schema(&self) -> Json {
        self.catalog.optimizer_schema()
    }

    fn validate_optimizer(&self, local: &Json) -> Vec<Problem> {
        self.catalog.validate_optimizer(local)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::Offer;
    use crate::config::{ConnectorCatalog, Environment, Path, Problem, load_bytes_offering};

    struct Catalog;

    impl ConnectorCatalog for Catalog {
        fn resolve(&self, identifier: &str) -> Option<String> {
            match identifier {
                "load" => Some("load".to_owned()),
                "wait" | "WaitConnector" => Some("wait".to_owned()),
                _ => None,
            }
        }

        fn names(&self) -> Vec<String> {
            vec!["load".to_owned(), "wait".to_owned()]
        }

        fn validate(&self, name: &str, config: &Json) -> Vec<Problem> {
            let wrong =
                config.get("wrong").map(|_| Problem::new(Path::default().key("wrong"), format!("not for {name}")));
            wrong.into_iter().collect()
        }

        fn validate_optimizer(&self, _: &Json) -> Vec<Problem> {
            Vec::new()
        }
    }

    fn problems(text: &str, offered: &[(Option<&str>, &str)]) -> Vec<String> {
        let mut offer = Offer::of(&Catalog);
        assert!(offered.iter().all(|(key, identifier)| offer.add(*key, identifier)));
        let none = Environment::default();
        let loaded = load_bytes_offering("servo.yaml", text.as_bytes(), &Catalog, &offer, &none).err();
        loaded.iter().flat_map(crate::config::ConfigError::problems).map(ToString::to_string).collect()
    }

    const SERVICE: &str = "optimizer: {id: dev.example/web, token: x}\n";

    #[test]
    fn only_what_is_offered_is_known() {
        let text = format!("{SERVICE}wait: {{}}\n");
        assert_eq!(problems(&text, &[(None, "wait")]), Vec::<String>::new());
        assert_eq!(problems(&text, &[(None, "WaitConnector"), (None, "load")]), Vec::<String>::new());
        let found = problems(&text, &[(None, "load")]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("servo.yaml:2:1: wait: unknown key"), "{found:?}");
        assert!(!Offer::of(&Catalog).add(None, "nothing"));
    }

    #[test]
    fn what_is_offered_need_not_be_there() {
        assert_eq!(problems(SERVICE, &[(None, "wait"), (None, "load")]), Vec::<String>::new());
    }

    #[test]
    fn an_offer_may_have_a_key_of_its_own() {
        let text = format!("{SERVICE}pause: {{wrong: 1}}\n");
        let found = problems(&text, &[(Some("pause"), "wait")]);
        assert_eq!(found, ["servo.yaml:2:16: pause.wrong: not for wait"]);
        assert_eq!(problems(&text.replace("wrong", "right"), &[(Some("pause"), "wait")]), Vec::<String>::new());
    }

    #[test]
    fn a_document_that_names_its_connectors_is_not_restricted() {
        let text = format!("{SERVICE}connectors: [wait]\nwait: {{}}\n");
        assert_eq!(problems(&text, &[(None, "load")]), Vec::<String>::new());
    }

    #[test]
    fn a_service_may_have_a_servo_without_connectors() {
        assert_eq!(problems(SERVICE, &[]), Vec::<String>::new());
        assert_eq!(problems("", &[]).len(), 1);
    }
}
