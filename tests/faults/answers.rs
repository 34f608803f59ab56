//! Answers with a status that is no success, and successes that are no replies.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::{Outcome, Story, cycle, describe, first, measure};
use crate::double::{Double, Fault, Kind, Post, status};

const QUESTION: &[Kind] = &[Kind::WhatsNext];
const RESULT: &[Kind] = &[Kind::Result];
const BOTH: &[Kind] = &[Kind::WhatsNext, Kind::Result];
const ALL: &[Kind] = &[Kind::Hello, Kind::WhatsNext, Kind::Result, Kind::Goodbye];

async fn at_first(kinds: &'static [Kind], times: usize, fault: Fault) -> Outcome {
    Story::begin(cycle(), first(kinds, times, fault)).await.end().await
}

pub async fn redirect() -> Outcome {
    let elsewhere = Double::start(cycle(), |_| None).await;
    let fault = Fault::Answer(302, vec![("location", format!("{}/servo", elsewhere.url()))], vec![]);
    let outcome = at_first(BOTH, 1, fault).await;
    assert!(elsewhere.posts().is_empty(), "redirects are not followed");
    outcome
}

pub async fn status_400() -> Outcome {
    at_first(QUESTION, 3, status(400)).await
}

pub async fn status_400_for_a_result() -> Outcome {
    at_first(RESULT, 1, status(400)).await
}

pub async fn status_401() -> Outcome {
    at_first(BOTH, 2, status(401)).await
}

pub async fn status_401_for_the_greeting() -> Outcome {
    let reason = Story::begin(cycle(), first(&[Kind::Hello], usize::MAX, status(401))).await.not_started().await;
    assert!(reason.contains("the token is not accepted"), "{reason}");
    Outcome::NotStarted
}

pub async fn status_403() -> Outcome {
    at_first(BOTH, 2, status(403)).await
}

pub async fn status_404() -> Outcome {
    at_first(ALL, 1, status(404)).await
}

pub async fn status_409() -> Outcome {
    at_first(QUESTION, 2, status(409)).await
}

pub async fn status_409_for_a_result() -> Outcome {
    at_first(RESULT, 1, status(409)).await
}

pub async fn status_410() -> Outcome {
    at_first(QUESTION, 2, status(410)).await
}

/// The identity of the servo is no longer valid: whoever gave it out removes the servo, or gives it another one.
pub async fn status_410_for_the_identity() -> Outcome {
    let fault = Fault::Answer(410, vec![], br#"{"detail": "unexpected servo_uid"}"#.to_vec());
    let story = Story::begin([describe()], first(QUESTION, usize::MAX, fault)).await;
    story.until("the question", |story| story.double.count(Kind::WhatsNext) == 1).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(story.double.count(Kind::WhatsNext), 1, "{}", story.told());
    assert_eq!(story.stopped(true).await, Outcome::Ended);
    Outcome::Waiting
}

pub async fn status_429() -> Outcome {
    at_first(ALL, 1, status(429)).await
}

pub async fn status_429_with_retry_after() -> Outcome {
    let fault = Fault::Answer(429, vec![("retry-after", "1".into())], vec![]);
    // Within the budget of a message.
    let mut settings = crate::bench::settings();
    settings["backoff"]["__default__"] = json!({"max_time": "10s"});
    let double = Double::start(cycle(), first(BOTH, 1, fault)).await;
    let optimizer = crate::bench::with_token(&double.url());
    let story = Story::of(double, &optimizer, &settings);
    story.until("the first result", |story| story.double.taken().len() == 1).await;
    let posts: Vec<Post> = story.double.posts().into_iter().filter(|post| post.kind == Kind::WhatsNext).collect();
    let pause = posts[1].at - posts[0].at;
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
    story.end().await
}

pub async fn status_500() -> Outcome {
    at_first(ALL, 1, status(500)).await
}

/// 503 for three seconds, first for questions, then for results; the budget of a message is one.
pub async fn status_503() -> Outcome {
    let since: Mutex<[Option<Instant>; 2]> = Mutex::default();
    let fault = move |post: &Post| {
        let which = BOTH.iter().position(|kind| *kind == post.kind)?;
        let began = *since.lock().unwrap()[which].get_or_insert(post.at);
        (post.at - began < Duration::from_secs(3)).then(|| status(503))
    };
    Story::begin(cycle(), fault).await.end().await
}

fn success(body: impl Into<Vec<u8>>) -> Fault {
    Fault::Answer(200, vec![], body.into())
}

/// A page of something that stands before the optimizer, half of a reply, nothing.
pub async fn no_json() -> Outcome {
    let fault = |post: &Post| match (post.kind, post.nth) {
        (Kind::WhatsNext | Kind::Result, 0) => Some(success("<html>back soon</html>")),
        (Kind::WhatsNext, 1) => Some(success(r#"{"status": "#)),
        (Kind::WhatsNext, 2) => Some(success("")),
        _ => None,
    };
    Story::begin(cycle(), fault).await.end().await
}

pub async fn wrong_types() -> Outcome {
    let fault = |post: &Post| match (post.kind, post.nth) {
        (Kind::WhatsNext | Kind::Result, 0) => Some(success("[1]")),
        (Kind::WhatsNext, 1) => Some(success(r#"{"cmd": 5}"#)),
        (Kind::WhatsNext, 2) => Some(success(r#"{"status": 7}"#)),
        _ => None,
    };
    Story::begin(cycle(), fault).await.end().await
}

pub async fn huge() -> Outcome {
    at_first(BOTH, 1, success(vec![b' '; 17 << 20])).await
}

pub async fn wrong_content_type() -> Outcome {
    Story::begin(cycle(), first(ALL, usize::MAX, Fault::Typed("text/html"))).await.end().await
}

pub async fn a_status_instead_of_a_command() -> Outcome {
    at_first(QUESTION, 3, Fault::Instead(json!({"status": "unexpected-event", "reason": "not now"}))).await
}

/// Each result is taken; what is said of it changes nothing.
pub async fn out_of_step_about_a_result() -> Outcome {
    let reply = json!({"status": "unexpected-event", "reason": "Out of order event; ignoring"});
    Story::begin([describe(), measure(0)], first(RESULT, 1, Fault::Instead(reply))).await.end().await
}
