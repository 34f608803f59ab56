//! Whether the application is up.

use std::pin::pin;

use bytes::Bytes;
use futures::future::{Either, select};
use http_body_util::Empty;
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::config::HealthConfiguration;
use crate::config::{Path, Problem};
use crate::model::Duration;

/// When the application counts as up.
#[derive(Clone, Debug)]
pub(super) struct Health {
    pub(super) probe: Probe,
    /// The pause between two attempts.
    pub(super) interval: std::time::Duration,
    /// How long one attempt may take.
    attempt: std::time::Duration,
    /// How long the application may take to come up.
    pub(super) timeout: std::time::Duration,
}

/// What is tried.
#[derive(Clone, Debug)]
pub(super) enum Probe {
    /// A GET has to be answered with a status from 200 to 399.
    Http { address: Address, url: Url },
    /// A connection has to be accepted.
    Tcp(Address),
    /// It has to run for that long.
    Alive(std::time::Duration),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    host: String,
    port: u16,
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Health {
    /// What the configuration says, or all that is wrong with it. Paths start at `health`.
    pub(super) fn compile(config: &HealthConfiguration) -> Result<Self, Vec<Problem>> {
        let path = Path::default().key("health");
        let mut problems = Vec::new();
        for (key, span) in [("interval", config.interval), ("attempt", config.attempt), ("timeout", config.timeout)] {
            if span <= Duration::ZERO {
                problems.push(Problem::new(path.key(key), format!("expected a time greater than 0, found {span}")));
            }
        }
        let probe = match (&config.http, &config.tcp, config.alive) {
            (Some(text), None, None) => http(text).map_err(|message| (path.key("http"), message)),
            (None, Some(text), None) => tcp(text).map(Probe::Tcp).map_err(|message| (path.key("tcp"), message)),
            (None, None, Some(span)) if span >= config.timeout || span < Duration::ZERO => {
                Err((path.key("alive"), format!("expected a time below {} (`timeout`), found {span}", config.timeout)))
            }
            (None, None, alive) => Ok(Probe::Alive(alive.unwrap_or(Duration::from_secs(1)).to_std())),
            _ => Err((path.clone(), "expected one of `http`, `tcp` and `alive`, found several".to_owned())),
        };
        match probe {
            Ok(probe) if problems.is_empty() => Ok(Self {
                probe,
                interval: config.interval.to_std(),
                attempt: config.attempt.to_std(),
                timeout: config.timeout.to_std(),
            }),
            probe => {
                problems.extend(probe.err().map(|(path, message)| Problem::new(path, message)));
                Err(problems)
            }
        }
    }

    /// Where the application listens, if that is known.
    pub(super) fn address(&self) -> Option<&Address> {
        match &self.probe {
            Probe::Http { address, .. } | Probe::Tcp(address) => Some(address),
            Probe::Alive(_) => None,
        }
    }

    /// Tries once. `running` is how long the application runs. Says what is missing.
    pub(super) async fn attempt(&self, running: std::time::Duration) -> Result<(), String> {
        let attempt = async {
            match &self.probe {
                Probe::Http { address, url } => get(address, url).await,
                Probe::Tcp(address) => connect(address).await.map(drop),
                Probe::Alive(span) if running >= *span => Ok(()),
                Probe::Alive(_) => Err("it has not run for long enough".into()),
            }
        };
        match timeout(self.attempt, attempt).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {}", Duration::from(self.attempt))),
        }
    }

    /// Whether anything accepts connections where the application is to listen.
    pub(super) async fn address_taken(&self) -> bool {
        match self.address() {
            Some(address) => matches!(timeout(self.attempt, connect(address)).await, Ok(Ok(_))),
            None => false,
        }
    }
}

fn http(text: &str) -> Result<Probe, String> {
    let expected = |found: &str| format!("expected an address such as http://127.0.0.1:8080/health, found {found}");
    let url = Url::parse(text).map_err(|error| expected(&format!("'{text}' ({error})")))?;
    if url.scheme() != "http" {
        return Err(expected(&format!("the scheme '{}'", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(expected("one with a user name or password"));
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    Ok(Probe::Http { address: Address { host, port: url.port_or_known_default().unwrap_or(80) }, url })
}

fn tcp(text: &str) -> Result<Address, String> {
    let expected = || format!("expected host:port such as 127.0.0.1:8080, found '{text}'");
    let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bare {
        Some(host) => host,
        None if host.contains(':') => return Err(expected()),
        None => host,
    };
    match port.parse() {
        Ok(port) if port > 0 && !host.is_empty() => Ok(Address { host: host.to_owned(), port }),
        _ => Err(expected()),
    }
}

async fn connect(address: &Address) -> Result<TcpStream, String> {
    let stream = TcpStream::connect((address.host.as_str(), address.port))
        .await
        .map_err(|error| format!("no connection to {address}: {error}"))?;
    // Where nobody listens on a port that outgoing connections may get, one in many thousand meets itself.
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) if local != peer => Ok(stream),
        _ => Err(format!("no connection to {address}: nobody listens there")),
    }
}

async fn get(address: &Address, url: &Url) -> Result<(), String> {
    let failed = |error: hyper::Error| format!("GET {url}: {error}");
    let stream = connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let mut target = url.path().to_owned();
    if let Some(query) = url.query() {
        target.push('?');
        target.push_str(query);
    }
    let request = Request::get(target)
        .header(hyper::header::HOST, address.to_string())
        .header(hyper::header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("GET {url}: {error}"))?;
    let response = match select(pin!(sender.send_request(request)), pin!(connection)).await {
        Either::Left((response, _)) => response,
        // The connection is driven to its end beside the request: the answer is there by then, or never comes.
        Either::Right((_, response)) => response.await,
    };
    let status = response.map_err(failed)?.status();
    if (200..400).contains(&status.as_u16()) { Ok(()) } else { Err(format!("GET {url}: status {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compile(config: serde_json::Value) -> Result<Health, String> {
        let config = serde_json::from_value(config).unwrap();
        Health::compile(&config).map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.path, p.message)).collect();
            lines.join("|")
        })
    }

    #[test]
    fn addresses_are_read() {
        let address = |config| compile(config).unwrap().address().map(ToString::to_string);
        assert_eq!(address(json!({"http": "http://localhost/x?y=1"})).as_deref(), Some("localhost:80"));
        assert_eq!(address(json!({"http": "http://[::1]:81"})).as_deref(), Some("[::1]:81"));
        assert_eq!(address(json!({"tcp": "[::1]:81"})).as_deref(), Some("[::1]:81"));
        assert_eq!(address(json!({})), None);
    }

    #[test]
    fn wrong_checks_are_located() {
        for (config, start) in [
            (json!({"http": "https://localhost"}), "health.http: expected an address such as"),
            (json!({"http": "nonsense"}), "health.http: expected an address such as"),
            (json!({"tcp": "8080"}), "health.tcp: expected host:port such as"),
            (json!({"tcp": "localhost:0"}), "health.tcp: expected host:port such as"),
            (json!({"tcp": "::1:80"}), "health.tcp: expected host:port such as"),
            (json!({"tcp": "a:1", "http": "http://a"}), "health: expected one of `http`, `tcp` and `alive`"),
            (json!({"interval": 0}), "health.interval: expected a time greater than 0, found 0"),
            (json!({"alive": "40s"}), "health.alive: expected a time below 30s"),
        ] {
            let found = compile(config).unwrap_err();
            assert!(found.starts_with(start), "{found}");
        }
    }
}
