//! One log record.

use std::borrow::Cow;
use std::fmt::{self, Debug, Write};
use std::sync::Arc;
use std::time::SystemTime;

use tracing::field::{Field, Visit};

use super::Number;
use crate::telemetry::spans::SUCCESS;

/// Bytes of a message; what is behind them is cut off.
const LONGEST: usize = 64 << 10;

/// What was logged.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// When.
    pub time: SystemTime,
    /// How grave it is.
    pub level: Number,
    /// The module that logged it, such as `servox::runner::poll`.
    pub module: Cow<'static, str>,
    /// Its file, as the compiler knows it.
    pub file: Option<Cow<'static, str>>,
    /// The line there; 0 where it is not known.
    pub line: u32,
    /// The text, with the fields behind it that are not of the scope.
    pub message: String,
    /// What it is about.
    pub scope: Scope,
}

/// What a record is about, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The name of the servo.
    pub servo: Option<Arc<str>>,
    /// The name of the connector.
    pub connector: Option<Arc<str>>,
    /// The event at work, such as `measure` or `before:adjust`.
    pub event: Option<Arc<str>>,
    /// The identifier of the command.
    pub command_uid: Option<Arc<str>>,
}

impl Scope {
    /// Takes over what is not known here; an event is the connector's that handles it.
    pub(super) fn fill(&mut self, outer: &Self) {
        let fill = |mine: &mut Option<Arc<str>>, theirs: &Option<Arc<str>>| {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        };
        fill(&mut self.servo, &outer.servo);
        fill(&mut self.connector, &outer.connector);
        fill(&mut self.event, &outer.event);
        fill(&mut self.command_uid, &outer.command_uid);
    }

    /// Where a field of that name belongs, if it belongs here.
    fn place(&mut self, name: &str) -> Option<&mut Option<Arc<str>>> {
        Some(match name {
            "servo" => &mut self.servo,
            "connector" => &mut self.connector,
            "event" => &mut self.event,
            "cmd_uid" => &mut self.command_uid,
            _ => return None,
        })
    }
}

/// Reads the fields of a span.
#[derive(Default)]
pub(super) struct SpanFields {
    pub scope: Scope,
    preposition: Option<String>,
}

impl SpanFields {
    /// What the span is about.
    pub fn scope(mut self) -> Scope {
        if let (Some(preposition), Some(event)) = (&self.preposition, &self.scope.event)
            && preposition != "on"
        {
            self.scope.event = Some(format!("{preposition}:{event}").into());
        }
        self.scope
    }
}

impl Visit for SpanFields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}");
        self.record_str(field, &text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "preposition" {
            self.preposition = Some(value.to_owned());
        } else if let Some(place) = self.scope.place(field.name()) {
            *place = Some(value.into());
        }
    }
}

/// Reads the fields of a record.
#[derive(Default)]
pub(super) struct RecordFields {
    pub scope: Scope,
    message: Text,
    others: Text,
}

impl RecordFields {
    /// The text of the record.
    pub fn message(self) -> String {
        let Text { mut text, more } = self.message;
        if more > 0 {
            // Writing to a String does not fail.
            let _ = write!(text, "… ({more} bytes more)");
        }
        if !text.is_empty() && !self.others.text.is_empty() {
            text.push(' ');
        }
        text + &self.others.text
    }
}

impl Visit for RecordFields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else if field.name() == SUCCESS {
        } else if let Some(place) = self.scope.place(field.name()) {
            *place = Some(format!("{value:?}").into());
        } else {
            let gap = if self.others.text.is_empty() { "" } else { " " };
            let _ = write!(self.others, "{gap}{}={value:?}", field.name());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            let _ = self.message.write_str(value);
        } else if let Some(place) = self.scope.place(field.name()) {
            *place = Some(value.into());
        } else {
            self.record_debug(field, &value);
        }
    }
}

/// A text that is as long as a record may be.
#[derive(Default)]
pub(super) struct Text {
    text: String,
    more: usize,
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = LONGEST.saturating_sub(self.text.len());
        let fits = if self.more > 0 { 0 } else { room.min(part.len()) };
        let fits = (0..=fits).rev().find(|at| part.is_char_boundary(*at)).unwrap_or_default();
        self.text.push_str(&part[..fits]);
        self.more += part.len() - fits;
        Ok(())
    }
}

impl From<fmt::Arguments<'_>> for RecordFields {
    fn from(text: fmt::Arguments<'_>) -> Self {
        let mut fields = Self::default();
        let _ = write!(fields.message, "{text}");
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_off_between_characters() {
        let fields = RecordFields::from(format_args!("{}{}", "x".repeat(LONGEST - 1), "äöü".repeat(1_000)));
        let message = fields.message();
        assert!(message.ends_with("x… (6000 bytes more)"), "{}", &message[message.len() - 40..]);
        let fields = RecordFields::from(format_args!("{}", "x".repeat(LONGEST)));
        assert_eq!(fields.message().len(), LONGEST);
    }

    #[test]
    fn what_is_nearer_counts() {
        let mut scope = Scope { servo: None, connector: Some("load".into()), event: None, command_uid: None };
        scope.fill(&Scope {
            servo: Some("shop".into()),
            connector: Some("other".into()),
            event: Some("measure".into()),
            command_uid: Some("c-1".into()),
        });
        let expected = ["shop", "load", "measure", "c-1"].map(|text| Some(Arc::from(text)));
        assert_eq!([scope.servo, scope.connector, scope.event, scope.command_uid], expected);
    }
}
