//! What a handler is told beside its arguments.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::telemetry::counting;

/// How far a command has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The event at work.
    pub event: String,
    /// The connector that reports.
    pub connector: String,
    /// From 0 to 100.
    pub percent: f64,
    /// For people.
    pub message: String,
    /// The line of the log that it stands in, where there is one: optimizers are told that.
    pub line: Option<String>,
    /// When the command began.
    pub started_at: Instant,
}

/// Handed to every handler of one dispatch.
#[derive(Clone, Debug)]
pub struct Context {
    /// The name of the servo.
    pub servo: Arc<str>,
    /// The optimizer's identifier of the command, if it gave one.
    pub command_uid: Option<Arc<str>>,
    /// Set when the command is to end early. A handler that takes long waits for it beside its work.
    pub cancelled: CancellationToken,
    connector: Arc<str>,
    event: Arc<str>,
    started_at: Instant,
    progress: watch::Sender<Option<Progress>>,
}

impl Context {
    /// The context of a dispatch for that servo.
    pub fn new(servo: impl Into<Arc<str>>) -> Self {
        Self {
            servo: servo.into(),
            command_uid: None,
            cancelled: CancellationToken::new(),
            connector: "".into(),
            event: "".into(),
            started_at: Instant::now(),
            progress: watch::Sender::new(None),
        }
    }

    /// The same context with reports of progress going to that channel: the newest wins.
    #[must_use]
    pub fn reporting_to(mut self, progress: watch::Sender<Option<Progress>>) -> Self {
        self.progress = progress;
        self
    }

    /// The same context for one responder and event.
    #[must_use]
    pub(crate) fn for_responder(&self, connector: &str, event: &str) -> Self {
        Self { connector: connector.into(), event: event.into(), ..self.clone() }
    }

    /// The connector whose handler runs.
    pub fn connector(&self) -> &str {
        &self.connector
    }

    /// Reports how far the command has come, from 0 to 100. Never waits.
    pub fn report(&self, percent: f64, message: impl Into<String>) {
        self.report_line(percent, message.into(), None);
    }

    /// The same, with the line of the log.
    pub(crate) fn report_line(&self, percent: f64, message: String, line: Option<String>) {
        if counting() {
            metrics::counter!("servo_progress_total", "outcome" => "reported").increment(1);
        }
        self.progress.send_replace(Some(Progress {
            event: self.event.to_string(),
            connector: self.connector.to_string(),
            percent: percent.clamp(0.0, 100.0),
            message,
            line,
            started_at: self.started_at,
        }));
    }
}
