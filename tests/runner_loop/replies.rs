//! What replies of an optimizer lead to.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use servox::optimizer::{Event, Failure};
use servox::runner::{RunError, Stop};

use crate::script::{Answer, Kind, Manner, Script, Web, adjust, describe, measure, run, run_for, runner, says};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test(start_paused = true)]
async fn a_cancelled_command_is_reported_as_cancelled_and_the_loop_goes_on() {
    for (command, event) in [(measure("c-1"), Event::Measurement), (adjust("c-1", 2.0), Event::Adjustment)] {
        for (reason, message) in [(Some("user cancelled"), "user cancelled"), (None, "Command cancelled")] {
            let script = Script::new([command.clone(), describe("c-2")]).then(Kind::Progress, [says("cancel", reason)]);
            let web = Web::taking(600);
            let script = run(script, &web).await;
            let results = script.of_kind(Kind::Result);
            assert_eq!(results.len(), 2);
            assert_eq!(results[0].event, event);
            let expected =
                json!({"status": "cancelled", "message": message, "reason": null, "cmd_uid": "c-1"}).to_string();
            assert_eq!(results[0].param.to_string(), expected);
            assert_eq!(results[1].param["cmd_uid"], "c-2");
            assert_eq!(script.of_kind(Kind::Hello).len(), 1, "no restart");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_command_that_does_not_end_is_dropped() {
    let web = Web::new(Manner { takes: HOUR, stubborn: true, ..Manner::default() });
    let script = Script::new([measure("c-1")]).then(Kind::Progress, [says("cancel", None)]);
    let script = run(script, &web).await;
    let result = &script.of_kind(Kind::Result)[0];
    assert_eq!(result.param["status"], "cancelled");
    assert_eq!(result.param["other_messages"], json!(["the command did not end in time and was dropped"]));
    assert!(result.at - script.of_kind(Kind::Progress)[0].at < 40 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_servo_out_of_step_starts_again_without_a_result() {
    for answer in [
        says("unexpected-event", Some("Out of order event")),
        says("invalid", Some("unexpected cmd_uid")),
        Answer::Fails(Failure::Gone),
    ] {
        let web = Web::taking(60);
        let script = Script::new([measure("c-1"), describe("c-2")]).then(Kind::Progress, [answer.clone()]);
        let script = run(script, &web).await;
        assert_eq!(
            script.story(),
            "HELLO WHATS_NEXT GOODBYE(restarting) HELLO WHATS_NEXT DESCRIPTION GOODBYE(finished)",
            "{answer:?}"
        );
        assert_eq!(
            web.seen(),
            "attach startup measure shutdown detach attach startup describe shutdown detach",
            "{answer:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn why_a_servo_is_out_of_step_is_told() {
    for (answer, told) in [
        (says("unexpected-event", None), "servo has lost synchronization with the optimizer: restarting"),
        (says("invalid", Some("unexpected cmd_uid")), "servo is processing outdated command: restarting"),
        (
            Answer::Fails(Failure::Gone),
            "servo UID uid-123 is no longer valid: shutting down tasks to commence sleep loop",
        ),
    ] {
        let script = Arc::new(Script::new([measure("c-1")]).then(Kind::Progress, [answer]));
        let answer = runner(&script, &Web::taking(60), &Stop::new()).exec_command().await;
        assert_eq!(answer, Err(RunError::OutOfStep(told.into())));
        assert!(script.results().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_optimizer_that_is_always_out_of_step_is_greeted_once_a_minute() {
    let script = Script::default()
        .always(Kind::Next, Answer::Says(measure("c")))
        .always(Kind::Progress, says("unexpected-event", None));
    let script = run_for(HOUR, script, &Web::taking(600)).await;
    let greetings = script.of_kind(Kind::Hello).len();
    assert!((50..100).contains(&greetings), "{greetings}");
    assert!(script.results().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_servo_that_does_not_start_again_tries_until_it_does() {
    let manner = Manner { takes: 60 * SECOND, fails_to_start_again: 5, ..Manner::default() };
    let web = Web::new(manner);
    let script = Script::new([measure("c-1"), describe("c-2")])
        .then(Kind::Progress, [says("unexpected-event", None)])
        .then(Kind::Hello, [says("ok", None), Answer::Fails(Failure::Lasting)]);
    let script = run(script, &web).await;
    assert_eq!(script.of_kind(Kind::Hello).len(), 8, "one refused, and five with a connector that does not start");
    let reasons: Vec<_> =
        script.of_kind(Kind::Goodbye).into_iter().map(|posted| posted.param["reason"].clone()).collect();
    assert_eq!(reasons[..6], ["restarting"; 6]);
    assert_eq!(script.results()[0]["cmd_uid"], "c-2");
}

#[tokio::test(start_paused = true)]
async fn other_answers_to_progress_change_nothing() {
    for answer in [
        says("invalid", Some("progress must not decrease")),
        says("splendid", None),
        Answer::Says(describe("early")),
        Answer::Fails(Failure::Passing),
        Answer::Fails(Failure::Lasting),
        Answer::Takes(3 * SECOND),
        Answer::Takes(HOUR),
    ] {
        let script = Script::new([measure("c-1"), describe("c-2")]).always(Kind::Progress, answer.clone());
        let script = run(script, &Web::taking(10)).await;
        let statuses: Vec<_> = script.results().into_iter().map(|result| result["status"].clone()).collect();
        assert_eq!(statuses, ["ok", "ok"], "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_to_a_result_stops_the_loop() {
    for answer in [
        says("cancel", Some("too late")),
        says("unexpected-event", Some("Out of order")),
        says("invalid", Some("unexpected cmd_uid")),
        says("splendid", None),
        Answer::Says(describe("early")),
    ] {
        let script = Script::new([measure("c-1"), adjust("c-2", 2.0)]).always(Kind::Result, answer.clone());
        let script = run(script, &Web::default()).await;
        let uids: Vec<_> = script.results().into_iter().map(|result| result["cmd_uid"].clone()).collect();
        assert_eq!(uids, ["c-1", "c-2"], "{answer:?}");
        assert_eq!(script.of_kind(Kind::Hello).len(), 1, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn progress_is_posted_once_a_second_with_the_newest_report() {
    let script = run(Script::new([measure("c-1")]), &Web::taking(10)).await;
    let posted = script.of_kind(Kind::Progress);
    assert!((9..=11).contains(&posted.len()), "{}", posted.len());
    for (one, next) in posted.iter().zip(&posted[1..]) {
        assert!(next.at - one.at >= SECOND);
        assert!(next.param["progress"].as_f64() > one.param["progress"].as_f64());
    }
    let last = posted.last().unwrap();
    let keys: Vec<_> = last.param.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["progress", "runtime", "cmd_uid", "message"]);
    assert_eq!(last.param["cmd_uid"], "c-1");
    assert!((8.0..=10.0).contains(&last.param["runtime"].as_f64().unwrap()), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn progress_on_its_way_is_awaited_before_the_result_but_not_for_long() {
    for (takes, least, most) in [(2 * SECOND, 2 * SECOND, 3 * SECOND), (HOUR, 5 * SECOND, 6 * SECOND)] {
        let script = Script::new([measure("c-1")]).then(Kind::Progress, [Answer::Takes(takes)]);
        let script = run(script, &Web::taking(1)).await;
        let (progress, result) = (&script.of_kind(Kind::Progress)[0], &script.of_kind(Kind::Result)[0]);
        let between = result.at - progress.at;
        assert!(between >= least && between <= most, "{between:?}");
        assert_eq!(script.posted().iter().rposition(|posted| posted.kind == Kind::Progress), Some(2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_status_in_the_place_of_a_command_is_asked_after_with_pauses() {
    for answer in [
        says("ok", None),
        says("unexpected-event", Some("who are you?")),
        says("cancel", None),
        Answer::Says(json!({})),
        Answer::Says(json!({"cmd": "JUMP", "cmd_uid": "c-1", "param": {}})),
        Answer::Says(json!({"cmd": 5, "cmd_uid": "c-1"})),
        Answer::Says(Json::Null),
    ] {
        let script = Script::default().always(Kind::Next, answer.clone());
        let script = run_for(HOUR, script, &Web::default()).await;
        let questions = script.of_kind(Kind::Next).len();
        assert!((60..100).contains(&questions), "{answer:?}: {questions}");
        assert!(script.results().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_servo_that_is_not_known_any_more_asks_again_after_an_hour() {
    for kind in [Kind::Hello, Kind::Next, Kind::Result] {
        let script = Script::default()
            .then(kind, [Answer::Fails(Failure::Gone), Answer::Fails(Failure::Gone)])
            .then(Kind::Next, [Answer::Says(measure("c-1"))]);
        let script = run(script, &Web::default()).await;
        let asked = script.of_kind(kind);
        assert_eq!(asked.len(), 3, "{kind:?}");
        for (one, next) in asked.iter().zip(&asked[1..]) {
            assert!(next.at - one.at >= HOUR && next.at - one.at < HOUR + SECOND, "{kind:?}");
        }
        assert_eq!(script.results().len(), 1, "nothing is lost");
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_an_unknown_servo_is_ended_by_a_stop() {
    for kind in [Kind::Hello, Kind::Next, Kind::Result] {
        let script = Script::default()
            .always(kind, Answer::Fails(Failure::Gone))
            .then(Kind::Next, [Answer::Says(measure("c-1"))]);
        let script = script.always(Kind::Next, Answer::Fails(Failure::Gone));
        let began = tokio::time::Instant::now();
        run_for(600 * SECOND, script, &Web::default()).await;
        assert!(began.elapsed() < 605 * SECOND, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_says_how_long_to_wait() {
    for kind in [Kind::Hello, Kind::Next, Kind::Result] {
        let script =
            Script::default().then(kind, [Answer::Busy(120 * SECOND)]).then(Kind::Next, [Answer::Says(measure("c-1"))]);
        let script = run(script, &Web::default()).await;
        let asked = script.of_kind(kind);
        assert!(asked[1].at - asked[0].at >= 120 * SECOND, "{kind:?}");
    }
}
