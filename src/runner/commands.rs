//! Carries out one command of an optimizer.

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::Servo;
use crate::event::{Context, EventError};
use crate::model::{Adjustment, Control, Duration};
use crate::optimizer::{Command, Commands, Status};

/// The `param` of MEASURE. Metrics come as a list of names or as an object whose keys are the names.
#[derive(Deserialize)]
struct MeasureParam {
    #[serde(default)]
    metrics: Names,
    #[serde(default)]
    control: Option<Control>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    List(Vec<String>),
    Object(Map<String, Json>),
}

impl Default for Names {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// How long SLEEP asks to sleep, and why.
#[derive(Debug, PartialEq)]
pub(super) struct Sleep {
    pub duration: Duration,
    pub reason: String,
}

impl Sleep {
    /// Two minutes unless the command says otherwise; a missing `data` is harmless.
    pub fn of(command: &Command) -> Self {
        let duration = command
            .param
            .get("duration")
            .and_then(|value| serde_json::from_value(value.clone()).ok())
            .unwrap_or(Duration::from_secs(120));
        let reason = command.param.pointer("/data/reason").and_then(Json::as_str).unwrap_or("unknown reason");
        Self { duration, reason: reason.to_owned() }
    }
}

/// The result of a command as the status that is posted, without its `cmd_uid`.
pub(super) async fn carry_out(servo: &Servo, command: &Command, scope: &Context) -> Status {
    match content_of(servo, command, scope).await {
        Ok(content) => Status::ok(content),
        Err(error) => {
            tracing::error!(servo = servo.name(), "{} failed: {error}", command.cmd);
            Status::of_error(&error)
        }
    }
}

async fn content_of(servo: &Servo, command: &Command, scope: &Context) -> Result<Map<String, Json>, EventError> {
    let mut content = Map::new();
    match command.cmd {
        Commands::Describe => {
            let description = servo.describe(control_of(&command.param)?, scope).await?;
            tracing::info!(
                servo = servo.name(),
                "Described: {} components, {} metrics",
                description.components.len(),
                description.metrics.len()
            );
            content.insert("descriptor".into(), description.wire());
        }
        Commands::Measure => {
            let param: MeasureParam = match &command.param {
                Json::Null => MeasureParam { metrics: Names::default(), control: None },
                param => serde_json::from_value(param.clone())
                    .map_err(|error| EventError::failed(format!("the MEASURE command cannot be read: {error}")))?,
            };
            let metrics = match param.metrics {
                Names::List(names) => names,
                Names::Object(object) => object.into_iter().map(|(name, _)| name).collect(),
            };
            let measurement = servo.measure(metrics, param.control.unwrap_or_default(), scope).await?;
            tracing::info!(
                servo = servo.name(),
                "Measured: {} readings, {} annotations",
                measurement.readings.len(),
                measurement.annotations.len()
            );
            let (metrics, annotations) = measurement.wire(jiff::Timestamp::now());
            content.insert("metrics".into(), Json::Object(metrics));
            content.insert("annotations".into(), Json::Object(annotations));
        }
        Commands::Adjust => {
            let adjustments =
                Adjustment::from_wire(&command.param).map_err(|error| EventError::failed(error.to_string()))?;
            let state = servo.adjust(adjustments, control_of(&command.param)?, scope).await?;
            tracing::info!(
                servo = servo.name(),
                "Adjusted: {} components, {} settings",
                state.components.len(),
                state.settings().count()
            );
            content.insert("state".into(), state.wire());
        }
        Commands::Sleep => {}
    }
    Ok(content)
}

/// How long a command takes by what it asks for.
pub(super) fn asked_time(param: &Json) -> std::time::Duration {
    // One that cannot be read fails at once.
    let control = control_of(param).unwrap_or_default();
    (control.warmup + control.duration + control.delay + control.settlement.unwrap_or_default()).to_std()
}

fn control_of(param: &Json) -> Result<Control, EventError> {
    match param.get("control") {
        None | Some(Json::Null) => Ok(Control::default()),
        Some(control) => serde_json::from_value(control.clone())
            .map_err(|error| EventError::failed(format!("the control of the command cannot be read: {error}"))),
    }
}

/// The `param` of a progress message.
pub(super) fn progress_param(progress: &crate::event::Progress, cmd_uid: Option<&str>) -> Json {
    json!({
        "progress": progress.percent,
        "runtime": progress.started_at.elapsed().as_secs_f64(),
        "cmd_uid": cmd_uid,
        "message": progress.message,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_without_data_is_harmless() {
        let command = |param| Command { cmd: Commands::Sleep, cmd_uid: None, param };
        let sleep = Sleep::of(&command(json!({"duration": "1m", "data": {"reason": "idle"}})));
        assert_eq!(sleep, Sleep { duration: Duration::from_secs(60), reason: "idle".into() });
        assert_eq!(Sleep::of(&command(Json::Null)).duration, Duration::from_secs(120));
    }
}
