//! Posts messages to a service, again and again where that may help.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use serde::Serialize;
use serde_json::Value as Json;
use tracing::Instrument;

use super::auth::{Access, Authentication};
use super::endpoint::{Service, configuration, shown};
use super::errors::{FailureKind, RemoteError};
use super::pool::{Answer, Network, Pool};
use super::retry::{Contexts, Limits, Retry, retry_after};
use super::watch::{Answered, Curl, Try};
use crate::config::CommonSettings;
use crate::telemetry::propagate;
use crate::telemetry::servos::Reach;
use crate::telemetry::spans::span;

/// The largest message that is sent.
const MAX_MESSAGE: usize = 64 << 20;

/// The path of messages, behind the URL of the optimizer.
const MESSAGES: &str = "servo";
/// What metrics call a request that is no message.
const OTHER: &str = "other";

/// What is said of a token that is not accepted.
const REFUSED: &str = ": the token is not accepted for this optimizer, correct one of them";

/// A message, as it is on the wire.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Message<'a> {
    /// What it is about.
    pub event: &'a str,
    /// Depends on the event.
    pub param: &'a Json,
    /// The identity of the servo, where one is configured.
    pub servo_uid: Option<&'a str>,
}

/// Which tries a message gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries<'a> {
    /// One.
    Once,
    /// Those of a context of `settings.backoff`.
    Context(&'a str),
    /// Those of a context, within less time.
    Within(&'a str, Duration),
    /// As many.
    Limits(Limits),
}

/// What is asked of a service, whichever try it is.
struct Asked<'a> {
    method: Method,
    /// Behind the URL of the optimizer; of a message, `servo`.
    path: &'a str,
    /// What errors and metrics call it.
    event: &'a str,
    body: Bytes,
}

/// The client of one optimizer at a service. Nothing is connected, and no file is read, before the first message.
pub struct Client {
    id: String,
    authentication: Authentication,
    network: Network,
    contexts: Contexts,
    /// The connections that were used last, kept from one message to the next.
    pool: Mutex<Option<(String, Arc<Pool>)>>,
    reach: Reach,
}

/// What it knows is not for everyone.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Client {
    /// The client of what stands under `optimizer` and `settings` of a document.
    pub fn new(optimizer: &Json, settings: &Json) -> Result<Self, RemoteError> {
        let settings: CommonSettings = match settings {
            Json::Null => CommonSettings::default(),
            // What serde says may show the password of a proxy.
            settings => serde_path_to_error::deserialize(settings.clone())
                .map_err(|error| configuration(format!("settings: the value of '{}' cannot be read", error.path())))?,
        };
        let service = Service::read(optimizer)?;
        let id = service.id().to_owned();
        let authentication = Authentication::new(service)?;
        let contexts = Contexts::new(settings.backoff.as_ref());
        Ok(Self {
            id,
            authentication,
            network: Network::new(&settings),
            contexts,
            pool: Mutex::default(),
            reach: Reach::new(),
        })
    }

    /// What the servo is called at the service.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where messages go, as it is told: without any secret.
    pub fn at(&self) -> String {
        let at = self.authentication.at();
        at.strip_suffix(MESSAGES).map_or(at.clone(), str::to_owned)
    }

    /// Posts a message; gives the JSON of the answer.
    ///
    /// What may pass is waited out within the limits. Dropping the future ends the request. After a 401 a fresh token is
    /// asked for once, where there is a way to get one.
    pub async fn post(&self, message: Message<'_>, tries: Tries<'_>) -> Result<Json, RemoteError> {
        let body = written(message.event, &message)?;
        self.ask(Asked { method: Method::POST, path: MESSAGES, event: message.event, body }, tries).await
    }

    /// Makes another request than a message, with the same authentication, bounds and retries; gives the JSON of the
    /// answer.
    ///
    /// The path stands behind the URL of the optimizer.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Json>,
        tries: Tries<'_>,
    ) -> Result<Json, RemoteError> {
        let body = body.map(|body| written(path, body)).transpose()?.unwrap_or_default();
        self.ask(Asked { method, path, event: OTHER, body }, tries).await
    }

    async fn ask(&self, asked: Asked<'_>, tries: Tries<'_>) -> Result<Json, RemoteError> {
        let span = span!(
            DEBUG,
            "request",
            event = asked.event,
            optimizer = self.id,
            status = tracing::field::Empty,
            tries = tracing::field::Empty
        );
        self.try_again(&asked, tries, &span).instrument(span.clone()).await
    }

    async fn try_again(&self, asked: &Asked<'_>, tries: Tries<'_>, span: &tracing::Span) -> Result<Json, RemoteError> {
        let mut retry = Retry::new(self.limits(tries));
        loop {
            let result = self.attempt(asked).await;
            // What else is asked for says nothing about the commands.
            if asked.event != OTHER {
                self.reach.answered(result.is_ok());
            }
            let error = match result {
                Ok(reply) => {
                    span.record("status", "ok").record("tries", retry.tries() + 1);
                    return Ok(reply);
                }
                Err(error) => error,
            };
            let wait = retry.after(&error, &mut rand::rng());
            if let Some(wait) = wait {
                let what = if asked.event == OTHER { asked.path } else { asked.event };
                tracing::warn!(optimizer = self.id, "{what} failed: {error}; trying again in {wait:.1?}");
                super::watch::retried(asked.event);
                tokio::time::sleep(wait).await;
                continue;
            }
            span.record("status", error.kind.as_str()).record("tries", retry.tries());
            if retry.tries() > 1 {
                let told = format!(
                    "{error}; given up after {} tries in {:.1} s",
                    retry.tries(),
                    retry.elapsed().as_secs_f64()
                );
                return Err(RemoteError { message: told, ..error });
            }
            return Err(error);
        }
    }

    /// Lets go of the connections; another message makes them anew.
    pub fn close(&self) {
        *self.pool.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn limits(&self, tries: Tries<'_>) -> Limits {
        match tries {
            Tries::Once => Limits::ONCE,
            Tries::Limits(limits) => limits,
            Tries::Context(context) => self.contexts.limits(context),
            Tries::Within(context, most) => {
                let limits = self.contexts.limits(context);
                Limits { max_time: Some(limits.max_time.map_or(most, |time| time.min(most))), ..limits }
            }
        }
    }

    /// One try, and one more with a fresh token.
    async fn attempt(&self, asked: &Asked<'_>) -> Result<Json, RemoteError> {
        let access = self.authentication.access(&self.network).await?;
        let answer = self.send(&access, asked).await;
        if !matches!(&answer, Err(error) if error.status == Some(401)) {
            return answer;
        }
        let answer = match self.authentication.renewed(&access, &self.network).await? {
            Some(access) => self.send(&access, asked).await,
            None => answer,
        };
        // Another program may bring a better token at any time.
        let may_change = self.authentication.follows_a_file();
        answer.map_err(|error| RemoteError {
            retryable: error.retryable || may_change && error.status == Some(401),
            ..error
        })
    }

    async fn send(&self, access: &Access, asked: &Asked<'_>) -> Result<Json, RemoteError> {
        let one = Try::new(asked.event);
        let result = self.send_once(access, asked).await;
        one.ended(&result);
        result
    }

    async fn send_once(&self, access: &Access, asked: &Asked<'_>) -> Result<Json, RemoteError> {
        let mut url = access.url.clone();
        if asked.path != MESSAGES {
            let path = format!("{}{}", url.path().strip_suffix(MESSAGES).unwrap_or_default(), asked.path);
            url.set_path(&path);
        }
        let other = (asked.path != MESSAGES).then(|| shown(&url));
        let at = other.as_deref().unwrap_or(&access.at);
        let pool = self.pool(access)?;
        let content = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut headers: HeaderMap = [access.header.clone(), content].into_iter().collect();
        propagate(&mut headers);
        let secrets = &access.secrets;
        tracing::trace!("{}", Curl { method: &asked.method, at, headers: &headers, body: &asked.body, secrets });
        let answer = pool.send(at, asked.method.clone(), url, headers, asked.body.clone(), secrets).await?;
        tracing::trace!("{}", Answered { at, answer: &answer, secrets });
        if !answer.status.is_success() {
            let error = RemoteError::of_status(at, answer.status, &answer.body, &access.secrets, REFUSED);
            return Err(RemoteError { retry_after: answer.retry_after(), ..error });
        }
        match serde_json::from_slice(&answer.body) {
            Ok(Json::Object(reply)) => Ok(Json::Object(reply)),
            Ok(_) => Err(invalid(at, &answer, "expected a JSON object")),
            Err(error) => Err(invalid(at, &answer, &format!("expected a JSON object: {error}"))),
        }
        .map_err(|error| RemoteError { body: error.body.map(|body| access.secrets.redact(&body)), ..error })
    }

    fn pool(&self, access: &Access) -> Result<Arc<Pool>, RemoteError> {
        let kept = || self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, pool)) = kept().as_ref()
            && *of == access.origin
        {
            return Ok(pool.clone());
        }
        let pool = self.network.pool(&access.url)?;
        *kept() = Some((access.origin.clone(), pool.clone()));
        Ok(pool)
    }
}

impl Answer {
    /// How long the service asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers.get(RETRY_AFTER)?.to_str().ok()?, jiff::Timestamp::now())
    }
}

/// A body as JSON, of a size that is sent.
fn written(event: &str, body: &impl Serialize) -> Result<Bytes, RemoteError> {
    let text = serde_json::to_vec(body).map_err(|error| {
        RemoteError::new(FailureKind::Configuration, format!("{event} cannot be written as JSON: {error}"))
    })?;
    if text.len() > MAX_MESSAGE {
        let (size, most) = (text.len() >> 20, MAX_MESSAGE >> 20);
        let told = format!("{event} is {size} MiB large, more than the {most} MiB that are sent");
        return Err(RemoteError::new(FailureKind::TooLarge, told));
    }
    Ok(Bytes::from(text))
}

/// A success whose body is not what the protocol says.
fn invalid(at: &str, answer: &Answer, why: &str) -> RemoteError {
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("no content type");
    let beginning: String = String::from_utf8_lossy(&answer.body).chars().take(1_000).collect();
    RemoteError {
        status: Some(answer.status.as_u16()),
        body: Some(beginning),
        ..RemoteError::new(
            FailureKind::Reply,
            format!("the answer of {at} is no reply to a servo ({} bytes, {kind}): {why}", answer.body.len()),
        )
    }
}
