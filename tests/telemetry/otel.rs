//! Spans at a collector. The variables are those of a process: each run is one.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use servox::optimizer::Commands;
use servox::optimizer::remote::RemoteOptimizer;
use servox::runner::{Runner, Stop};
use servox::telemetry::{export_traces, finish_traces};
use tokio::process::Command;

use crate::protobuf::{all, attributes, text};
use crate::service::{Service, ok, raw, with_token};
use crate::shop;

/// Variable: where the service is.
const SERVICE: &str = "TEST_SERVICE_URL";

#[derive(Debug)]
struct Span {
    trace: Vec<u8>,
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    attributes: HashMap<String, String>,
}

/// The spans of an `ExportTraceServiceRequest`, and the attributes of the resource.
fn spans(body: &[u8]) -> (Vec<Span>, HashMap<String, String>) {
    let (mut spans, mut resource) = (Vec::new(), HashMap::new());
    for of_resource in all(body, 1) {
        resource.extend(all(of_resource, 1).into_iter().flat_map(|resource| attributes(resource, 1)));
        for span in all(of_resource, 2).into_iter().flat_map(|of_scope| all(of_scope, 2)) {
            let bytes = |number| all(span, number).first().map(|bytes| bytes.to_vec()).unwrap_or_default();
            spans.push(Span {
                trace: bytes(1),
                id: bytes(2),
                parent: bytes(4),
                name: text(span, 5),
                attributes: attributes(span, 9).into_iter().collect(),
            });
        }
    }
    (spans, resource)
}

/// A run in a process of its own; gives what it wrote to stderr.
async fn run_with(variables: &[(&str, &str)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "otel::child", "--ignored", "--nocapture"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_") || name.ends_with("_PROXY")) {
        child.env_remove(name);
    }
    child.envs(variables.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = child.spawn().unwrap().wait_with_output();
    let output = tokio::time::timeout(Duration::from_secs(120), output).await.expect("it ends").unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    told
}

/// The run itself.
#[tokio::test]
#[ignore = "started by the others, with variables"]
async fn child() {
    let Ok(url) = std::env::var(SERVICE) else { return };
    log::set_logger(&Stderr).unwrap();
    log::set_max_level(log::LevelFilter::Debug);
    assert!(export_traces().unwrap());
    assert!(export_traces().unwrap(), "once is enough");
    let optimizer = Arc::new(RemoteOptimizer::new(&with_token(&url), &json!({})).unwrap());
    let stop = Stop::new();
    let runner = Runner::new(shop::servo(), optimizer, stop.clone());
    let mut activity = runner.activity();
    let run = tokio::spawn(async move { runner.run().await });
    let asleep = activity.wait_for(|now| now.command.as_ref().is_some_and(|command| command.cmd == Commands::Sleep));
    tokio::time::timeout(Duration::from_secs(60), asleep).await.unwrap().unwrap();
    stop.request("SIGTERM");
    run.await.unwrap().unwrap();
    finish_traces(Duration::from_secs(2));
}

/// Takes records as Python's logging does.
struct Stderr;

impl log::Log for Stderr {
    fn enabled(&self, about: &log::Metadata<'_>) -> bool {
        about.target().starts_with("servox")
    }

    fn log(&self, record: &log::Record<'_>) {
        eprintln!("{} {} {}", record.level(), record.target(), record.args());
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn a_collector_gets_the_spans_of_a_run() {
    let collector = Service::start(|_, _| ok()).await;
    let service = shop::service().await;
    let told = run_with(&[
        (SERVICE, &service.url),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
        ("OTEL_SERVICE_NAME", "shop-servo"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test"),
    ])
    .await;
    let seen = collector.seen();
    assert!(!seen.is_empty() && seen.iter().all(|request| request.path == "/v1/traces"), "{seen:?}");
    let mut all = Vec::new();
    for request in &seen {
        let (spans, resource) = spans(&request.body);
        assert_eq!(resource["service.name"], "shop-servo");
        assert_eq!(resource["deployment.environment"], "test");
        all.extend(spans);
    }
    let one = |name: &str, key: &str, value: &str| {
        let found: Vec<_> = all
            .iter()
            .filter(|span| span.name == name && span.attributes.get(key).is_some_and(|found| found == value))
            .collect();
        assert_eq!(found.len(), 1, "{name} of {key} {value} in {all:#?}");
        found[0]
    };
    let command = one("command", "cmd", "DESCRIBE");
    assert_eq!(command.attributes["servo"], "shop");
    assert_eq!(command.attributes["cmd_uid"], "uid-of-DESCRIBE");
    assert!(command.parent.is_empty());
    let event = one("event", "event", "describe");
    assert_eq!((&event.parent, &event.trace), (&command.id, &command.trace));
    let handler = one("handler", "event", "describe");
    assert_eq!((&handler.parent, &handler.trace), (&event.id, &event.trace));
    assert_eq!((&*handler.attributes["connector"], &*handler.attributes["preposition"]), ("web", "on"));
    let result = one("request", "event", "DESCRIPTION");
    assert_eq!(result.parent, command.id);
    assert_eq!((&*result.attributes["status"], &*result.attributes["tries"]), ("ok", "1"));
    let failing = all
        .iter()
        .find(|span| span.name == "request" && span.attributes.get("tries").is_some_and(|tries| tries == "2"));
    assert_eq!(failing.unwrap().attributes["event"], "WHATS_NEXT");

    // The service can tell its own spans from those around the request.
    let posted = service.seen().into_iter().find(|seen| seen.json()["event"] == "DESCRIPTION").unwrap();
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    assert_eq!(posted.header("traceparent"), format!("00-{}-{}-01", hex(&result.trace), hex(&result.id)));

    // Records go where they went before, and spans do not.
    assert!(told.contains("INFO servox::runner::start Servo started with 1 active connectors"), "{told}");
    assert!(!told.contains("servox::span"), "{told}");
}

#[tokio::test]
async fn a_collector_that_is_gone_holds_nothing_up() {
    let service = shop::service().await;
    let told = run_with(&[(SERVICE, &service.url), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")]).await;
    assert!(told.contains("WARN servox::telemetry::otel::courier spans do not reach the collector"), "{told}");
    assert_eq!(told.matches("spans do not reach").count(), 1, "{told}");
    assert_eq!(service.seen().last().unwrap().json()["event"], "GOODBYE");
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_nothing_up() {
    let service = shop::service().await;
    let silent = raw(|_stream| std::future::pending::<()>()).await;
    run_with(&[(SERVICE, &service.url), ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &format!("{silent}/v1/traces"))]).await;
    assert_eq!(service.seen().last().unwrap().json()["event"], "GOODBYE");
}
