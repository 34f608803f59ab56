//! When which request is due.

use std::time::Duration;

use super::rate::Rate;

/// The times at which the requests of one attack are due, as spans since its begin.
///
/// Requests are numbered from 0. A constant rate is computed for each number from the begin, so that no rounding
/// adds up however long the attack lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    rate: Rate,
    total: u64,
}

impl Schedule {
    /// That rate for that long: request `n` belongs to it when it is due before the end.
    pub(super) fn new(rate: Rate, duration: Duration) -> Self {
        let total = match rate {
            Rate::Constant { hits, interval } => {
                saturate(duration.as_nanos().saturating_mul(u128::from(hits)).div_ceil(u128::from(interval)))
            }
            Rate::Unlimited => u64::MAX,
        };
        Self { rate, total }
    }

    /// When request `number` is due; `None` when the rate does not say.
    pub(super) fn time_of(&self, number: u64) -> Option<Duration> {
        match self.rate {
            Rate::Constant { hits, interval } => {
                Some(nanos((u128::from(number) * u128::from(interval)) / u128::from(hits)))
            }
            Rate::Unlimited => None,
        }
    }

    /// How many requests are due by then.
    pub(super) fn due(&self, elapsed: Duration) -> u64 {
        match self.rate {
            Rate::Constant { hits, interval } => {
                // Request n is due at floor(n * interval / hits): the first n beyond `elapsed` is the count.
                let count = (elapsed.as_nanos() + 1).saturating_mul(u128::from(hits)).div_ceil(u128::from(interval));
                saturate(count).min(self.total)
            }
            Rate::Unlimited => self.total,
        }
    }

    /// How many requests there are in all.
    pub(super) fn total(&self) -> u64 {
        self.total
    }
}

fn saturate(count: u128) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(saturate(nanos))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn schedule(rate: &str, duration: Duration) -> Schedule {
        Schedule::new(rate.parse().unwrap(), duration)
    }

    #[test]
    fn requests_are_evenly_spaced_from_the_begin() {
        let schedule = schedule("4/1s", Duration::from_secs(2));
        assert_eq!(schedule.total(), 8);
        assert_eq!(schedule.time_of(3), Some(Duration::from_millis(750)));
        assert_eq!(schedule.due(Duration::ZERO), 1);
        assert_eq!(schedule.due(Duration::from_millis(249)), 1);
        assert_eq!(schedule.due(Duration::from_millis(250)), 2);
        assert_eq!(schedule.due(Duration::from_secs(60)), 8);
    }

    #[test]
    fn an_unlimited_rate_has_no_times() {
        let schedule = schedule("0", Duration::from_secs(1));
        assert_eq!(schedule.time_of(5), None);
        assert_eq!(schedule.due(Duration::ZERO), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_request_is_due_at_its_time_and_not_before(
            hits in 1_u64..2_000_000,
            micros in 1_u64..100_000_000,
            number in 0_u64..10_000_000,
        ) {
            let rate = Rate::Constant { hits, interval: micros * 1_000 };
            let schedule = Schedule::new(rate, Duration::from_secs(u64::from(u32::MAX)));
            let time = schedule.time_of(number).unwrap();
            prop_assert!(schedule.due(time) > number);
            if let Some(before) = time.checked_sub(Duration::from_nanos(1)) {
                prop_assert!(schedule.due(before) <= number);
            }
        }

        #[test]
        fn the_last_request_is_due_before_the_end(
            hits in 1_u64..2_000_000,
            micros in 1_u64..100_000_000,
            millis in 1_u64..1_000_000,
        ) {
            let duration = Duration::from_millis(millis);
            let schedule = Schedule::new(Rate::Constant { hits, interval: micros * 1_000 }, duration);
            prop_assert!(schedule.time_of(schedule.total() - 1).unwrap() < duration);
        }
    }
}
