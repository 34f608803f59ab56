//! The state machine of one servo.
//!
//! ```text
//! START   attach -> HELLO -> startup
//! POLL    WHATS_NEXT -> command -> EXECUTE | no command -> pause, POLL
//! EXECUTE handlers beside progress -> REPORT | out of step -> RESTART
//! REPORT  the result, again and again until it is taken -> POLL
//! RESTART shutdown, detach -> GOODBYE -> pause -> START
//! END     last adjustment -> shutdown, detach -> GOODBYE
//! ```
//!
//! A request to stop leads to END from anywhere. Nothing here looks at the wall clock: its jumps change no wait.
//!
//! Where the process may die: a command that was asked for is known to the optimizer, which gives it again to a servo that
//! says hello, or has given it up; a result that was not taken dies with the process, and its command is given again
//! likewise. Nothing is kept on a disk here.
//!
//! Thousands of servos sleep at a time. What a servo does between two sleeps is boxed, so that one that sleeps is small.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tokio::sync::watch;

use super::activity::{Activity, CommandActivity, Phase};
use super::backoff::Backoff;
use super::consent::{Consent, Intent};
use super::guarded::Guarded;
use super::poll::Followed;
use super::report::Taken;
use super::{Grace, Servo, Stop, counting};
use crate::event::{Call, EventError};
use crate::optimizer::{Command, Event, Failure, Optimizer, OptimizerError, Reply, Request, Status};
use crate::telemetry::servos::{Presence, State};

/// Logs a step of a run: at INFO where a service asks for it, and at DEBUG where a view tells the same.
macro_rules! step {
    ($runner:expr, $($message:tt)*) => {
        if !$runner.steps {
        } else if $runner.remote {
            tracing::info!(servo = $runner.servo.name(), $($message)*);
        } else {
            tracing::debug!(servo = $runner.servo.name(), $($message)*);
        }
    };
}

pub(super) use step;

/// How long anything may take that nobody asked to end, beyond the time its command asks for.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// How long a servo rests that its service does not know any more.
const DEPROVISIONED: Duration = Duration::from_secs(3_600);
/// Why a run ends that nobody consents to.
const DECLINED: &str = "declined";

/// How a run ended, where nothing went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The optimizer had nothing more to ask.
    Finished,
    /// Someone asked the run to end, for that reason.
    Interrupted(String),
}

/// Why a run could not go on.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// A connector could not attach or start.
    #[error("cannot start: {0}; correct this and start the servo again, its connectors were shut down")]
    Startup(EventError),
    /// The optimizer cannot be talked to.
    #[error("the optimizer cannot go on: {0}")]
    Optimizer(#[from] OptimizerError),
    /// The optimizer expects something else of the servo.
    #[error("{0}: say hello again")]
    OutOfStep(String),
}

/// Runs one servo.
pub struct Runner {
    pub(super) servo: Servo,
    pub(super) optimizer: Arc<dyn Optimizer>,
    pub(super) stop: Stop,
    pub(super) patience: Duration,
    pub(super) activity: watch::Sender<Activity>,
    /// The result that the optimizer took last: it may ask for the same again.
    pub(super) taken: Mutex<Option<Taken>>,
    grace: Grace,
    consent: Option<Arc<dyn Consent>>,
    polling: bool,
    presence: Presence,
    /// Whether steps are logged.
    pub(super) steps: bool,
    /// The optimizer is a service: what it asks for is told nowhere else.
    pub(super) remote: bool,
}

/// How a part of a run ended.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    Ended(Ended),
    /// The servo and its optimizer do not agree on what the servo does.
    Restart(String),
}

/// What was reached between START and its end.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub greeted: bool,
    /// A result was taken.
    pub worked: bool,
}

impl Runner {
    /// A runner of that servo for that optimizer, which ends early when `stop` is requested.
    pub fn new(servo: Servo, optimizer: Arc<dyn Optimizer>, stop: Stop) -> Self {
        let activity = watch::Sender::new(Activity::default());
        let grace = Grace::default();
        Self {
            servo,
            steps: true,
            remote: optimizer.place().is_some(),
            optimizer: Arc::new(Guarded(optimizer)),
            stop,
            patience: PATIENCE,
            activity,
            taken: Mutex::default(),
            grace,
            consent: None,
            polling: true,
            presence: Presence::default(),
        }
    }

    /// Sets who is asked before the optimizer is greeted and before each command; nobody by default.
    #[must_use]
    pub fn with_consent(mut self, consent: Option<Arc<dyn Consent>>) -> Self {
        self.consent = consent;
        self
    }

    /// Sets whether the optimizer is asked for commands, as by default; a servo that does not ask is started, and stays so
    /// until the stop is requested.
    #[must_use]
    pub fn with_polling(mut self, polling: bool) -> Self {
        self.polling = polling;
        self
    }

    /// Sets whether the steps of the run are logged, as by default; a program that logs them itself does not want them.
    #[must_use]
    pub fn with_steps(mut self, steps: bool) -> Self {
        self.steps = steps;
        self
    }

    /// Sets how long each part of an ending may take, where the request to stop does not say so.
    #[must_use]
    pub fn with_grace(mut self, grace: Grace) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how long connectors may take for a command beyond what its control asks for, and to start and to end, before
    /// they count as hanging: an hour by default.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What the run is doing.
    pub fn activity(&self) -> watch::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// Runs until the optimizer has nothing more to ask, until the stop is requested, or until it cannot go on.
    ///
    /// The connectors are shut down and detached in every case, and an optimizer that was greeted is told goodbye. A servo
    /// that has lost step with its optimizer is shut down, and starts again after a pause.
    pub async fn run(&self) -> Result<Ended, RunError> {
        let mut pauses = Backoff::default();
        let mut again = false;
        if let Some(ended) = self.refused(Intent::Connect).await {
            if self.servo.is_attached() {
                Box::pin(self.leave(&Call::Detach, || self.grace().shutdown)).await;
            }
            self.enter(Phase::Ended);
            return Ok(ended);
        }
        let (reached, result) = loop {
            let mut reached = Reached::default();
            let ended = match self.once(&mut reached).await {
                Ok(Turn::Ended(ended)) => break (reached, Ok(ended)),
                Ok(Turn::Restart(why)) => {
                    counting::restart("out-of-step");
                    why
                }
                // It has worked before, and may work again. An optimizer in this process that fails will not.
                Err(error) if again && self.optimizer.outlives_lost_results() => {
                    counting::restart("failed");
                    error.to_string()
                }
                Err(error) => break (reached, Err(error)),
            };
            tracing::error!(servo = self.servo.name(), "{ended}");
            Box::pin(self.close(reached.greeted.then_some("restarting"))).await;
            if reached.worked {
                pauses.reset();
            }
            pauses.pause(&self.stop).await;
            if self.stop.is_requested() {
                // Everything has been shut down already.
                self.enter(Phase::Ended);
                return Ok(self.interrupted());
            }
            again = true;
        };
        self.enter(Phase::Stopping);
        // Without commands nothing was changed that is to be put in its place.
        if reached.greeted && self.polling && result != Ok(Ended::Finished) {
            Box::pin(self.wind_down()).await;
        }
        let reason = match &result {
            Ok(Ended::Finished) => "finished",
            Ok(Ended::Interrupted(reason)) => reason,
            Err(_) => "shutdown",
        };
        Box::pin(self.close(reached.greeted.then_some(reason))).await;
        self.enter(Phase::Ended);
        if result.is_err() {
            self.presence.enter(State::Failed);
        }
        result
    }

    async fn once(&self, reached: &mut Reached) -> Result<Turn, RunError> {
        self.enter(Phase::Starting);
        if !Box::pin(self.start(reached)).await? {
            return Ok(Turn::Ended(self.interrupted()));
        }
        self.enter(Phase::Running);
        if !self.polling {
            tracing::warn!(
                servo = self.servo.name(),
                "Servo runner initialized with polling disabled -- command loop is not running"
            );
            self.stop.requested().await;
            return Ok(Turn::Ended(self.interrupted()));
        }
        Box::pin(self.poll(reached)).await
    }

    /// How the run ends when nobody consents to its next step.
    pub(super) async fn refused(&self, intent: Intent) -> Option<Ended> {
        let consent = self.consent.as_ref()?;
        match self.stop.unless_requested(consent.given(self.servo.name(), intent)).await {
            Some(true) => None,
            Some(false) => Some(Ended::Interrupted(DECLINED.into())),
            None => Some(self.interrupted()),
        }
    }

    /// Asks once what is next, carries it out, and reports; gives what the optimizer says to the result.
    ///
    /// For programs that drive a servo themselves: its connectors are to be started, and its optimizer greeted. A result is
    /// posted until it is taken, as in a run; a question that fails is an error. What is no command is given as it came.
    /// When the stop is requested the answer is a status `cancelled`.
    pub async fn exec_command(&self) -> Result<Status, RunError> {
        if self.stop.is_requested() {
            return Ok(self.ended_early());
        }
        let request = self.request(Event::WhatsNext, Json::Null);
        let Some(next) = self.stop.unless_requested(self.optimizer.post(request)).await else {
            return Ok(self.ended_early());
        };
        match next? {
            Reply::Status(status) => Ok(status),
            Reply::Command(command) => match self.follow(&command).await {
                Followed::Done(status) | Followed::Odd(status) => Ok(status),
                Followed::Lost(error) => Err(error.into()),
                Followed::OutOfStep(why) => Err(RunError::OutOfStep(why)),
                Followed::Interrupted => Ok(self.ended_early()),
            },
        }
    }

    fn ended_early(&self) -> Status {
        let message = Some(format!("the servo was asked to stop: {}", self.stop.reason().unwrap_or("shutdown")));
        Status { status: "cancelled".into(), message, ..Status::accepted() }
    }

    /// Posts a message, again and again while that may help and the run is not to end: an outage is waited out, however
    /// long it is.
    pub(super) async fn post(&self, event: Event, param: Json) -> Result<Reply, OptimizerError> {
        let mut pauses = Backoff::default();
        loop {
            let error = match self.optimizer.post(self.request(event, param.clone())).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            match error.failure {
                _ if self.stop.is_requested() => return Err(error),
                Failure::Lasting | Failure::TooLarge => return Err(error),
                Failure::Passing => {
                    tracing::warn!(servo = self.servo.name(), "{error}; trying again");
                    pauses.pause_for(error.retry_after, &self.stop).await;
                }
                Failure::Gone => {
                    tracing::warn!(
                        servo = self.servo.name(),
                        "servo UID {} is no longer valid. Waiting for deprovisioning (will sleep for 1 hour)",
                        self.servo.uid().unwrap_or("(none)")
                    );
                    self.stop.unless_requested(tokio::time::sleep(DEPROVISIONED)).await;
                }
            }
        }
    }

    pub(super) fn request(&self, event: Event, param: Json) -> Request {
        Request { event, param, servo_uid: self.servo.uid().map(str::to_owned) }
    }

    /// How long each part of an ending may take: as the request to stop says, or else as the runner was given.
    pub(super) fn grace(&self) -> Grace {
        self.stop.grace().unwrap_or(self.grace)
    }

    pub(super) fn interrupted(&self) -> Ended {
        Ended::Interrupted(self.stop.reason().unwrap_or("shutdown").to_owned())
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.presence.enter(phase.into());
        self.activity.send_modify(|activity| *activity = Activity { phase, ..Activity::default() });
    }

    pub(super) fn show(&self, command: Option<&Command>) {
        self.activity.send_modify(|activity| {
            activity.command = command.map(|command| CommandActivity { cmd: command.cmd, since: Instant::now() });
            activity.progress = None;
        });
    }
}
