//! A server, its storage, and those who speak with it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use servox::config::Document;
use servox::optimizer::local::{NativeSamplers, SamplerFactory};
use servox::optimizer::server::{Server, ServerConfig, ServerError};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const TOKEN: &str = "t0ken";
/// What anything may take on a loaded machine.
pub const LONG: Duration = Duration::from_secs(60);

/// A search for the cheapest configuration of few trials.
pub fn local(trials: u32) -> Json {
    json!({
        "sampler": "grid",
        "goal": {"objective": "minimize", "metric": "cost"},
        "trial": {"warmup": 0, "duration": "5s"},
        "budget": {"trials": trials},
    })
}

/// A configuration with those applications, which keeps its storage in that folder.
#[allow(clippy::needless_pass_by_value)]
pub fn config(folder: &Path, applications: Json) -> Json {
    json!({
        "listen": "127.0.0.1:0",
        "storage": format!("sqlite:///{}", folder.join("optimizer.db").display()),
        "applications": applications,
    })
}

pub fn read(config: &Json, samplers: &dyn SamplerFactory) -> Result<ServerConfig, Vec<String>> {
    let document = Document::parse("optimizer.yaml", config.to_string().as_bytes()).unwrap().remove(0);
    let told = |problem: &servox::config::LocatedProblem| format!("{}: {}", problem.path, problem.message);
    ServerConfig::load_document(&document, samplers).map_err(|error| error.problems().iter().map(told).collect())
}

pub async fn bind(config: &Json) -> Result<Server, ServerError> {
    Server::bind(read(config, &NativeSamplers).unwrap(), Arc::new(NativeSamplers)).await
}

/// A client that makes a connection for each request.
pub fn client() -> reqwest::Client {
    // It wants one, whether or not it is to speak TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().timeout(LONG).pool_max_idle_per_host(0).build().unwrap()
}

/// A server that runs until it is dropped or stopped.
pub struct Place {
    pub url: String,
    pub address: SocketAddr,
    pub stop: CancellationToken,
    pub ended: JoinHandle<()>,
    _folder: Option<TempDir>,
}

impl Place {
    pub async fn of(applications: Json) -> Self {
        Self::with(applications, Arc::new(NativeSamplers)).await
    }

    /// One application, `example.com/app`.
    pub async fn of_one() -> Self {
        Self::of(json!({"example.com/app": {"token": TOKEN, "local": local(3)}})).await
    }

    pub async fn with(applications: Json, samplers: Arc<dyn SamplerFactory>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = read(&config(folder.path(), applications), &*samplers).unwrap();
        let server = Server::bind(config, samplers).await.unwrap();
        Self { _folder: Some(folder), ..Self::around(server, CancellationToken::new()) }
    }

    /// A server that was bound elsewhere.
    pub fn around(server: Server, stop: CancellationToken) -> Self {
        let (url, address) = (server.url(), server.address());
        let ended = tokio::spawn(server.serve(stop.clone()));
        Self { url, address, stop, ended, _folder: None }
    }

    /// Ends the server in order.
    pub async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(LONG, self.ended).await.expect("it ends").unwrap();
    }

    /// Where the messages of an application go.
    pub fn path(id: &str) -> String {
        match id.split_once('/') {
            Some((organization, name)) => format!("/accounts/{organization}/applications/{name}/servo"),
            None => format!("/rest/optimize/co/v1/optimizers/{id}/servo"),
        }
    }

    /// Posts a message with its token: the status of HTTP, and the answer.
    pub async fn post(&self, id: &str, event: &str, param: Json) -> (u16, Json) {
        self.post_as(None, id, event, param).await
    }

    pub async fn post_as(&self, servo_uid: Option<&str>, id: &str, event: &str, param: Json) -> (u16, Json) {
        let message = json!({"event": event, "param": param, "servo_uid": servo_uid}).to_string();
        let (status, _, body) = self.send(id, &[("authorization", &format!("Bearer {TOKEN}"))], message).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// Posts anything: the status, the headers and the body of the answer.
    pub async fn send(
        &self,
        id: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> (u16, reqwest::header::HeaderMap, String) {
        let client = client();
        let mut request = client.post(format!("{}{}", self.url, Self::path(id))).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.headers().clone(), answer.text().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let client = client();
        let answer = client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Writes bytes as they are; gives all that comes until the server closes the connection.
    pub async fn raw(&self, text: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        tokio::time::timeout(LONG, read).await.expect("the server closes the connection").unwrap();
        String::from_utf8(answer).unwrap()
    }
}

/// A setting to search, and its result in the form of the wire.
pub fn description(uid: &str, value: i64) -> Json {
    json!({"status": "ok", "message": null, "reason": "success", "cmd_uid": uid, "descriptor": {
        "application": {"components": {"web": {"settings": {
            "n": {"type": "range", "pinned": false, "value": value, "min": 1, "max": 8, "step": 1},
        }}}},
        "measurement": {"metrics": {"cost": {"unit": ""}}},
    }})
}

/// What a servo does when there is too much at once: it sends the same again.
async fn persist(place: &Place, id: &str, event: &str, param: &Json) -> (Json, bool) {
    for tries in 0..1_000 {
        let (status, answer) = place.post(id, event, param.clone()).await;
        if status != 503 {
            assert_eq!(status, 200, "{answer}");
            return (answer, tries > 0);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{event} of {id} is not answered");
}

/// Carries out what the server asks, until it has nothing more to ask. Where the application ends, and how often it was
/// measured.
pub async fn drive(place: &Place, id: &str) -> (i64, u32) {
    let (mut value, mut measured) = (8, 0);
    for _ in 0..1_000 {
        let (command, _) = persist(place, id, "WHATS_NEXT", &Json::Null).await;
        let uid = command["cmd_uid"].as_str().unwrap_or_default().to_owned();
        let (event, result) = match command["cmd"].as_str().unwrap() {
            "DESCRIBE" => ("DESCRIPTION", description(&uid, value)),
            "MEASURE" => {
                measured += 1;
                let metrics = json!({"cost": {"unit": "", "value": value}});
                ("MEASUREMENT", json!({"status": "ok", "cmd_uid": uid, "metrics": metrics, "annotations": {}}))
            }
            "ADJUST" => {
                let wanted = command.pointer("/param/state/application/components/web/settings/n/value").unwrap();
                value = wanted.as_f64().unwrap() as i64;
                let mut state = description(&uid, value);
                state["state"] = state["descriptor"].take();
                ("ADJUSTMENT", state)
            }
            _ if command["param"]["duration"] == 5 => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            _ => {
                let idle = json!({"duration": 60, "data": {"reason": "no active optimization pipeline"}});
                assert_eq!(command["param"], idle);
                return (value, measured);
            }
        };
        let (answer, again) = persist(place, id, event, &result).await;
        // What was not answered in time may have been written down all the same.
        assert!(answer == json!({"status": "ok"}) || again && answer["status"] == "unexpected-event", "{answer}");
    }
    panic!("the study of {id} does not come to an end");
}
