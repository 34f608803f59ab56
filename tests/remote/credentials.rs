//! How a servo proves who it is, and that nobody is told.

use std::sync::Mutex;
use std::time::Duration;

use axum::response::IntoResponse;
use serde_json::{Value as Json, json};
use servox::optimizer::remote::{Client, FailureKind};

use crate::service::{Seen, Service, TOKEN, ask, client, ok, status_of, tries, with_token};

const SECRET: &str = "cl13nt-s3cr3t";

/// base64 of `c-1:cl13nt-s3cr3t`.
const BASIC: &str = "Yy0xOmNsMTNudC1zM2NyM3Q=";

fn appdynamics(url: &str) -> Json {
    json!({
        "optimizer_id": "o-1", "tenant_id": "t-1", "base_url": url, "client_id": "c-1", "client_secret": SECRET,
    })
}

fn is_token_request(seen: &Seen) -> bool {
    seen.path == "/auth/t-1/default/oauth2/token"
}

#[tokio::test]
async fn the_text_of_a_token_chooses_its_header() {
    let service = Service::of_statuses(&[]).await;
    for (token, name, value) in [
        ("abcdef", "authorization", "Bearer abcdef"),
        ("Bearer abcdef", "authorization", "Bearer abcdef"),
        ("X-SF-Token abcdef", "x-sf-token", "abcdef"),
    ] {
        let optimizer = json!({"id": "dev.example.com/a", "token": token, "url": service.url});
        ask(&Client::new(&optimizer, &json!({})).unwrap()).await.unwrap();
        let seen = service.seen().pop().unwrap();
        assert_eq!((seen.path.as_str(), seen.header(name)), ("/servo", value));
    }
}

#[tokio::test]
async fn a_client_gets_one_token_for_all_its_messages() {
    let service = Service::start(|_, seen| {
        if is_token_request(seen) {
            return axum::Json(json!({"access_token": "tok-12345", "token_type": "Bearer", "expires_in": 3600}))
                .into_response();
        }
        ok()
    })
    .await;
    let client = Client::new(&appdynamics(&service.url), &json!({})).unwrap();
    let (first, second) = tokio::join!(ask(&client), ask(&client));
    assert_eq!(first, second);
    ask(&client).await.unwrap();
    let (tokens, messages): (Vec<_>, Vec<_>) = service.seen().into_iter().partition(is_token_request);
    assert_eq!((tokens.len(), messages.len()), (1, 3));
    assert_eq!(tokens[0].header("authorization"), format!("Basic {BASIC}"));
    assert_eq!(tokens[0].header("content-type"), "application/x-www-form-urlencoded;charset=UTF-8");
    assert_eq!(tokens[0].header("accept"), "application/json");
    assert_eq!(&tokens[0].body[..], b"grant_type=client_credentials");
    for message in messages {
        assert_eq!(message.path, "/rest/optimize/co/v1/optimizers/o-1/servo");
        assert_eq!(message.header("authorization"), "Bearer tok-12345");
    }
}

/// A service that gives out numbered tokens and accepts those from a number on.
async fn accepting_from(least: usize, lifetime: u64) -> Service {
    let given = std::sync::Arc::new(Mutex::new(0));
    Service::start(move |_, seen| {
        if is_token_request(seen) {
            let mut given = given.lock().unwrap();
            *given += 1;
            let token = format!("token-{}", *given);
            return axum::Json(json!({"access_token": token, "expires_in": lifetime})).into_response();
        }
        let number: usize = seen.header("authorization").rsplit('-').next().unwrap().parse().unwrap();
        if number >= least { ok() } else { status_of(401) }
    })
    .await
}

#[tokio::test]
async fn a_401_is_answered_by_one_fresh_token() {
    let service = accepting_from(2, 3_600).await;
    let client = Client::new(&appdynamics(&service.url), &tries(1)).unwrap();
    ask(&client).await.unwrap();
    ask(&client).await.unwrap();
    assert_eq!(service.seen().iter().filter(|seen| is_token_request(seen)).count(), 2);
    let service = accepting_from(9, 3_600).await;
    let client = Client::new(&appdynamics(&service.url), &tries(5)).unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!((error.status, error.retryable), (Some(401), false));
    assert_eq!(service.count(), 4, "two tokens, two messages");
}

#[tokio::test]
async fn an_ended_token_is_replaced() {
    let service = accepting_from(1, 0).await;
    let client = Client::new(&appdynamics(&service.url), &tries(1)).unwrap();
    for _ in 0..2 {
        ask(&client).await.unwrap();
    }
    assert_eq!(service.seen().iter().filter(|seen| is_token_request(seen)).count(), 2);
}

#[tokio::test]
async fn the_time_of_a_token_may_be_a_text_or_say_nothing() {
    for (lifetime, tokens) in
        [(json!("0"), 2), (json!("3600"), 1), (json!("an hour"), 1), (json!({}), 1), (json!(-5), 2)]
    {
        let service = Service::start(move |_, seen| {
            if is_token_request(seen) {
                return axum::Json(json!({"access_token": "tok-12345", "expires_in": lifetime})).into_response();
            }
            ok()
        })
        .await;
        let client = Client::new(&appdynamics(&service.url), &tries(1)).unwrap();
        for _ in 0..2 {
            ask(&client).await.unwrap();
        }
        assert_eq!(service.seen().iter().filter(|seen| is_token_request(seen)).count(), tokens);
    }
}

#[tokio::test]
async fn what_renews_a_token_is_used_first() {
    let service = Service::start(|number, seen| match (is_token_request(seen), number) {
        (true, 0) => {
            axum::Json(json!({"access_token": "t-one", "expires_in": 0, "refresh_token": "r & d"})).into_response()
        }
        (true, 2) => status_of(400),
        (true, _) => axum::Json(json!({"access_token": "t-two"})).into_response(),
        _ => ok(),
    })
    .await;
    let client = Client::new(&appdynamics(&service.url), &tries(1)).unwrap();
    for _ in 0..3 {
        ask(&client).await.unwrap();
    }
    let bodies: Vec<_> = service.seen().into_iter().filter(is_token_request).map(|seen| seen.body).collect();
    assert_eq!(
        bodies,
        [
            "grant_type=client_credentials",
            "grant_type=refresh_token&refresh_token=r+%26+d",
            "grant_type=client_credentials"
        ]
    );
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_treated_as_the_service() {
    let service = Service::start(|number, seen| match (is_token_request(seen), number) {
        (true, 0) => status_of(503),
        (true, _) => axum::Json(json!({"access_token": "tok-12345"})).into_response(),
        _ => ok(),
    })
    .await;
    ask(&Client::new(&appdynamics(&service.url), &tries(2)).unwrap()).await.unwrap();
    let service = Service::start(|_, _| status_of(401)).await;
    let error = ask(&Client::new(&appdynamics(&service.url), &tries(5)).unwrap()).await.unwrap_err();
    assert_eq!((error.kind, error.status, service.count()), (FailureKind::Credentials, Some(401), 1));
    let service = Service::start(|_, _| axum::Json(json!({"token": "tok-12345"}))).await;
    let error = ask(&Client::new(&appdynamics(&service.url), &tries(1)).unwrap()).await.unwrap_err();
    assert!(error.message.contains("'access_token'") && !error.message.contains("tok-12345"), "{error}");
}

#[tokio::test]
async fn a_connection_file_moves_the_servo_to_another_service() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connection.yaml");
    let write = |service: &Service, token: &str| {
        let text = format!("Authorization: Bearer {token}\nEndpoint: {}\nTenantId: t-1\n", service.url);
        std::fs::write(&path, text).unwrap();
    };
    let old = Service::start(|number, _| if number == 0 { ok() } else { status_of(401) }).await;
    let new = Service::of_statuses(&[]).await;
    let client = Client::new(&json!({"optimizer_id": "o-1", "connection_file": path}), &tries(1)).unwrap();
    let error = ask(&client).await.unwrap_err();
    assert!(error.retryable && error.message.contains("connection.yaml"), "{error}");
    write(&old, "first-token");
    ask(&client).await.unwrap();
    // Refused: the file is looked at again at once.
    write(&new, "second-token");
    ask(&client).await.unwrap();
    assert_eq!(old.seen()[0].header("authorization"), "Bearer first-token");
    assert_eq!(new.seen()[0].header("authorization"), "Bearer second-token");
    assert_eq!(new.seen()[0].path, "/rest/optimize/co/v1/optimizers/o-1/servo");
}

#[tokio::test]
async fn a_refused_token_of_a_connection_file_may_be_replaced_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connection.yaml");
    let service = Service::start(|_, _| status_of(401)).await;
    let text = format!("Authorization: Bearer first-token\nEndpoint: {}\nTenantId: t-1\n", service.url);
    std::fs::write(&path, text).unwrap();
    let client = Client::new(&json!({"optimizer_id": "o-1", "connection_file": path}), &tries(2)).unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!((error.status, error.retryable, service.count()), (Some(401), true, 2));
}

#[test]
fn what_is_missing_is_named() {
    for (optimizer, expected) in [
        (json!({"id": "dev.example.com/a"}), "optimizer.token is missing"),
        (json!({"optimizer_id": "o"}), "optimizer.base_url is missing"),
        (json!({"optimizer_id": "o", "base_url": "http://a", "tenant_id": "t"}), "optimizer.client_id is missing"),
        (json!({"id": "dev.example.com/a", "token": "t", "url": "ftp://x"}), "optimizer.url: expected a URL"),
    ] {
        let error = Client::new(&optimizer, &json!({})).unwrap_err();
        assert_eq!(error.kind, FailureKind::Configuration);
        assert!(error.message.contains(expected), "{error}");
    }
}

/// Everything that is logged in this process.
struct Records(Mutex<Vec<String>>);

impl log::Log for Records {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}", record.target(), record.args());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

static RECORDS: Records = Records(Mutex::new(Vec::new()));

#[tokio::test]
async fn no_text_shows_a_secret() {
    log::set_logger(&RECORDS).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let echo = Service::start(|number, seen| {
        let body = format!("{:?}", seen.headers);
        (axum::http::StatusCode::from_u16(if number == 0 { 503 } else { 403 }).unwrap(), body)
    })
    .await;
    let url = echo.url.replace("http://", "http://me:hunter2-password@");
    let client = client(&url, &tries(2));
    let error = ask(&client).await.unwrap_err();
    let oauth = Client::new(&appdynamics(&echo.url), &tries(1)).unwrap();
    let refused = ask(&oauth).await.unwrap_err();
    let mut unverified = tries(1);
    unverified["ssl_verify"] = json!(false);
    ask(&crate::service::client("https://127.0.0.1:9", &unverified)).await.unwrap_err();
    let records = RECORDS.0.lock().unwrap().join("\n");
    assert!(records.contains("WHATS_NEXT failed"), "the log was looked at: {records}");
    assert!(records.contains("CERTIFICATES ARE NOT VERIFIED"), "it is said loudly: {records}");
    assert!(error.body.as_ref().unwrap().contains("[REDACTED]"));
    for text in [records, format!("{error:?} {error} {client:?}"), format!("{refused:?} {oauth:?}")] {
        for secret in [TOKEN, SECRET, BASIC, "hunter2-password"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    assert!(
        !format!("{:?}", servox::optimizer::remote::RemoteOptimizer::new(&with_token(&url), &json!({})))
            .contains(TOKEN)
    );
}

#[tokio::test]
async fn what_renews_a_token_is_told_to_nobody() {
    let service = Service::start(|number, seen| match (is_token_request(seen), number) {
        (true, 0) => {
            axum::Json(json!({"access_token": "t-one", "expires_in": 0, "refresh_token": "r3fr3sh-m3"})).into_response()
        }
        (true, _) => (axum::http::StatusCode::FORBIDDEN, seen.body.clone()).into_response(),
        _ => ok(),
    })
    .await;
    let client = Client::new(&appdynamics(&service.url), &tries(1)).unwrap();
    ask(&client).await.unwrap();
    let error = ask(&client).await.unwrap_err();
    assert_eq!(error.status, Some(403));
    assert!(format!("{error:?}").contains("[REDACTED]") && !format!("{error:?}").contains("r3fr3sh"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_comes_even_if_who_asked_for_it_is_gone() {
    let service = Service::start(|_, seen| {
        if is_token_request(seen) {
            std::thread::sleep(Duration::from_millis(300));
            return axum::Json(json!({"access_token": "tok-12345"})).into_response();
        }
        ok()
    })
    .await;
    let settings = json!({"backoff": {"__default__": {"max_tries": 1}}, "timeouts": "2s"});
    let client = Client::new(&appdynamics(&service.url), &settings).unwrap();
    let gone = tokio::time::timeout(Duration::from_millis(50), ask(&client)).await;
    assert!(gone.is_err());
    // Longer than the request may take: one that nobody went on with would be over by now.
    tokio::time::sleep(Duration::from_millis(2_200)).await;
    ask(&client).await.unwrap();
    assert_eq!(service.seen().iter().filter(|seen| is_token_request(seen)).count(), 1);
}
