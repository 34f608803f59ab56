//! What commands lead to, those that make no sense among them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use servox::optimizer::Failure;
use servox::runner::{RunError, Stop};

use crate::script::{Answer, Kind, Manner, Script, Web, adjust, describe, measure, run, run_for, runner, says};

const HOUR: Duration = Duration::from_secs(3_600);

fn state(cpu: &Json) -> Json {
    json!({"state": {"application": {"components": {"web": {"settings": {"cpu": cpu}}}}}})
}

#[tokio::test(start_paused = true)]
async fn a_command_that_makes_no_sense_is_answered_with_failed() {
    let mut commands = Vec::new();
    for (cmd, params) in [
        ("DESCRIBE", vec![json!([]), json!("all"), json!({"control": 5})]),
        ("MEASURE", vec![json!({}), json!({"metrics": 5}), json!({"metrics": [1], "control": {}})]),
        ("MEASURE", vec![json!({"metrics": ["a"], "control": {"duration": "long"}})]),
        (
            "ADJUST",
            vec![Json::Null, json!({}), json!({"state": []}), state(&json!({})), state(&json!({"value": null}))],
        ),
    ] {
        commands.extend(params.into_iter().map(|param| json!({"cmd": cmd, "param": param})));
    }
    // No `param` at all.
    commands.push(json!({"cmd": "ADJUST"}));
    for (at, command) in commands.iter_mut().enumerate() {
        command["cmd_uid"] = json!(at);
    }
    let web = Web::default();
    let script = run(Script::new(commands.clone()), &web).await;
    let results = script.results();
    assert_eq!(results.len(), commands.len());
    for (at, (command, result)) in commands.iter().zip(&results).enumerate() {
        assert_eq!((&result["status"], &result["cmd_uid"]), (&json!("failed"), &json!(at.to_string())), "{command}");
        let told = format!("the {} command cannot be read: ", command["cmd"].as_str().unwrap());
        assert!(result["message"].as_str().unwrap().starts_with(&told), "{result}");
    }
    assert_eq!(web.seen(), "attach startup shutdown detach", "no connector has seen any of it");
}

#[tokio::test(start_paused = true)]
async fn a_description_and_a_measurement_need_nothing() {
    for command in [json!({"cmd": "DESCRIBE"}), json!({"cmd": "MEASURE", "cmd_uid": null, "param": null})] {
        let script = run(Script::new([command]), &Web::default()).await;
        let result = &script.results()[0];
        assert_eq!((&result["status"], &result["cmd_uid"]), (&json!("ok"), &Json::Null));
        assert!(result.as_object().unwrap().contains_key("cmd_uid"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_makes_no_sense_and_comes_again_is_waited_after() {
    let script =
        Script::default().always(Kind::Next, Answer::Says(json!({"cmd": "ADJUST", "cmd_uid": "c", "param": {}})));
    let script = run_for(HOUR, script, &Web::default()).await;
    let results = script.results().len();
    assert!((60..100).contains(&results), "{results}");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_comes_again_gets_the_same_result_and_is_not_carried_out_again() {
    let web = Web::default();
    let script = run(Script::new([adjust("c-1", 2.0), adjust("c-1", 2.0), adjust("c-2", 3.0)]), &web).await;
    let results = script.results();
    assert_eq!(results[0], results[1]);
    assert_eq!(results[2]["cmd_uid"], "c-2");
    assert_eq!(web.seen(), "attach startup adjust adjust shutdown detach");

    let script = Script::default().always(Kind::Next, Answer::Says(adjust("c-1", 2.0)));
    let web = Web::default();
    let script = run_for(HOUR, script, &web).await;
    assert_eq!(web.seen(), "attach startup adjust shutdown detach");
    let results = script.results().len();
    assert!((60..100).contains(&results), "{results}");
}

#[tokio::test(start_paused = true)]
async fn what_only_looks_like_the_same_command_is_carried_out() {
    let without = |cpu| {
        let mut command = adjust("", cpu);
        command["cmd_uid"] = Json::Null;
        command
    };
    for commands in
        [[without(2.0), without(2.0)], [adjust("c-1", 2.0), adjust("c-1", 3.0)], [adjust("c-1", 2.0), describe("c-1")]]
    {
        let web = Web::default();
        let script = run(Script::new(commands.clone()), &web).await;
        assert_eq!(script.results().len(), 2);
        assert_eq!(web.seen().split(' ').count(), 6, "{commands:?}: {}", web.seen());
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_whose_result_was_not_accepted_is_carried_out_again() {
    for refusal in [says("invalid", Some("no metrics")), Answer::Fails(Failure::Lasting)] {
        let web = Web::default();
        let script = Script::new([measure("c-1"), measure("c-1")]).then(Kind::Result, [refusal.clone()]);
        let script = run(script, &web).await;
        assert_eq!(web.seen(), "attach startup measure measure shutdown detach", "{refusal:?}");
        assert_eq!(script.results().last().unwrap()["status"], "ok");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_is_delivered_once_an_outage_is_over() {
    // A week of it: pauses of a minute at the most.
    let outage = std::iter::repeat_n(Answer::Fails(Failure::Passing), 10_000);
    let web = Web::default();
    let script = run(Script::new([measure("c-1"), measure("c-2")]).then(Kind::Result, outage), &web).await;
    let posted = script.of_kind(Kind::Result);
    assert!(posted[10_000].at - posted[0].at > 120 * HOUR);
    assert!(posted[..10_001].iter().all(|one| one.param == posted[0].param), "it is the same result all the time");
    let uids: Vec<_> = script.results().into_iter().map(|result| result["cmd_uid"].clone()).collect();
    assert_eq!(uids, ["c-1", "c-2"]);
    assert_eq!(web.seen(), "attach startup measure measure shutdown detach");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_too_large_is_replaced_by_one_that_says_so() {
    let script = Script::new([measure("c-1"), measure("c-2")]).then(Kind::Result, [Answer::Fails(Failure::TooLarge)]);
    let script = run(script, &Web::default()).await;
    let results = script.results();
    assert_eq!(
        results[0],
        json!({"status": "failed", "message": "the result of MEASURE cannot be sent: TooLarge", "reason": "too-large", "cmd_uid": "c-1"})
    );
    assert_eq!(results[1]["status"], "ok");
    // Neither is taken.
    let script = Script::new([measure("c-1"), measure("c-2")])
        .then(Kind::Result, [Answer::Fails(Failure::TooLarge), Answer::Fails(Failure::TooLarge)]);
    let script = run(script, &Web::default()).await;
    assert_eq!(script.results().len(), 1, "the run goes on with the next");
}

#[tokio::test(start_paused = true)]
async fn values_that_json_has_no_word_for_are_left_out() {
    let web = Web::new(Manner { infinite: true, ..Manner::default() });
    let script = run(Script::new([measure("c-1"), describe("c-2")]), &web).await;
    let results = script.results();
    assert_eq!(results[0]["metrics"], json!({"throughput": {"unit": "rpm"}}));
    let cpu = &results[1]["descriptor"]["application"]["components"]["web"]["settings"]["cpu"];
    assert_eq!((&cpu["value"], &cpu["max"]), (&Json::Null, &json!(4.0)));
}

#[tokio::test(start_paused = true)]
async fn one_command_can_be_asked_for() {
    let script = Script::new([measure("c-1"), json!({"cmd": "SLEEP", "param": {"duration": 60}})])
        .then(Kind::Next, [says("unexpected-event", Some("say hello")), Answer::Fails(Failure::Passing)])
        .then(Kind::Result, [says("ok", None)]);
    let script = Arc::new(script);
    let runner = runner(&script, &Web::taking(5), &Stop::new());
    assert!(runner.exec_command().await.unwrap().is_ok());
    let began = tokio::time::Instant::now();
    assert!(runner.exec_command().await.unwrap().is_ok());
    assert!(began.elapsed() >= Duration::from_secs(60));
    let answer = runner.exec_command().await.unwrap();
    assert_eq!((answer.status.as_str(), answer.reason.as_deref()), ("unexpected-event", Some("say hello")));
    assert!(matches!(runner.exec_command().await, Err(RunError::Optimizer(error)) if error.is_passing()));
    assert_eq!(script.story(), "WHATS_NEXT MEASUREMENT WHATS_NEXT WHATS_NEXT WHATS_NEXT");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_one_command() {
    let (script, stop) = (Arc::new(Script::new([measure("c-1")])), Stop::new());
    let runner = runner(&script, &Web::taking(600), &stop);
    let (answer, ()) = tokio::join!(runner.exec_command(), async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        stop.request("SIGTERM");
    });
    assert!(answer.unwrap().is_ok(), "the result was taken");
    assert_eq!(script.results()[0]["status"], "cancelled");
    let answer = runner.exec_command().await.unwrap();
    assert_eq!(
        (answer.status.as_str(), answer.message.as_deref()),
        ("cancelled", Some("the servo was asked to stop: SIGTERM"))
    );
}
