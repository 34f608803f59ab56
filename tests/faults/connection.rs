//! Connections that fail, and answers that do not come or come in pieces.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::authority::Authority;
use crate::bench::{Outcome, Story, adjust, cycle, describe, first, impatient, measure, settings, with_token};
use crate::double::{Double, Fault, Kind};

const ALL: &[Kind] = &[Kind::Hello, Kind::WhatsNext, Kind::Result, Kind::Goodbye];

/// Before the greeting, and again while a measurement is at work.
pub async fn refused() -> Outcome {
    let double = Double::start([describe(), measure(500), adjust(0)], |_| None).await;
    double.go_away().await;
    let optimizer = with_token(&double.url());
    let mut story = Story::of(double, &optimizer, &settings());
    story.outage = true;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    story.double.come_back().await;
    story.until("the measurement", |story| story.executed("c-2") == 1).await;
    story.double.go_away().await;
    // Longer than the budget of a message.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    story.double.come_back().await;
    story.end().await
}

/// Refused when the run is to end, with a result that was not delivered.
pub async fn refused_at_the_end() -> Outcome {
    let story = Story::begin([measure(300)], |_| None).await;
    story.until("the measurement", |story| story.executed("c-2") == 1).await;
    story.double.go_away().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    story.stopped(false).await
}

pub async fn reset() -> Outcome {
    Story::begin(cycle(), first(ALL, 1, Fault::Reset)).await.end().await
}

pub async fn reset_after() -> Outcome {
    Story::begin(cycle(), first(ALL, 1, Fault::ResetAfter)).await.end().await
}

pub async fn half() -> Outcome {
    Story::begin(cycle(), first(ALL, 1, Fault::Half)).await.end().await
}

pub async fn slow() -> Outcome {
    Story::with(&impatient("1s"), cycle(), first(ALL, 1, Fault::Drip)).await.end().await
}

pub async fn silence() -> Outcome {
    Story::with(&impatient("1s"), cycle(), first(ALL, 1, Fault::Silence)).await.end().await
}

/// The connector reports far more often than reports can be sent.
pub async fn silent_about_progress() -> Outcome {
    let commands = [describe(), measure(6_000), adjust(0)];
    let fault = first(&[Kind::Progress], usize::MAX, Fault::Silence);
    Story::with(&impatient("4s"), commands, fault).await.end().await
}

/// A label of a name has 63 characters at the most, so nobody is asked for this one.
pub fn no_such_host() -> String {
    format!("http://{}.test", "x".repeat(70))
}

pub async fn no_name() -> Outcome {
    let mut settings = settings();
    settings["backoff"]["connect"] = json!({"max_time": "1s"});
    let double = Double::start(cycle(), |_| None).await;
    let reason = Story::of(double, &with_token(&no_such_host()), &settings).not_started().await;
    assert!(reason.contains("no connection to") && reason.contains("given up after"), "{reason}");
    Outcome::NotStarted
}

pub async fn unknown_authority() -> Outcome {
    let acceptor = Authority::new().acceptor(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            acceptor.accept(stream).await.ok();
        }
    });
    let double = Double::start(cycle(), |_| None).await;
    let reason = Story::of(double, &with_token(&url), &settings()).not_started().await;
    // Where the system has no root certificates at all, that is what is told.
    assert!(reason.contains("ssl_verify"), "{reason}");
    Outcome::NotStarted
}
