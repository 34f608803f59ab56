//! The servos of this process, counted by state.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Census, OUT_OF_REACH};

/// The part of its life that a servo is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Starting,
    Running,
    Stopping,
    Finished,
    Failed,
}

#[derive(Debug, Default)]
struct Servos {
    census: Census,
    /// Since when those optimizers have not answered that should have.
    unanswered: HashMap<u64, Instant>,
}

impl Servos {
    fn count(&mut self, state: State) -> &mut usize {
        match state {
            State::Starting => &mut self.census.starting,
            State::Running => &mut self.census.running,
            State::Stopping => &mut self.census.stopping,
            State::Finished => &mut self.census.finished,
            State::Failed => &mut self.census.failed,
        }
    }

    /// How they are when an optimizer is out of reach after that time.
    fn census(&self, patience: Duration) -> Census {
        let out_of_reach = self.unanswered.values().filter(|since| since.elapsed() >= patience).count();
        let alive = self.census.starting + self.census.running;
        Census { out_of_reach: out_of_reach.min(alive), ..self.census }
    }
}

static SERVOS: LazyLock<Mutex<Servos>> = LazyLock::new(Mutex::default);

fn servos() -> MutexGuard<'static, Servos> {
    SERVOS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How the servos of this process are, when there are to be at least so many of them.
pub(crate) fn census(expected: usize) -> Census {
    let mut census = servos().census(OUT_OF_REACH);
    let known = census.starting + census.running + census.stopping + census.finished + census.failed;
    census.starting += expected.saturating_sub(known);
    census
}

/// A servo among the others, from the first state that it enters. One that is dropped has finished, unless it had failed.
#[derive(Debug, Default)]
pub(crate) struct Presence(Mutex<Option<State>>);

impl Presence {
    /// Its state changes. The first servo that starts lets those be forgotten that were before.
    pub fn enter(&self, next: State) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut servos = servos();
        if let Some(former) = state.replace(next) {
            let count = servos.count(former);
            *count = count.saturating_sub(1);
        } else {
            let census = &mut servos.census;
            if census.starting + census.running + census.stopping == 0 {
                (census.finished, census.failed) = (0, 0);
            }
        }
        *servos.count(next) += 1;
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let state = *self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if state.is_some_and(|state| state != State::Failed) {
            self.enter(State::Finished);
        }
    }
}

/// Whether the optimizer of one servo answers.
#[derive(Debug)]
pub(crate) struct Reach {
    id: u64,
    lost: AtomicBool,
}

impl Reach {
    /// Of an optimizer that nobody has asked yet.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), lost: AtomicBool::new(false) }
    }

    /// Whether it answered just now.
    pub fn answered(&self, answered: bool) {
        if self.lost.swap(!answered, Ordering::Relaxed) != answered {
            return;
        }
        let mut servos = servos();
        if answered {
            servos.unanswered.remove(&self.id);
        } else {
            servos.unanswered.insert(self.id, Instant::now());
        }
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.answered(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servos_are_counted_by_state() {
        // Servos of other tests come and go meanwhile: only what this one changes is looked at under the lock.
        let (first, failed) = (Presence::default(), Presence::default());
        first.enter(State::Starting);
        first.enter(State::Running);
        failed.enter(State::Starting);
        failed.enter(State::Failed);
        let at_least = census(0);
        assert!(at_least.running >= 1 && at_least.failed >= 1, "{at_least:?}");
        let known = at_least.starting + at_least.running + at_least.stopping + at_least.finished + at_least.failed;
        assert!(census(known + 1_000).starting > 500);
    }

    #[test]
    fn an_optimizer_is_out_of_reach_when_it_has_not_answered_for_long() {
        let mut servos = Servos::default();
        servos.census.running = 1;
        servos.unanswered.insert(1, Instant::now());
        assert_eq!(servos.census(Duration::from_secs(300)).out_of_reach, 0);
        assert_eq!(servos.census(Duration::ZERO).out_of_reach, 1);
        servos.unanswered.insert(2, Instant::now());
        assert_eq!(servos.census(Duration::ZERO).out_of_reach, 1, "no more than there are servos");
        let reach = Reach::new();
        let known = |reach: &Reach| super::servos().unanswered.contains_key(&reach.id);
        reach.answered(false);
        assert!(known(&reach));
        reach.answered(true);
        assert!(!known(&reach));
        reach.answered(false);
        let id = reach.id;
        drop(reach);
        assert!(!super::servos().unanswered.contains_key(&id));
    }
}
