//! `wait`: takes no measurement, but the time of one.
//!
//! For applications that are measured by something outside of the servo.

use std::time::Duration as Span;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use tokio::time::Instant;

use crate::connector::{Configurable, Connector, Maturity, Metadata, Subscriptions};
use crate::event::{Context, ErrorKind, EventError};
use crate::model::{Control, Description, Duration, Measurement};

/// How often progress is reported, and how often it is logged.
const REPORT: Span = Span::from_secs(1);
const LOG: Span = Span::from_secs(60);

/// Whether measurements take their time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitConfiguration {
    /// A remark for people.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether a measurement waits for its warm-up, duration and delay; otherwise it ends at once. `yes`, `on`, `1` and
    /// their opposites are understood as well.
    #[serde(deserialize_with = "flag")]
    #[schemars(schema_with = "flag_schema")]
    pub measure_enabled: bool,
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected true or false")]
    enum Written {
        Bool(bool),
        Int(i64),
        Text(String),
    }
    let text = match Written::deserialize(deserializer)? {
        Written::Bool(flag) => return Ok(flag),
        Written::Int(number) => number.to_string(),
        Written::Text(text) => text.to_lowercase(),
    };
    match text.as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err(serde::de::Error::custom(format!("expected true or false, found '{text}'"))),
    }
}

fn flag_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": ["boolean", "integer", "string"] })
}

/// Takes no measurement, but the time of one.
pub struct WaitConnector {
    measure_enabled: bool,
}

impl Configurable for WaitConnector {
    type Config = WaitConfiguration;

    const METADATA: Metadata = Metadata {
        name: "wait",
        class_name: "WaitConnector",
        description: "Waits while something else measures",
        version: "0.1.0",
        maturity: Maturity::Stable,
    };

    fn new(_name: &str, config: WaitConfiguration) -> Result<Self, String> {
        Ok(Self { measure_enabled: config.measure_enabled })
    }
}

#[async_trait]
impl Connector for WaitConnector {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["describe", "measure"])
    }

    async fn describe(&self, _control: &Control, _context: &Context) -> Result<Description, EventError> {
        Ok(Description::default())
    }

    async fn measure(
        &self,
        _metrics: &[String],
        control: &Control,
        context: &Context,
    ) -> Result<Measurement, EventError> {
        let whole = control.warmup + control.duration + control.delay;
        if self.measure_enabled && whole > Duration::ZERO {
            tokio::select! {
                biased;
                () = context.cancelled.cancelled() => {
                    return Err(EventError::new(ErrorKind::Cancelled, "the measurement was cancelled while it waited"));
                }
                () = wait(whole, context) => {}
            }
        }
        Ok(Measurement::default())
    }
}

async fn wait(whole: Duration, context: &Context) {
    let what = format!("Waiting for {whole} for external measurement to complete");
    tracing::info!("{what}");
    let begin = Instant::now();
    let mut logged = Span::ZERO;
    loop {
        let elapsed = begin.elapsed();
        let rest = whole.to_std().saturating_sub(elapsed);
        if rest.is_zero() {
            return;
        }
        tokio::time::sleep(rest.min(REPORT)).await;
        let elapsed = begin.elapsed();
        let percent = (100.0 * elapsed.as_secs_f64() / whole.as_secs_f64()).min(100.0);
        let shown = Duration::from_secs(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX));
        let line = format!("{what} ({percent:.2}% complete, {shown} elapsed)");
        if elapsed.saturating_sub(logged) >= LOG {
            logged = elapsed;
            tracing::info!("{line}");
        }
        context.report(percent, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::ConnectorType;
    use crate::event::{Answer, Call, Options, Progress, dispatch};
    use serde_json::json;
    use tokio::sync::watch;

    async fn measure(enabled: serde_json::Value, context: &Context) -> Result<Vec<Answer>, EventError> {
        let connector =
            ConnectorType::of::<WaitConnector>().build("wait", json!({ "measure_enabled": enabled })).unwrap();
        let control = serde_json::from_value(json!({"duration": "90s", "warmup": "10s", "delay": "0.5s"})).unwrap();
        let call = Call::Measure { metrics: vec!["any".into()], control };
        let dispatched = dispatch(&[connector], &call, &Options::default(), context).await?;
        Ok(dispatched.outcomes().into_iter().map(|outcome| outcome.result.unwrap()).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_measurement_is_waited_for_and_no_longer() {
        let (progress, seen) = watch::channel::<Option<Progress>>(None);
        let context = Context::new("test").reporting_to(progress);
        let begin = Instant::now();
        let answers = measure(json!(true), &context).await.unwrap();
        assert_eq!(answers, [Answer::Measurement(Measurement::default())]);
        let elapsed = begin.elapsed();
        assert!(elapsed >= Span::from_millis(100_500) && elapsed < Span::from_millis(101_500), "{elapsed:?}");
        let last = seen.borrow().clone().unwrap();
        assert_eq!(last.percent, 100.0);
        assert!(last.message.starts_with("Waiting for 1m40.5s for external measurement to complete (100.00%"));
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_waited_for_when_disabled() {
        let begin = Instant::now();
        measure(json!("no"), &Context::new("test")).await.unwrap();
        assert_eq!(begin.elapsed(), Span::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_ends_at_once() {
        let context = Context::new("test");
        let token = context.cancelled.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Span::from_secs(5)).await;
            token.cancel();
        });
        let begin = Instant::now();
        assert_eq!(measure(json!(1), &context).await.unwrap_err().kind, ErrorKind::Cancelled);
        assert!(begin.elapsed() < Span::from_secs(6));
    }

    #[test]
    fn the_flag_is_required_and_a_flag() {
        let kind = ConnectorType::of::<WaitConnector>();
        assert!(kind.validate(&json!({"measure_enabled": "Yes"})).is_empty());
        for config in [json!({}), json!({"measure_enabled": "perhaps"}), json!({"measure_enabled": true, "x": 1})] {
            assert_eq!(kind.validate(&config).len(), 1, "{config}");
        }
    }
}
