//! A servo with one connector, and a service that gives it commands.

use async_trait::async_trait;
use axum::response::IntoResponse;
use serde_json::{Value as Json, json};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, ErrorKind, EventError};
use servox::model::{Component, Control, Description, Measurement};
use servox::runner::Servo;

use crate::service::{Service, ok, status_of};

/// Describes a component, and cannot measure.
pub struct Shop;

#[async_trait]
impl Connector for Shop {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["describe", "measure"])
    }

    async fn describe(&self, _control: &Control, context: &Context) -> Result<Description, EventError> {
        context.report(100.0, "done");
        // Another task has its turn: spans must hold across it.
        tokio::task::yield_now().await;
        Ok(Description {
            components: vec![Component { name: "web".into(), settings: Vec::new() }],
            metrics: Vec::new(),
        })
    }

    async fn measure(&self, _: &[String], _: &Control, _: &Context) -> Result<Measurement, EventError> {
        Err(EventError::new(ErrorKind::Aborted, "too slow").with_reason("slo-violation"))
    }
}

pub fn servo() -> Servo {
    Servo::builder("shop").connector("web", Shop).build()
}

/// A service that asks to describe, to measure, and to sleep, and fails once.
pub async fn service() -> Service {
    Service::start(|number, seen| {
        let message = seen.json();
        match message["event"].as_str() {
            _ if number == 1 => status_of(503),
            Some("WHATS_NEXT") if number < 3 => command("DESCRIBE", &json!({})),
            Some("WHATS_NEXT") if number < 6 => {
                command("MEASURE", &json!({"metrics": ["throughput"], "control": {"duration": 0}}))
            }
            Some("WHATS_NEXT") => command("SLEEP", &json!({"duration": 600, "data": {}})),
            _ => ok(),
        }
    })
    .await
}

fn command(cmd: &str, param: &Json) -> axum::response::Response {
    axum::Json(json!({"cmd": cmd, "cmd_uid": format!("uid-of-{cmd}"), "param": param})).into_response()
}
