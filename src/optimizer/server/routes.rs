//! What is asked for, by whom, and what is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value as Json, json};

use super::application::Application;
use super::body::{BodyError, LARGEST};
use super::counts;
use super::desk::Refusal;
use super::directory::Directory;
use super::wire;
use crate::optimizer::{Reply, Request};

/// How long the answer to a wrong token takes: servos that ask again at once do not get far, nor do those who guess.
const REFUSAL_AFTER: Duration = Duration::from_secs(1);
/// Bodies from this size on are read as JSON where that may take its time.
const LARGE: usize = 256 << 10;

/// All routes.
pub(super) fn router(directory: Arc<Directory>) -> Router {
    Router::new()
        .route("/accounts/{organization}/applications/{name}/servo", post(of_application))
        .route("/rest/optimize/co/v1/optimizers/{optimizer}/servo", post(of_optimizer))
        .route("/healthz", get(|| async { answer(StatusCode::OK, &json!({ "status": "ok" })) }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(|| async {
            problem(StatusCode::METHOD_NOT_ALLOWED, "messages are posted; healthz, readyz and metrics are got")
        })
        .fallback(|| async {
            problem(
                StatusCode::NOT_FOUND,
                "expected /accounts/<organization>/applications/<name>/servo or \
                 /rest/optimize/co/v1/optimizers/<optimizer_id>/servo",
            )
        })
        .with_state(directory)
}

async fn of_application(
    State(directory): State<Arc<Directory>>,
    Path((organization, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    exchange(&directory, &format!("{organization}/{name}"), &headers, body).await
}

async fn of_optimizer(
    State(directory): State<Arc<Directory>>,
    Path(optimizer): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    // One with a slash is an application.
    let id = if optimizer.contains('/') { "" } else { &optimizer };
    exchange(&directory, id, &headers, body).await
}

async fn ready(State(directory): State<Arc<Directory>>) -> Response {
    match directory.readiness.check(&directory.shared.ledger).await {
        Ok(()) => answer(StatusCode::OK, &json!({ "status": "ok" })),
        Err(why) => answer(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "unavailable", "detail": why })),
    }
}

async fn metrics(State(directory): State<Arc<Directory>>) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(CONTENT_TYPE, kind)], directory.metrics.render()).into_response()
}

/// One message of a servo, and the answer.
async fn exchange(directory: &Arc<Directory>, id: &str, headers: &HeaderMap, body: Body) -> Response {
    let began = Instant::now();
    let (event, response) = match admitted(directory, id, headers, body).await {
        Ok((event, reply)) => (event, answer(StatusCode::OK, &wire::reply(&reply))),
        Err(response) => ("none", response),
    };
    let (status, took) = (response.status(), began.elapsed());
    counts::request(event, status.as_u16(), took);
    tracing::debug!("{event} answered with {status} in {took:.1?}");
    response
}

/// The reply to a message of somebody who may send it.
async fn admitted(
    directory: &Arc<Directory>,
    id: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<(&'static str, Reply), Response> {
    let application = authenticated(directory, id, headers).await?;
    let _seat = directory.seats.try_acquire().map_err(|_| busy("too many messages are being answered", 1))?;
    let request = read(directory, headers, body).await?;
    let (event, asked) = (request.event.as_str(), request.servo_uid.clone());
    let reply = application.answer(&directory.shared, request).await.map_err(|refusal| match refusal {
        Refusal::Busy => busy("earlier messages of this application are still being answered", 1),
        Refusal::Storage => busy("the storage cannot be used at the moment", 5),
        Refusal::Defect => problem(StatusCode::INTERNAL_SERVER_ERROR, "the optimizer failed"),
    })?;
    let outcome = match &reply {
        Reply::Command(command) => {
            counts::command(command.cmd);
            command.cmd.to_string()
        }
        Reply::Status(status) => status.status.clone(),
    };
    tracing::debug!(application = id, servo_uid = asked, "{event}: {outcome}");
    Ok((event, reply))
}

async fn authenticated<'d>(
    directory: &'d Directory,
    id: &str,
    headers: &HeaderMap,
) -> Result<&'d Arc<Application>, Response> {
    let application = directory.applications.get(id);
    let shown = shown_token(headers);
    // An application that is not known is answered as one with another token, and after the same work.
    let credential = application.map_or(&directory.nobody, |application| &application.credential);
    if credential.accepts(shown).await
        && let Some(application) = application
    {
        return Ok(application);
    }
    tokio::time::sleep(REFUSAL_AFTER).await;
    let mut response = problem(StatusCode::UNAUTHORIZED, "the token is not accepted for this application");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    Err(response)
}

/// The token of `Authorization: Bearer …` or `X-SF-Token: …`; empty when there is none.
fn shown_token(headers: &HeaderMap) -> &str {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(token) = header("x-sf-token") {
        return token.trim();
    }
    match header(AUTHORIZATION.as_str()).unwrap_or_default().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    }
}

async fn read(directory: &Directory, headers: &HeaderMap, body: Body) -> Result<Request, Response> {
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(last(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "expected a body without Content-Encoding")));
    }
    let too_large = || {
        let text = format!("expected a body of at most {} MiB", LARGEST >> 20);
        last(problem(StatusCode::PAYLOAD_TOO_LARGE, &text))
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > LARGEST as u64) {
        return Err(too_large());
    }
    let read = directory.room.read(body).await.map_err(|error| match error {
        BodyError::TooLarge => too_large(),
        BodyError::TooSlow => last(problem(StatusCode::REQUEST_TIMEOUT, "the body did not come in time")),
        BodyError::NoRoom => last(busy("too many large messages are being read", 1)),
        BodyError::Broken => last(problem(StatusCode::BAD_REQUEST, "the body broke off")),
    })?;
    let parsed = if read.bytes.len() < LARGE {
        wire::request(&read.bytes)
    } else {
        // The share of the room is held until the text is let go.
        let parse = move || wire::request(&read.bytes);
        tokio::task::spawn_blocking(parse).await.unwrap_or_else(|_| Err("the message cannot be read".into()))
    };
    parsed.map_err(|why| problem(StatusCode::BAD_REQUEST, &why))
}

fn busy(why: &str, seconds: u64) -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, why);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The last answer of a connection: what follows may be the rest of a body.
fn last(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// An answer that says what was wrong.
fn problem(status: StatusCode, detail: &str) -> Response {
    answer(status, &json!({ "detail": detail }))
}

fn answer(status: StatusCode, json: &Json) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json.to_string()).into_response()
}
