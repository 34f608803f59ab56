//! POLL: asks what is next, and follows it.

use std::time::Instant;

use serde_json::Value as Json;
use tracing::Instrument;

use super::backoff::Backoff;
use super::commands::Task;
use super::consent::Intent;
use super::counting;
use super::execute::Executed;
use super::run::{Ended, Reached, RunError, Runner, Turn, step};
use crate::event::EventError;
use crate::optimizer::{Command, Commands, Event, OptimizerError, Reply, Status};
use crate::telemetry::spans::span;

/// What came of one command.
#[derive(Debug)]
pub(super) enum Followed {
    /// It was carried out, and the optimizer said that to its result.
    Done(Status),
    /// It could not be read, or was given before; the optimizer said that to the answer. It may come again at once.
    Odd(Status),
    /// The optimizer does not take the result.
    Lost(OptimizerError),
    /// The optimizer expects something else; there is no result.
    OutOfStep(String),
    /// The run was asked to end, and the result was not taken in time.
    Interrupted,
}

impl Runner {
    /// Asks and follows until there is nothing more to ask, until the run is asked to end, or until it is out of step.
    pub(super) async fn poll(&self, reached: &mut Reached) -> Result<Turn, RunError> {
        // Everything that may come again at once is waited after, longer each time, until a command makes sense.
        let mut pauses = Backoff::default();
        loop {
            if self.stop.is_requested() {
                return Ok(Turn::Ended(self.interrupted()));
            }
            if self.optimizer.finished() {
                return Ok(Turn::Ended(Ended::Finished));
            }
            if let Some(ended) = self.refused(Intent::Poll).await {
                return Ok(Turn::Ended(ended));
            }
            step!(self, "getting next command");
            // What an optimizer is about to ask is of no use to a run that ends, however long it thinks about it.
            let Some(next) = self.stop.unless_requested(Box::pin(self.post(Event::WhatsNext, Json::Null))).await else {
                return Ok(Turn::Ended(self.interrupted()));
            };
            let command = match next {
                Ok(Reply::Command(command)) => command,
                Ok(Reply::Status(status)) => {
                    tracing::warn!(
                        servo = self.servo.name(),
                        status = status.status,
                        "no command, but a status: asking again"
                    );
                    pauses.pause(&self.stop).await;
                    continue;
                }
                Err(_) if self.stop.is_requested() => return Ok(Turn::Ended(self.interrupted())),
                Err(error) => return Err(error.into()),
            };
            // An optimizer with nothing more to ask says so by a sleep: nobody waits for its end.
            if command.cmd == Commands::Sleep && self.optimizer.finished() {
                continue;
            }
            match self.follow(&command).await {
                Followed::Done(_) => {
                    reached.worked |= command.cmd != Commands::Sleep;
                    pauses.reset();
                }
                Followed::Odd(_) => pauses.pause(&self.stop).await,
                Followed::Lost(error) if self.stop.is_requested() || self.optimizer.outlives_lost_results() => {
                    tracing::error!(
                        servo = self.servo.name(),
                        "THE RESULT OF {} IS LOST: {error}; the run goes on with the next command",
                        command.cmd
                    );
                    pauses.pause_for(error.retry_after, &self.stop).await;
                }
                Followed::Lost(error) => return Err(error.into()),
                Followed::OutOfStep(why) => return Ok(Turn::Restart(why)),
                Followed::Interrupted => return Ok(Turn::Ended(self.interrupted())),
            }
        }
    }

    /// Follows one command. Once the run is asked to end that takes no longer than its part of the grace.
    pub(super) async fn follow(&self, command: &Command) -> Followed {
        step!(self, "What's Next? => {}", command.cmd);
        let span =
            span!(INFO, "command", servo = self.servo.name(), cmd = %command.cmd, cmd_uid = command.cmd_uid.as_deref());
        let work = Box::pin(self.carry_out_and_report(command).instrument(span));
        let step = self.stop.bound(work, || self.grace().command, None).await;
        let step = step.unwrap_or_else(|_| {
            tracing::warn!(servo = self.servo.name(), "the result of {} was not taken in time", command.cmd);
            Followed::Interrupted
        });
        self.show(None);
        if matches!(step, Followed::Lost(_) | Followed::Interrupted) {
            counting::lost(command.cmd);
        }
        step
    }

    async fn carry_out_and_report(&self, command: &Command) -> Followed {
        if let Some(result) = self.taken_before(command) {
            tracing::warn!(
                servo = self.servo.name(),
                cmd_uid = command.cmd_uid,
                "{} was carried out already: its result is posted again",
                command.cmd
            );
            return Box::pin(self.post_result(command, result)).await.map_or_else(Followed::Lost, Followed::Odd);
        }
        let task = match Task::read(command) {
            Ok(Task::Sleep(sleep)) => {
                step!(self, "Sleeping for {} ({}).", sleep.duration, sleep.reason);
                self.show(Some(command));
                self.stop.unless_requested(tokio::time::sleep(sleep.duration.to_std())).await;
                counting::command(command.cmd, "ok", None);
                return Followed::Done(Status::accepted());
            }
            Ok(task) => task,
            Err(error) => return Box::pin(self.refuse(command, &error)).await,
        };
        let began = Instant::now();
        let executed = Box::pin(self.execute(command, task)).await;
        counting::executed(command.cmd, &executed, began.elapsed());
        match executed {
            Executed::Result(status) => {
                Box::pin(self.post_result(command, status)).await.map_or_else(Followed::Lost, Followed::Done)
            }
            Executed::OutOfStep(why) => Followed::OutOfStep(why),
        }
    }

    /// Answers a command that cannot be read.
    async fn refuse(&self, command: &Command, error: &EventError) -> Followed {
        tracing::warn!(servo = self.servo.name(), cmd_uid = command.cmd_uid, "{error}");
        counting::command(command.cmd, error.status(), None);
        self.post_result(command, Status::of_error(error)).await.map_or_else(Followed::Lost, Followed::Odd)
    }
}
