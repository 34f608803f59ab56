//! Brings spans to the collector.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Runtime;

/// The most that one delivery may take, unless the environment says so.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);
/// The most that is read of an answer.
const MAX_ANSWER: usize = 64 << 10;

/// An HTTP client for the thread of the batches, which knows no runtime.
#[derive(Debug)]
pub(super) struct Courier {
    runtime: Runtime,
    http: reqwest::Client,
    /// Whether the last delivery failed: told once, not every few seconds.
    failing: AtomicBool,
}

impl Courier {
    pub fn new() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS cannot be set up: {error}"))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let http = reqwest::Client::builder()
            .user_agent(concat!("servox/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(timeout())
            .tls_backend_preconfigured(tls.with_root_certificates(roots).with_no_client_auth())
            .build();
        Ok(Self {
            runtime: runtime.map_err(|error| error.to_string())?,
            http: http.map_err(|error| error.to_string())?,
            failing: AtomicBool::new(false),
        })
    }

    async fn deliver(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let sent = self.http.post(parts.uri.to_string()).headers(parts.headers).body(body);
        let mut answer = sent.send().await.map_err(reqwest::Error::without_url)?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            body.extend_from_slice(&chunk[..chunk.len().min(MAX_ANSWER - body.len())]);
        }
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Tells when deliveries begin to fail, and when they get through again.
    fn tell(&self, outcome: &Result<Response<Bytes>, HttpError>) {
        let trouble = match outcome {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("it answers {}", response.status())),
            Err(error) => Some(chain(error.as_ref())),
        };
        let failed_before = self.failing.swap(trouble.is_some(), Ordering::Relaxed);
        match trouble {
            Some(trouble) if !failed_before => {
                tracing::warn!("spans do not reach the collector, they are dropped: {trouble}");
            }
            None if failed_before => tracing::info!("spans reach the collector again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // The thread of the batches does nothing but wait for this.
        let outcome = self.runtime.block_on(self.deliver(request));
        self.tell(&outcome);
        outcome
    }
}

/// `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`, `OTEL_EXPORTER_OTLP_TIMEOUT`, in milliseconds.
fn timeout() -> Duration {
    let names = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
    let said = names.into_iter().find_map(|name| std::env::var(name).ok()?.trim().parse().ok());
    said.filter(|milliseconds| *milliseconds > 0).map_or(TIMEOUT, Duration::from_millis)
}

/// An error with what caused it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
