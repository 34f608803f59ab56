//! How a run is ended from outside.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// A request to end a run, shared by everyone who may make it.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    token: CancellationToken,
    how: Arc<OnceLock<Request>>,
}

/// What was asked for.
#[derive(Debug)]
struct Request {
    reason: String,
    grace: Option<Grace>,
}

impl Stop {
    /// A run that nobody has asked to end yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to end. The first request stands, with its reason, such as `SIGINT`.
    pub fn request(&self, reason: impl Into<String>) {
        self.ask(reason.into(), None);
    }

    /// Asks the run to end within that grace, whatever the runner was given.
    pub fn request_within(&self, reason: impl Into<String>, grace: Grace) {
        self.ask(reason.into(), Some(grace));
    }

    fn ask(&self, reason: String, grace: Option<Grace>) {
        let _ = self.how.set(Request { reason, grace });
        self.token.cancel();
    }

    /// Why the run is to end; `None` while nobody asked.
    pub fn reason(&self) -> Option<&str> {
        self.token.is_cancelled().then(|| self.how.get().map_or("shutdown", |how| how.reason.as_str()))
    }

    /// The grace that came with the request.
    pub(super) fn grace(&self) -> Option<Grace> {
        self.how.get()?.grace
    }

    /// Whether the run is to end.
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Waits until the run is to end.
    pub async fn requested(&self) {
        self.token.cancelled().await;
    }

    /// The future's output. Once the run is asked to end the future has that part of the grace left, and until then that
    /// patience; then it is dropped.
    pub(super) async fn bound<T>(
        &self,
        future: impl Future<Output = T>,
        grace: impl Fn() -> Duration,
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
            biased;
            output = &mut future => return Ok(output),
            () = self.requested() => {}
            () = hangs => return Err(Overdue::Patience),
        }
        tokio::time::timeout(grace(), future).await.map_err(|_| Overdue::Stop)
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

/// How long each part of an ending may take once the run is asked to end, before what still runs is dropped.
///
/// ```
/// use std::time::Duration;
/// use servox::runner::Grace;
/// let grace = Grace::within(Duration::from_secs(30));
/// assert!(grace.total() < Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace {
    /// For the command at work: to end by itself once its context is cancelled, and for its result to be posted.
    pub command: Duration,
    /// For the last adjustment that leaves the application as it is meant to stay.
    pub wind_down: Duration,
    /// For the connectors' `shutdown` and `detach`, and the farewell.
    pub shutdown: Duration,
}

impl Grace {
    /// What the process itself needs beside: to show the results and to exit. A tenth of little time.
    const BESIDE: Duration = Duration::from_millis(500);
    /// More than any ending needs; it keeps sums of times in range.
    const LONGEST: Duration = Duration::from_secs(24 * 3_600);

    /// The parts of an ending that takes no longer than `total`, with what the process needs to exit.
    pub fn within(total: Duration) -> Self {
        let total = total.min(Self::LONGEST);
        let parts = total.saturating_sub((total / 10).min(Self::BESIDE));
        let command = parts * 14 / 45;
        let shutdown = command;
        Self { command, wind_down: parts.saturating_sub(command * 2), shutdown }
    }

    /// All parts together.
    pub fn total(&self) -> Duration {
        self.command + self.wind_down + self.shutdown
    }
}

impl Default for Grace {
    /// Less than five seconds in all.
    fn default() -> Self {
        Self::within(Duration::from_secs(5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_grace_fit_into_its_total() {
        let millis = Duration::from_millis;
        let default = Grace { command: millis(1_400), wind_down: millis(1_700), shutdown: millis(1_400) };
        assert_eq!(Grace::default(), default);
        assert_eq!(Grace::within(Duration::from_secs(30)).total(), millis(29_500));
        assert_eq!(Grace::within(millis(100)).total(), millis(90));
        assert_eq!(Grace::within(Duration::ZERO).total(), Duration::ZERO);
        assert_eq!(Grace::within(Duration::MAX).total(), Grace::LONGEST.saturating_sub(Grace::BESIDE));
    }
}
