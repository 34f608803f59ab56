//! Pauses that grow.

use std::time::Duration;

use rand::RngExt;

use super::Stop;

/// The first pause, at the most; it doubles up to [`MOST`].
const FIRST: Duration = Duration::from_millis(500);
const MOST: Duration = Duration::from_secs(60);
/// The most that an optimizer may ask to wait.
const LONGEST_ASKED: Duration = Duration::from_secs(3_600);

/// Pauses before doing again what did not succeed, each up to twice as long as the one before.
#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// Waits, but not past a request to stop. The last quarter is left to chance: servos that failed at once do not all
    /// come back at once.
    pub async fn pause(&mut self, stop: &Stop) {
        self.pause_for(None, stop).await;
    }

    /// The same, and for as long as the optimizer asked to wait.
    pub async fn pause_for(&mut self, asked: Option<Duration>, stop: &Stop) {
        let pause = self.next().max(asked.unwrap_or_default().min(LONGEST_ASKED));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.requested() => {}
        }
    }

    /// What was tried has succeeded.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn next(&mut self) -> Duration {
        let most = self.next;
        self.next = (most * 2).min(MOST);
        most.mul_f64(rand::rng().random_range(0.75..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let mut backoff = Backoff::default();
        let mut most = FIRST;
        for _ in 0..20 {
            let pause = backoff.next();
            assert!(pause <= most && pause >= most * 3 / 4, "{pause:?} of {most:?}");
            most = (most * 2).min(MOST);
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn an_optimizer_may_ask_for_more_within_an_hour() {
        for (asked, least, most) in [(0, 0, 1), (10, 10, 11), (1 << 40, 3_600, 3_601)] {
            let began = tokio::time::Instant::now();
            Backoff::default().pause_for(Some(Duration::from_secs(asked)), &Stop::new()).await;
            let took = began.elapsed();
            assert!(took >= Duration::from_secs(least) && took <= Duration::from_secs(most), "{took:?}");
        }
    }
}
