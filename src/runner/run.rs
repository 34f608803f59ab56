//! The state machine of one servo.
//!
//! attach → HELLO → startup → (WHATS_NEXT → command → result)* → shutdown, detach → GOODBYE

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::sync::watch;

use super::activity::{Activity, CommandActivity, Phase};
use super::commands::{Sleep, asked_time, carry_out, progress_param};
use super::stop::Overdue;
use super::{Grace, Servo, Stop};
use crate::event::{ErrorKind, EventError, Progress};
use crate::optimizer::{Command, Commands, Event, Optimizer, OptimizerError, Reply, Request, Status, agent};

/// How often, at the most, progress is posted.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// The first wait before a message is posted again; it doubles up to [`RETRY_MOST`].
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MOST: Duration = Duration::from_secs(60);
/// How long anything may take that nobody asked to end, beyond the time its command asks for.
const PATIENCE: Duration = Duration::from_secs(3_600);

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
    #[error("cannot start: {0}")]
    Startup(EventError),
    /// The optimizer cannot be talked to.
    #[error("the optimizer cannot go on: {0}")]
    Optimizer(#[from] OptimizerError),
}

/// Runs one servo.
pub struct Runner {
    servo: Servo,
    optimizer: Arc<dyn Optimizer>,
    stop: Stop,
    grace: Grace,
    patience: Duration,
    activity: watch::Sender<Activity>,
}

impl Runner {
    /// A runner of that servo for that optimizer, which ends early when `stop` is requested.
    pub fn new(servo: Servo, optimizer: Arc<dyn Optimizer>, stop: Stop) -> Self {
        let activity = watch::Sender::new(Activity::default());
        Self { servo, optimizer, stop, grace: Grace::default(), patience: PATIENCE, activity }
    }

    /// Sets how long each part of an ending may take.
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
    /// The connectors are shut down and detached in every case, and an optimizer that was greeted is told goodbye.
    pub async fn run(&self) -> Result<Ended, RunError> {
        let mut greeted = false;
        let result = self.start_and_loop(&mut greeted).await;
        self.enter(Phase::Stopping);
        if greeted && result != Ok(Ended::Finished) {
            self.wind_down().await;
        }
        let reason = match &result {
            Ok(Ended::Finished) => "finished",
            Ok(Ended::Interrupted(reason)) => reason,
            Err(_) => "shutdown",
        };
        self.close(greeted.then_some(reason)).await;
        self.enter(Phase::Ended);
        result
    }

    async fn start_and_loop(&self, greeted: &mut bool) -> Result<Ended, RunError> {
        let context = {
            let mut context = self.servo.context();
            context.cancelled = self.stop.token().child_token();
            context
        };
        match self.started(self.servo.attach()).await {
            Some(attached) => attached?,
            None => return Ok(self.interrupted()),
        }
        match self
            .stop
            .unless_requested(self.post(Event::Hello, json!({ "agent": agent(), "telemetry": telemetry() })))
            .await
        {
            Some(welcome) => drop(welcome?),
            None => return Ok(self.interrupted()),
        }
        *greeted = true;
        match self.started(self.servo.startup(&context)).await {
            Some(started) => started?,
            None => return Ok(self.interrupted()),
        }
        tracing::info!(
            servo = self.servo.name(),
            "Servo started with {} active connectors",
            self.servo.connectors().count()
        );
        self.enter(Phase::Running);
        let mut retry = RETRY_FIRST;
        let mut lost = RETRY_FIRST;
        loop {
            if self.stop.is_requested() {
                return Ok(self.interrupted());
            }
            if self.optimizer.finished() {
                return Ok(Ended::Finished);
            }
            // What an optimizer is about to ask is of no use to a run that ends, however long it thinks about it.
            let Some(next) = self.stop.unless_requested(self.post(Event::WhatsNext, Json::Null)).await else {
                return Ok(self.interrupted());
            };
            match next {
                Ok(Reply::Command(command)) => {
                    retry = RETRY_FIRST;
                    // An optimizer with nothing more to ask says so by a sleep: nobody waits for its end.
                    if command.cmd != Commands::Sleep || !self.optimizer.finished() {
                        let Ok(executed) = self.stop.bound(self.execute(&command), self.grace.command, None).await
                        else {
                            tracing::warn!(
                                servo = self.servo.name(),
                                "the result of {} was not taken in time",
                                command.cmd
                            );
                            return Ok(self.interrupted());
                        };
                        match executed {
                            Ok(()) => lost = RETRY_FIRST,
                            Err(error) if self.stop.is_requested() || self.optimizer.outlives_lost_results() => {
                                tracing::error!(
                                    servo = self.servo.name(),
                                    "THE RESULT OF {} IS LOST: {error}; the run goes on with the next command",
                                    command.cmd
                                );
                                // The same command may come at once, and its result be refused again.
                                self.pause(&mut lost).await;
                            }
                            Err(error) => return Err(error.into()),
                        }
                    }
                }
                Ok(Reply::Status(status)) => {
                    tracing::warn!(
                        servo = self.servo.name(),
                        status = status.status,
                        "no command, but a status: asking again"
                    );
                    self.pause(&mut retry).await;
                }
                Err(_) if self.stop.is_requested() => return Ok(self.interrupted()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The end of a part of the start; `None` when the run was asked to end meanwhile.
    async fn started(&self, part: impl Future<Output = Result<(), EventError>>) -> Option<Result<(), RunError>> {
        match self.stop.bound(part, self.grace.command, Some(self.patience)).await {
            Ok(Err(error)) if error.kind == ErrorKind::Cancelled && self.stop.is_requested() => None,
            Ok(ended) => Some(ended.map_err(RunError::Startup)),
            Err(Overdue::Stop) => None,
            Err(Overdue::Patience) => {
                let text = format!("the connectors were not done after {:?}: one of them hangs", self.patience);
                Some(Err(RunError::Startup(EventError::failed(text))))
            }
        }
    }

    /// Carries out one command and posts its result.
    async fn execute(&self, command: &Command) -> Result<(), OptimizerError> {
        tracing::debug!(servo = self.servo.name(), "What's next? {}", command.cmd);
        if command.cmd == Commands::Sleep {
            let sleep = Sleep::of(command);
            tracing::info!(servo = self.servo.name(), "Sleeping for {} ({})", sleep.duration, sleep.reason);
            self.show(command);
            tokio::select! {
                () = tokio::time::sleep(sleep.duration.to_std()) => {}
                () = self.stop.requested() => {}
            }
            return Ok(());
        }
        let status = self.carry_out_watched(command).await;
        self.post_result(command, status).await
    }

    /// Carries out a command while its progress is posted; the optimizer may cancel it in reply.
    async fn carry_out_watched(&self, command: &Command) -> Status {
        self.show(command);
        let mut context = self.servo.context();
        context.command_uid = command.cmd_uid.as_deref().map(Into::into);
        context.cancelled = self.stop.token().child_token();
        let cancelled = context.cancelled.clone();
        // Subscribed before the work begins: its first report counts.
        let progress = self.servo.progress();
        let work = carry_out(&self.servo, command, &context);
        let limit = self.patience.saturating_add(asked_time(&command.param));
        tokio::pin!(work);
        let why = tokio::select! {
            status = &mut work => return status,
            () = self.post_progress(command, progress) => "was cancelled",
            () = self.stop.requested() => "was cancelled",
            () = tokio::time::sleep(limit) => "hangs",
        };
        // The handlers know: their token is cancelled. What does not end by itself is dropped. A run that ends has to post
        // the result as well.
        cancelled.cancel();
        let grace = self.grace.command * 3 / 4;
        let ended = tokio::time::timeout(grace, work).await.ok();
        if why == "hangs" {
            let message = format!("{} was not done after {limit:?}: a connector hangs", command.cmd);
            return Status::of_error(&EventError::failed(message).with_reason("timed-out"));
        }
        ended.unwrap_or_else(|| {
            let message = format!("{} {why} and did not end within {grace:?}", command.cmd);
            Status::of_error(&EventError::new(ErrorKind::Cancelled, message))
        })
    }

    /// Posts the newest progress now and then; returns when the optimizer wants the command to end.
    async fn post_progress(&self, command: &Command, mut progress: watch::Receiver<Option<Progress>>) {
        let Some(event) = command.cmd.response_event() else {
            return std::future::pending().await;
        };
        loop {
            if progress.changed().await.is_err() {
                return std::future::pending().await;
            }
            let newest = progress.borrow_and_update().clone();
            let Some(newest) = newest else { continue };
            self.activity.send_modify(|activity| activity.progress = Some(newest.clone()));
            // The result itself says that all is done.
            if newest.percent < 100.0 {
                let param = progress_param(&newest, command.cmd_uid.as_deref());
                let request = self.request(event, param);
                match self.optimizer.post(request).await {
                    Ok(Reply::Status(status)) if status.status == "cancel" => return,
                    Ok(Reply::Status(status)) if status.status == "invalid" => {
                        tracing::warn!(
                            servo = self.servo.name(),
                            reason = status.reason,
                            "progress was rejected as invalid"
                        );
                    }
                    Ok(_) => {}
                    Err(error) => tracing::debug!(servo = self.servo.name(), "progress could not be posted: {error}"),
                }
            }
            tokio::time::sleep(PROGRESS_EVERY).await;
        }
    }

    async fn post_result(&self, command: &Command, mut status: Status) -> Result<(), OptimizerError> {
        let Some(event) = command.cmd.response_event() else { return Ok(()) };
        status.content.insert("cmd_uid".into(), json!(command.cmd_uid));
        let param = serde_json::to_value(&status).map_err(|error| OptimizerError {
            message: format!("the result of {} cannot be written as JSON: {error}", command.cmd),
            retryable: false,
        })?;
        let reply = self.post(event, param).await;
        self.activity.send_modify(|activity| {
            activity.command = None;
            activity.progress = None;
        });
        if let Reply::Status(reply) = reply?
            && reply.status != "ok"
        {
            let reason = reply.reason.unwrap_or_default();
            tracing::warn!(
                servo = self.servo.name(),
                status = reply.status,
                "the optimizer did not take the result: {reason}"
            );
        }
        Ok(())
    }

    /// Posts a message, again and again while that may help and the run is not to end: an outage is waited out, however
    /// long it is.
    async fn post(&self, event: Event, param: Json) -> Result<Reply, OptimizerError> {
        let mut retry = RETRY_FIRST;
        loop {
            match self.optimizer.post(self.request(event, param.clone())).await {
                Err(error) if error.retryable && !self.stop.is_requested() => {
                    tracing::warn!(servo = self.servo.name(), "{error}; trying again in {retry:?}");
                    self.pause(&mut retry).await;
                }
                answer => return answer,
            }
        }
    }

    /// The last command: it leaves the application as it is meant to stay.
    async fn wind_down(&self) {
        let last = async {
            let Some(command) = self.optimizer.wind_down().await else { return Ok(()) };
            self.show(&command);
            let status = carry_out(&self.servo, &command, &self.servo.context()).await;
            self.post_result(&command, status).await
        };
        match self.stop.bound(last, self.grace.wind_down, Some(self.patience)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(servo = self.servo.name(), "the last adjustment failed: {error}"),
            Err(_) => tracing::warn!(servo = self.servo.name(), "the last adjustment took too long"),
        }
    }

    /// Shuts the connectors down and says goodbye, within the grace when the run was interrupted.
    async fn close(&self, goodbye: Option<&str>) {
        let ending = async {
            for error in self.servo.shutdown().await {
                tracing::error!(servo = self.servo.name(), "shutdown: {error}");
            }
            if let Some(reason) = goodbye {
                let request = self.request(Event::Goodbye, json!({ "reason": reason }));
                if let Err(error) = self.optimizer.post(request).await {
                    tracing::warn!(servo = self.servo.name(), "Failed to send GOODBYE event: {error}");
                }
            }
        };
        match self.stop.bound(ending, self.grace.shutdown, Some(self.patience)).await {
            Ok(()) => {}
            Err(overdue) => {
                let limit = if overdue == Overdue::Stop { self.grace.shutdown } else { self.patience };
                tracing::warn!(servo = self.servo.name(), "connectors did not shut down within {limit:?}");
            }
        }
    }

    /// Waits before another try, twice as long each time, but not past a request to stop.
    async fn pause(&self, retry: &mut Duration) {
        tokio::select! {
            () = tokio::time::sleep(*retry) => {}
            () = self.stop.requested() => {}
        }
        *retry = (*retry * 2).min(RETRY_MOST);
    }

    fn request(&self, event: Event, param: Json) -> Request {
        Request { event, param, servo_uid: self.servo.uid().map(str::to_owned) }
    }

    fn interrupted(&self) -> Ended {
        Ended::Interrupted(self.stop.reason().unwrap_or("shutdown").to_owned())
    }

    fn enter(&self, phase: Phase) {
        self.activity.send_modify(|activity| *activity = Activity { phase, ..Activity::default() });
    }

    fn show(&self, command: &Command) {
        self.activity.send_modify(|activity| {
            activity.command = Some(CommandActivity { cmd: command.cmd, since: Instant::now() });
            activity.progress = None;
        });
    }
}

fn telemetry() -> Json {
    json!({
        "servox.version": env!("CARGO_PKG_VERSION"),
        "servox.platform": format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}
