//! The messages between a servo and its optimizer.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// What a message from the servo is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Event {
    #[serde(rename = "HELLO")]
    Hello,
    #[serde(rename = "WHATS_NEXT")]
    WhatsNext,
    #[serde(rename = "DESCRIPTION")]
    Description,
    #[serde(rename = "MEASUREMENT")]
    Measurement,
    #[serde(rename = "ADJUSTMENT")]
    Adjustment,
    #[serde(rename = "GOODBYE")]
    Goodbye,
}

impl Event {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "HELLO",
            Self::WhatsNext => "WHATS_NEXT",
            Self::Description => "DESCRIPTION",
            Self::Measurement => "MEASUREMENT",
            Self::Adjustment => "ADJUSTMENT",
            Self::Goodbye => "GOODBYE",
        }
    }
}

/// What an optimizer can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Commands {
    Describe,
    Measure,
    Adjust,
    Sleep,
}

impl Commands {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Describe => "DESCRIBE",
            Self::Measure => "MEASURE",
            Self::Adjust => "ADJUST",
            Self::Sleep => "SLEEP",
        }
    }

    /// The event that carries the result; `None` for a command without one.
    pub fn response_event(self) -> Option<Event> {
        match self {
            Self::Describe => Some(Event::Description),
            Self::Measure => Some(Event::Measurement),
            Self::Adjust => Some(Event::Adjustment),
            Self::Sleep => None,
        }
    }
}

impl fmt::Display for Commands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A message from the servo. All three keys are always on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What it is about.
    pub event: Event,
    /// Depends on the event.
    #[serde(default)]
    pub param: Json,
    /// The identity of the servo, where one is configured.
    #[serde(default)]
    pub servo_uid: Option<String>,
}

/// The answer to WHATS_NEXT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// What to do.
    pub cmd: Commands,
    /// Echoed with the result.
    #[serde(default, deserialize_with = "text_or_number", skip_serializing_if = "Option::is_none")]
    pub cmd_uid: Option<String>,
    /// Depends on the command.
    #[serde(default)]
    pub param: Json,
}

/// An identifier may come as a number.
fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<Json>::deserialize(deserializer)? {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}

/// The answer to every other message, and the `param` of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `ok`, `failed`, `rejected`, `aborted`, `cancelled`; from the optimizer `ok`, `invalid`, `unexpected-event`,
    /// `cancel`.
    pub status: String,
    /// For people.
    #[serde(default)]
    pub message: Option<String>,
    /// A short word for programs.
    #[serde(default)]
    pub reason: Option<String>,
    /// `descriptor`, `state`, `metrics`, `annotations`, `cmd_uid`.
    #[serde(flatten)]
    pub content: Map<String, Json>,
}

impl Status {
    /// A success with its content.
    pub fn ok(content: Map<String, Json>) -> Self {
        Self { status: "ok".into(), message: None, reason: Some("success".into()), content }
    }

    /// Accepted, without more to say.
    pub fn accepted() -> Self {
        Self { status: "ok".into(), message: None, reason: None, content: Map::new() }
    }

    /// Out of step: another event was expected.
    pub fn unexpected(reason: impl Into<String>) -> Self {
        Self { status: "unexpected-event".into(), message: None, reason: Some(reason.into()), content: Map::new() }
    }

    /// A failure.
    pub fn of_error(error: &crate::event::EventError) -> Self {
        let mut content = Map::new();
        if !error.others.is_empty() {
            content.insert("other_messages".into(), json!(error.others));
        }
        Self {
            status: error.status().into(),
            message: Some(error.message.clone()),
            reason: error.reason.clone(),
            content,
        }
    }

    /// Whether it reports a success.
    pub fn is_ok(&self) -> bool {
        self.status == "ok"
    }

    /// The identifier of the command it answers.
    pub fn cmd_uid(&self) -> Option<&str> {
        self.content.get("cmd_uid")?.as_str()
    }
}

/// An answer of the optimizer. What has a valid `cmd` is a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    /// To WHATS_NEXT.
    Command(Command),
    /// To everything else.
    Status(Status),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_told_apart() {
        let command: Reply = serde_json::from_str(r#"{"cmd": "DESCRIBE", "cmd_uid": 5, "param": {}, "x": 1}"#).unwrap();
        assert_eq!(
            command,
            Reply::Command(Command { cmd: Commands::Describe, cmd_uid: Some("5".into()), param: json!({}) })
        );
        let status: Reply = serde_json::from_str(r#"{"status": "ok", "message": "Welcome"}"#).unwrap();
        assert!(matches!(status, Reply::Status(status) if status.is_ok()));
        assert!(serde_json::from_str::<Reply>(r#"{"cmd": "JUMP"}"#).is_err());
    }

    #[test]
    fn a_request_has_all_its_keys() {
        let request = Request { event: Event::WhatsNext, param: Json::Null, servo_uid: None };
        assert_eq!(serde_json::to_string(&request).unwrap(), r#"{"event":"WHATS_NEXT","param":null,"servo_uid":null}"#);
    }
}
