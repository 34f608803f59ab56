//! When a failed request is made again.

use std::time::Duration;

use indexmap::IndexMap;
use rand::{Rng, RngExt};
use tokio::time::Instant;

use super::errors::RemoteError;
use crate::config::Backoff;

/// The context of every request that has none of its own.
pub const DEFAULT_CONTEXT: &str = "__default__";
/// The context of the greeting.
pub const CONNECT_CONTEXT: &str = "connect";

/// The most that jitter adds up to.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The most that a service may ask to wait where no limit of time is set.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// How long and how often a request is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first try to the start of the last; `None` for no limit.
    pub max_time: Option<Duration>,
    /// Tries in all; `None` for no limit.
    pub max_tries: Option<u32>,
}

impl Limits {
    /// One try.
    pub const ONCE: Self = Self { max_time: None, max_tries: Some(1) };
}

/// The limits of each context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contexts(IndexMap<String, Limits>);

impl Contexts {
    /// What is configured, over ten minutes for requests and an hour for the greeting.
    pub fn new(configured: Option<&IndexMap<String, Backoff>>) -> Self {
        let minutes = |minutes: u64| Limits { max_time: Some(Duration::from_secs(60 * minutes)), max_tries: None };
        let mut contexts =
            IndexMap::from([(DEFAULT_CONTEXT.to_owned(), minutes(10)), (CONNECT_CONTEXT.to_owned(), minutes(60))]);
        for (name, backoff) in configured.into_iter().flatten() {
            let limits =
                Limits { max_time: backoff.max_time.map(crate::model::Duration::to_std), max_tries: backoff.max_tries };
            contexts.insert(name.clone(), limits);
        }
        Self(contexts)
    }

    /// The limits of a context, or else of the default one.
    pub fn limits(&self, context: &str) -> Limits {
        let found = self.0.get(context).or_else(|| self.0.get(DEFAULT_CONTEXT));
        found.copied().unwrap_or(Limits { max_time: None, max_tries: None })
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Retry {
    limits: Limits,
    began: Instant,
    tries: u32,
}

impl Retry {
    /// Nothing is tried yet; the time runs.
    pub fn new(limits: Limits) -> Self {
        Self { limits, began: Instant::now(), tries: 0 }
    }

    /// How long to wait before the next try, after one that failed; `None` to give up.
    ///
    /// The wait is drawn from zero to `2ⁿ` seconds, a minute at most, or is what the service asks for with a second of
    /// jitter. A service that asks for more than is left is not asked again.
    pub fn after(&mut self, error: &RemoteError, random: &mut impl Rng) -> Option<Duration> {
        self.tries += 1;
        if !error.retryable || self.limits.max_tries.is_some_and(|most| self.tries >= most) {
            return None;
        }
        let left = match self.limits.max_time {
            None => None,
            Some(most) => Some(most.checked_sub(self.began.elapsed()).filter(|left| !left.is_zero())?),
        };
        if let Some(asked) = error.retry_after {
            if left.is_some_and(|left| asked > left) {
                return None;
            }
            let wait = asked.saturating_add(Duration::from_secs_f64(random.random_range(0.0..1.0)));
            return Some(left.map_or_else(|| wait.min(LONGEST_RETRY_AFTER), |left| wait.min(left)));
        }
        let most = 2_f64.powi(i32::try_from((self.tries - 1).min(16)).unwrap_or(16)).min(LONGEST_WAIT.as_secs_f64());
        let wait = Duration::from_secs_f64(random.random_range(0.0..=most));
        Some(left.map_or(wait, |left| wait.min(left)))
    }

    /// How many tries were made.
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// How long it has gone on.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

/// How long an answer asks to wait: seconds, or a date.
pub(super) fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(now.until(date).ok()?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::optimizer::remote::FailureKind;

    fn outage() -> RemoteError {
        RemoteError::new(FailureKind::Connect, "refused")
    }

    /// The waits until it gives up, with the time they take.
    async fn waits(limits: Limits, seed: u64, error: &RemoteError) -> (Vec<Duration>, Duration) {
        let mut random = StdRng::seed_from_u64(seed);
        let mut retry = Retry::new(limits);
        let mut waits = Vec::new();
        while let Some(wait) = retry.after(error, &mut random) {
            waits.push(wait);
            tokio::time::sleep(wait).await;
            assert!(waits.len() < 10_000);
        }
        (waits, retry.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn waits_are_drawn_from_doubling_spans_up_to_a_minute() {
        let limits = Limits { max_time: None, max_tries: Some(40) };
        let mut longest = [Duration::ZERO; 39];
        for seed in 0..200 {
            let (waits, _) = waits(limits, seed, &outage()).await;
            assert_eq!(waits.len(), 39);
            for (at, wait) in waits.iter().enumerate() {
                let most = Duration::from_secs(1 << at.min(6)).min(Duration::from_secs(60));
                assert!(*wait <= most, "{at}: {wait:?}");
                longest[at] = longest[at].max(*wait);
            }
        }
        // Full jitter: in 200 draws the whole of the span is used.
        for (at, longest) in longest.iter().enumerate() {
            let most = Duration::from_secs(1 << at.min(6)).min(Duration::from_secs(60));
            assert!(*longest > most / 2, "{at}: {longest:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_try_starts_when_the_time_is_over() {
        let limits = Limits { max_time: Some(Duration::from_secs(600)), max_tries: None };
        for seed in 0..50 {
            let (_, elapsed) = waits(limits, seed, &outage()).await;
            // The clock of the tests goes in steps of a millisecond.
            assert!((600.0..600.005).contains(&elapsed.as_secs_f64()), "{elapsed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_help_is_not_tried_again() {
        let mut random = StdRng::seed_from_u64(1);
        let fatal = RemoteError { retryable: false, ..outage() };
        assert_eq!(Retry::new(Limits { max_time: None, max_tries: None }).after(&fatal, &mut random), None);
        assert_eq!(Retry::new(Limits::ONCE).after(&outage(), &mut random), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_says_how_long_to_wait() {
        let mut random = StdRng::seed_from_u64(1);
        let limits = Limits { max_time: Some(Duration::from_secs(100)), max_tries: None };
        let asked = |seconds| RemoteError { retry_after: Some(Duration::from_secs(seconds)), ..outage() };
        let wait = Retry::new(limits).after(&asked(30), &mut random).unwrap();
        assert!((30.0..31.0).contains(&wait.as_secs_f64()), "{wait:?}");
        assert_eq!(Retry::new(limits).after(&asked(101), &mut random), None, "longer than the budget");
        let unlimited = Limits { max_time: None, max_tries: None };
        assert_eq!(Retry::new(unlimited).after(&asked(1 << 40), &mut random), Some(LONGEST_RETRY_AFTER));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: jiff::Timestamp = "2015-10-21T07:27:30Z".parse().unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(Duration::ZERO));
        for wrong in ["", "soon", "-5", "1.5", "99999999999999999999999"] {
            assert_eq!(retry_after(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn contexts_are_merged_over_the_defaults() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        let contexts = Contexts::new(None);
        assert_eq!(contexts.limits(CONNECT_CONTEXT).max_time, minutes(60));
        assert_eq!(contexts.limits("other"), contexts.limits(DEFAULT_CONTEXT));
        let configured = serde_json::json!({"__default__": {"max_tries": 3}, "mine": {"max_time": "5m"}});
        let contexts = Contexts::new(Some(&serde_json::from_value(configured).unwrap()));
        assert_eq!(contexts.limits(DEFAULT_CONTEXT), Limits { max_time: None, max_tries: Some(3) });
        assert_eq!(contexts.limits(CONNECT_CONTEXT).max_time, minutes(60));
        assert_eq!(contexts.limits("mine").max_time, minutes(5));
    }
}
