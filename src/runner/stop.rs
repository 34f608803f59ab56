//! How a run is ended from outside.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A request to end a run, shared by everyone who may make it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    token: CancellationToken,
    reason: Arc<OnceLock<String>>,
}

impl Stop {
    /// A run that nobody has asked to end yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to end. The first reason given stands, such as `SIGINT`.
    pub fn request(&self, reason: impl Into<String>) {
        let _ = self.reason.set(reason.into());
        self.token.cancel();
    }

    /// Why the run is to end; `None` while nobody asked.
    pub fn reason(&self) -> Option<&str> {
        self.token.is_cancelled().then(|| self.reason.get().map_or("shutdown", String::as_str))
    }

    /// Whether the run is to end.
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until the run is to end.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// The future's output. Once the run is asked to end the future has that grace left, and until then that patience;
    /// then it is dropped.
    pub(super) async fn bound<T>(
        &self,
        future: impl Future<Output = T>,
        grace: Duration,
        patience: Option<Duration>,
    ) -> Result<T, Overdue> {
        tokio::pin!(future);
        let hangs = async {
            match patience {
                Some(patience) => tokio::time::sleep(patience).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            output = &mut future => return Ok(output),
            () = self.requested() => {}
            () = hangs => return Err(Overdue::Patience),
        }
        tokio::time::timeout(grace, future).await.map_err(|_| Overdue::Stop)
    }

    /// The future's output; `None`, and the future is dropped, when the run is asked to end.
    pub(super) async fn unless_requested<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.requested() => None,
        }
    }

    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }
}

/// Why a future was dropped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The run was asked to end, and the grace is over.
    Stop,
    /// It hangs.
    Patience,
}

/// How long each part of an ending may take once the run is asked to end, before what still runs is dropped. Together
/// less than five seconds.
#[derive(Clone, Copy, Debug)]
pub struct Grace {
    /// For the command at work: to end by itself once its context is cancelled, and for its result to be posted.
    pub command: Duration,
    /// For the last adjustment that leaves the application as it is meant to stay.
    pub wind_down: Duration,
    /// For the connectors' `shutdown` and `detach`, and the farewell.
    pub shutdown: Duration,
}

impl Default for Grace {
    fn default() -> Self {
        Self {
            command: Duration::from_millis(1_400),
            wind_down: Duration::from_millis(1_700),
            shutdown: Duration::from_millis(1_400),
        }
    }
}
