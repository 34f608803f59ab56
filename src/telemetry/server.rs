//! `/metrics`, `/healthz` and `/readyz` on an address of their own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Metrics, Readiness};

/// Connections at once; more wait until one is closed.
const MAX_CONNECTIONS: usize = 32;
/// How long a connection may take to ask, and may be silent between two questions.
const HEADERS: Duration = Duration::from_secs(10);
/// The largest head of a request.
const MAX_HEAD: usize = 16 << 10;
/// How long a connection lives, so that none that reads slowly holds its place for ever.
const LIFETIME: Duration = Duration::from_secs(300);
/// How long answers under way may take at the end.
const LINGER: Duration = Duration::from_millis(500);
/// How long to wait when no connection can be taken: mostly there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// Why there is no endpoint.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be served at {address}: {reason}")]
pub struct ServeError {
    /// What was asked for.
    pub address: String,
    /// Why not, and what to do.
    pub reason: String,
}

/// An endpoint at work. It ends with the token it was given; dropping this changes nothing.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    connections: TaskTracker,
}

impl Endpoint {
    /// Where it listens; the port that was chosen where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has ended and every connection is closed, less than a second after the token.
    pub async fn closed(&self) {
        self.connections.wait().await;
    }
}

/// Serves at `HOST:PORT` until the token is cancelled, and begins to count.
///
/// `/metrics` is the text format of Prometheus. `/healthz` is 200 while the process answers. `/readyz` is 200 when every
/// servo runs or is done, and 503 with the reason otherwise. Must be called within a runtime of tokio.
pub async fn serve(
    address: &str,
    readiness: Arc<dyn Readiness>,
    stop: CancellationToken,
) -> Result<Endpoint, ServeError> {
    let failed = |reason: String| ServeError { address: address.to_owned(), reason };
    let listener = TcpListener::bind(address).await.map_err(|error| failed(why(&error)))?;
    let bound = listener.local_addr().map_err(|error| failed(error.to_string()))?;
    let site = router(Site { metrics: Metrics::install(), readiness });
    let connections = TaskTracker::new();
    connections.spawn(accept(listener, site, stop, connections.clone()));
    connections.close();
    tracing::debug!("metrics are at http://{bound}/metrics");
    Ok(Endpoint { address: bound, connections })
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the address is in use; choose another port, or 0 for any that is free".into(),
        io::ErrorKind::PermissionDenied => "not permitted; ports below 1024 need privileges".into(),
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".into(),
        io::ErrorKind::InvalidInput => format!("expected HOST:PORT, such as 127.0.0.1:9464 or [::]:9464 ({error})"),
        _ => error.to_string(),
    }
}

/// What answers need.
#[derive(Clone)]
struct Site {
    metrics: Metrics,
    readiness: Arc<dyn Readiness>,
}

fn router(site: Site) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(async || told(StatusCode::OK, "text/plain; charset=utf-8", "ok\n".into())))
        .route("/readyz", get(readyz))
        .with_state(site)
}

async fn metrics(State(site): State<Site>) -> Response {
    let census = site.readiness.census();
    for (state, servos) in census.states() {
        metrics::gauge!("servo_servos", "state" => state).set(servos as f64);
    }
    metrics::gauge!("servo_out_of_reach").set(census.out_of_reach as f64);
    told(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", site.metrics.render())
}

async fn readyz(State(site): State<Site>) -> Response {
    let census = site.readiness.census();
    let trouble = census.trouble();
    let status = if trouble.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let text = json!({ "ready": trouble.is_none(), "reason": trouble, "servos": census });
    told(status, "application/json", format!("{text}\n"))
}

fn told(status: StatusCode, kind: &'static str, text: String) -> Response {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, headers, text).into_response()
}

async fn accept(listener: TcpListener, site: Router, stop: CancellationToken, connections: TaskTracker) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok()?;
            Some((listener.accept().await, place))
        };
        let next = tokio::select! {
            next = next => next,
            () = stop.cancelled() => None,
        };
        match next {
            None => return,
            Some((Ok((stream, _)), place)) => {
                let (site, stop) = (site.clone(), stop.clone());
                connections.spawn(async move {
                    converse(stream, site, stop).await;
                    drop(place);
                });
            }
            Some((Err(error), _)) => {
                tracing::debug!("a connection to /metrics could not be taken: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One connection, until it or the endpoint ends.
async fn converse(stream: TcpStream, site: Router, stop: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(site));
    tokio::pin!(connection);
    let over = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LIFETIME) => {}
        }
    };
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = over => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LINGER, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = result {
        tracing::debug!("a connection to /metrics broke: {error}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::Census;
    use super::*;

    const RUNNING: Census = Census { starting: 0, running: 1, out_of_reach: 0, stopping: 0, finished: 0, failed: 0 };

    async fn endpoint(census: Arc<Mutex<Census>>) -> (Endpoint, CancellationToken) {
        let stop = CancellationToken::new();
        let readiness = Arc::new(move || *census.lock().unwrap());
        (serve("127.0.0.1:0", readiness, stop.clone()).await.unwrap(), stop)
    }

    /// What comes back until the connection is closed.
    async fn sent(endpoint: &Endpoint, text: &str) -> String {
        let mut stream = TcpStream::connect(endpoint.address()).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn asked(endpoint: &Endpoint, path: &str) -> String {
        sent(endpoint, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
    }

    #[tokio::test]
    async fn tells_metrics_and_health() {
        let (endpoint, _stop) = endpoint(Arc::new(Mutex::new(RUNNING))).await;
        let answer = asked(&endpoint, "/metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
        assert!(answer.contains("\nservo_servos{state=\"running\"} 1\n"), "{answer}");
        let answer = asked(&endpoint, "/healthz").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
        assert!(asked(&endpoint, "/").await.starts_with("HTTP/1.1 404 "));
        let post = sent(&endpoint, "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
    }

    #[tokio::test]
    async fn ready_says_what_is_missing() {
        let census = Arc::new(Mutex::new(Census { starting: 1, ..RUNNING }));
        let (endpoint, _stop) = endpoint(census.clone()).await;
        let answer = asked(&endpoint, "/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        let body: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!((body["ready"].as_bool(), body["servos"]["starting"].as_u64()), (Some(false), Some(1)));
        assert_eq!(body["reason"], "1 of 2 servos have not started yet");
        *census.lock().unwrap() = RUNNING;
        assert!(asked(&endpoint, "/readyz").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn ends_with_its_token_whoever_is_connected() {
        let (endpoint, stop) = endpoint(Arc::new(Mutex::new(RUNNING))).await;
        let mut idle = TcpStream::connect(endpoint.address()).await.unwrap();
        let mut slow = TcpStream::connect(endpoint.address()).await.unwrap();
        slow.write_all(b"GET /metrics HTTP/1.1\r\nHo").await.unwrap();
        assert!(asked(&endpoint, "/healthz").await.starts_with("HTTP/1.1 200 "));
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(60), endpoint.closed()).await.unwrap();
        let mut rest = Vec::new();
        let _ = idle.read_to_end(&mut rest).await;
        let _ = slow.read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "{rest:?}");
        assert!(TcpStream::connect(endpoint.address()).await.is_err());
    }

    #[tokio::test]
    async fn connections_beyond_the_bound_wait() {
        let (endpoint, _stop) = endpoint(Arc::new(Mutex::new(RUNNING))).await;
        let mut kept = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            let mut stream = TcpStream::connect(endpoint.address()).await.unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
            stream.read_exact(&mut [0; 12]).await.unwrap();
            kept.push(stream);
        }
        let mut later = TcpStream::connect(endpoint.address()).await.unwrap();
        later.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut beginning = [0; 12];
        assert!(tokio::time::timeout(Duration::from_millis(200), later.read(&mut beginning)).await.is_err());
        drop(kept);
        later.read_exact(&mut beginning).await.unwrap();
        assert_eq!(&beginning, b"HTTP/1.1 200");
    }

    #[tokio::test]
    async fn says_why_it_cannot_listen() {
        let (endpoint, _stop) = endpoint(Arc::new(Mutex::new(RUNNING))).await;
        let taken = endpoint.address().to_string();
        for (address, expected) in
            [(taken.as_str(), "in use"), ("localhost", "HOST:PORT"), ("1.2.3.4.5:1x", "HOST:PORT")]
        {
            let error = serve(address, Arc::new(|| RUNNING), CancellationToken::new()).await.unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains(address), "{error}");
        }
    }
}
