//! `optimizer:` from variables: `SERVO_OPTIMIZER…`, and the older `OPSANI_…` and `APPD_…`.

use serde_json::{Value as Json, json};

use super::fill::Filling;
use crate::config::{ConnectorCatalog, Path, Problem};

/// Where a service that knows the servo by a token has its keys.
const TOKEN_VARIABLES: [(&str, &str); 4] =
    [("id", "OPSANI_OPTIMIZER"), ("token", "OPSANI_TOKEN"), ("base_url", "OPSANI_BASE_URL"), ("url", "OPSANI_URL")];

/// Where a service that gives out tokens has its keys.
const CLIENT_VARIABLES: [(&str, &str); 9] = [
    ("optimizer_id", "APPD_OPTIMIZER_ID"),
    ("tenant_id", "APPD_TENANT_ID"),
    ("base_url", "APPD_BASE_URL"),
    ("client_id", "APPD_CLIENT_ID"),
    ("client_secret", "APPD_CLIENT_SECRET"),
    ("connection_file", "APPD_CONNECTION_FILE"),
    ("token", "APPD_TOKEN"),
    ("url", "APPD_URL"),
    ("token_url", "APPD_TOKEN_URL"),
];

/// Which service a document means, or will mean with what the environment has.
#[derive(Clone, Copy, PartialEq)]
enum Service {
    Token,
    Client,
}

/// Fills `optimizer:` of a document.
pub(super) fn fill(filling: &mut Filling<'_>, document: &mut Json, catalog: &dyn ConnectorCatalog) {
    let path = Path::default().key("optimizer");
    filling.value(document, &path, "SERVO_OPTIMIZER", &json!({ "type": "object" }));
    if document.get("optimizer").is_some_and(|part| !part.is_object()) {
        return;
    }
    let has = |document: &Json, key: &str| document.get("optimizer").is_some_and(|part| part.get(key).is_some());
    if has(document, "local")
        || document.get("optimizer").and_then(Json::as_object).is_none_or(serde_json::Map::is_empty)
    {
        filling.fields(document, &path.key("local"), "SERVO_OPTIMIZER_LOCAL_", &catalog.optimizer_schema());
    }
    if has(document, "local") {
        return;
    }
    let text = json!({ "type": "string" });
    for (key, _) in TOKEN_VARIABLES.iter().chain(&CLIENT_VARIABLES) {
        filling.value(document, &path.key(*key), &format!("SERVO_OPTIMIZER_{}", key.to_uppercase()), &text);
    }
    let service = service(filling, document.get("optimizer"));
    if service == Some(Service::Token) && !has(document, "token") {
        token_file(filling, document, &path.key("token"));
    }
    let variables = match service {
        None => return,
        Some(Service::Token) => &TOKEN_VARIABLES[..],
        Some(Service::Client) => &CLIENT_VARIABLES[..],
    };
    for (key, variable) in variables {
        filling.value(document, &path.key(*key), variable, &text);
    }
}

/// What the keys of the file say, or else the environment: a complete `APPD_…` goes before `OPSANI_…`.
fn service(filling: &Filling<'_>, written: Option<&Json>) -> Option<Service> {
    let written = |key: &str| written.is_some_and(|part| part.get(key).is_some());
    let set = |variable: &str| filling.environment.get(variable).is_some_and(|text| !text.is_empty());
    let clients_alone = ["optimizer_id", "tenant_id", "client_id", "client_secret", "connection_file", "token_url"];
    if written("id") {
        return Some(Service::Token);
    }
    if clients_alone.iter().any(|key| written(key)) {
        return Some(Service::Client);
    }
    let complete = set("APPD_OPTIMIZER_ID")
        && (set("APPD_CONNECTION_FILE")
            || ["APPD_BASE_URL", "APPD_CLIENT_ID", "APPD_CLIENT_SECRET", "APPD_TENANT_ID"].into_iter().all(set));
    if complete {
        return Some(Service::Client);
    }
    if set("OPSANI_OPTIMIZER") {
        return Some(Service::Token);
    }
    set("APPD_OPTIMIZER_ID").then_some(Service::Client)
}

/// Reads the token from the file of `OPSANI_TOKEN_FILE`, at most 64 KiB of it.
fn token_file(filling: &mut Filling<'_>, document: &mut Json, path: &Path) {
    use std::io::Read;

    const VARIABLE: &str = "OPSANI_TOKEN_FILE";
    const MOST: u64 = 64 << 10;
    let Some(file) = filling.environment.get(VARIABLE).filter(|file| !file.is_empty()) else { return };
    let mut token = String::new();
    let read = std::fs::File::open(file).and_then(|open| open.take(MOST).read_to_string(&mut token));
    match read {
        Ok(_) => filling.put(document, path, Json::String(token.trim().to_owned()), VARIABLE),
        Err(error) => {
            let message = format!("expected a file with the token, found none that can be read at {file:?}: {error}");
            filling.problems.push((VARIABLE.into(), Problem::new(path.clone(), message)));
        }
    }
}
