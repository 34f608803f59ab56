//! What every optimizer must do. [`conforms`] is given the way to open one.

use std::path::Path;

use serde_json::json;
use servox::optimizer::{Commands, Event, Optimizer};

use crate::servo::{MAX_MESSAGES, Servo, cost_and_latency, drive, status, whats_next};

/// Checks an optimizer. `open` makes one that keeps what it has to keep in that folder, minimizes the metric `cost` with
/// `p95 <= 60`, measures for 5 s without a warm-up, and comes to an end after a few trials.
pub async fn conforms(open: impl Fn(&Path) -> Box<dyn Optimizer>) {
    refuses_what_is_out_of_step(&open, "invalid").await;
    comes_to_an_end(&open).await;
    is_continued(&open).await;
    winds_down(&open).await;
}

/// The same for one behind a service. It accepts progress of any command, since there are servos that end when it is not
/// accepted; and nobody asks it for a last command.
pub async fn conforms_at_a_service(open: impl Fn(&Path) -> Box<dyn Optimizer>) {
    refuses_what_is_out_of_step(&open, "ok").await;
    comes_to_an_end(&open).await;
    is_continued(&open).await;
}

/// What is out of step, or cannot be read, is refused and changes nothing.
async fn refuses_what_is_out_of_step(open: &impl Fn(&Path) -> Box<dyn Optimizer>, outdated_progress: &str) {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(folder.path());
    let optimizer = &*optimizer;
    let mut servo = Servo::new();
    let ok = |uid: &str| json!({"status": "ok", "cmd_uid": uid});

    let early = status(optimizer, Event::Measurement, ok("x")).await;
    assert_eq!(early.status, "unexpected-event");
    assert_eq!(early.reason.as_deref(), Some("Out of order event \"MEASUREMENT\", expected \"WHATS_NEXT\"; ignoring"));

    for _ in 0..6 {
        let command = whats_next(optimizer).await;
        assert_eq!(whats_next(optimizer).await, command, "a command without a result is given again");
        let expected = command.cmd.response_event().unwrap();
        let uid = command.cmd_uid.clone().unwrap();
        let other = if expected == Event::Adjustment { Event::Measurement } else { Event::Adjustment };
        assert_eq!(status(optimizer, other, ok(&uid)).await.status, "unexpected-event");
        for param in [json!({"status": "ok", "cmd_uid": "other"}), json!({"status": "ok"})] {
            let answer = status(optimizer, expected, param).await;
            assert_eq!((answer.status.as_str(), answer.reason.as_deref()), ("invalid", Some("unexpected cmd_uid")));
        }
        let outdated = status(optimizer, expected, json!({"progress": 5, "cmd_uid": "old"})).await;
        assert_eq!(outdated.status, outdated_progress);
        assert!(outdated.is_ok() || outdated.reason.as_deref() == Some("unexpected cmd_uid"));
        for param in [
            json!(null),
            json!("ok"),
            json!([1, 2]),
            json!({"cmd_uid": uid}),
            json!({"status": 7, "cmd_uid": uid}),
            json!({"status": "splendid", "cmd_uid": uid}),
        ] {
            assert_eq!(status(optimizer, expected, param).await.status, "invalid");
        }
        for progress in [0.0, 50.0, 100.0] {
            assert!(status(optimizer, expected, json!({"progress": progress, "cmd_uid": uid})).await.is_ok());
        }
        assert_eq!(whats_next(optimizer).await, command);
        let (event, result) = servo.carry_out(&command);
        assert!(status(optimizer, event, result.clone()).await.is_ok());
        assert_eq!(status(optimizer, event, result).await.status, "unexpected-event", "a result counts once");
    }
    assert!(status(optimizer, Event::Goodbye, json!({"reason": "SIGTERM"})).await.is_ok());
}

/// Describes before all else, gives every command an identifier of its own, and says when it has nothing more to ask.
async fn comes_to_an_end(open: &impl Fn(&Path) -> Box<dyn Optimizer>) {
    let folder = tempfile::tempdir().unwrap();
    let (optimizer, mut servo) = (open(folder.path()), Servo::new());
    assert!(!optimizer.finished());
    assert!(drive(&*optimizer, &mut servo, MAX_MESSAGES).await);
    assert_eq!(servo.commands[..2], [Commands::Describe, Commands::Measure], "the baseline is measured first");
    assert_eq!(servo.uids.len(), servo.commands.len(), "every command has an identifier of its own");
    assert!(servo.adjustments > 0);
    assert_eq!(whats_next(&*optimizer).await.cmd, Commands::Sleep, "it stays at its end");
    assert!(optimizer.wind_down().await.is_none(), "the application stands where it is to stay");
    assert!(status(&*optimizer, Event::Goodbye, json!({"reason": "finished"})).await.is_ok());
}

/// A run that ended anywhere, with its last result lost, is continued by the next one: the application ends where every
/// constraint is met, and no dearer than it came.
async fn is_continued(open: &impl Fn(&Path) -> Box<dyn Optimizer>) {
    for cut in 1..20 {
        let folder = tempfile::tempdir().unwrap();
        let mut servo = Servo::new();
        let first = open(folder.path());
        drive(&*first, &mut servo, cut).await;
        drop(first);
        assert!(drive(&*open(folder.path()), &mut servo, MAX_MESSAGES).await, "cut after {cut}");
        let end = cost_and_latency(&servo.settings);
        let (cost, p95) = (&end["cost"]["value"], &end["p95"]["values"][0]["data"][0][1]);
        assert!(cost.as_f64() < Some(4.0) && p95.as_f64() <= Some(60.0), "cut after {cut}: {:?}", servo.settings);
    }
}

/// A run that is ended early has a last command at the most, and nothing more to ask after it.
async fn winds_down(open: &impl Fn(&Path) -> Box<dyn Optimizer>) {
    for cut in 1..20 {
        let folder = tempfile::tempdir().unwrap();
        let (optimizer, mut servo) = (open(folder.path()), Servo::new());
        assert!(!drive(&*optimizer, &mut servo, cut).await);
        if let Some(command) = optimizer.wind_down().await {
            assert_eq!(command.cmd, Commands::Adjust);
            let (event, result) = servo.carry_out(&command);
            assert!(status(&*optimizer, event, result).await.is_ok());
        }
        assert!(optimizer.wind_down().await.is_none(), "cut after {cut}");
        let next = whats_next(&*optimizer).await.cmd;
        assert_eq!(next, if cut <= 2 { Commands::Describe } else { Commands::Sleep }, "cut after {cut}");
    }
}
