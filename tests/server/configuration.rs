//! What a server is made from, and what it refuses.

use serde_json::{Value as Json, json};
use servox::optimizer::local::NativeSamplers;
use servox::optimizer::server::ServerError;

use crate::place::{TOKEN, bind, config, local, read};

fn problems(config: &Json) -> Vec<String> {
    read(config, &NativeSamplers).unwrap_err()
}

#[test]
fn everything_wrong_is_told_at_once_and_no_token_with_it() {
    let found = problems(&json!({
        "listn": "127.0.0.1:8080",
        "storage": 5,
        "applications": {
            "example.com/app": {"token": 12345, "local": {"sampler": "grid", "goal": {"objective": "minimize", "metrc": "cost"}}},
            "example.com/b": {"token": "t", "local": {"storage": "sqlite:///own.db", "budget": {"trials": 0}}},
        },
    }));
    for (path, part) in [
        ("listn", "unknown key"),
        ("storage", "expected the text of a storage URL"),
        ("applications.example.com/app.token", "quote it"),
        ("applications.example.com/app.local.goal.metrc", "unknown key"),
        ("applications.example.com/b.local.storage", "the storage of the server keeps all studies"),
        ("applications.example.com/b.local.budget.trials", "at least 1"),
    ] {
        let told = found.iter().find(|problem| problem.starts_with(&format!("{path}: ")));
        assert!(told.is_some_and(|problem| problem.contains(part)), "{path}: {part} is not in {found:#?}");
    }
    assert_eq!(found.len(), 6, "{found:#?}");
    assert!(!found.concat().contains("12345"));
}

#[test]
fn values_that_do_not_go_together_are_told() {
    let mut study = local(3);
    study["study"] = json!("example.com/one");
    let mut tpe = local(3);
    tpe["sampler"] = json!("tpe");
    let mut goalless = local(3);
    goalless.as_object_mut().unwrap().remove("goal");
    let found = problems(&json!({
        "listen": "8080",
        "storage": "mysql://host/db",
        "applications": {
            "example.com/one": {"token": TOKEN, "local": local(3)},
            "example.com/two": {"token": TOKEN, "local": study},
            "exa/three": {"token": TOKEN, "token_env": "X", "local": local(3)},
            "four five": {"local": local(3)},
            "six": {"token": "two words", "local": tpe},
            "seven": {"token_env": "SERVO_TEST_NOT_SET", "local": goalless},
            "eight": {"token_file": "/nowhere/token", "local": local(3)},
        },
    }));
    for (path, part) in [
        ("listen", "a host and a port"),
        ("storage", "expected"),
        ("applications.example.com/two.local.study", "the study of two applications"),
        ("applications.exa/three", "5 to 50 letters"),
        ("applications.exa/three.token_env", "found token and token_env"),
        ("applications.four five", "identifier of an optimizer"),
        ("applications.four five.token_file", "found none of them"),
        ("applications.six.token", "without spaces"),
        ("applications.six.local.sampler", "servox-rs[local]"),
        ("applications.seven.token_env", "SERVO_TEST_NOT_SET"),
        ("applications.seven.local", "'goal' is missing"),
        ("applications.eight.token_file", "/nowhere/token"),
    ] {
        let told = found.iter().find(|problem| problem.starts_with(&format!("{path}: ")));
        assert!(told.is_some_and(|problem| problem.contains(part)), "{path}: {part} is not in {found:#?}");
    }
    assert_eq!(found.len(), 12, "{found:#?}");
}

#[tokio::test]
async fn plain_http_that_others_can_reach_is_refused_unless_it_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), json!({"example.com/app": {"token": TOKEN, "local": local(3)}}));
    config["listen"] = json!("0.0.0.0:0");
    let error = bind(&config).await.unwrap_err();
    assert!(matches!(&error, ServerError::Listen(text) if text.contains("insecure: true")), "{error}");
    config["insecure"] = json!(true);
    assert!(bind(&config).await.is_ok());
    config["listen"] = json!("localhost:0");
    config["insecure"] = json!(false);
    let server = bind(&config).await.unwrap();
    config["listen"] = json!(server.address().to_string());
    assert!(matches!(bind(&config).await.unwrap_err(), ServerError::Listen(_)), "another server has the address");
    config["listen"] = json!("127.0.0.1:0");
    config["storage"] = json!(format!("sqlite:///{}", folder.path().join("no/such/folder/x.db").display()));
    assert!(matches!(bind(&config).await.unwrap_err(), ServerError::Storage(_)));
}

#[test]
fn no_secret_is_shown() {
    let applications = json!({"example.com/app": {"token": TOKEN, "local": local(3)}});
    let config = json!({"storage": "postgresql://me:hunter2@host/db", "applications": applications});
    let server = read(&config, &NativeSamplers).unwrap();
    let shown = format!("{server:?} {}", server.storage_url().unwrap());
    assert!(shown.contains("example.com/app") && shown.contains("me@host"), "{shown}");
    assert!(!shown.contains(TOKEN) && !shown.contains("hunter2"), "{shown}");
}
