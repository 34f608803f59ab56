//! Many applications at once, servos that come and go, and what stays.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};
use servox::optimizer::local::NativeSamplers;
use servox::optimizer::server::Server;
use tokio_util::sync::CancellationToken;

use crate::place::{Place, TOKEN, bind, config, drive, local, read};

fn many(count: usize, trials: u32) -> Json {
    let one = |at: usize| (format!("example.com/app-{at}"), json!({"token": TOKEN, "local": local(trials)}));
    Json::Object((0..count).map(one).collect::<Map<_, _>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_studies_go_on_side_by_side() {
    let place = Arc::new(Place::of(many(100, 1)).await);
    let studies = (0..100).map(|at| {
        let place = place.clone();
        tokio::spawn(async move { drive(&place, &format!("example.com/app-{at}")).await })
    });
    for study in studies.collect::<Vec<_>>() {
        // The baseline, one beside it, and the verification of both.
        assert_eq!(study.await.unwrap(), (1, 4));
    }
    assert_eq!(place.get("/readyz").await, (200, r#"{"status":"ok"}"#.to_owned()));
    let (_, metrics) = place.get("/metrics").await;
    for line in ["# TYPE servo_server_requests_total counter", "servo_server_commands_total{command=\"MEASURE\"}"] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains("app-7"), "no label tells of a single application");
}

#[tokio::test]
async fn a_thousand_applications_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), many(1_000, 40));
    let server = bind(&config).await.unwrap();
    assert_eq!(server.applications(), 1_000);
}

#[tokio::test]
async fn a_servo_goes_on_with_the_next_server_without_a_greeting() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), json!({"example.com/app": {"token": TOKEN, "local": local(4)}}));
    let id = "example.com/app";
    let start = async || {
        let server = Server::bind(read(&config, &NativeSamplers).unwrap(), Arc::new(NativeSamplers)).await.unwrap();
        Place::around(server, CancellationToken::new())
    };
    let first = start().await;
    assert_eq!(first.post(id, "HELLO", json!({"agent": "test"})).await.0, 200);
    let (_, command) = first.post(id, "WHATS_NEXT", Json::Null).await;
    let uid = command["cmd_uid"].as_str().unwrap();
    first.post(id, "DESCRIPTION", crate::place::description(uid, 8)).await;
    let (_, command) = first.post(id, "WHATS_NEXT", Json::Null).await;
    assert_eq!(command["cmd"], "MEASURE");
    first.end().await;

    let second = start().await;
    let late = json!({"status": "ok", "cmd_uid": command["cmd_uid"], "metrics": {"cost": {"unit": "", "value": 1}}});
    assert_eq!(second.post(id, "MEASUREMENT", late).await.1["status"], "unexpected-event");
    assert_eq!(second.post(id, "WHATS_NEXT", Json::Null).await.1["cmd"], "DESCRIBE");
    assert_eq!(drive(&second, id).await.0, 1);
    second.end().await;
}

#[tokio::test]
async fn who_greets_last_drives_the_application() {
    let place = Place::of_one().await;
    let id = "example.com/app";
    let hello = json!({"agent": "test"});
    place.post_as(Some("one"), id, "HELLO", hello.clone()).await;
    assert_eq!(place.post_as(Some("one"), id, "WHATS_NEXT", Json::Null).await.1["cmd"], "DESCRIBE");
    // A check of the connection is no greeting.
    place.post_as(Some("two"), id, "HELLO", Json::Null).await;
    assert_eq!(place.post_as(Some("one"), id, "WHATS_NEXT", Json::Null).await.1["cmd"], "DESCRIBE");
    place.post_as(Some("two"), id, "HELLO", hello).await;
    let (_, command) = place.post_as(Some("one"), id, "WHATS_NEXT", Json::Null).await;
    assert_eq!((&command["cmd"], &command["param"]["data"]["status"]), (&json!("SLEEP"), &json!("conflict")));
    let result = json!({"status": "ok", "cmd_uid": "x"});
    assert_eq!(place.post_as(Some("one"), id, "DESCRIPTION", result).await.1["status"], "unexpected-event");
    let (_, command) = place.post_as(Some("two"), id, "WHATS_NEXT", Json::Null).await;
    assert_eq!(command["cmd"], "DESCRIBE");
    // The farewell of the other one changes nothing; its own makes room.
    place.post_as(Some("one"), id, "GOODBYE", json!({"reason": "SIGTERM"})).await;
    assert_eq!(place.post_as(Some("two"), id, "WHATS_NEXT", Json::Null).await.1, command);
    place.post_as(Some("two"), id, "GOODBYE", json!({"reason": "SIGTERM"})).await;
    assert_eq!(place.post_as(Some("one"), id, "WHATS_NEXT", Json::Null).await.1["cmd"], "DESCRIBE");
}

#[tokio::test]
async fn a_servo_that_is_started_again_begins_with_a_description() {
    let place = Place::of_one().await;
    let id = "example.com/app";
    let (_, command) = place.post(id, "WHATS_NEXT", Json::Null).await;
    let uid = command["cmd_uid"].as_str().unwrap();
    place.post(id, "DESCRIPTION", crate::place::description(uid, 8)).await;
    assert_eq!(place.post(id, "WHATS_NEXT", Json::Null).await.1["cmd"], "MEASURE");
    place.post(id, "HELLO", json!({"agent": "test"})).await;
    assert_eq!(place.post(id, "WHATS_NEXT", Json::Null).await.1["cmd"], "DESCRIBE", "nobody knows where it stands");
    assert_eq!(drive(&place, id).await.0, 1);
    assert_eq!(place.post(id, "WHATS_NEXT", Json::Null).await.1["cmd"], "SLEEP", "the study stays finished");
}
