//! The protocol: which command answers WHATS_NEXT, and which results are accepted.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::proposal::Question;
use super::sampler::{SamplerError, SamplerFactory};
use super::session::{Next, Session, Tools};
use super::space::Assignment;
use super::storage::StorageError;
use super::wire;
use crate::model::Description;
use crate::optimizer::{Command, Commands, Event, OptimizerError, Reply, Request, Status};

/// How often a description is asked for.
const MAX_DESCRIPTIONS: u32 = 3;

/// What a command was given for.
#[derive(Clone, Debug)]
enum Task {
    Describe,
    Adjust(Assignment),
    Measure,
}

/// A command whose result is awaited. Asked again, it is given again: the answer may have been lost.
#[derive(Clone, Debug)]
struct Pending {
    command: Command,
    task: Task,
}

/// What a message leads to.
pub(super) enum Answer {
    Reply(Reply),
    /// No reply before the strategy has answered: see [`Machine::proposed`].
    Ask(Question),
}

pub(super) struct Machine {
    tools: Tools,
    factory: Arc<dyn SamplerFactory>,
    study: String,
    /// Tells the commands of one process from those of another.
    run: String,
    issued: u64,
    descriptions: u32,
    pending: Option<Pending>,
    session: Option<Session>,
    broken: Option<OptimizerError>,
}

impl Machine {
    pub fn new(tools: Tools, factory: Arc<dyn SamplerFactory>, study: String) -> Self {
        let run = format!("{:08x}", rand::random::<u32>());
        Self { tools, factory, study, run, issued: 0, descriptions: 0, pending: None, session: None, broken: None }
    }

    /// Whether there is nothing more to ask.
    pub fn is_finished(&self) -> bool {
        self.broken.is_some() || (self.pending.is_none() && self.session.as_ref().is_some_and(|session| session.done))
    }

    pub fn handle(&mut self, request: Request) -> Result<Answer, OptimizerError> {
        let status = match request.event {
            Event::Hello | Event::Goodbye => Status::accepted(),
            Event::WhatsNext => return self.whats_next(),
            event => self.answer(event, request.param)?,
        };
        Ok(Answer::Reply(Reply::Status(status)))
    }

    /// Goes on with WHATS_NEXT once the strategy has answered. The run may have been ended meanwhile.
    pub fn proposed(&mut self, answer: Result<Option<Assignment>, SamplerError>) -> Result<Answer, OptimizerError> {
        if let Some(session) = &mut self.session {
            session.proposed(answer);
        }
        self.whats_next()
    }

    /// The command that leaves the application as it is to stay; `None` when it stands there, or was never seen.
    pub fn wind_down(&mut self) -> Option<Command> {
        let session = self.session.as_mut()?;
        let target = session.interrupt();
        self.pending = None;
        let target = target?;
        session.adjusting();
        let param = wire::adjust(&target);
        Some(self.issue(Commands::Adjust, param, Task::Adjust(target)))
    }

    fn whats_next(&mut self) -> Result<Answer, OptimizerError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        if let Some(pending) = &self.pending {
            return Ok(Answer::Reply(Reply::Command(pending.command.clone())));
        }
        let Some(session) = &mut self.session else {
            let command = self.issue(Commands::Describe, json!({}), Task::Describe);
            return Ok(Answer::Reply(Reply::Command(command)));
        };
        let command = match session.plan()? {
            Next::Ask => return Ok(Answer::Ask(session.question())),
            Next::Adjust(target) => {
                session.adjusting();
                let param = wire::adjust(&target);
                self.issue(Commands::Adjust, param, Task::Adjust(target))
            }
            Next::Measure => {
                session.show();
                let param = wire::measure(&session.objective.metrics(), &self.tools.config.trial);
                self.issue(Commands::Measure, param, Task::Measure)
            }
            Next::Nothing => {
                let reason =
                    if session.interrupted { "the run was interrupted" } else { "the optimization is finished" };
                let uid = self.next_uid();
                Command { cmd: Commands::Sleep, cmd_uid: Some(uid), param: wire::sleep(reason) }
            }
        };
        Ok(Answer::Reply(Reply::Command(command)))
    }

    fn issue(&mut self, cmd: Commands, param: Json, task: Task) -> Command {
        let command = Command { cmd, cmd_uid: Some(self.next_uid()), param };
        self.pending = Some(Pending { command: command.clone(), task });
        command
    }

    fn next_uid(&mut self) -> String {
        self.issued += 1;
        format!("{}-{:04}", self.run, self.issued)
    }

    /// A result, or the progress of one. What is out of step changes nothing.
    fn answer(&mut self, event: Event, param: Json) -> Result<Status, OptimizerError> {
        let expected = self.pending.as_ref().and_then(|pending| pending.command.cmd.response_event());
        let Some(pending) = self.pending.clone().filter(|_| expected == Some(event)) else {
            let (event, expected) = (name(event), name(expected.unwrap_or(Event::WhatsNext)));
            return Ok(Status::unexpected(format!(
                "Out of order event \"{event}\", expected \"{expected}\"; ignoring"
            )));
        };
        let uid = param.get("cmd_uid").and_then(Json::as_str);
        if uid != pending.command.cmd_uid.as_deref() {
            return Ok(invalid("unexpected cmd_uid"));
        }
        if wire::is_progress(&param) {
            return Ok(Status::accepted());
        }
        let status = match wire::result(param) {
            Ok(status) => status,
            Err(problem) => return Ok(invalid(problem)),
        };
        // The command stays pending when its result cannot be kept: the servo may send it again.
        match (&pending.task, &mut self.session) {
            (Task::Describe, _) => self.described(&status)?,
            (Task::Adjust(target), Some(session)) => {
                session.adjusted(target, &status)?;
            }
            (Task::Measure, Some(session)) => session.measured(&status)?,
            (_, None) => {}
        }
        self.pending = None;
        Ok(Status::accepted())
    }

    fn described(&mut self, status: &Status) -> Result<(), OptimizerError> {
        let descriptor = status.content.get("descriptor").filter(|_| status.is_ok());
        let opened = if let Some(descriptor) = descriptor {
            let description = Description::from_wire(descriptor);
            Session::open(self.tools.clone(), &*self.factory, &self.study, &description)
        } else {
            let reason =
                if status.is_ok() { "a description without a descriptor".into() } else { wire::reason(status) };
            self.descriptions += 1;
            let message = format!("the application could not be described: {reason}");
            if self.descriptions < MAX_DESCRIPTIONS {
                self.tools.note(true, None, message);
                return Ok(());
            }
            Err(OptimizerError::lasting(message))
        };
        match opened {
            Ok(session) => {
                self.session = Some(session);
                Ok(())
            }
            // The storage is busy: the description may be sent again.
            Err(error) if error.is_passing() => Err(error),
            Err(error) => {
                self.tools.note(true, None, &error.message);
                self.pending = None;
                self.broken = Some(error.clone());
                Err(error)
            }
        }
    }
}

impl From<StorageError> for OptimizerError {
    fn from(error: StorageError) -> Self {
        let message = error.to_string();
        if error.is_retryable() { Self::passing(message) } else { Self::lasting(message) }
    }
}

fn invalid(reason: impl Into<String>) -> Status {
    Status { status: "invalid".into(), reason: Some(reason.into()), ..Status::accepted() }
}

/// The name on the wire.
fn name(event: Event) -> String {
    serde_json::to_value(event).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
