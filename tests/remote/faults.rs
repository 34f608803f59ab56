//! What comes of each thing that can go wrong.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use servox::optimizer::remote::{FailureKind, Message, RemoteError, Tries};
use tokio::net::TcpListener;

use crate::service::{Service, ask, client, ok, raw, status_of, tries, with_token, write};

/// What a service with that answer leads to, and how often it was asked.
async fn outcome<R: IntoResponse + 'static>(
    answer: impl Fn() -> R + Clone + Send + Sync + 'static,
) -> (Result<Json, RemoteError>, usize) {
    let service = Service::start(move |_, _| answer()).await;
    let result = ask(&client(&service.url, &tries(2))).await;
    (result, service.count())
}

#[tokio::test]
async fn refused_connections_are_tried_again_until_someone_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&client(&url, &tries(2))).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.retryable), (FailureKind::Connect, None, true));
    assert!(error.message.contains("given up after 2 tries"), "{error}");
    assert!(error.message.contains("/accounts/dev.example.com/applications/app-1/servo"), "{error}");
}

#[tokio::test]
async fn lost_connections_are_tried_again() {
    let reset = raw(|stream| async move {
        // Closed with data that was not read, or at once: the other side gets a reset.
        socket_reset(&stream);
    })
    .await;
    let half = raw(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\":").await;
    })
    .await;
    let closed = raw(|stream| async move { drop(stream) }).await;
    for url in [reset, half, closed] {
        let error = ask(&client(&url, &tries(2))).await.unwrap_err();
        assert_eq!((error.kind, error.retryable), (FailureKind::Interrupted, true), "{error}");
        assert!(error.message.contains("given up after 2 tries"), "{error}");
    }
}

#[allow(deprecated)]
fn socket_reset(stream: &tokio::net::TcpStream) {
    stream.set_linger(Some(Duration::ZERO)).unwrap();
}

#[tokio::test]
async fn silence_and_dripping_are_bounded() {
    let silent = raw(|stream| async move {
        tokio::time::sleep(Duration::from_secs(600)).await;
        drop(stream);
    })
    .await;
    let dripping = raw(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        for _ in 0..1_000 {
            write(&mut stream, " ").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    for url in [silent, dripping] {
        let settings = json!({"backoff": {"__default__": {"max_tries": 1}}, "timeouts": "250ms"});
        let error = ask(&client(&url, &settings)).await.unwrap_err();
        assert_eq!((error.kind, error.retryable), (FailureKind::Timeout, true), "{error}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Service::of_statuses(&[]).await;
    let location = elsewhere.url.clone();
    let (result, asked) = outcome(move || (StatusCode::FOUND, [("location", location.clone())], "")).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.status, error.retryable), (FailureKind::Status, Some(302), false));
    assert!(error.message.contains("redirects are not followed"), "{error}");
    assert_eq!((asked, elsewhere.count()), (1, 0));
}

#[tokio::test]
async fn statuses_that_stay_are_not_tried_again() {
    for status in [400, 401, 403, 405, 409, 410, 413, 422] {
        let (result, asked) = outcome(move || status_of(status)).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.status, error.retryable), (FailureKind::Status, Some(status), false));
        assert_eq!(error.body.as_deref(), Some(r#"{"detail":"as the test says"}"#));
        assert_eq!(asked, 1, "{status}");
    }
}

#[tokio::test]
async fn statuses_that_pass_are_tried_again() {
    for statuses in [&[404][..], &[429], &[500], &[502], &[503], &[504], &[503, 404]] {
        let service = Service::of_statuses(statuses).await;
        assert_eq!(ask(&client(&service.url, &tries(4))).await, Ok(json!({"status": "ok"})), "{statuses:?}");
        assert_eq!(service.count(), statuses.len() + 1);
    }
    let (result, asked) = outcome(|| status_of(500)).await;
    assert_eq!((result.unwrap_err().status, asked), (Some(500), 2));
}

#[tokio::test]
async fn an_outage_longer_than_the_budget_is_given_up() {
    let service = Service::start(|_, _| status_of(503)).await;
    let settings = json!({"backoff": {"__default__": {"max_time": "1500ms"}}, "timeouts": "5s"});
    let began = Instant::now();
    let error = ask(&client(&service.url, &settings)).await.unwrap_err();
    assert_eq!((error.status, error.retryable), (Some(503), true));
    assert!(error.message.contains("given up after"), "{error}");
    assert!(began.elapsed() >= Duration::from_millis(1_500));
    assert!(service.count() >= 2);
}

#[tokio::test]
async fn a_service_says_when_to_come_back() {
    let service = Service::start(|number, _| match number {
        0 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "").into_response(),
        _ => ok(),
    })
    .await;
    let began = Instant::now();
    ask(&client(&service.url, &tries(2))).await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));
    // Later than the budget allows: there is no use in waiting.
    let (service, settings) = (
        Service::start(|_, _| (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "3600")], "")).await,
        json!({"backoff": {"__default__": {"max_time": "1m"}}}),
    );
    let error = ask(&client(&service.url, &settings)).await.unwrap_err();
    assert_eq!((error.retry_after, service.count()), (Some(Duration::from_secs(3_600)), 1));
}

#[tokio::test]
async fn answers_that_are_no_replies_are_told_and_not_asked_for_again() {
    type Case = (&'static str, fn() -> Response);
    let cases: [Case; 5] = [
        ("no JSON", || "<html>hello</html>".into_response()),
        ("half of it", || r#"{"status": "#.into_response()),
        ("nothing", || "".into_response()),
        ("a list", || axum::Json(json!([1])).into_response()),
        ("no UTF-8", || b"{\"status\": \"\xff\"}".to_vec().into_response()),
    ];
    for (name, answer) in cases {
        let (result, asked) = outcome(answer).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.status, error.retryable), (FailureKind::Reply, Some(200), false), "{name}");
        assert!(error.message.contains("expected a JSON object"), "{name}: {error}");
        assert_eq!(asked, 1, "{name}");
    }
    let (result, asked) = outcome(|| ([("content-encoding", "gzip")], "no gzip")).await;
    assert_eq!((result.unwrap_err().kind, asked), (FailureKind::Reply, 1));
    // The content type alone is no reason to refuse what is right.
    let (result, _) = outcome(|| ([("content-type", "text/plain")], r#"{"status": "ok"}"#)).await;
    assert_eq!(result, Ok(json!({"status": "ok"})));
}

#[tokio::test]
async fn huge_answers_are_not_read() {
    let told = raw(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(600)).await;
    })
    .await;
    let untold = raw(|mut stream| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        for _ in 0..4_096 {
            write(&mut stream, &chunk).await;
        }
    })
    .await;
    for url in [told, untold] {
        let error = ask(&client(&url, &tries(2))).await.unwrap_err();
        assert_eq!((error.kind, error.retryable), (FailureKind::TooLarge, false), "{error}");
    }
    // Of an answer that is an error anyway the beginning is enough.
    let (result, _) = outcome(|| (StatusCode::BAD_REQUEST, "x".repeat(32 << 20))).await;
    assert!(result.unwrap_err().body.unwrap().len() < 8 << 10);
}

#[tokio::test]
async fn huge_messages_are_not_sent() {
    let service = Service::of_statuses(&[]).await;
    let param = json!({"text": "x".repeat(65 << 20)});
    let message = Message { event: "MEASUREMENT", param: &param, servo_uid: None };
    let error = client(&service.url, &tries(2)).post(message, Tries::Once).await.unwrap_err();
    assert_eq!((error.kind, service.count()), (FailureKind::TooLarge, 0));
}

#[tokio::test]
async fn a_dropped_request_is_not_tried_again() {
    let service = Service::start(|_, _| status_of(503)).await;
    let client = client(&service.url, &json!({}));
    let _ = tokio::time::timeout(Duration::from_millis(300), ask(&client)).await.unwrap_err();
    let asked = service.count();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(service.count(), asked);
}

#[tokio::test]
async fn messages_are_as_the_protocol_says_on_one_connection() {
    let service = Service::of_statuses(&[]).await;
    let client = client(&service.url, &json!({}));
    let param = json!({"agent": "ä", "load": f64::NAN});
    for _ in 0..3 {
        let message = Message { event: "HELLO", param: &param, servo_uid: Some("uid-123") };
        client.post(message, Tries::Once).await.unwrap();
    }
    let seen = service.seen();
    assert_eq!(seen[0].path, "/accounts/dev.example.com/applications/app-1/servo");
    let expected = json!({"event": "HELLO", "param": {"agent": "ä", "load": null}, "servo_uid": "uid-123"});
    assert_eq!(seen[0].json(), expected);
    assert_eq!(seen[0].header("content-type"), "application/json");
    assert!(seen[0].header("user-agent").starts_with("github.com/opsani/servox v"));
    assert_eq!(seen[0].header("authorization"), format!("Bearer {}", crate::service::TOKEN));
}

#[tokio::test]
async fn a_proxy_gets_what_is_meant_for_it() {
    let proxy = Service::of_statuses(&[]).await;
    let settings = json!({"proxies": {"all://": proxy.url, "all://direct.test": null}});
    let optimizer = with_token("http://service.test");
    let client = servox::optimizer::remote::Client::new(&optimizer, &settings).unwrap();
    assert_eq!(ask(&client).await, Ok(json!({"status": "ok"})));
    assert_eq!(proxy.seen()[0].header("host"), "service.test");
}
