//! `settings:` of a document: how the servo reaches its optimizer.

use std::path::Path as FilePath;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::optimizer::is_url;
use super::{Path, Problem};
use crate::model::Duration;

/// How the servo reaches its optimizer.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommonSettings {
    /// How long and how often a request is tried, by context; `__default__` is for contexts without their own.
    pub backoff: Option<IndexMap<String, Backoff>>,
    /// Through which proxy requests go.
    pub proxies: Option<Proxies>,
    /// How long the parts of a request may take.
    pub timeouts: Option<Timeouts>,
    /// Whether certificates are verified, or the file with the authorities that are trusted. Unset means verified.
    pub ssl_verify: Option<SslVerify>,
}

/// How long and how often a request is tried.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Backoff {
    /// From the first try to the last; unset means without limit.
    pub max_time: Option<Duration>,
    /// Tries in all; unset means without limit.
    #[schemars(range(min = 1))]
    pub max_tries: Option<u32>,
}

/// A proxy for everything, or one for each pattern of URLs.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Proxies {
    /// The URL of a proxy for everything.
    All(String),
    /// Pattern of URLs (`all://*.example.com`) to the URL of a proxy; `None` for none.
    ByPattern(IndexMap<String, Option<String>>),
}

/// How long the parts of a request may take.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Timeouts {
    /// Each of the parts.
    All(Duration),
    /// Some of the parts.
    Parts(TimeoutParts),
}

/// How long the parts of a request may take.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TimeoutParts {
    /// Until the connection stands.
    pub connect: Option<Duration>,
    /// Until the next bytes are read.
    pub read: Option<Duration>,
    /// Until the next bytes are written.
    pub write: Option<Duration>,
    /// Until a connection of the pool is free.
    pub pool: Option<Duration>,
}

/// How certificates are verified.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SslVerify {
    /// Against the authorities of the system, or not at all.
    Enabled(bool),
    /// Against the authorities in that file (PEM).
    Authorities(String),
}

impl CommonSettings {
    /// What the schema cannot say; paths start at `settings`.
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let root = Path::default();
        let patterned = |text: &str| ["http://", "https://", "all://"].iter().any(|scheme| text.starts_with(scheme));
        match &self.proxies {
            None => {}
            Some(Proxies::All(url)) if patterned(url) => {}
            Some(Proxies::All(_)) => {
                let message = "expected the URL of a proxy that starts with http://, https:// or all://";
                problems.push(Problem::new(root.key("proxies"), message));
            }
            Some(Proxies::ByPattern(proxies)) => {
                for (pattern, url) in proxies {
                    let path = root.key("proxies").key(pattern);
                    if !patterned(pattern) {
                        let message = "expected a pattern that starts with http://, https:// or all://";
                        problems.push(Problem { at_key: true, ..Problem::new(path.clone(), message) });
                    }
                    if url.as_deref().is_some_and(|url| !is_url(url)) {
                        let message = "expected the URL of a proxy that starts with http:// or https://, or null";
                        problems.push(Problem::new(path, message));
                    }
                }
            }
        }
        if let Some(SslVerify::Authorities(file)) = &self.ssl_verify {
            let message = match FilePath::new(file).metadata() {
                Ok(metadata) if metadata.is_file() => None,
                Ok(_) => Some(format!("path {file:?} does not point to a file")),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Some(format!("expected true, false or a file of certificates, path {file:?} does not exist"))
                }
                Err(error) => Some(format!("expected true, false or a file of certificates, found {file:?}: {error}")),
            };
            problems.extend(message.map(|message| Problem::new(root.key("ssl_verify"), message)));
        }
        problems
    }
}
