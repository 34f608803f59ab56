//! What handlers ask of the keeper, and what ends its work early.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::plan::Plan;
use crate::event::Context;
use crate::model::Setting;

/// Why something asked for did not come about.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The asker, or a stop, ended it early.
    Interrupted(String),
    /// The application did not come up.
    NotUp(String),
    /// It did not come up, nor did it with the former settings.
    NotBack(String),
}

/// What a handler asks for.
pub(super) enum Request {
    /// Have the application running and healthy. Answers with the number of the run.
    Ensure { asker: Asker, reply: oneshot::Sender<Result<u64, Failure>> },
    /// Run it with those settings, and see it stay up for `hold` after it is healthy.
    Apply { settings: Vec<Setting>, hold: Duration, asker: Asker, reply: oneshot::Sender<Result<(), Failure>> },
    /// Say whether that run goes on, or how it ended.
    Verify { run: u64, reply: oneshot::Sender<Result<(), String>> },
    /// Stop it.
    Stop { reply: oneshot::Sender<()>, notice: StopNotice },
}

/// Who waits for an answer.
pub(super) struct Asker {
    /// Set when the command is cancelled, and when nobody waits any more.
    pub(super) gone: CancellationToken,
    /// Where progress is reported.
    pub(super) context: Context,
}

/// What the keeper and the connector both see; it outlives the keeper.
pub(super) struct Shared {
    pub(super) plan: Plan,
    /// The settings that stand: those of the last application that came up, or the configured ones.
    settings: Mutex<Vec<Setting>>,
    /// How many stops are on their way. They end whatever the keeper waits for.
    stops: watch::Sender<usize>,
    /// How many times the application was started, by this keeper and earlier ones.
    runs: AtomicU64,
}

impl Shared {
    /// Before the first start.
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        let settings = Mutex::new(plan.settings.clone());
        Arc::new(Self { plan, settings, stops: watch::Sender::new(0), runs: AtomicU64::new(0) })
    }

    /// The settings that stand.
    pub(super) fn settings(&self) -> Vec<Setting> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Those settings stand from now on.
    pub(super) fn stands(&self, settings: Vec<Setting>) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The number of the next run.
    pub(super) fn next_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A stop that is on its way, until this is dropped.
pub(super) struct StopNotice(Arc<Shared>);

impl StopNotice {
    /// Tells the keeper at once, before the request has come through the queue.
    pub(super) fn give(shared: &Arc<Shared>) -> Self {
        shared.stops.send_modify(|count| *count += 1);
        Self(shared.clone())
    }
}

impl Drop for StopNotice {
    fn drop(&mut self) {
        self.0.stops.send_modify(|count| *count -= 1);
    }
}

/// What ends a wait early.
pub(super) struct Interrupt {
    gone: CancellationToken,
    stops: watch::Receiver<usize>,
}

impl Interrupt {
    /// Ends when the asker is gone, or a stop is on its way.
    pub(super) fn new(gone: CancellationToken, shared: &Shared) -> Self {
        Self { gone, stops: shared.stops.subscribe() }
    }

    /// Waits until it is ended; says why.
    pub(super) async fn raised(&self) -> String {
        let mut stops = self.stops.clone();
        tokio::select! {
            biased;
            _ = stops.wait_for(|count| *count > 0) => "the application is being stopped".into(),
            () = self.gone.cancelled() => "the command was cancelled".into(),
        }
    }

    /// Whether the application is to be stopped anyway.
    pub(super) fn is_stop(&self) -> bool {
        *self.stops.borrow() > 0
    }

    /// Whether it is ended already.
    pub(super) fn is_raised(&self) -> bool {
        self.gone.is_cancelled() || self.is_stop()
    }
}
