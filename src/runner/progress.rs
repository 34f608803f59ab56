//! Posts how far a command has come, and reads what the optimizer says to that.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::counting;
use super::run::Runner;
use crate::event::Progress;
use crate::optimizer::{Command, Failure, OptimizerError, Reply, Status};

/// How often, at the most, progress is posted.
const EVERY: Duration = Duration::from_secs(1);

/// What an optimizer says to progress.
#[derive(Debug, PartialEq)]
pub(super) enum Word {
    /// Nothing that changes anything.
    Accepted,
    /// The command is to end; its result says so, with that message.
    Cancel(String),
    /// The optimizer expects something else.
    OutOfStep(String),
}

impl Runner {
    /// Posts the newest progress now and then until the work is over; returns early when the optimizer wants the command
    /// to end. Once the work is over, what is on its way is awaited and nothing more is posted.
    pub(super) async fn report_progress(
        &self,
        command: &Command,
        at_work: &str,
        mut reports: watch::Receiver<Option<Progress>>,
        over: CancellationToken,
    ) -> Word {
        let began = Instant::now();
        let Some(event) = command.cmd.response_event() else {
            over.cancelled().await;
            return Word::Accepted;
        };
        loop {
            tokio::select! {
                biased;
                () = over.cancelled() => return Word::Accepted,
                changed = reports.changed() => if changed.is_err() {
                    over.cancelled().await;
                    return Word::Accepted;
                },
            }
            let Some(newest) = reports.borrow_and_update().clone() else { continue };
            self.activity.send_modify(|activity| activity.progress = Some(newest.clone()));
            // Other events that a handler sends have progress of their own. The result itself says that all is done.
            if newest.event != at_work || newest.percent.is_nan() || newest.percent >= 100.0 {
                continue;
            }
            let param = progress_param(&newest, began.elapsed(), command.cmd_uid.as_deref());
            let answer = self.optimizer.post(self.request(event, param)).await;
            counting::progress(if answer.is_ok() { "posted" } else { "failed" });
            match self.word(answer) {
                Word::Accepted => {}
                word => return word,
            }
            tokio::select! {
                () = over.cancelled() => return Word::Accepted,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// What is to be done about an answer to progress.
    fn word(&self, answer: Result<Reply, OptimizerError>) -> Word {
        match answer {
            Ok(Reply::Status(status)) => self.word_of(status),
            Ok(Reply::Command(_)) => {
                tracing::warn!(servo = self.servo.name(), "a command in reply to progress: it is to be asked for");
                Word::Accepted
            }
            Err(error) if error.failure == Failure::Gone => Word::OutOfStep(format!(
                "servo UID {} is no longer valid: shutting down tasks to commence sleep loop",
                self.servo.uid().unwrap_or("(none)")
            )),
            // The next report says more.
            Err(error) => {
                tracing::debug!(servo = self.servo.name(), "progress could not be posted: {error}");
                Word::Accepted
            }
        }
    }

    fn word_of(&self, status: Status) -> Word {
        let reason = status.reason.as_deref().unwrap_or_default();
        match status.status.as_str() {
            "ok" => Word::Accepted,
            "cancel" => Word::Cancel(status.reason.unwrap_or_else(|| "Command cancelled".to_owned())),
            "unexpected-event" => {
                tracing::debug!(servo = self.servo.name(), "unexpected progress: {reason}");
                Word::OutOfStep("servo has lost synchronization with the optimizer: restarting".to_owned())
            }
            "invalid" if reason == "unexpected cmd_uid" => {
                Word::OutOfStep("servo is processing outdated command: restarting".to_owned())
            }
            "invalid" => {
                tracing::warn!(servo = self.servo.name(), "progress report was rejected as invalid: {reason}");
                Word::Accepted
            }
            other => {
                tracing::warn!(servo = self.servo.name(), "progress was answered with the unknown status '{other}'");
                Word::Accepted
            }
        }
    }
}

/// The `param` of a progress message.
fn progress_param(progress: &Progress, runtime: Duration, cmd_uid: Option<&str>) -> Json {
    json!({
        "progress": progress.percent,
        "runtime": runtime.as_secs_f64(),
        "cmd_uid": cmd_uid,
        "message": progress.line.as_ref().unwrap_or(&progress.message),
    })
}
