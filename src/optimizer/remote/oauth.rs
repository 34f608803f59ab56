//! Tokens that a service gives out to a client (OAuth 2, client credentials).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use super::auth::{Access, basic};
use super::endpoint::shown;
use super::errors::{FailureKind, RemoteError, Secrets};
use super::pool::Network;

/// How long before its end a token is replaced, of a token that lasts longer than twice that.
const MARGIN: Duration = Duration::from_secs(60);

/// What is said of a client that gets no token.
const REFUSED: &str = ": no token for this client, correct optimizer.client_id, client_secret or tenant_id";

/// Who asks for tokens, and where.
#[derive(Debug)]
pub(super) struct Client {
    /// Where messages go.
    pub url: Url,
    /// Where tokens are.
    pub token_url: Url,
    pub id: String,
    pub secret: SecretString,
}

/// What the service gives out.
#[derive(Deserialize)]
struct Grant {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<f64>,
    #[serde(default, deserialize_with = "seconds")]
    expires_at: Option<f64>,
}

/// Some services write numbers as texts; what is neither says nothing.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    Ok(seconds.filter(|seconds| seconds.is_finite()))
}

/// A token and what renews it.
#[derive(Clone, Debug)]
struct Token {
    access: Access,
    renew_at: Option<Instant>,
    refresh: Option<SecretString>,
}

type Fetch = Shared<BoxFuture<'static, Result<Token, RemoteError>>>;

/// The tokens of one client, one after the other.
#[derive(Default)]
pub(super) struct Tokens(Mutex<State>);

#[derive(Default)]
struct State {
    token: Option<Token>,
    /// The request for the next one, which all who need it await together.
    fetch: Option<Fetch>,
    generation: u64,
}

impl Tokens {
    /// The access with a token that is still good.
    pub async fn access(&self, client: &Arc<Client>, network: &Network) -> Result<Access, RemoteError> {
        let fetch = {
            let mut state = self.state();
            if let Some(token) = &state.token
                && token.renew_at.is_none_or(|at| Instant::now() < at)
            {
                return Ok(token.access.clone());
            }
            if let Some(fetch) = &state.fetch {
                fetch.clone()
            } else {
                state.generation += 1;
                let refresh = state.token.as_ref().and_then(|token| token.refresh.clone());
                // A task of its own: whoever began it may be cancelled, and it would then stand still for the others.
                let task = tokio::spawn(fetch(client.clone(), network.clone(), refresh, state.generation));
                let fetch = async move { task.await.unwrap_or_else(|error| Err(ended(&error))) }.boxed().shared();
                state.fetch = Some(fetch.clone());
                fetch
            }
        };
        let fetched = fetch.clone().await;
        let mut state = self.state();
        if state.fetch.as_ref().is_some_and(|current| current.ptr_eq(&fetch)) {
            state.fetch = None;
            state.token = fetched.as_ref().ok().cloned();
        }
        fetched.map(|token| token.access)
    }

    /// Forgets a token that was not accepted, unless it is replaced already.
    pub fn refuse(&self, generation: u64) {
        let mut state = self.state();
        if state.token.as_ref().is_some_and(|token| token.access.generation == generation) {
            state.token = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The runtime ends, or there is a defect in here.
fn ended(error: &tokio::task::JoinError) -> RemoteError {
    RemoteError::new(FailureKind::Interrupted, format!("the request for a token was ended: {error}"))
}

/// Gets a token: with what the last one came with, or as the client.
async fn fetch(
    client: Arc<Client>,
    network: Network,
    refresh: Option<SecretString>,
    generation: u64,
) -> Result<Token, RemoteError> {
    if let Some(refresh) = &refresh {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh.expose_secret())
            .finish();
        match ask(&client, &network, body, Some(refresh), generation).await {
            // What renews tokens ends as well: then the client begins anew.
            Err(error) if matches!(error.status, Some(400 | 401)) => {}
            answer => return answer,
        }
    }
    ask(&client, &network, "grant_type=client_credentials".into(), None, generation).await
}

async fn ask(
    client: &Client,
    network: &Network,
    body: String,
    refresh: Option<&SecretString>,
    generation: u64,
) -> Result<Token, RemoteError> {
    let at = format!("the token endpoint {}", shown(&client.token_url));
    let mut secrets = Secrets::default();
    secrets.add(client.secret.expose_secret());
    secrets.add(refresh.map_or("", ExposeSecret::expose_secret));
    secrets.add(client.token_url.password().unwrap_or_default());
    let basic = basic(&client.id, &client.secret)?;
    secrets.add(basic.to_str().unwrap_or_default().trim_start_matches("Basic "));
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, basic),
        (ACCEPT, HeaderValue::from_static("application/json")),
        (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded;charset=UTF-8")),
    ]);
    let pool = network.pool(&client.token_url)?;
    let answer = pool.post(&at, client.token_url.clone(), headers, Bytes::from(body), &secrets).await?;
    if !answer.status.is_success() {
        let mut error = RemoteError::of_status(&at, answer.status, &answer.body, &secrets, REFUSED);
        error.retry_after = answer.retry_after();
        if matches!(error.status, Some(400 | 401 | 403)) {
            error.kind = FailureKind::Credentials;
        }
        return Err(error);
    }
    // The answer holds the token: none of it is told.
    let grant: Grant = serde_json::from_slice(&answer.body).map_err(|_| {
        RemoteError::new(FailureKind::Credentials, format!("{at}: expected a JSON object with 'access_token'"))
    })?;
    let bearer = SecretString::from(format!("Bearer {}", grant.access_token.expose_secret()));
    let mut access = Access::with_token(client.url.clone(), &bearer, generation)?;
    access.secrets.add(client.secret.expose_secret());
    let lifetime = grant.expires_in.or_else(|| {
        let now = jiff::Timestamp::now().as_microsecond() as f64 / 1e6;
        grant.expires_at.map(|at| at - now)
    });
    let renew_at = lifetime.map(|seconds| {
        let lifetime = Duration::try_from_secs_f64(seconds.clamp(0.0, 1e9)).unwrap_or_default();
        Instant::now() + lifetime.saturating_sub(MARGIN).max(lifetime / 2)
    });
    Ok(Token { access, renew_at, refresh: grant.refresh_token })
}
