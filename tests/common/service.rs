//! Services on the loopback interface that answer as a test says.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use servox::optimizer::remote::{Client, Message, RemoteError, Tries};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub const TOKEN: &str = "s3cr3t-t0ken";

/// A request that was received.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A service, and what it received.
pub struct Service {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Service {
    /// Answers each request with what the function makes of it and of its number.
    pub async fn start<R: IntoResponse + 'static>(
        answer: impl Fn(usize, &Seen) -> R + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let all = seen.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (all, answer) = (all.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let seen = Seen { path: parts.uri.path().to_owned(), headers: parts.headers, body };
                let number = {
                    let mut all = all.lock().unwrap();
                    all.push(seen.clone());
                    all.len() - 1
                };
                answer(number, &seen).into_response()
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen }
    }

    /// Answers the requests one after another with those statuses, and then with success.
    pub async fn of_statuses(statuses: &'static [u16]) -> Self {
        Self::start(move |number, _| match statuses.get(number) {
            Some(status) => status_of(*status),
            None => ok(),
        })
        .await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

pub fn ok() -> Response {
    axum::Json(json!({"status": "ok"})).into_response()
}

pub fn status_of(status: u16) -> Response {
    let body = axum::Json(json!({"detail": "as the test says"}));
    (axum::http::StatusCode::from_u16(status).unwrap(), body).into_response()
}

/// A service below HTTP: the function has the connection once a request was read from it.
pub async fn raw<F: Future<Output = ()> + Send>(
    serve: impl Fn(TcpStream) -> F + Clone + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let serve = serve.clone();
            tokio::spawn(async move {
                let mut request = [0; 4_096];
                if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    serve(stream).await;
                }
            });
        }
    });
    url
}

pub async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.ok();
    stream.flush().await.ok();
}

/// `optimizer:` of a service that knows a token.
pub fn with_token(url: &str) -> Json {
    json!({"id": "dev.example.com/app-1", "token": TOKEN, "base_url": url})
}

/// `settings:` with that many tries and short time-outs.
pub fn tries(tries: u32) -> Json {
    json!({"backoff": {"__default__": {"max_tries": tries}}, "timeouts": "5s"})
}

pub fn client(url: &str, settings: &Json) -> Client {
    Client::new(&with_token(url), settings).unwrap()
}

/// Posts WHATS_NEXT with the limits of the default context.
pub async fn ask(client: &Client) -> Result<Json, RemoteError> {
    let message = Message { event: "WHATS_NEXT", param: &Json::Null, servo_uid: None };
    client.post(message, Tries::Context("__default__")).await
}
