//! Which service a servo talks to, and how it proves who it is.

use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value as Json;

use super::errors::{FailureKind, RemoteError};

const DEFAULT_BASE_URL: &str = "https://api.opsani.com";

/// `optimizer:` of a service that knows the servo by a token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenService {
    pub id: String,
    pub token: Option<SecretString>,
    base_url: Option<String>,
    url: Option<String>,
}

/// `optimizer:` of a service that gives out tokens to clients, or has a file with one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientService {
    pub optimizer_id: String,
    tenant_id: Option<String>,
    base_url: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub connection_file: Option<String>,
    pub token: Option<SecretString>,
    url: Option<String>,
    token_url: Option<String>,
}

/// `optimizer:` of any service.
#[derive(Clone, Debug)]
pub(super) enum Service {
    Token(TokenService),
    Client(ClientService),
}

impl Service {
    /// Reads the keys of a service. No text of an error shows a value.
    pub fn read(config: &Json) -> Result<Self, RemoteError> {
        let wrong = |error: serde_json::Error| {
            // serde shows what it found, which may be a token in the wrong place.
            let text = error.to_string();
            let text = text.split(", expected").next().unwrap_or_default();
            let told = if text.starts_with("missing field") || text.starts_with("unknown field") {
                text.to_owned()
            } else {
                "the value of a key is no text".to_owned()
            };
            configuration(format!("optimizer: {told}"))
        };
        let has = |key: &str| config.get(key).is_some();
        if has("optimizer_id") && !has("id") {
            return Ok(Self::Client(ClientService::deserialize(config).map_err(wrong)?));
        }
        Ok(Self::Token(TokenService::deserialize(config).map_err(wrong)?))
    }

    /// What the servo is called there.
    pub fn id(&self) -> &str {
        match self {
            Self::Token(service) => &service.id,
            Self::Client(service) => &service.optimizer_id,
        }
    }
}

impl TokenService {
    /// Where messages go.
    pub fn url(&self) -> Result<Url, RemoteError> {
        let url = self.url.clone().map_or_else(
            || {
                let base = self.base_url.as_deref().unwrap_or(DEFAULT_BASE_URL).trim_end_matches('/');
                let (organization, name) = self
                    .id
                    .split_once('/')
                    .ok_or_else(|| configuration("optimizer.id: expected '<organization>/<name>'".to_owned()))?;
                Ok(format!("{base}/accounts/{organization}/applications/{name}/"))
            },
            Ok,
        )?;
        message_url(&url, "optimizer.url")
    }
}

impl ClientService {
    /// Where messages go; `base_url` is that of the connection file, where there is one.
    pub fn url(&self, base_url: Option<&str>) -> Result<Url, RemoteError> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => format!("{}/rest/optimize/co/v1/optimizers/{}/", self.base(base_url)?, self.optimizer_id),
        };
        message_url(&url, "optimizer.url")
    }

    /// Where tokens are.
    pub fn token_url(&self) -> Result<Url, RemoteError> {
        let url = if let Some(url) = &self.token_url {
            url.clone()
        } else {
            let tenant = self.tenant_id.as_deref().ok_or_else(|| missing("tenant_id"))?;
            format!("{}/auth/{tenant}/default/oauth2/token", self.base(None)?)
        };
        http_url(&url, "optimizer.token_url")
    }

    fn base<'a>(&'a self, base_url: Option<&'a str>) -> Result<&'a str, RemoteError> {
        let base = base_url.or(self.base_url.as_deref()).ok_or_else(|| missing("base_url"))?;
        Ok(base.trim_end_matches('/'))
    }
}

/// `<url>/servo`.
fn message_url(url: &str, key: &str) -> Result<Url, RemoteError> {
    let mut url = http_url(url, key)?;
    let path = format!("{}/servo", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

fn http_url(text: &str, key: &str) -> Result<Url, RemoteError> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| configuration(format!("{key}: expected a URL that starts with http:// or https://")))
}

/// A URL as it is told: without user, password and query.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

pub(super) fn missing(key: &str) -> RemoteError {
    configuration(format!(
        "optimizer.{key} is missing: an optimizer with 'optimizer_id' needs a connection_file, or base_url, client_id, \
         client_secret and tenant_id"
    ))
}

pub(super) fn configuration(message: String) -> RemoteError {
    RemoteError::new(FailureKind::Configuration, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn url(config: &Json) -> String {
        match Service::read(config).unwrap() {
            Service::Token(service) => service.url(),
            Service::Client(service) => service.url(None),
        }
        .unwrap()
        .into()
    }

    #[test]
    fn where_messages_go() {
        let id = "dev.example.com/app-1";
        assert_eq!(
            url(&json!({"id": id, "token": "t"})),
            "https://api.opsani.com/accounts/dev.example.com/applications/app-1/servo"
        );
        assert_eq!(
            url(&json!({"id": id, "base_url": "http://127.0.0.1:8080/"})),
            "http://127.0.0.1:8080/accounts/dev.example.com/applications/app-1/servo"
        );
        for given in ["http://localhost:1234", "http://localhost:1234/"] {
            assert_eq!(url(&json!({"id": id, "url": given})), "http://localhost:1234/servo");
        }
        let client = json!({"optimizer_id": "o-1", "tenant_id": "t-1", "base_url": "https://appd.example"});
        assert_eq!(url(&client), "https://appd.example/rest/optimize/co/v1/optimizers/o-1/servo");
        let Service::Client(service) = Service::read(&client).unwrap() else { panic!("{client}") };
        assert_eq!(service.token_url().unwrap().as_str(), "https://appd.example/auth/t-1/default/oauth2/token");
    }

    #[test]
    fn values_of_wrong_keys_are_not_told() {
        let wrong = [
            (json!({"id": "dev.example.com/a", "tokn": "hunter2"}), "unknown field"),
            (json!({"id": ["hunter2"]}), "no text"),
            (json!({"token": "hunter2"}), "missing field `id`"),
            (json!({"optimizer_id": "o", "client_secret": {"hunter2": 1}}), "no text"),
        ];
        for (config, expected) in wrong {
            let text = Service::read(&config).unwrap_err().to_string();
            assert!(text.contains(expected) && !text.contains("hunter2"), "{text}");
        }
        let Service::Token(service) = Service::read(&json!({"id": "dev.example.com/a", "token": "hunter2"})).unwrap()
        else {
            panic!("a token service");
        };
        assert!(!format!("{service:?}").contains("hunter2"));
    }

    #[test]
    fn a_url_is_told_without_its_secrets() {
        let url = Url::parse("https://me:hunter2@host/a?token=hunter2#x").unwrap();
        assert_eq!(shown(&url), "https://host/a");
    }
}
