//! A remote optimizer as the run loop sees it.

use axum::response::IntoResponse;
use serde_json::{Value as Json, json};
use servox::optimizer::remote::RemoteOptimizer;
use servox::optimizer::{Commands, Event, Failure, Optimizer, OptimizerError, Reply, Request};

use crate::service::{Service, status_of, tries, with_token};

fn request(event: Event, param: Json) -> Request {
    Request { event, param, servo_uid: None }
}

fn optimizer(service: &Service, settings: &Json) -> RemoteOptimizer {
    RemoteOptimizer::new(&with_token(&service.url), settings).unwrap()
}

#[tokio::test]
async fn replies_are_commands_and_statuses() {
    let service = Service::start(|_, seen| match seen.json()["event"].as_str() {
        Some("WHATS_NEXT") => axum::Json(json!({"cmd": "DESCRIBE", "cmd_uid": 5, "param": {}})).into_response(),
        _ => axum::Json(json!({"status": "unexpected-event", "reason": "why"})).into_response(),
    })
    .await;
    let optimizer = optimizer(&service, &json!({}));
    let Ok(Reply::Command(command)) = optimizer.post(request(Event::WhatsNext, Json::Null)).await else {
        panic!("a command");
    };
    assert_eq!((command.cmd, command.cmd_uid.as_deref()), (Commands::Describe, Some("5")));
    let Ok(Reply::Status(status)) = optimizer.post(request(Event::Goodbye, json!({"reason": "test"}))).await else {
        panic!("a status");
    };
    assert_eq!((status.status.as_str(), status.reason.as_deref()), ("unexpected-event", Some("why")));
    assert!(!optimizer.finished());
}

#[tokio::test]
async fn each_event_has_tries_of_its_own() {
    let service = Service::start(|_, _| status_of(503)).await;
    let settings = json!({"backoff": {"__default__": {"max_tries": 2}, "connect": {"max_tries": 3}}});
    let optimizer = optimizer(&service, &settings);
    for (event, param, tries, retryable) in [
        // An outage longer than the time for a greeting ends the run; any other is waited out by the loop.
        (Event::Hello, json!({}), 3, false),
        (Event::WhatsNext, Json::Null, 2, true),
        (Event::Measurement, json!({"status": "ok", "cmd_uid": "c"}), 2, true),
        (Event::Measurement, json!({"progress": 50.0, "cmd_uid": "c"}), 1, true),
    ] {
        let before = service.count();
        let error = optimizer.post(request(event, param)).await.unwrap_err();
        assert_eq!((service.count() - before, error.is_passing()), (tries, retryable), "{event:?}: {error}");
    }
}

#[tokio::test]
async fn who_asks_what_is_next_may_ask_again() {
    let service = Service::start(|number, _| match number {
        0 => status_of(401),
        1 => "no JSON".into_response(),
        _ => axum::Json(json!({"cmd": "JUMP"})).into_response(),
    })
    .await;
    let optimizer = optimizer(&service, &tries(1));
    for number in 0..3 {
        let error = optimizer.post(request(Event::WhatsNext, Json::Null)).await.unwrap_err();
        assert!(error.is_passing(), "{number}: {error}");
    }
    let error = optimizer.post(request(Event::Hello, json!({}))).await.unwrap_err();
    assert!(!error.is_passing() && error.message.contains("neither a command nor a status"), "{error}");
}

/// What comes of a message that is answered so, with its retries used up.
async fn failure(event: Event, param: Json, status: u16, body: &'static str) -> Result<Reply, OptimizerError> {
    let code = axum::http::StatusCode::from_u16(status).unwrap();
    let service = Service::start(move |_, _| (code, [("retry-after", "7")], body)).await;
    let limits = json!({"max_tries": 1, "max_time": "1s"});
    let settings = json!({"backoff": {"__default__": limits, "connect": limits}});
    optimizer(&service, &settings).post(request(event, param)).await
}

#[tokio::test]
async fn failures_are_told_apart_by_what_can_be_done_about_them() {
    use Failure::{Gone, Lasting, Passing, TooLarge};
    let (result, progress) = (json!({"status": "ok"}), json!({"progress": 5.0}));
    let unknown = r#"{"detail": "unexpected servo_uid"}"#;
    for (event, param, status, body, expected) in [
        (Event::Hello, json!({}), 410, unknown, Gone),
        (Event::WhatsNext, Json::Null, 410, unknown, Gone),
        (Event::Measurement, result.clone(), 410, unknown, Gone),
        (Event::Measurement, progress.clone(), 410, r#"{"detail": "gone"}"#, Gone),
        (Event::Measurement, progress, 410, "gone", Lasting),
        (Event::Measurement, result.clone(), 410, r#"{"detail": "gone"}"#, Lasting),
        (Event::WhatsNext, Json::Null, 410, "[]", Passing),
        (Event::Measurement, result.clone(), 413, "", TooLarge),
        (Event::Measurement, result.clone(), 400, "", Lasting),
        (Event::Measurement, result.clone(), 401, "", Passing),
        (Event::Measurement, result.clone(), 307, "", Passing),
        (Event::Measurement, result.clone(), 503, "", Passing),
        (Event::Measurement, result.clone(), 200, "<html>", Passing),
        (Event::Measurement, result, 200, "", Passing),
        (Event::Hello, json!({}), 401, "", Lasting),
        (Event::WhatsNext, Json::Null, 403, "", Passing),
    ] {
        let error = failure(event, param, status, body).await.unwrap_err();
        assert_eq!(error.failure, expected, "{event:?} {status} {body}: {error}");
        let asked = (status != 200).then_some(std::time::Duration::from_secs(7));
        assert_eq!(error.retry_after, asked, "{event:?} {status}");
    }
}

#[tokio::test]
async fn a_result_that_is_answered_by_any_object_was_taken() {
    for body in ["{}", r#"{"cmd": "JUMP"}"#, r#"{"status": 7}"#] {
        let reply = failure(Event::Measurement, json!({"status": "ok"}), 200, body).await;
        assert!(matches!(reply, Ok(Reply::Status(status)) if status.is_ok()), "{body}");
    }
}

#[tokio::test]
async fn a_result_that_is_too_large_is_not_sent() {
    let service = Service::start(|_, _| crate::service::ok()).await;
    let huge = json!({"status": "ok", "annotations": {"a": "x".repeat(65 << 20)}});
    let error = optimizer(&service, &json!({})).post(request(Event::Measurement, huge)).await.unwrap_err();
    assert_eq!(error.failure, Failure::TooLarge, "{error}");
    assert_eq!(service.count(), 0);
}
