//! A connection file: another program keeps it, with the token, the service and the tenant.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::Instant;

use super::auth::Access;
use super::endpoint::ClientService;
use super::errors::{FailureKind, RemoteError};
use crate::config::Document;

/// How often, at the most, the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The content of the file.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    authorization: SecretString,
    endpoint: String,
    #[serde(rename = "TenantId")]
    _tenant_id: String,
}

/// What tells one state of the file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

/// A connection file, and the access it gave last.
pub(super) struct ConnectionFile {
    path: PathBuf,
    service: ClientService,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    access: Option<Access>,
    /// Of what was read last, whether it was right or not.
    stamp: Option<Stamp>,
    looked: Option<Instant>,
    generation: u64,
}

impl ConnectionFile {
    pub fn new(path: String, service: ClientService) -> Self {
        Self { path: path.into(), service, state: Mutex::default() }
    }

    /// Where messages go, as it is told; the path while nobody knows.
    pub fn at(&self) -> String {
        let at = self.state().access.as_ref().map(|access| access.at.clone());
        at.unwrap_or_else(|| self.path.display().to_string())
    }

    /// What the file says now. Content that is wrong leaves what it said before in force.
    pub async fn access(&self, at_once: bool) -> Result<Access, RemoteError> {
        {
            let mut state = self.state();
            let fresh = state.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY);
            if let Some(access) = &state.access
                && fresh
                && !at_once
            {
                return Ok(access.clone());
            }
            state.looked = Some(Instant::now());
        }
        let path = self.path.clone();
        let known = {
            let state = self.state();
            // Of two contents of one length and one moment the stamp tells nothing.
            state.access.as_ref().and(state.stamp).filter(|_| !at_once)
        };
        let read = tokio::task::spawn_blocking(move || read(&path, known)).await;
        let (stamp, content) = match read {
            Ok(Ok(Some(found))) => found,
            Ok(Ok(None)) => return self.last(None),
            Ok(Err(error)) => return self.last(Some(error)),
            Err(error) => return self.last(Some(self.wrong(&error.to_string()))),
        };
        let accessed =
            content.ok_or_else(|| self.wrong("expected a mapping with the texts Authorization, Endpoint and TenantId"));
        let mut state = self.state();
        state.stamp = Some(stamp);
        let accessed = accessed.and_then(|content| {
            let url = self.service.url(Some(&content.endpoint))?;
            Access::with_token(url, &content.authorization, state.generation + 1)
        });
        match accessed {
            Ok(access) => {
                let same =
                    state.access.as_ref().is_some_and(|old| old.url == access.url && old.header == access.header);
                let replaced = !same && state.access.is_some();
                if !same {
                    state.generation += 1;
                    state.access = Some(access);
                }
                drop(state);
                if replaced {
                    tracing::info!("Loading change to connection file {}", self.path.display());
                }
                self.last(None)
            }
            Err(error) => {
                drop(state);
                self.last(Some(error))
            }
        }
    }

    /// The access that is in force, or why there is none.
    fn last(&self, error: Option<RemoteError>) -> Result<Access, RemoteError> {
        let access = self.state().access.clone();
        match (access, error) {
            (Some(access), None) => Ok(access),
            (Some(access), Some(error)) => {
                tracing::warn!("{error}; the connection stays as it was");
                Ok(access)
            }
            (None, Some(error)) => Err(error),
            (None, None) => Err(self.wrong("it was not read yet")),
        }
    }

    fn wrong(&self, why: &str) -> RemoteError {
        of_file(&self.path, why)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It may be there, and right, a moment later.
fn of_file(path: &std::path::Path, why: &str) -> RemoteError {
    let message = format!("optimizer.connection_file {}: {why}", path.display());
    RemoteError { retryable: true, ..RemoteError::new(FailureKind::Credentials, message) }
}

/// The content of the file unless its state is known; `None` inside for content that is wrong.
fn read(path: &std::path::Path, known: Option<Stamp>) -> Result<Option<(Stamp, Option<Content>)>, RemoteError> {
    let metadata = std::fs::metadata(path).map_err(|error| of_file(path, &error.to_string()))?;
    // A pipe would be waited for without end.
    if !metadata.is_file() {
        return Err(of_file(path, "expected a file"));
    }
    let stamp = Stamp { modified: metadata.modified().ok(), length: metadata.len() };
    if known == Some(stamp) {
        return Ok(None);
    }
    // What is wrong with it is not told in detail: it may show the token.
    let content =
        Document::read_file(path).ok().and_then(|documents| serde_json::from_value(documents.first()?.to_json()).ok());
    Ok(Some((stamp, content)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::optimizer::remote::endpoint::Service;

    fn file(path: &std::path::Path) -> ConnectionFile {
        let config = json!({"optimizer_id": "o-1", "connection_file": path});
        let Service::Client(service) = Service::read(&config).unwrap() else { panic!("{config}") };
        ConnectionFile::new(path.to_str().unwrap().to_owned(), service)
    }

    fn content(token: &str, port: u16) -> String {
        format!("Authorization: Bearer {token}\nEndpoint: http://127.0.0.1:{port}/\nTenantId: t-1\n")
    }

    #[tokio::test]
    async fn changes_are_followed_and_wrong_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connection.yaml");
        let file = file(&path);
        let error = file.access(true).await.unwrap_err();
        assert!(error.retryable && error.to_string().contains("connection.yaml"), "{error}");
        std::fs::write(&path, content("one-token", 1)).unwrap();
        let first = file.access(true).await.unwrap();
        assert_eq!(first.url.as_str(), "http://127.0.0.1:1/rest/optimize/co/v1/optimizers/o-1/servo");
        assert_eq!(first.header.1, "Bearer one-token");
        for wrong in [
            "",
            "Authorization: [",
            "Authorization: Bearer x\n",
            "Endpoint: nowhere\nAuthorization: Bearer y\nTenantId: t",
        ] {
            std::fs::write(&path, wrong).unwrap();
            let kept = file.access(true).await.unwrap();
            assert_eq!(kept.generation, first.generation, "{wrong}");
        }
        std::fs::write(&path, content("another-token", 2)).unwrap();
        let second = file.access(true).await.unwrap();
        assert_eq!(second.url.port(), Some(2));
        assert_eq!(second.header.1, "Bearer another-token");
        assert!(second.generation > first.generation);
    }

    #[tokio::test]
    async fn a_refused_token_is_looked_for_whatever_the_stamp_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connection.yaml");
        let file = file(&path);
        std::fs::write(&path, content("token-1", 1)).unwrap();
        let modified = path.metadata().unwrap().modified().unwrap();
        let first = file.access(true).await.unwrap();
        std::fs::write(&path, content("token-2", 1)).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        let second = file.access(true).await.unwrap();
        assert_eq!(
            (first.header.1, second.header.1),
            ("Bearer token-1".parse().unwrap(), "Bearer token-2".parse().unwrap())
        );
        let error = self::file(folder.path()).access(true).await.unwrap_err();
        assert!(error.to_string().ends_with("expected a file"), "{error}");
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_without_the_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("connection.yaml");
        std::fs::write(&path, "Authorization: [hunter2").unwrap();
        let error = file(&path).access(true).await.unwrap_err();
        assert!(error.to_string().contains("expected a mapping") && !error.to_string().contains("hunter2"), "{error}");
    }
}
