//! Connections to services, shared by the clients that reach one with the same settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};
use tokio::sync::Semaphore;

use super::errors::{FailureKind, RemoteError, Secrets};
use super::{proxy, tls};
use crate::config::{CommonSettings, Proxies, SslVerify, TimeoutParts, Timeouts as Configured};

/// Requests in flight to one service; more wait for their turn.
const MAX_REQUESTS: usize = 256;
/// The largest answer that is read, decompressed.
pub(super) const MAX_REPLY: usize = 16 << 20;
/// The most that is read of an answer that is no success.
const MAX_ERROR: usize = 64 << 10;
/// How long a connection stays open without a request.
const IDLE: Duration = Duration::from_secs(90);

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the next bytes are read.
    pub read: Duration,
    /// Until the request is written.
    pub write: Duration,
    /// Until the request has its turn.
    pub pool: Duration,
}

impl Timeouts {
    /// What is configured, over 10 s for the connection and a minute for every other part.
    pub fn new(configured: Option<&Configured>) -> Self {
        let parts = match configured {
            None => TimeoutParts::default(),
            Some(Configured::All(all)) => {
                TimeoutParts { connect: Some(*all), read: Some(*all), write: Some(*all), pool: Some(*all) }
            }
            Some(Configured::Parts(parts)) => parts.clone(),
        };
        let or = |part: Option<crate::model::Duration>, default| {
            part.map(crate::model::Duration::to_std)
                .filter(|time| !time.is_zero())
                .unwrap_or(Duration::from_secs(default))
        };
        Self {
            connect: or(parts.connect, 10),
            read: or(parts.read, 60),
            write: or(parts.write, 60),
            pool: or(parts.pool, 60),
        }
    }

    /// From the first byte of the connection to the last one of the answer, however steadily it drips.
    fn whole(&self) -> Duration {
        self.connect.saturating_add(self.write).saturating_add(self.read.saturating_mul(2))
    }
}

/// What clients have in common that share connections. Its `Debug` may hold the password of a proxy.
#[derive(Clone, Debug)]
pub(super) struct Network {
    proxies: Option<Proxies>,
    verify: Option<SslVerify>,
    timeouts: Timeouts,
}

impl Network {
    pub fn new(settings: &CommonSettings) -> Self {
        Self {
            proxies: settings.proxies.clone(),
            verify: settings.ssl_verify.clone(),
            timeouts: Timeouts::new(settings.timeouts.as_ref()),
        }
    }

    /// The connections to the service of a URL, made with the first request that needs them.
    pub fn pool(&self, url: &Url) -> Result<Arc<Pool>, RemoteError> {
        static POOLS: OnceLock<Mutex<HashMap<String, Weak<Pool>>>> = OnceLock::new();
        let key = format!("{} {self:?}", url.origin().ascii_serialization());
        let pool = {
            let mut pools = POOLS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(pool) = pools.get(&key).and_then(Weak::upgrade) {
                return Ok(pool);
            }
            let pool = Arc::new(Pool::new(self, url)?);
            pools.retain(|_, pool| pool.strong_count() > 0);
            pools.insert(key, Arc::downgrade(&pool));
            pool
        };
        // Told without the lock: whoever takes the records may be Python.
        if self.verify == Some(SslVerify::Enabled(false)) && url.scheme() == "https" {
            tracing::warn!(
                "CERTIFICATES ARE NOT VERIFIED: settings.ssl_verify is false, so anyone on the way to {} can read the \
                 token and give commands; name the file of the authority instead",
                url.host_str().unwrap_or_default()
            );
        }
        Ok(pool)
    }
}

/// The connections to one service.
#[derive(Debug)]
pub(super) struct Pool {
    http: reqwest::Client,
    turns: Semaphore,
    timeouts: Timeouts,
}

/// An answer that was read.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// Of an answer that is no success, the beginning.
    pub body: Bytes,
}

impl Pool {
    fn new(network: &Network, url: &Url) -> Result<Self, RemoteError> {
        let timeouts = network.timeouts;
        let mut builder = reqwest::Client::builder()
            .user_agent(crate::optimizer::agent())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.read)
            .timeout(timeouts.whole())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_REQUESTS);
        builder =
            builder.tls_backend_preconfigured(tls::client_config(network.verify.as_ref(), url.scheme() == "https")?);
        if let Some(proxies) = &network.proxies {
            let rules = proxy::Rules::new(proxies)?;
            builder = builder.no_proxy().proxy(reqwest::Proxy::custom(move |url| rules.proxy(url)));
        }
        let http =
            builder.build().map_err(|error| RemoteError::of_transport("the service", error, &Secrets::default()))?;
        Ok(Self { http, turns: Semaphore::new(MAX_REQUESTS), timeouts })
    }

    /// Makes one POST and reads the answer. `at` names the place in errors.
    pub async fn post(
        &self,
        at: &str,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
        secrets: &Secrets,
    ) -> Result<Answer, RemoteError> {
        self.send(at, Method::POST, url, headers, body, secrets).await
    }

    /// Makes one request and reads the answer. `at` names the place in errors.
    pub async fn send(
        &self,
        at: &str,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
        secrets: &Secrets,
    ) -> Result<Answer, RemoteError> {
        let turn = tokio::time::timeout(self.timeouts.pool, self.turns.acquire()).await;
        let Ok(_turn) = turn else {
            let message = format!(
                "the request to {at} had no turn for {:?}: {MAX_REQUESTS} others are waiting for answers",
                self.timeouts.pool
            );
            return Err(RemoteError::new(FailureKind::Timeout, message));
        };
        let request = self.http.request(method, url).headers(headers).body(body);
        // Boxed: those who wait for their turn may be thousands, and are small.
        Box::pin(exchange(request, at, secrets)).await
    }
}

/// Makes a request and reads the answer.
async fn exchange(request: reqwest::RequestBuilder, at: &str, secrets: &Secrets) -> Result<Answer, RemoteError> {
    let lost = |error| RemoteError::of_transport(at, error, secrets);
    let mut response = request.send().await.map_err(lost)?;
    let status = response.status();
    let most = if status.is_success() { MAX_REPLY } else { MAX_ERROR };
    let too_large = || {
        let message = format!("the answer of {at} is larger than the {} MiB that are read", MAX_REPLY >> 20);
        RemoteError { status: Some(status.as_u16()), ..RemoteError::new(FailureKind::TooLarge, message) }
    };
    if status.is_success() && response.content_length().is_some_and(|length| length > MAX_REPLY as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) => {
                let room = most - body.len();
                if chunk.len() > room && status.is_success() {
                    return Err(too_large());
                }
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if body.len() == most && !status.is_success() {
                    break;
                }
            }
            // The status says enough.
            Err(_) if !status.is_success() => break,
            Err(error) => return Err(lost(error)),
        }
    }
    Ok(Answer { status, headers: response.headers().clone(), body: body.freeze() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn network(settings: serde_json::Value) -> Network {
        Network::new(&serde_json::from_value(settings).unwrap())
    }

    #[test]
    fn timeouts_have_defaults_for_each_part() {
        let seconds = |timeouts: Timeouts| {
            [timeouts.connect, timeouts.read, timeouts.write, timeouts.pool].map(|time| time.as_secs_f64())
        };
        assert_eq!(seconds(Timeouts::new(None)), [10.0, 60.0, 60.0, 60.0]);
        assert_eq!(seconds(network(json!({"timeouts": "5s"})).timeouts), [5.0; 4]);
        assert_eq!(seconds(network(json!({"timeouts": {"read": 2.5}})).timeouts), [10.0, 2.5, 60.0, 60.0]);
    }

    #[test]
    fn equal_settings_share_connections_to_a_service() {
        let url: Url = "http://127.0.0.1:9/a/".parse().unwrap();
        let other: Url = "http://127.0.0.1:9/b/".parse().unwrap();
        let first = network(json!({})).pool(&url).unwrap();
        assert!(Arc::ptr_eq(&first, &network(json!({"backoff": {}})).pool(&other).unwrap()));
        assert!(!Arc::ptr_eq(&first, &network(json!({"timeouts": "5s"})).pool(&url).unwrap()));
        assert!(!Arc::ptr_eq(&first, &network(json!({})).pool(&"http://127.0.0.1:10/".parse().unwrap()).unwrap()));
    }
}
