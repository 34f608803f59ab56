//! Tokens that end, files that change, clocks that jump.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::bench::{Outcome, SECRETS, Story, adjust, cycle, describe, measure, settings, with_token};
use crate::connection::no_such_host;
use crate::double::{Double, Fault, Kind, Post, status};

/// The service no longer takes the first token once the servo has greeted it.
pub async fn expired_token() -> Outcome {
    let fault = |post: &Post| {
        let ended = post.authorization.ends_with("-0") && matches!(post.kind, Kind::WhatsNext | Kind::Result);
        ended.then(|| status(401))
    };
    let double = Double::start(cycle(), fault).await;
    let optimizer = json!({
        "optimizer_id": "o-1", "tenant_id": "t-1", "base_url": double.url(), "client_id": "c-1",
        "client_secret": SECRETS[1],
    });
    let story = Story::of(double, &optimizer, &settings());
    story.until("the first result", |story| !story.double.taken().is_empty()).await;
    assert_eq!(story.double.count(Kind::Token), 2);
    story.end().await
}

fn connect(path: &Path, url: &str) {
    let text = format!("Authorization: Bearer {}\nEndpoint: {url}\nTenantId: t-1\n", SECRETS[3]);
    std::fs::write(path, text).unwrap();
}

/// While a measurement is at work the file becomes unreadable, and then names another service: the result goes there.
pub async fn moved() -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connection.yaml");
    let old = Double::start([describe(), measure(3_000)], |_| None).await;
    let new = Double::start([measure(3_000), adjust(0)], |_| None).await;
    connect(&path, &old.url());
    let url = new.url();
    let mut story = Story::of(new, &json!({"optimizer_id": "o-1", "connection_file": path}), &settings());
    story.outage = true;
    story.until("the measurement", |story| story.executed("c-2") == 1).await;
    std::fs::write(&path, format!("Authorization: [Bearer {}", SECRETS[3])).unwrap();
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    connect(&path, &url);
    let outcome = story.end().await;
    assert_eq!(old.taken().len(), 1);
    outcome
}

/// While a measurement is at work the name of the service can no longer be looked up.
pub async fn no_name_for_a_while() -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connection.yaml");
    let double = Double::start([describe(), measure(1_500), adjust(0)], |_| None).await;
    let url = double.url();
    connect(&path, &url);
    let mut story = Story::of(double, &json!({"optimizer_id": "o-1", "connection_file": path}), &settings());
    story.outage = true;
    story.until("the measurement", |story| story.executed("c-2") == 1).await;
    connect(&path, &no_such_host());
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(story.double.taken().len(), 1, "out of reach");
    connect(&path, &url);
    story.end().await
}

/// The clock of the agent jumps by an hour, as it does when a machine was asleep: with a request in flight, and in the
/// middle of a measurement. The service's own clock is an hour behind.
pub async fn jump() -> Outcome {
    // The clock is one of a runtime, which must have one thread for it to be moved.
    let jumped = tokio::task::spawn_blocking(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let past = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1);
            let past = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&past).unwrap();
            let fault = move |post: &Post| match (post.kind, post.nth) {
                (Kind::WhatsNext, 0) => Some(Fault::Silence),
                (Kind::WhatsNext, 1..=3) => Some(Fault::Answer(429, vec![("retry-after", past.clone())], vec![])),
                _ => None,
            };
            let double = Double::start([describe(), measure(2_000), adjust(0)], fault).await;
            // The time-outs are those of real life: it is the jump that ends them.
            let optimizer = with_token(&double.url());
            let story = Story::of(double, &optimizer, &json!({"backoff": {"__default__": {"max_time": "1s"}}}));
            story.until("a question", |story| story.double.count(Kind::WhatsNext) == 1).await;
            leap().await;
            story.until("the measurement", |story| story.executed("c-2") == 1).await;
            leap().await;
            story.end().await
        })
    });
    jumped.await.unwrap()
}

async fn leap() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3_600)).await;
    tokio::time::resume();
}
