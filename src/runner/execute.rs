//! EXECUTE: the handlers of one command, beside its progress.

use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::commands::{Task, carry_out};
use super::progress::Word;
use super::run::{Runner, step};
use super::stop::Overdue;
use crate::event::{ErrorKind, EventError};
use crate::optimizer::{Command, Status};

/// How long handlers may take to end once the optimizer does not want their command any more.
const WRAP_UP: Duration = Duration::from_secs(30);
/// How long a report of progress on its way may hold up the result that it is not to come after.
const FLUSH: Duration = Duration::from_secs(5);

/// What came of the handlers.
#[derive(Debug, PartialEq)]
pub(super) enum Executed {
    /// What is to be posted.
    Result(Status),
    /// The optimizer expects something else, and no result.
    OutOfStep(String),
}

impl Runner {
    /// Carries out a command while its progress is posted; what the optimizer says to that may end it.
    ///
    /// Dropped at any `.await`, its handlers are dropped as well: those in Python are cancelled, and no report of theirs is
    /// posted any more.
    pub(super) async fn execute(&self, command: &Command, task: Task) -> Executed {
        self.show(Some(command));
        let mut context = self.servo.context();
        context.command_uid = command.cmd_uid.as_deref().map(Into::into);
        context.cancelled = self.stop.token().child_token();
        let cancelled = context.cancelled.clone();
        let limit = self.patience.saturating_add(task.asked_time());
        // Subscribed before the work begins: its first report counts.
        let over = CancellationToken::new();
        match &task {
            Task::Describe { .. } => step!(self, "Describing..."),
            Task::Measure { metrics, .. } => step!(self, "Measuring... [metrics={}]", metrics.join(", ")),
            Task::Adjust { adjustments, .. } => {
                let told: Vec<_> = adjustments.iter().map(ToString::to_string).collect();
                step!(self, "Adjusting... [{}]", told.join(", "));
            }
            Task::Sleep(_) => {}
        }
        let progress = self.report_progress(command, task.event(), self.servo.progress(), over.clone());
        let work = carry_out(&self.servo, task, &context);
        tokio::pin!(work, progress);
        let ended = tokio::select! {
            biased;
            status = &mut work => Ok(status),
            said = &mut progress => Err(End::Told(said)),
            () = self.stop.requested() => Err(End::Stopped),
            () = tokio::time::sleep(limit) => Err(End::Hangs),
        };
        over.cancel();
        // The handlers know: their token is cancelled. What does not end by itself is dropped. A run that ends has to post
        // the result as well.
        if ended.is_err() {
            cancelled.cancel();
        }
        let part = || self.grace().command * 3 / 4;
        let result = match ended {
            Ok(status) => status,
            // Said once the work is over, which it is not.
            Err(End::Told(Word::Accepted)) => {
                let left = self.stop.bound(work, part, None).await;
                return Executed::Result(left.unwrap_or_else(|_| late(command)));
            }
            Err(End::Told(Word::Cancel(message))) => {
                tracing::error!(servo = self.servo.name(), "optimizer has cancelled operation in progress: {message}");
                let left = self.stop.bound(work, part, Some(WRAP_UP)).await;
                return Executed::Result(cancelled_as_told(message, left));
            }
            Err(End::Told(Word::OutOfStep(why))) => {
                if self.stop.bound(work, part, Some(WRAP_UP)).await.is_err() {
                    tracing::warn!(servo = self.servo.name(), "{} did not end in time and was dropped", command.cmd);
                }
                return Executed::OutOfStep(why);
            }
            Err(End::Stopped) => tokio::time::timeout(part(), work).await.unwrap_or_else(|_| late(command)),
            Err(End::Hangs) => {
                let _ = self.stop.bound(work, part, Some(WRAP_UP)).await;
                let message = format!("{} was not done after {limit:?}: a connector hangs", command.cmd);
                return Executed::Result(Status::of_error(&EventError::failed(message).with_reason("timed-out")));
            }
        };
        // Nothing is to come after the result.
        let _ = self.stop.bound(progress, || self.grace().command / 8, Some(FLUSH)).await;
        Executed::Result(result)
    }
}

/// Why the handlers of a command are not waited for any more.
enum End {
    Told(Word),
    Stopped,
    Hangs,
}

/// The handlers did not end by themselves when the run was to end.
fn late(command: &Command) -> Status {
    let message = format!("{} was cancelled and did not end in time", command.cmd);
    Status::of_error(&EventError::new(ErrorKind::Cancelled, message))
}

/// The status of a command that the optimizer cancelled, with what its handlers made of it.
fn cancelled_as_told(message: String, left: Result<Status, Overdue>) -> Status {
    let mut status = Status { status: "cancelled".into(), message: Some(message), ..Status::accepted() };
    let other = match left {
        Ok(left) if left.status == "cancelled" => None,
        Ok(left) if left.is_ok() => Some("the command was completed nevertheless".to_owned()),
        Ok(left) => left.message,
        Err(_) => Some("the command did not end in time and was dropped".to_owned()),
    };
    if let Some(other) = other {
        status.content.insert("other_messages".into(), json!([other]));
    }
    status
}
