//! The file of a server: where it listens, where studies are kept, and which applications it optimizes.

use std::collections::{HashMap, HashSet};
use std::path::{Path as FilePath, PathBuf};

use indexmap::IndexMap;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value as Json;

use super::token;
use crate::config::{ConfigError, Document, Path, Problem, is_id, read};
use crate::optimizer::local::{LocalConfig, SamplerFactory, StorageUrl};

const ADDRESS_EXPECTED: &str = "expected a host and a port, such as 127.0.0.1:8080";

/// What a server is made from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Where it listens: a host and a port.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Where all studies are kept: a storage URL, which may hold a password.
    #[serde(default = "default_storage")]
    #[schemars(with = "String")]
    pub storage: SecretString,
    /// The certificate that it shows; without it, it speaks plain HTTP.
    #[serde(default)]
    pub tls: Option<TlsConfig>,
    /// Whether plain HTTP may be spoken on an address that others can reach.
    #[serde(default)]
    pub insecure: bool,
    /// The applications, by `<organization>/<name>` or by the identifier of their optimizer.
    pub applications: IndexMap<String, ApplicationConfig>,
}

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate, and after it those of the authorities between it and a root.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// One application: who may speak for it, and how it is optimized.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationConfig {
    /// The token of its servo.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub token: Option<SecretString>,
    /// The file with the token; each of its lines is accepted.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// The variable of the environment with the token.
    #[serde(default)]
    pub token_env: Option<String>,
    /// How it is optimized, as `optimizer.local` of a `servo.yaml`, but without `storage`.
    pub local: LocalConfig,
}

fn default_listen() -> String {
    "127.0.0.1:8080".into()
}

fn default_storage() -> SecretString {
    "sqlite:///optimizer.db".into()
}

impl ServerConfig {
    /// Reads a file, and looks whether its tokens and search strategies can be had.
    ///
    /// # Errors
    /// Everything that is wrong with it, sorted by place.
    pub fn load(file: impl AsRef<FilePath>, samplers: &dyn SamplerFactory) -> Result<Self, ConfigError> {
        let file = file.as_ref();
        let documents = Document::read_file(file)?;
        let Some(document) = documents.first() else {
            return Self::load_document(&Document::parse(file.display().to_string(), b"")?.remove(0), samplers);
        };
        let loaded = Self::load_document(document, samplers);
        match documents.get(1) {
            None => loaded,
            Some(second) => {
                let problem = Problem::new(Path::default(), "expected one document, found another one");
                Err(second.error(vec![problem]))
            }
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, sorted by place.
    pub fn load_document(document: &Document, samplers: &dyn SamplerFactory) -> Result<Self, ConfigError> {
        let mut json = document.to_json();
        let mut problems = withdraw(&mut json);
        match read::<Self>(&json, |_| Vec::new()) {
            Ok(config) => {
                problems.extend(config.check(samplers));
                if problems.is_empty() {
                    return Ok(config);
                }
            }
            Err(found) => problems.extend(found),
        }
        Err(document.error(problems))
    }

    /// Puts what a command line says in place of what the file says; the error says what is wrong with it.
    pub fn replace(&mut self, listen: Option<String>, storage: Option<String>, insecure: bool) -> Result<(), String> {
        if let Some(listen) = listen {
            if !is_address(&listen) {
                return Err(format!("listen: {ADDRESS_EXPECTED}"));
            }
            self.listen = listen;
        }
        if let Some(storage) = storage {
            storage.parse::<StorageUrl>().map_err(|error| format!("storage: {error}"))?;
            self.storage = storage.into();
        }
        self.insecure |= insecure;
        Ok(())
    }

    /// The storage.
    ///
    /// # Errors
    /// Why the text is no storage URL.
    pub fn storage_url(&self) -> Result<StorageUrl, String> {
        self.storage.expose_secret().parse()
    }

    /// What is wrong beyond what the schema can say.
    fn check(&self, samplers: &dyn SamplerFactory) -> Vec<Problem> {
        let root = Path::default();
        let mut problems = Vec::new();
        if !is_address(&self.listen) {
            problems.push(Problem::new(root.key("listen"), ADDRESS_EXPECTED));
        }
        let storage = self.storage_url();
        problems.extend(storage.as_ref().err().map(|error| Problem::new(root.key("storage"), error)));
        if self.applications.is_empty() {
            problems.push(Problem::new(root.key("applications"), "expected at least one application"));
        }
        let mut studies = HashSet::new();
        let mut strategies: HashMap<&str, Option<String>> = HashMap::new();
        for (id, application) in &self.applications {
            let at = root.key("applications").key(id);
            if let Some(message) = check_id(id) {
                problems.push(Problem { at_key: true, ..Problem::new(at.clone(), message) });
            }
            problems.extend(application.check_token().map(|(key, message)| Problem::new(at.key(key), message)));
            let (local, at) = (&application.local, at.key("local"));
            problems.extend(local.check().into_iter().map(|problem| problem.under(&at)));
            if local.goal.is_none() {
                let message = "required key 'goal' is missing, add one such as {objective: minimize, metric: latency}";
                problems.push(Problem::new(at.clone(), message));
            }
            let refused = strategies.entry(local.sampler.as_str()).or_insert_with(|| {
                let kept = |url| samplers.check_storage(local.sampler, url);
                let usable = samplers.check(local.sampler).and_then(|()| storage.as_ref().map_or(Ok(()), kept));
                usable.err().map(|error| error.to_string())
            });
            problems.extend(refused.iter().map(|message| Problem::new(at.key("sampler"), message)));
            if !studies.insert(application.study(id)) {
                let message = format!("'{}' is the study of two applications", application.study(id));
                problems.push(Problem::new(at.key("study"), message));
            }
        }
        problems
    }
}

impl ApplicationConfig {
    /// The name of its study in the storage.
    pub(super) fn study<'a>(&'a self, id: &'a str) -> &'a str {
        self.local.study.as_deref().unwrap_or(id)
    }

    /// The key with a problem, and the problem.
    fn check_token(&self) -> Option<(&'static str, String)> {
        let given = [
            ("token", self.token.is_some()),
            ("token_file", self.token_file.is_some()),
            ("token_env", self.token_env.is_some()),
        ];
        let given: Vec<_> = given.into_iter().filter_map(|(key, given)| given.then_some(key)).collect();
        match given[..] {
            [key] => token::tokens(self).err().map(|error| (key, error)),
            [] => Some(("token_file", "expected a token_file, a token_env or a token, found none of them".into())),
            [_, second, ..] => Some((
                second,
                format!("expected one of token, token_file and token_env, found {}", given.join(" and ")),
            )),
        }
    }
}

/// Takes out what has a place in a `servo.yaml` but not here, and values that must not be told.
fn withdraw(json: &mut Json) -> Vec<Problem> {
    let mut problems = Vec::new();
    let root = Path::default();
    if json.get("storage").is_some_and(|storage| !storage.is_string()) {
        problems.push(Problem::new(
            root.key("storage"),
            "expected the text of a storage URL, such as sqlite:///optimizer.db",
        ));
        json["storage"] = default_storage().expose_secret().into();
    }
    let applications = json.get_mut("applications").and_then(Json::as_object_mut);
    for (id, application) in applications.into_iter().flatten() {
        let at = root.key("applications").key(id);
        if application.get("token").is_some_and(|token| !token.is_string()) {
            problems.push(Problem::new(at.key("token"), "expected text, quote it"));
            application["token"] = "withdrawn".into();
        }
        let local = application.get_mut("local").and_then(Json::as_object_mut);
        if local.is_some_and(|local| local.shift_remove("storage").is_some()) {
            let message = "expected no storage of its own: the storage of the server keeps all studies; remove it";
            problems.push(Problem { at_key: true, ..Problem::new(at.key("local").key("storage"), message) });
        }
    }
    problems
}

/// A host, a colon and a port.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn check_id(id: &str) -> Option<String> {
    if id.contains('/') {
        return (!is_id(id)).then(|| {
            "expected '<organization>/<name>', an organization of 5 to 50 letters, digits, hyphens and periods that starts \
             with no hyphen, and a name of 1 to 64 letters, digits, hyphens, periods and underscores"
                .to_owned()
        });
    }
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    (id.is_empty() || id.len() > 128 || !id.chars().all(known)).then(|| {
        "expected '<organization>/<name>', or the identifier of an optimizer: 1 to 128 letters, digits and any of -._~"
            .to_owned()
    })
}
