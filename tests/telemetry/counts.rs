//! What is counted of a run.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use servox::optimizer::Commands;
use servox::optimizer::remote::RemoteOptimizer;
use servox::runner::{Runner, Stop};
use servox::telemetry::{Metrics, Readiness, servos_of_process};

use crate::service::with_token;
use crate::shop;

#[tokio::test]
async fn a_run_is_counted() {
    let metrics = Metrics::install();
    let ready = servos_of_process(1);
    assert_eq!(ready.census().trouble().as_deref(), Some("1 of 1 servos have not started yet"));
    let service = shop::service().await;
    let optimizer = Arc::new(RemoteOptimizer::new(&with_token(&service.url), &json!({})).unwrap());
    let stop = Stop::new();
    let runner = Runner::new(shop::servo(), optimizer, stop.clone());
    let mut activity = runner.activity();
    let run = tokio::spawn(async move { runner.run().await });
    let asleep = activity.wait_for(|now| now.command.as_ref().is_some_and(|command| command.cmd == Commands::Sleep));
    tokio::time::timeout(Duration::from_secs(60), asleep).await.unwrap().unwrap();
    assert_eq!(ready.census().trouble(), None);
    assert_eq!(ready.census().running, 1);
    stop.request("SIGTERM");
    run.await.unwrap().unwrap();
    assert_eq!((ready.census().running, ready.census().finished), (0, 1));

    let text = metrics.render();
    for line in [
        r#"servo_commands_total{command="DESCRIBE",status="ok"} 1"#,
        r#"servo_commands_total{command="MEASURE",status="aborted"} 1"#,
        r#"servo_commands_total{command="SLEEP",status="ok"} 1"#,
        r#"servo_command_duration_seconds_count{command="DESCRIBE"} 1"#,
        r#"servo_events_total{event="describe",outcome="ok"} 1"#,
        r#"servo_events_total{event="measure",outcome="aborted"} 1"#,
        r#"servo_handler_duration_seconds_count{event="describe",connector="Shop"} 1"#,
        r#"servo_optimizer_requests_total{event="HELLO",outcome="ok"} 1"#,
        r#"servo_optimizer_requests_total{event="WHATS_NEXT",outcome="5xx"} 1"#,
        r#"servo_optimizer_requests_total{event="WHATS_NEXT",outcome="ok"} 3"#,
        r#"servo_optimizer_retries_total{event="WHATS_NEXT"} 1"#,
        r#"servo_optimizer_request_duration_seconds_count{event="WHATS_NEXT"} 4"#,
        r#"servo_progress_total{outcome="reported"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("uid-of"), "no identifiers: {text}");
}
