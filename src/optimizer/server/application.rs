//! One application: its messages one after another, and the optimizer that answers them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Mutex, OwnedMutexGuard, Semaphore};
use tokio_util::task::TaskTracker;

use super::config::ApplicationConfig;
use super::desk::{Desk, Refusal};
use super::token::Credential;
use crate::optimizer::local::{Ledger, LocalConfig, SamplerFactory};
use crate::optimizer::{Command, Commands, Event, Reply, Request, Status};

/// How many messages of one application wait or are at work.
const QUEUE: usize = 8;
/// How long a message waits for those before it, and for its answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// After that many seconds a servo asks again whose next command is not yet known.
const ASK_AGAIN: u64 = 5;

/// What all applications share.
pub(super) struct Shared {
    /// Where the studies are kept.
    pub ledger: Arc<Ledger>,
    /// Where search strategies come from.
    pub samplers: Arc<dyn SamplerFactory>,
    /// How many search strategies think at once.
    pub thinking: Semaphore,
    /// How many other messages are answered at once: each writes to the storage.
    pub writing: Semaphore,
    /// What goes on whether or not who asked for it waits.
    pub work: TaskTracker,
}

/// An application. While it is not asked for, it is little more than its configuration.
pub(super) struct Application {
    pub id: String,
    pub credential: Arc<Credential>,
    pub study: String,
    pub config: LocalConfig,
    queue: Arc<Semaphore>,
    desk: Arc<Mutex<Desk>>,
}

impl Application {
    /// The error says what is wrong with the tokens.
    pub fn new(id: &str, config: ApplicationConfig) -> Result<Self, String> {
        Ok(Self {
            id: id.to_owned(),
            credential: Arc::new(Credential::of(&config)?),
            study: config.study(id).to_owned(),
            config: config.local,
            queue: Arc::new(Semaphore::new(QUEUE)),
            desk: Arc::default(),
        })
    }

    /// Answers a message in its turn. What has begun goes on, whether or not its sender waits for the end.
    pub async fn answer(self: &Arc<Self>, shared: &Arc<Shared>, request: Request) -> Result<Reply, Refusal> {
        // The time it takes to say how far a command is must not hang on anything.
        if is_progress(&request) {
            return Ok(Reply::Status(Status::accepted()));
        }
        let asks = request.event == Event::WhatsNext;
        let late = |refusal| if asks { Ok(Reply::Command(ask_again())) } else { Err(refusal) };
        let Ok(place) = self.queue.clone().try_acquire_owned() else { return late(Refusal::Busy) };
        let deadline = Instant::now() + PATIENCE;
        let Ok(desk) = tokio::time::timeout_at(deadline.into(), self.desk.clone().lock_owned()).await else {
            return late(Refusal::Busy);
        };
        let (this, shared) = (self.clone(), shared.clone());
        let tracker = shared.work.clone();
        let work = tracker.spawn(async move {
            let answer = this.attend(desk, &shared, request).await;
            drop(place);
            answer
        });
        match tokio::time::timeout_at(deadline.into(), work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => {
                tracing::error!(application = self.id, "the optimizer failed, which is a defect: {failure}");
                Err(Refusal::Defect)
            }
            Err(_) => late(Refusal::Busy),
        }
    }

    async fn attend(
        &self,
        mut desk: OwnedMutexGuard<Desk>,
        shared: &Shared,
        request: Request,
    ) -> Result<Reply, Refusal> {
        // A strategy that thinks for long keeps no other application from writing its results down.
        let room = if request.event == Event::WhatsNext { &shared.thinking } else { &shared.writing };
        let _room = room.acquire().await.map_err(|_| Refusal::Busy)?;
        desk.answer(self, shared, request).await
    }
}

/// Whether it tells how far a command is, and not how it ended.
fn is_progress(request: &Request) -> bool {
    let result = matches!(request.event, Event::Description | Event::Measurement | Event::Adjustment);
    result && request.param.get("progress").is_some() && request.param.get("status").is_none()
}

/// The answer to WHATS_NEXT while nobody knows it: a servo must get a command.
fn ask_again() -> Command {
    sleep(ASK_AGAIN, &json!({ "reason": "the next command is being prepared" }))
}

/// The command to sleep. ServoX ends when it is without `data`.
pub(super) fn sleep(seconds: u64, data: &serde_json::Value) -> Command {
    Command { cmd: Commands::Sleep, cmd_uid: None, param: json!({ "duration": seconds, "data": data }) }
}
