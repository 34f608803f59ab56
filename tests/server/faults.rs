//! Requests that are wrong, large, slow, many, or at the wrong time.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use serde_json::{Value as Json, json};
use servox::optimizer::local::{
    Assignment, Sampler, SamplerError, SamplerFactory, SamplerKind, SamplerRequest, Space, Trial,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::place::{LONG, Place, TOKEN, client, description, drive, local};

const BEARER: (&str, &str) = ("authorization", "Bearer t0ken");

#[tokio::test]
async fn what_is_no_message_is_told() {
    let place = Place::of_one().await;
    for body in
        ["", "{", "[]", "null", r#"{"event": "JUMP", "param": null}"#, r#"{"param": {}}"#, "\u{0}", r#"{"event": 5}"#]
    {
        let (status, _, answer) = place.send("example.com/app", &[BEARER], body).await;
        let detail = serde_json::from_str::<Json>(&answer).unwrap()["detail"].as_str().unwrap().to_owned();
        assert_eq!(status, 400, "{body}: {detail}");
        assert!(detail.contains("expected a JSON object"), "{body}: {detail}");
    }
    let (status, _, _) = place.send("example.com/app", &[BEARER, ("content-encoding", "gzip")], "{}").await;
    assert_eq!(status, 415);
    for (path, expected) in [("/", 404), ("/accounts/example.com", 404), (&*Place::path("example.com/app"), 405)] {
        let (status, body) = place.get(path).await;
        assert_eq!(status, expected, "{path}");
        assert!(serde_json::from_str::<Json>(&body).unwrap()["detail"].is_string(), "{path}: {body}");
    }
    assert_eq!(drive(&place, "example.com/app").await.0, 1, "nothing of it did any harm");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_a_large_one_is_not() {
    let place = Place::of_one().await;
    let announced = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 80000000\r\n\r\n",
        Place::path("example.com/app")
    );
    assert!(place.raw(&announced).await.starts_with("HTTP/1.1 413 "), "it is refused before it comes");
    let chunk = Bytes::from(vec![b' '; 1 << 20]);
    let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
    let url = format!("{}{}", place.url, Place::path("example.com/app"));
    let sent = client().post(url).header(BEARER.0, BEARER.1).body(reqwest::Body::wrap(
        http_body_util::StreamBody::new(futures::StreamExt::map(endless, |chunk| chunk.map(hyper::body::Frame::data))),
    ));
    // The connection may be closed while the rest is still being sent.
    match sent.send().await {
        Ok(answer) => assert_eq!(answer.status().as_u16(), 413),
        Err(error) => assert!(!error.is_timeout(), "{error}"),
    }
    let large = format!(r#"{{"event": "HELLO", "param": {{"agent": "{}"}}}}"#, "x".repeat(5 << 20));
    let (status, _, body) = place.send("example.com/app", &[BEARER], large).await;
    assert_eq!((status, body.as_str()), (200, r#"{"status":"ok"}"#));
}

#[tokio::test]
async fn slow_ones_and_those_who_leave_do_no_harm() {
    let place = Place::of_one().await;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100\r\n\r\n",
        Place::path("example.com/app")
    );
    let mut left = Vec::new();
    for text in ["", "P", &head[..40], &*head, &format!("{head}{{\"event\"")] {
        for _ in 0..40 {
            let mut stream = TcpStream::connect(place.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            left.push(stream);
        }
    }
    assert_eq!(drive(&place, "example.com/app").await.0, 1, "others are served meanwhile");
    // A body that does not go on for ten seconds is given up.
    let answer = place.raw(&head).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer}");
    drop(left);
    assert_eq!(place.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn what_is_out_of_step_changes_nothing_and_ends_no_servo() {
    let place = Place::of_one().await;
    let id = "example.com/app";
    let stale = json!({"status": "ok", "cmd_uid": "of-another-server", "metrics": {}});
    let (status, answer) = place.post(id, "MEASUREMENT", stale.clone()).await;
    let reason = "Out of order event \"MEASUREMENT\", expected \"WHATS_NEXT\"; ignoring";
    assert_eq!((status, answer), (200, json!({"status": "unexpected-event", "reason": reason})));
    let (_, command) = place.post(id, "WHATS_NEXT", Json::Null).await;
    assert_eq!(place.post(id, "MEASUREMENT", stale).await.1["status"], "unexpected-event");
    // Anything but ok in answer to progress ends ServoX.
    for event in ["DESCRIPTION", "MEASUREMENT", "ADJUSTMENT"] {
        for uid in [json!("of-another-server"), command["cmd_uid"].clone(), Json::Null] {
            let (_, answer) = place.post(id, event, json!({"progress": 5.0, "runtime": 1.0, "cmd_uid": uid})).await;
            assert_eq!(answer, json!({"status": "ok"}));
        }
    }
    assert_eq!(place.post(id, "WHATS_NEXT", Json::Null).await.1, command, "it is given again");
    // What is no number comes in words that JSON does not know.
    let uid = command["cmd_uid"].as_str().unwrap();
    assert_eq!(place.post(id, "DESCRIPTION", description(uid, 8)).await.1, json!({"status": "ok"}));
    let (_, command) = place.post(id, "WHATS_NEXT", Json::Null).await;
    let uid = command["cmd_uid"].as_str().unwrap();
    let measured = format!(
        r#"{{"event": "MEASUREMENT", "servo_uid": null, "param": {{"status": "ok", "cmd_uid": "{uid}", "annotations": {{}},
            "metrics": {{"cost": {{"unit": "", "values": [{{"id": "1", "data": [[1, NaN], [2, 8.0], [3, Infinity]]}}]}}}}}}}}"#
    );
    assert_eq!(place.send(id, &[BEARER], measured).await.2, r#"{"status":"ok"}"#);
    assert_eq!(place.post(id, "WHATS_NEXT", Json::Null).await.1["cmd"], "ADJUST", "the baseline is known");
}

#[tokio::test]
async fn a_study_that_cannot_go_on_says_why_by_a_sleep() {
    let place = Place::of_one().await;
    let id = "example.com/app";
    let (_, command) = place.post(id, "WHATS_NEXT", Json::Null).await;
    let mut without = description(command["cmd_uid"].as_str().unwrap(), 8);
    without["descriptor"]["measurement"]["metrics"] = json!({"other": {"unit": ""}});
    let (status, answer) = place.post(id, "DESCRIPTION", without).await;
    assert_eq!((status, &answer["status"]), (200, &json!("invalid")));
    let (_, command) = place.post(id, "WHATS_NEXT", Json::Null).await;
    assert_eq!((&command["cmd"], &command["param"]["duration"]), (&json!("SLEEP"), &json!(60)));
    let reason = command["param"]["data"]["reason"].as_str().unwrap();
    assert!(reason.contains("cost"), "{reason}");
    // A servo that is started again may describe what was missing.
    assert_eq!(place.post(id, "HELLO", json!({"agent": "test"})).await.1, json!({"status": "ok"}));
    assert_eq!(drive(&place, id).await.0, 1);
}

#[tokio::test]
async fn a_storage_that_is_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let application = json!({"token": TOKEN, "local": local(3)});
    let config = crate::place::config(folder.path(), json!({"example.com/app": application}));
    let place = Place::around(crate::place::bind(&config).await.unwrap(), CancellationToken::new());
    std::fs::write(folder.path().join("optimizer.db"), vec![7; 5_000]).unwrap();
    let (status, body) = place.get("/readyz").await;
    assert_eq!((status, body.contains("the storage cannot be used")), (503, true), "{body}");
    assert_eq!(place.get("/healthz").await.0, 200);
    let (status, command) = place.post("example.com/app", "WHATS_NEXT", Json::Null).await;
    assert_eq!(
        (status, &command["cmd"], &command["param"]["data"]["status"]),
        (200, &json!("SLEEP"), &json!("failed"))
    );
}

/// Thinks until it is let go.
struct Thinking(Arc<Mutex<mpsc::Receiver<()>>>);

impl Sampler for Thinking {
    fn name(&self) -> &'static str {
        "thinking"
    }

    fn ask(&mut self, _: &Space, _: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        let _ = self.0.lock().unwrap().recv_timeout(LONG);
        Ok(None)
    }

    fn approaches(&self) -> bool {
        false
    }
}

impl SamplerFactory for Thinking {
    fn check(&self, _: SamplerKind) -> Result<(), SamplerError> {
        Ok(())
    }

    fn create(&self, request: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError> {
        match request.kind {
            SamplerKind::Grid => servox::optimizer::local::NativeSamplers.create(request),
            _ => Ok(Box::new(Self(self.0.clone()))),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_that_thinks_for_long_holds_nobody_up() {
    let (let_go, thinks) = mpsc::channel();
    let mut slow = local(3);
    slow["sampler"] = json!("tpe");
    let applications = json!({
        "example.com/slow": {"token": TOKEN, "local": slow},
        "example.com/quick": {"token": TOKEN, "local": local(3)},
    });
    let place = Arc::new(Place::with(applications, Arc::new(Thinking(Arc::new(Mutex::new(thinks))))).await);
    let id = "example.com/slow";
    for (event, make) in [
        ("DESCRIPTION", description as fn(&str, i64) -> Json),
        (
            "MEASUREMENT",
            |uid, cost| json!({"status": "ok", "cmd_uid": uid, "metrics": {"cost": {"unit": "", "value": cost}}, "annotations": {}}),
        ),
    ] {
        let (_, command) = place.post(id, "WHATS_NEXT", Json::Null).await;
        let uid = command["cmd_uid"].as_str().unwrap();
        assert_eq!(place.post(id, event, make(uid, 8)).await.1, json!({"status": "ok"}));
    }
    let asking = tokio::spawn({
        let place = place.clone();
        async move { place.post(id, "WHATS_NEXT", Json::Null).await }
    });
    assert_eq!(drive(&place, "example.com/quick").await.0, 1, "another application is served");
    let (status, command) = asking.await.unwrap();
    assert_eq!((status, &command["cmd"]), (200, &json!("SLEEP")), "who asks gets a command, never a status");
    assert_eq!(command["param"], json!({"duration": 5, "data": {"reason": "the next command is being prepared"}}));
    assert_eq!(place.post(id, "MEASUREMENT", json!({"progress": 3})).await.1, json!({"status": "ok"}));
    let_go.send(()).unwrap();
    let answered = async {
        while place.post(id, "WHATS_NEXT", Json::Null).await.1 == command {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LONG, answered).await.expect("the strategy has answered");
}

#[tokio::test]
async fn it_ends_in_order() {
    let place = Place::of_one().await;
    // Half a request: it may be completed within the grace.
    let mut under_way = TcpStream::connect(place.address).await.unwrap();
    let body = r#"{"event": "HELLO", "param": null, "servo_uid": null}"#;
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {}\r\n\r\n",
        Place::path("example.com/app"),
        body.len()
    );
    under_way.write_all(head.as_bytes()).await.unwrap();
    under_way.write_all(&body.as_bytes()[..10]).await.unwrap();
    assert_eq!(place.get("/healthz").await.0, 200, "by then the first request is being read");
    let idle = TcpStream::connect(place.address).await.unwrap();
    place.stop.cancel();
    let refused = async {
        while TcpStream::connect(place.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LONG, refused).await.expect("no more connections are taken");
    under_way.write_all(&body.as_bytes()[10..]).await.unwrap();
    let mut answer = String::new();
    under_way.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
    tokio::time::timeout(LONG, place.ended).await.expect("it ends").unwrap();
    drop(idle);
}
