//! Connections to the targets, and requests over them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use url::Position;

use super::origin::Origin;
use super::target::Target;
use super::tls;

trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// The body of a request.
pub(super) type Payload = Full<Bytes>;
type Io = TokioIo<Box<dyn Stream>>;

/// How requests are sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) http2: bool,
    pub(super) keepalive: bool,
    pub(super) insecure: bool,
    /// The most bytes of a body that are read, `None` for all.
    pub(super) max_body: Option<u64>,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) text: String,
    /// The request certainly did not reach the server.
    unsent: bool,
}

/// A target made ready to be sent many times.
struct Prepared {
    origin: usize,
    method: Method,
    path: Uri,
    absolute: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// Sends the requests of all workers.
pub(super) struct Client {
    options: Options,
    tls: Option<TlsConnector>,
    origins: Vec<Origin>,
    requests: Vec<Prepared>,
}

/// The connections of one worker, one for each origin.
pub(super) struct Lane {
    connections: Vec<Option<Connection>>,
    /// Whether the request at work, or the last one, had a connection.
    pub(super) connected: bool,
}

enum Connection {
    Http1(Box<Http1>),
    Http2(http2::SendRequest<Payload>),
}

/// An HTTP/1.1 connection that moves only while its worker polls it: no task of its own, no wake-ups between tasks.
struct Http1 {
    sender: http1::SendRequest<Payload>,
    /// `None` once the connection has ended.
    driver: Option<http1::Connection<Io, Payload>>,
}

impl Client {
    /// A client of those targets, at least one.
    pub(super) fn new(targets: &[Target], options: Options) -> Result<Self, String> {
        let mut origins: Vec<Origin> = Vec::new();
        let mut requests = Vec::with_capacity(targets.len());
        for target in targets {
            let new = Origin::new(&target.url)?;
            let known = origins.iter().position(|origin| origin.same(&new));
            let origin = known.unwrap_or_else(|| {
                origins.push(new);
                origins.len() - 1
            });
            requests.push(Prepared::new(target, origin, options.keepalive)?);
        }
        let secure = origins.iter().any(|origin| origin.server_name.is_some());
        // One request a connection is a notion of HTTP/1.
        let http2 = options.http2 && options.keepalive;
        let tls = if secure { Some(tls::connector(options.insecure, http2)?) } else { None };
        Ok(Self { options, tls, origins, requests })
    }

    pub(super) fn origins(&self) -> usize {
        self.origins.len()
    }

    /// The connections of a new worker: none yet.
    pub(super) fn lane(&self) -> Lane {
        Lane { connections: self.origins.iter().map(|_| None).collect(), connected: false }
    }

    /// Sends request `number` and reads the answer. A dropped future closes the connection it used.
    pub(super) async fn send(&self, lane: &mut Lane, number: u64) -> Result<StatusCode, Failure> {
        let request = &self.requests[(number % self.requests.len() as u64) as usize];
        lane.connected = false;
        loop {
            // Taken out of the lane, so that a connection with a request left half-way is never used again.
            let idle = lane.connections[request.origin].take().filter(Connection::is_open);
            let reused = idle.is_some();
            let mut connection = match idle {
                Some(connection) => connection,
                None => self.connect(&self.origins[request.origin]).await?,
            };
            lane.connected = true;
            match connection.exchange(request, self.options.max_body).await {
                Ok((status, complete)) => {
                    if complete && self.options.keepalive {
                        lane.connections[request.origin] = Some(connection);
                    }
                    return Ok(status);
                }
                // The server closed the idle connection just then: not an error of the application.
                Err(failure) if reused && failure.unsent => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn connect(&self, origin: &Origin) -> Result<Connection, Failure> {
        if let Some(shared) = origin.shared() {
            return Ok(Connection::Http2(shared));
        }
        let tcp = origin.dial().await?;
        let (Some(connector), Some(name)) = (&self.tls, &origin.server_name) else {
            return over_http1(Box::new(tcp), origin).await;
        };
        let failed = |error| Failure::new(format!("TLS handshake with {} failed: {error}", origin.shown()));
        let stream = connector.connect(name.clone(), tcp).await.map_err(failed)?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            return over_http2(Box::new(stream), origin).await.map(Connection::Http2);
        }
        over_http1(Box::new(stream), origin).await
    }
}

async fn over_http1(stream: Box<dyn Stream>, origin: &Origin) -> Result<Connection, Failure> {
    let (sender, driver) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|error| Failure::of(&error, &origin.shown()))?;
    Ok(Connection::Http1(Box::new(Http1 { sender, driver: Some(driver) })))
}

async fn over_http2(stream: Box<dyn Stream>, origin: &Origin) -> Result<http2::SendRequest<Payload>, Failure> {
    let (sender, driver) = http2::Builder::new(LocalTasks)
        .timer(TokioTimer::new())
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::of(&error, &origin.shown()))?;
    // Another worker may have been quicker: then this connection ends with its only sender.
    if let Some(shared) = origin.shared() {
        return Ok(shared);
    }
    tokio::task::spawn_local(async move {
        if let Err(error) = driver.await {
            tracing::debug!("an HTTP/2 connection ended: {error}");
        }
    });
    *origin.shared.borrow_mut() = Some(sender.clone());
    Ok(sender)
}

/// Runs the parts of an HTTP/2 connection on the thread of the attack.
#[derive(Clone, Copy)]
struct LocalTasks;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalTasks {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

impl Prepared {
    fn new(target: &Target, origin: usize, keepalive: bool) -> Result<Self, String> {
        let url = &target.url;
        let invalid = |error: &dyn std::fmt::Display| format!("{} is not a valid target: {error}", target.label());
        let path = url[Position::BeforePath..Position::AfterQuery].parse().map_err(|error| invalid(&error))?;
        let mut headers = target.headers.clone();
        if !headers.contains_key(HOST) {
            let host = &url[Position::BeforeHost..Position::AfterPort];
            headers.insert(HOST, HeaderValue::from_str(host).map_err(|error| invalid(&error))?);
        }
        if !headers.contains_key(USER_AGENT) {
            let agent = concat!("servox/", env!("CARGO_PKG_VERSION"));
            headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        }
        if !keepalive {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let authority = Authority::try_from(headers[HOST].as_bytes()).map_err(|error| invalid(&error))?;
        let absolute = Uri::builder()
            .scheme(url.scheme())
            .authority(authority)
            .path_and_query(&url[Position::BeforePath..Position::AfterQuery])
            .build()
            .map_err(|error| invalid(&error))?;
        Ok(Self { origin, method: target.method.clone(), path, absolute, headers, body: target.body.clone() })
    }

    fn request(&self, http2: bool) -> hyper::Request<Payload> {
        let mut request = hyper::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.headers.clone();
        if http2 {
            // HTTP/2 carries the host in the URI.
            request.headers_mut().remove(HOST);
            request.headers_mut().remove(CONNECTION);
            *request.uri_mut() = self.absolute.clone();
        } else {
            *request.uri_mut() = self.path.clone();
        }
        request
    }
}

impl Connection {
    fn is_open(&self) -> bool {
        match self {
            Self::Http1(connection) => connection.driver.is_some() && !connection.sender.is_closed(),
            Self::Http2(sender) => !sender.is_closed(),
        }
    }

    /// The status of the answer, and whether it was read to its end.
    async fn exchange(&mut self, request: &Prepared, max_body: Option<u64>) -> Result<(StatusCode, bool), Failure> {
        match self {
            Self::Http1(connection) => connection.exchange(request, max_body).await,
            Self::Http2(sender) => {
                sender.ready().await.map_err(|error| Failure { unsent: true, ..Failure::of(&error, "the server") })?;
                let answer = sender.try_send_request(request.request(true)).await;
                read(answer.map_err(Failure::of_sending)?, max_body).await.map(|(status, _)| (status, true))
            }
        }
    }
}

impl Http1 {
    async fn exchange(&mut self, request: &Prepared, max_body: Option<u64>) -> Result<(StatusCode, bool), Failure> {
        let Self { sender, driver } = self;
        let mut exchange = pin!(async {
            sender.ready().await.map_err(|error| Failure { unsent: true, ..Failure::of(&error, "the server") })?;
            let answer = sender.try_send_request(request.request(false)).await;
            read(answer.map_err(Failure::of_sending)?, max_body).await
        });
        poll_fn(|context| {
            if let Poll::Ready(result) = exchange.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            drive(driver, context);
            exchange.as_mut().poll(context)
        })
        .await
    }
}

/// Lets a connection move. One that ended is dropped, which ends what still waits for it.
fn drive(driver: &mut Option<http1::Connection<Io, Payload>>, context: &mut Context<'_>) {
    if driver.as_mut().is_some_and(|driver| Pin::new(driver).poll(context).is_ready()) {
        *driver = None;
    }
}

impl Lane {
    /// Lets idle connections notice that their server closed them.
    pub(super) fn poll_idle(&mut self, context: &mut Context<'_>) {
        for slot in &mut self.connections {
            if let Some(Connection::Http1(connection)) = slot {
                drive(&mut connection.driver, context);
                if connection.driver.is_none() {
                    *slot = None;
                }
            }
        }
    }
}

/// Reads an answer: its status, and whether its body was read to the end.
async fn read(response: hyper::Response<Incoming>, max_body: Option<u64>) -> Result<(StatusCode, bool), Failure> {
    let status = response.status();
    let mut body = response.into_body();
    let mut length = 0;
    while !body.is_end_stream() {
        if max_body.is_some_and(|limit| length >= limit) {
            return Ok((status, false));
        }
        match body.frame().await {
            None => break,
            Some(Ok(frame)) => length += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(error)) => return Err(Failure::of(&error, "the server")),
        }
    }
    Ok((status, true))
}

impl Failure {
    pub(super) fn new(text: String) -> Self {
        Self { text, unsent: false }
    }

    fn of(error: &hyper::Error, peer: &str) -> Self {
        // The cause says more than the error itself: `connection error` alone helps nobody.
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::new(format!("exchange with {peer} failed: {error}{cause}"))
    }

    fn of_sending<T>(mut error: hyper::client::conn::TrySendError<T>) -> Self {
        let unsent = error.take_message().is_some();
        Self { unsent, ..Self::of(error.error(), "the server") }
    }
}
