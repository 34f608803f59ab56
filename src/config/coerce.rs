//! The scalars of a document as its parts ask for them: `token: 123456` is text, `quiet: "yes"` is true.

use schemars::schema_for;
use serde_json::{Number, Value as Json, json};

use super::routes::routes;
use super::schema::coerce;
use super::{ChecksSettings, CommonSettings, ConnectorCatalog, Path};

/// Turns the scalars of a document; `respelled` says which numbers the file spells in another way than they have.
///
/// Connectors without a schema for it have a reader of their own.
pub(super) fn coerce_document(
    document: &mut Json,
    catalog: &dyn ConnectorCatalog,
    respelled: &dyn Fn(&Path, &Number) -> bool,
) {
    let Json::Object(entries) = &*document else { return };
    let text = || json!({ "type": "string" });
    let mut parts = vec![
        (vec!["name".to_owned()], text()),
        (vec!["description".to_owned()], text()),
        (vec!["servo_uid".to_owned()], text()),
        (vec!["no_diagnostics".to_owned()], json!({ "type": "boolean" })),
        (vec!["settings".to_owned()], schema_for!(CommonSettings).to_value()),
        (vec!["checks".to_owned()], schema_for!(ChecksSettings).to_value()),
        // Whatever a service has is text.
        (vec!["optimizer".to_owned()], json!({ "properties": { "local": true }, "additionalProperties": text() })),
        (vec!["optimizer".to_owned(), "local".to_owned()], catalog.optimizer_schema()),
    ];
    let (connectors, _) = routes(entries, catalog);
    parts.extend(connectors.into_iter().map(|route| (vec![route.name], catalog.coercion_schema(&route.type_name))));
    for (keys, schema) in parts {
        let outer = keys.iter().fold(Path::default(), |path, key| path.key(key));
        let part = keys.iter().try_fold(&mut *document, |value, key| value.get_mut(key));
        if let Some(part) = part {
            coerce(&schema, part, &|inner, number| respelled(&outer.join(inner), number));
        }
    }
}
