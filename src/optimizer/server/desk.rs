//! The state of one application between two messages: who drives it, and the optimizer at work for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::application::{Application, Shared, sleep};
use super::counts;
use crate::optimizer::local::{LocalError, LocalOptimizer, StorageError};
use crate::optimizer::{Command, Commands, Event, Optimizer, OptimizerError, Reply, Request, Status};

/// How long a servo sleeps that has nothing to do, in seconds.
const REST: u64 = 60;
/// After that time a study that cannot go on begins again with a description.
const RETRY_BROKEN: Duration = Duration::from_secs(300);

/// Why a message is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many messages are waiting, or the ones before it take too long.
    Busy,
    /// The storage cannot be used at the moment.
    Storage,
    /// The optimizer panicked.
    Defect,
}

/// What stands between two messages.
#[derive(Default)]
pub(super) struct Desk {
    study: Study,
    /// The servo that greeted or asked first; absent while none did.
    driver: Option<Driver>,
    /// Whether that one greeted and has not said goodbye.
    greeted: bool,
}

/// A servo, by its `servo_uid`: those without one are taken for the same.
struct Driver(Option<String>);

#[derive(Default)]
enum Study {
    /// Nothing is held in memory. The next command is DESCRIBE.
    #[default]
    Closed,
    Open(Arc<LocalOptimizer>),
    /// Nothing is held in memory, and there is nothing more to ask of the servo that was at work.
    Finished,
    /// It cannot go on, for a reason that a person can mend.
    Broken {
        why: String,
        since: Instant,
    },
}

impl Desk {
    pub async fn answer(
        &mut self,
        application: &Application,
        shared: &Shared,
        request: Request,
    ) -> Result<Reply, Refusal> {
        let id = &application.id;
        match request.event {
            Event::Hello => {
                // A servo that only checks the connection sends no agent.
                if request.param.is_object() {
                    self.greet(id, request.servo_uid);
                }
                Ok(Reply::Status(Status::accepted()))
            }
            Event::Goodbye => {
                if self.is_driver(&request) {
                    *self = Self::default();
                }
                Ok(Reply::Status(Status::accepted()))
            }
            Event::WhatsNext => {
                if !self.is_driver(&request) {
                    tracing::warn!(application = id, "a servo asks for work while another one drives the application");
                    let reason = "another servo said HELLO after this one and drives the application";
                    return Ok(Reply::Command(sleep(REST, &json!({ "status": "conflict", "reason": reason }))));
                }
                self.driver.get_or_insert_with(|| Driver(request.servo_uid.clone()));
                self.next(application, shared, request).await.map(Reply::Command)
            }
            _ => self.result(id, request).await.map(Reply::Status),
        }
    }

    fn is_driver(&self, request: &Request) -> bool {
        self.driver.as_ref().is_none_or(|driver| driver.0 == request.servo_uid)
    }

    /// A servo that greets begins from the start: nobody knows where its application stands.
    fn greet(&mut self, id: &str, servo_uid: Option<String>) {
        if self.greeted {
            tracing::warn!(
                application = id,
                "a servo says HELLO where one had said it and not GOODBYE: it was started again, or two servos drive one \
                 application; this one drives it now"
            );
        }
        *self = Self { study: Study::Closed, driver: Some(Driver(servo_uid)), greeted: true };
    }

    async fn next(&mut self, application: &Application, shared: &Shared, request: Request) -> Result<Command, Refusal> {
        if matches!(&self.study, Study::Broken { since, .. } if since.elapsed() >= RETRY_BROKEN) {
            self.study = Study::Closed;
        }
        if matches!(self.study, Study::Closed)
            && let Err(error) = self.open(application, shared).await
        {
            return self.failed(&application.id, &error).map(|()| self.rest());
        }
        let Study::Open(optimizer) = &self.study else { return Ok(self.rest()) };
        let optimizer = optimizer.clone();
        match optimizer.post(request).await {
            Ok(Reply::Command(command)) if command.cmd != Commands::Sleep => Ok(command),
            Ok(_) => {
                if let Some(report) = optimizer.board().report() {
                    tracing::info!(application = application.id, "the study is finished: {}", report.sentence);
                }
                counts::study("finished");
                self.study = Study::Finished;
                Ok(self.rest())
            }
            Err(error) => self.failed(&application.id, &error).map(|()| self.rest()),
        }
    }

    /// A result. What nobody waits for changes nothing.
    async fn result(&mut self, id: &str, request: Request) -> Result<Status, Refusal> {
        if !self.is_driver(&request) {
            return Ok(Status::unexpected("another servo drives the application; ignoring"));
        }
        let Study::Open(optimizer) = &self.study else {
            let event = request.event.as_str();
            return Ok(Status::unexpected(format!(
                "Out of order event \"{event}\", expected \"WHATS_NEXT\"; ignoring"
            )));
        };
        match optimizer.clone().post(request).await {
            Ok(Reply::Status(status)) => Ok(status),
            Ok(Reply::Command(_)) => Err(Refusal::Defect),
            Err(error) => {
                self.failed(id, &error)?;
                Ok(Status { status: "invalid".into(), reason: Some(error.message), ..Status::accepted() })
            }
        }
    }

    async fn open(&mut self, application: &Application, shared: &Shared) -> Result<(), OptimizerError> {
        let (config, study) = (application.config.clone(), application.study.clone());
        let (ledger, samplers) = (shared.ledger.clone(), shared.samplers.clone());
        let open = move || LocalOptimizer::with_ledger(config, &study, ledger, samplers, None);
        let opened = tokio::task::spawn_blocking(open).await;
        let optimizer = opened
            .map_err(|failure| OptimizerError::lasting(format!("the local optimizer failed: {failure}")))?
            .map_err(|error| match error {
                // The server before this one may have a moment to go.
                LocalError::Storage(error @ StorageError::InUse { .. }) => OptimizerError::passing(error.to_string()),
                LocalError::Storage(error) => error.into(),
                error => OptimizerError::lasting(error.to_string()),
            })?;
        self.study = Study::Open(Arc::new(optimizer));
        Ok(())
    }

    /// What may pass is to be tried again by the servo; anything else ends the study for now.
    fn failed(&mut self, id: &str, error: &OptimizerError) -> Result<(), Refusal> {
        if error.is_passing() {
            tracing::error!(application = id, "{error}");
            return Err(Refusal::Storage);
        }
        tracing::error!(application = id, "the study cannot go on: {error}");
        counts::study("broken");
        self.study = Study::Broken { why: error.message.clone(), since: Instant::now() };
        Ok(())
    }

    /// The command of a servo that has nothing to do.
    fn rest(&self) -> Command {
        let data: Json = match &self.study {
            Study::Broken { why, .. } => json!({ "status": "failed", "reason": why }),
            _ => json!({ "reason": "no active optimization pipeline" }),
        };
        sleep(REST, &data)
    }
}
