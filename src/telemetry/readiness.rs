//! Whether a process does what it is for.

use std::time::Duration;

use serde::Serialize;

/// How long an optimizer may be out of reach before its servo counts as not ready. Shorter outages are waited out, and
/// nobody need look.
pub const OUT_OF_REACH: Duration = Duration::from_secs(300);

/// How many servos are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// They attach, greet and start.
    pub starting: usize,
    /// They carry out commands.
    pub running: usize,
    /// Of those that start or run, the ones whose optimizer has not answered for longer than [`OUT_OF_REACH`].
    pub out_of_reach: usize,
    /// They end.
    pub stopping: usize,
    /// They have ended: nothing more is asked of them.
    pub finished: usize,
    /// They could not start, or could not go on.
    pub failed: usize,
}

impl Census {
    /// Why the process is not ready; `None` when it is.
    pub fn trouble(&self) -> Option<String> {
        let all = self.starting + self.running + self.stopping + self.finished + self.failed;
        let told = |count: usize, what: &str| (count > 0).then(|| format!("{count} of {all} servos {what}"));
        if all == 0 {
            return Some("there is no servo yet".to_owned());
        }
        told(self.failed, "have failed")
            .or_else(|| told(self.stopping, "are stopping"))
            .or_else(|| told(self.out_of_reach, "cannot reach their optimizer"))
            .or_else(|| told(self.starting, "have not started yet"))
    }

    /// The states and their numbers, as the gauge has them.
    pub(super) fn states(&self) -> [(&'static str, usize); 5] {
        [
            ("starting", self.starting),
            ("running", self.running),
            ("stopping", self.stopping),
            ("finished", self.finished),
            ("failed", self.failed),
        ]
    }
}

/// Whoever knows the servos of a process.
pub trait Readiness: Send + Sync {
    /// How they are. Called for every question; it neither waits nor calls Python.
    fn census(&self) -> Census;
}

impl<F: Fn() -> Census + Send + Sync> Readiness for F {
    fn census(&self) -> Census {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_when_all_run_or_are_done() {
        let trouble = |census: Census| census.trouble().unwrap_or_default();
        let all = Census { running: 2, ..Census::default() };
        assert_eq!(all.trouble(), None);
        assert_eq!(Census { finished: 1, ..all }.trouble(), None);
        assert_eq!(trouble(Census::default()), "there is no servo yet");
        assert_eq!(trouble(Census { starting: 1, ..all }), "1 of 3 servos have not started yet");
        assert_eq!(trouble(Census { out_of_reach: 1, ..all }), "1 of 2 servos cannot reach their optimizer");
        assert_eq!(trouble(Census { stopping: 2, ..Census::default() }), "2 of 2 servos are stopping");
        assert_eq!(trouble(Census { failed: 1, stopping: 1, ..all }), "1 of 4 servos have failed");
    }
}
