//! Reads one command of an optimizer, and carries it out.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use serde_json::{Map, Value as Json};

use super::Servo;
use super::assembly::text_of;
use crate::event::{Context, ErrorKind, EventError};
use crate::model::{Adjustment, Control, Duration};
use crate::optimizer::{Command, Commands, Status};
use crate::telemetry::spans::success;

/// How long SLEEP sleeps that does not say how long.
const SLEEP: Duration = Duration::from_secs(120);
/// The least that SLEEP sleeps: whoever has nothing to ask is not asked again at once.
const LEAST_SLEEP: Duration = Duration::from_micros(100_000);
/// The most that SLEEP sleeps: a servo is not sent away for good by a slip of the pen.
const MOST_SLEEP: Duration = Duration::from_secs(24 * 3_600);

/// A command that was read.
#[derive(Debug, PartialEq)]
pub(super) enum Task {
    Describe { control: Control },
    Measure { metrics: Vec<String>, control: Control },
    Adjust { adjustments: Vec<Adjustment>, control: Control },
    Sleep(Sleep),
}

/// How long SLEEP asks to sleep, and why.
#[derive(Debug, PartialEq)]
pub(super) struct Sleep {
    pub duration: Duration,
    pub reason: String,
}

impl Task {
    /// What a command asks for; the error says what is wrong with it. What can be done without is not missed.
    pub fn read(command: &Command) -> Result<Self, EventError> {
        let Command { cmd, param, .. } = command;
        if !matches!(param, Json::Null | Json::Object(_)) && *cmd != Commands::Sleep {
            return Err(unreadable(*cmd, "expected an object as its param"));
        }
        Ok(match cmd {
            Commands::Describe => Self::Describe { control: control_of(*cmd, param)? },
            Commands::Measure => Self::Measure { metrics: metrics_of(param)?, control: control_of(*cmd, param)? },
            Commands::Adjust => {
                let adjustments = Adjustment::from_wire(param).map_err(|error| unreadable(*cmd, &error.to_string()))?;
                Self::Adjust { adjustments, control: control_of(*cmd, param)? }
            }
            Commands::Sleep => Self::Sleep(Sleep::of(param)),
        })
    }

    /// How long it takes by what it asks for.
    pub fn asked_time(&self) -> std::time::Duration {
        match self {
            Self::Describe { control } | Self::Measure { control, .. } | Self::Adjust { control, .. } => {
                (control.warmup + control.duration + control.delay + control.settlement.unwrap_or_default()).to_std()
            }
            Self::Sleep(sleep) => sleep.duration.to_std(),
        }
    }

    /// The event that connectors answer.
    pub fn event(&self) -> &'static str {
        match self {
            Self::Describe { .. } => "describe",
            Self::Measure { .. } => "measure",
            Self::Adjust { .. } => "adjust",
            Self::Sleep(_) => "",
        }
    }
}

impl Sleep {
    /// Two minutes unless the command says how long; within bounds, whatever it says.
    fn of(param: &Json) -> Self {
        let asked = param.get("duration").and_then(|value| serde_json::from_value::<Duration>(value.clone()).ok());
        let duration = asked.filter(|asked| *asked >= Duration::ZERO).unwrap_or(SLEEP).clamp(LEAST_SLEEP, MOST_SLEEP);
        let said = |at: &str| param.pointer(at).and_then(Json::as_str);
        let reason = said("/data/reason").unwrap_or("unknown reason");
        let reason = said("/data/status").map_or_else(|| reason.to_owned(), |status| format!("{status}: {reason}"));
        Self { duration, reason }
    }
}

/// Metrics come as a list of names, or as an object whose keys are the names.
fn metrics_of(param: &Json) -> Result<Vec<String>, EventError> {
    let wrong =
        || unreadable(Commands::Measure, "expected 'metrics' as a list of names, or as an object whose keys they are");
    match param.get("metrics") {
        // Nothing was said: all of them.
        None if param.is_null() => Ok(Vec::new()),
        Some(Json::Array(names)) => {
            names.iter().map(|name| name.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(Json::Object(metrics)) => Ok(metrics.keys().cloned().collect()),
        _ => Err(wrong()),
    }
}

fn control_of(cmd: Commands, param: &Json) -> Result<Control, EventError> {
    match param.get("control") {
        None | Some(Json::Null) => Ok(Control::default()),
        Some(control @ Json::Object(_)) => {
            serde_json::from_value(control.clone()).map_err(|error| unreadable(cmd, &format!("its control: {error}")))
        }
        Some(_) => Err(unreadable(cmd, "expected an object as its control")),
    }
}

fn unreadable(cmd: Commands, why: &str) -> EventError {
    EventError::failed(format!("the {cmd} command cannot be read: {why}")).with_reason("invalid-command")
}

/// The result of a task as the status that is posted, without its `cmd_uid`. Whatever goes wrong is a status.
pub(super) async fn carry_out(servo: &Servo, task: Task, scope: &Context) -> Status {
    let event = task.event();
    // The executor has caught what handlers do; nothing of this future is used afterwards.
    let content = AssertUnwindSafe(content_of(servo, task, scope)).catch_unwind().await;
    let content = content.unwrap_or_else(|panic| {
        let message = format!("the engine panicked in '{event}', a defect: {}", text_of(&*panic));
        Err(EventError::failed(message).with_reason("panic"))
    });
    content.map_or_else(
        |error| {
            if error.kind == ErrorKind::Cancelled {
                tracing::info!(servo = servo.name(), "{event} was cancelled: {error}");
            } else {
                tracing::error!(servo = servo.name(), "{event} failed: {error}");
            }
            Status::of_error(&error)
        },
        Status::ok,
    )
}

async fn content_of(servo: &Servo, task: Task, scope: &Context) -> Result<Map<String, Json>, EventError> {
    let mut content = Map::new();
    match task {
        Task::Describe { control } => {
            let description = servo.describe(control, scope).await?;
            success!(
                servo = servo.name(),
                "Described: {} components, {} metrics",
                description.components.len(),
                description.metrics.len()
            );
            content.insert("descriptor".into(), description.wire());
        }
        Task::Measure { metrics, control } => {
            let measurement = servo.measure(metrics, control, scope).await?;
            success!(
                servo = servo.name(),
                "Measured: {} readings, {} annotations",
                measurement.readings.len(),
                measurement.annotations.len()
            );
            let (metrics, annotations) = measurement.wire(jiff::Timestamp::now());
            content.insert("metrics".into(), Json::Object(metrics));
            content.insert("annotations".into(), Json::Object(annotations));
        }
        Task::Adjust { adjustments, control } => {
            let state = servo.adjust(adjustments, control, scope).await?;
            success!(
                servo = servo.name(),
                "Adjusted: {} components, {} settings",
                state.components.len(),
                state.settings().count()
            );
            content.insert("state".into(), state.wire());
        }
        Task::Sleep(_) => {}
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(cmd: Commands, param: Json) -> Result<Task, EventError> {
        Task::read(&Command { cmd, cmd_uid: None, param })
    }

    fn sleep(param: &Json) -> (Duration, String) {
        let Ok(Task::Sleep(sleep)) = read(Commands::Sleep, param.clone()) else { panic!("{param}") };
        (sleep.duration, sleep.reason)
    }

    #[test]
    fn a_sleep_is_bounded_and_needs_nothing() {
        let told = json!({"duration": "1m", "data": {"status": "idle", "reason": "no pipeline"}});
        assert_eq!(sleep(&told), (Duration::from_secs(60), "idle: no pipeline".into()));
        for (param, duration) in [
            (Json::Null, SLEEP),
            (json!([]), SLEEP),
            (json!({"duration": null}), SLEEP),
            (json!({"duration": "soon", "data": 5}), SLEEP),
            (json!({"duration": -5}), SLEEP),
            (json!({"duration": "-5m"}), SLEEP),
            (json!({"duration": f64::NAN}), SLEEP),
            (json!({"duration": 1e300}), SLEEP),
            (json!({"duration": 0}), LEAST_SLEEP),
            (json!({"duration": u64::MAX}), MOST_SLEEP),
            (json!({"duration": "9000y"}), MOST_SLEEP),
        ] {
            assert_eq!(sleep(&param), (duration, "unknown reason".into()), "{param}");
        }
    }

    #[test]
    fn what_can_be_done_without_is_not_missed() {
        let control = Control::default();
        for param in [json!(null), json!({}), json!({"control": null}), json!({"control": {}, "metrics": 5})] {
            assert_eq!(read(Commands::Describe, param), Ok(Task::Describe { control: control.clone() }));
        }
        let task = read(Commands::Measure, json!(null));
        assert_eq!(task, Ok(Task::Measure { metrics: vec![], control: control.clone() }));
        for metrics in [json!(["a", "b"]), json!({"a": {"unit": "rpm"}, "b": null})] {
            let task = read(Commands::Measure, json!({"metrics": metrics}));
            let metrics = vec!["a".into(), "b".into()];
            assert_eq!(task, Ok(Task::Measure { metrics, control: control.clone() }));
        }
        let (adjustments, control) = (vec![Adjustment::new("web", "cpu", 2)], control);
        let task = read(Commands::Adjust, Adjustment::wire(&adjustments));
        assert_eq!(task, Ok(Task::Adjust { adjustments, control }));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        let state =
            |value: Json| json!({"state": {"application": {"components": {"web": {"settings": {"cpu": value}}}}}});
        for (cmd, param, told) in [
            (Commands::Describe, json!([]), "expected an object as its param"),
            (Commands::Describe, json!({"control": [1]}), "expected an object as its control"),
            (Commands::Measure, json!({}), "expected 'metrics' as a list of names"),
            (Commands::Measure, json!({"metrics": null}), "expected 'metrics' as a list of names"),
            (Commands::Measure, json!([["a"], {}]), "expected an object as its param"),
            (Commands::Measure, json!({"metrics": "a"}), "expected 'metrics' as a list of names"),
            (Commands::Measure, json!({"metrics": [5]}), "expected 'metrics' as a list of names"),
            (Commands::Measure, json!({"metrics": [], "control": {"duration": "long"}}), "its control: "),
            (Commands::Measure, json!({"metrics": [], "control": {"past": 1, "delay": 2}}), "must be equal"),
            (Commands::Adjust, json!({}), "no state.application.components"),
            (Commands::Adjust, state(json!(null)), "no web.cpu.value: expected a number or a text"),
            (Commands::Adjust, state(json!({"value": null})), "no web.cpu.value: expected a number or a text"),
            (Commands::Adjust, state(json!({"value": [1]})), "no web.cpu.value: expected a number or a text"),
        ] {
            let error = read(cmd, param.clone()).unwrap_err();
            assert!(error.message.starts_with(&format!("the {cmd} command cannot be read: ")), "{error}");
            assert!(error.message.contains(told), "{param}: {error}");
            assert_eq!(error.reason.as_deref(), Some("invalid-command"));
        }
    }
}
