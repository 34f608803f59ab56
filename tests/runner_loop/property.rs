//! Whatever an optimizer says, in whichever order: the loop goes on, does not spin, and gives every command one result.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use servox::optimizer::Failure;

use crate::script::{Answer, Kind, Script, Web, adjust, describe, measure, run, says};

/// What is said to WHATS_NEXT; the number makes identifiers.
#[derive(Clone, Debug)]
enum Next {
    Describe,
    Measure,
    Adjust,
    Sleep(Json),
    /// A command that makes no sense, but has an identifier.
    Wrong(&'static str, Json),
    /// No command.
    Other(Answer),
}

fn failure() -> impl Strategy<Value = Answer> {
    // At the end of an hour, a servo that is not known any more is known again.
    prop_oneof![
        4 => Just(Answer::Fails(Failure::Passing)),
        1 => Just(Answer::Fails(Failure::Gone)),
        1 => (0_u64..5_000).prop_map(|seconds| Answer::Busy(Duration::from_secs(seconds))),
    ]
}

fn status() -> impl Strategy<Value = Answer> {
    let words = ["ok", "invalid", "unexpected-event", "cancel", "failed", "", "splendid"];
    let reasons = [None, Some("unexpected cmd_uid"), Some("why not")];
    (prop::sample::select(words.to_vec()), prop::sample::select(reasons.to_vec()))
        .prop_map(|(status, reason)| says(status, reason))
}

fn nonsense() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,8}".prop_map(Json::from),
    ];
    let key =
        prop::sample::select(vec!["status", "cmd", "cmd_uid", "param", "reason", "metrics", "control", "state", "x"]);
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 0..4).prop_map(|pairs| Json::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

/// Nonsense that is no command by chance.
fn no_command() -> impl Strategy<Value = Answer> {
    nonsense().prop_filter("a command", |value| value.get("cmd").is_none()).prop_map(Answer::Says)
}

fn next() -> impl Strategy<Value = Next> {
    prop_oneof![
        2 => Just(Next::Describe),
        3 => Just(Next::Measure),
        3 => Just(Next::Adjust),
        1 => nonsense().prop_map(Next::Sleep),
        1 => nonsense().prop_map(|duration| Next::Sleep(json!({"duration": duration, "data": null}))),
        1 => nonsense()
            .prop_filter("fine", |param| !matches!(param, Json::Null | Json::Object(_)))
            .prop_map(|param| Next::Wrong("DESCRIBE", param)),
        1 => nonsense()
            .prop_filter("fine", |param| !param.is_null() && !matches!(param.get("metrics"), Some(Json::Array(_) | Json::Object(_))))
            .prop_map(|param| Next::Wrong("MEASURE", param)),
        1 => nonsense()
            .prop_filter("fine", |param| param.pointer("/state/application").is_none())
            .prop_map(|param| Next::Wrong("ADJUST", param)),
        1 => status().prop_map(Next::Other),
        1 => failure().prop_map(Next::Other),
        1 => no_command().prop_map(Next::Other),
        1 => Just(Next::Other(Answer::Says(json!({"cmd": "JUMP", "cmd_uid": "x"})))),
    ]
}

fn to_progress() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(says("ok", None)),
        2 => status(),
        1 => failure(),
        1 => Just(Answer::Fails(Failure::Lasting)),
        1 => no_command(),
        1 => (0_u64..20).prop_map(|seconds| Answer::Takes(Duration::from_secs(seconds))),
    ]
}

fn to_result() -> impl Strategy<Value = Answer> {
    prop_oneof![6 => Just(says("ok", None)), 2 => status(), 2 => failure(), 1 => Just(Answer::Says(describe("early")))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_loop_survives_whatever_is_said_to_it(
        commands in prop::collection::vec(next(), 0..25),
        progress in prop::collection::vec(to_progress(), 0..40),
        results in prop::collection::vec(to_result(), 0..25),
        hello in prop::collection::vec(failure(), 0..3),
        takes in 0_u64..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (mut wanted, mut odd) = (Vec::new(), 0);
        let asked: Vec<_> = commands.into_iter().enumerate().map(|(at, next)| {
            let uid = at.to_string();
            odd += i32::from(matches!(next, Next::Wrong(..) | Next::Other(_)));
            let command = match next {
                Next::Describe => describe(&uid),
                Next::Measure => measure(&uid),
                Next::Adjust => adjust(&uid, 1.0),
                Next::Sleep(param) => return Answer::Says(json!({"cmd": "SLEEP", "cmd_uid": uid, "param": param})),
                Next::Wrong(cmd, param) => json!({"cmd": cmd, "cmd_uid": uid, "param": param}),
                Next::Other(answer) => return answer,
            };
            wanted.push(uid);
            Answer::Says(command)
        }).collect();
        let script = Script::default()
            .then(Kind::Next, asked)
            .then(Kind::Progress, progress)
            .then(Kind::Result, results)
            .then(Kind::Hello, hello);
        let (script, elapsed) = runtime.block_on(async {
            let (began, web) = (tokio::time::Instant::now(), Web::taking(takes));
            // A sleep may last a day, an unknown servo rests for an hour: far less than this in all.
            let script = tokio::time::timeout(Duration::from_secs(100 * 24 * 3_600), run(script, &web));
            (script.await.expect("the run ends with its script"), began.elapsed())
        });

        // Every command has one result, but those that ended with the servo out of step.
        let lost: Vec<_> = script.of_kind(Kind::Goodbye).into_iter().filter(|one| one.param["reason"] == "restarting").collect();
        let mut given: Vec<_> = script.results().iter().map(|result| result["cmd_uid"].as_str().unwrap().to_owned()).collect();
        prop_assert_eq!(given.len() + lost.len(), wanted.len());
        given.dedup();
        prop_assert_eq!(given.len() + lost.len(), wanted.len(), "no result twice");
        prop_assert!(given.iter().all(|uid| wanted.contains(uid)));
        for result in script.results() {
            let status = result["status"].as_str().unwrap();
            prop_assert!(["ok", "failed", "cancelled"].contains(&status), "{}", result);
        }

        // Nothing comes after the result of its command but what is next.
        let posted = script.posted();
        for pair in posted.windows(2) {
            prop_assert!(!(pair[0].kind == Kind::Result && pair[0].taken && pair[1].kind == Kind::Progress));
        }

        // What made no sense is waited after, each time.
        prop_assert!(elapsed.as_secs_f64() >= 0.37 * f64::from(odd), "{:?} for {}", elapsed, odd);

        // Beside two messages for a command, and one a second for its progress, nothing comes without a pause.
        let waits = elapsed.as_secs_f64() / 0.09;
        prop_assert!(posted.len() as f64 <= 10.0 + 2.0 * (wanted.len() + lost.len()) as f64 + waits);
    }
}
