//! A server whose answers a test decides on.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};

pub struct Reply {
    delay: Duration,
    status: u16,
    length: usize,
}

impl Reply {
    pub fn ok() -> Self {
        Self { delay: Duration::ZERO, status: 200, length: 5 }
    }

    pub fn after(delay: Duration) -> Self {
        Self { delay, ..Self::ok() }
    }

    pub fn status(status: u16) -> Self {
        Self { status, ..Self::ok() }
    }

    pub fn body(length: usize) -> Self {
        Self { length, ..Self::ok() }
    }
}

#[derive(Clone)]
pub struct Seen {
    pub method: Method,
    pub path_and_query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
struct Counts {
    requests: u64,
    at_once: usize,
    most_at_once: usize,
    peers: HashSet<SocketAddr>,
    last: Option<Seen>,
}

type Decide = dyn Fn(&str) -> Reply + Send + Sync;

#[derive(Clone)]
struct Shared {
    counts: Arc<Mutex<Counts>>,
    decide: Arc<Decide>,
}

/// Runs on a thread of its own, so that the test does not slow it down; its connections are closed when it is dropped.
pub struct Server {
    pub address: String,
    counts: Arc<Mutex<Counts>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub async fn start(decide: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let counts = Arc::<Mutex<Counts>>::default();
        let shared = Shared { counts: counts.clone(), decide: Arc::new(decide) };
        let app = Router::new().fallback(answer).with_state(shared);
        let bind = async { tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap() };
        let listener = runtime.spawn(bind).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { address, counts, runtime: Some(runtime) }
    }

    pub fn requests(&self) -> u64 {
        self.counts.lock().unwrap().requests
    }

    pub fn most_at_once(&self) -> usize {
        self.counts.lock().unwrap().most_at_once
    }

    pub fn connections(&self) -> usize {
        self.counts.lock().unwrap().peers.len()
    }

    pub fn last(&self) -> Option<Seen> {
        self.counts.lock().unwrap().last.clone()
    }

    pub fn forget(&self) {
        *self.counts.lock().unwrap() = Counts::default();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let reply = (shared.decide)(uri.path());
    {
        let mut counts = shared.counts.lock().unwrap();
        counts.requests += 1;
        counts.at_once += 1;
        counts.most_at_once = counts.most_at_once.max(counts.at_once);
        counts.peers.insert(peer);
        counts.last = Some(Seen { method, path_and_query: uri.to_string(), headers, body });
    }
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    shared.counts.lock().unwrap().at_once -= 1;
    (StatusCode::from_u16(reply.status).unwrap(), vec![b'x'; reply.length])
}
