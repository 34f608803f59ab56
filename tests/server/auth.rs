//! Who may speak for an application.

use serde_json::{Value as Json, json};

use crate::place::{Place, TOKEN, local};

const ASK: &str = r#"{"event": "WHATS_NEXT", "param": null, "servo_uid": null}"#;

#[tokio::test]
async fn a_token_opens_its_own_application_only() {
    let place = Place::of(json!({
        "example.com/app": {"token": TOKEN, "local": local(3)},
        "example.com/other": {"token": "other", "local": local(3)},
        "opt-1": {"token": "one", "local": local(3)},
    }))
    .await;
    for (id, header, value) in [
        ("example.com/app", "authorization", "Bearer t0ken"),
        ("example.com/app", "authorization", "bearer  t0ken"),
        ("example.com/app", "x-sf-token", "t0ken"),
        ("opt-1", "authorization", "Bearer one"),
    ] {
        let (status, _, body) = place.send(id, &[(header, value)], ASK).await;
        assert_eq!(status, 200, "{id} {value}: {body}");
        assert_eq!(serde_json::from_str::<Json>(&body).unwrap()["cmd"], "DESCRIBE");
    }
    let mut refused = Vec::new();
    for (id, header, value) in [
        ("example.com/app", "authorization", "Bearer other"),
        ("example.com/app", "authorization", "Basic t0ken"),
        ("example.com/app", "authorization", "t0ken"),
        ("example.com/app", "authorization", "Bearer "),
        ("example.com/app", "x-sf-token", "t0ke"),
        ("example.com/app", "accept", "*/*"),
        ("example.com/unknown", "authorization", "Bearer t0ken"),
        ("example.com%2Fapp", "authorization", "Bearer t0ken"),
        ("opt-2", "x-sf-token", "one"),
    ] {
        let (status, headers, body) = place.send(id, &[(header, value)], ASK).await;
        assert_eq!((status, headers["www-authenticate"].to_str().unwrap()), (401, "Bearer"), "{id} {header}");
        assert_eq!(headers["content-type"], "application/json");
        refused.push(body);
    }
    refused.dedup();
    assert_eq!(refused.len(), 1, "an unknown application is answered as a wrong token: {refused:?}");
    assert!(serde_json::from_str::<Json>(&refused[0]).unwrap()["detail"].is_string());
}

#[tokio::test]
async fn a_token_may_be_changed_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "first\n").unwrap();
    let place = Place::of(json!({"example.com/app": {"token_file": file, "local": local(3)}})).await;
    let accepted = async |token: &str| {
        let header = format!("Bearer {token}");
        place.send("example.com/app", &[("authorization", &header)], ASK).await.0 == 200
    };
    assert!(accepted("first").await && !accepted("second").await);
    std::fs::write(&file, "second\n").unwrap();
    let changed = async {
        while !accepted("second").await {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(crate::place::LONG, changed).await.expect("the new token is accepted");
    assert!(!accepted("first").await);
}
