//! REPORT: the result of a command, posted until it is taken.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::PoisonError;

use serde_json::json;

use super::run::Runner;
use crate::event::EventError;
use crate::optimizer::{Command, Commands, Event, Failure, OptimizerError, Reply, Status};

/// The largest result that is kept for an optimizer that asks for it again.
const MOST_KEPT: usize = 64 << 10;

/// A result that the optimizer took, as it was posted.
#[derive(Debug)]
pub(super) struct Taken {
    cmd: Commands,
    cmd_uid: String,
    /// Of the command's `param`: an identifier that is used twice is no command given twice.
    param: u64,
    result: Box<[u8]>,
}

impl Runner {
    /// Posts a result until it is taken; gives what the optimizer says to it. One that is too large is replaced by a short
    /// one that says so.
    pub(super) async fn post_result(&self, command: &Command, mut status: Status) -> Result<Status, OptimizerError> {
        let Some(event) = command.cmd.response_event() else { return Ok(Status::accepted()) };
        status.content.insert("cmd_uid".into(), json!(command.cmd_uid));
        let answer = match self.deliver(event, command, &status).await {
            Err(error) if error.failure == Failure::TooLarge => {
                tracing::error!(servo = self.servo.name(), "the result of {} cannot be sent: {error}", command.cmd);
                let message = format!("the result of {} cannot be sent: {error}", command.cmd);
                status = Status::of_error(&EventError::failed(message).with_reason("too-large"));
                status.content.insert("cmd_uid".into(), json!(command.cmd_uid));
                self.deliver(event, command, &status).await?
            }
            answer => answer?,
        };
        self.heed(command, &answer);
        if answer.is_ok() {
            self.keep(command, &status);
        }
        Ok(answer)
    }

    async fn deliver(&self, event: Event, command: &Command, status: &Status) -> Result<Status, OptimizerError> {
        let param = serde_json::to_value(status).map_err(|error| {
            OptimizerError::new(Failure::TooLarge, format!("it cannot be written as JSON: {error}"))
        })?;
        Ok(match self.post(event, param).await? {
            Reply::Status(answer) => answer,
            Reply::Command(next) => {
                tracing::warn!(
                    servo = self.servo.name(),
                    "{} in reply to the result of {}: it is to be asked for",
                    next.cmd,
                    command.cmd
                );
                Status::accepted()
            }
        })
    }

    /// Tells what is said to a result that has been delivered: none of it changes what comes next.
    fn heed(&self, command: &Command, answer: &Status) {
        let reason = answer.reason.as_deref().unwrap_or_default();
        match answer.status.as_str() {
            "ok" => {}
            "cancel" => tracing::info!(
                servo = self.servo.name(),
                "the optimizer cancels {}, which has ended already: {reason}",
                command.cmd
            ),
            "unexpected-event" => {
                tracing::warn!(servo = self.servo.name(), "server reported unexpected event: {reason}");
            }
            other => tracing::warn!(
                servo = self.servo.name(),
                status = other,
                "the optimizer did not take the result of {}: {reason}",
                command.cmd
            ),
        }
    }

    /// The result of that very command, if it was the last one that was taken: carrying out an adjustment twice may do
    /// harm. A command without an identifier is always a new one.
    pub(super) fn taken_before(&self, command: &Command) -> Option<Status> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = taken.as_ref()?;
        let same = taken.cmd == command.cmd
            && Some(&taken.cmd_uid) == command.cmd_uid.as_ref()
            && taken.param == fingerprint(command);
        if same { serde_json::from_slice(&taken.result).ok() } else { None }
    }

    fn keep(&self, command: &Command, status: &Status) {
        let result = || serde_json::to_vec(status).ok().filter(|text| text.len() <= MOST_KEPT);
        let taken = command.cmd_uid.clone().and_then(|cmd_uid| {
            let result = result()?.into_boxed_slice();
            Some(Taken { cmd: command.cmd, cmd_uid, param: fingerprint(command), result })
        });
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = taken;
    }
}

fn fingerprint(command: &Command) -> u64 {
    let mut hasher = DefaultHasher::new();
    command.param.to_string().hash(&mut hasher);
    hasher.finish()
}
