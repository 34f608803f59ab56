//! Trials: what was tried, what came of it, and which is best.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::{Direction, StopConfig};
use super::space::Assignment;

/// What a trial is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The configuration the application came with.
    Baseline,
    /// A configuration to learn from.
    Search,
    /// The baseline once more, at the end.
    VerifyBaseline,
    /// The best configuration once more, at the end.
    VerifyBest,
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not ended yet.
    Running,
    /// Measured, and every constraint met.
    Complete,
    /// A constraint or a guardrail was broken, or the application refused the values.
    Infeasible,
    /// Measured, but without what the goal or a constraint needs.
    Inconclusive,
    /// Could not be set up or measured.
    Failed,
    /// The servo ended before the trial did.
    Stale,
    /// Given up on request.
    Cancelled,
}

/// Who proposed a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proposer {
    /// It is what the application came with.
    Baseline,
    /// It is one of the first steps, which stay near the baseline.
    Approach,
    /// Its trial was interrupted: it is tried once more.
    Retry,
    /// The search strategy.
    Sampler,
    /// The proof at the end.
    Verification,
}

/// Why a configuration is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Who proposed it.
    pub by: Proposer,
    /// The name of the search strategy of that run.
    pub sampler: String,
    /// The trial that is made once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
}

/// A constraint with the figures it was judged by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What the constraint is called.
    pub name: String,
    /// The constraint.
    pub condition: String,
    /// What its left side came to; absent when it has no value.
    pub left: Option<f64>,
    /// What its right side came to.
    pub right: Option<f64>,
    /// Whether it is met; absent when that cannot be told.
    pub met: Option<bool>,
}

/// One configuration, and what was measured with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Unique in the study, counted from 0 over all kinds.
    pub number: u32,
    /// What it is for.
    pub kind: Kind,
    /// The settings.
    pub assignment: Assignment,
    /// What came of it.
    pub state: State,
    /// Why it is not complete.
    pub reason: Option<String>,
    /// One number a metric.
    pub metrics: IndexMap<String, f64>,
    /// The value of the goal. A trial that broke a constraint has one too.
    pub goal: Option<f64>,
    /// By constraint, how far it is from being met: at most 0 when it is met.
    pub violations: IndexMap<String, f64>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why it was tried; absent in trials of an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The constraints with the figures they were judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// What a measurement says of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What came of it.
    pub state: State,
    /// Why it is not complete.
    pub reason: Option<String>,
    /// One number a metric.
    pub metrics: IndexMap<String, f64>,
    /// The value of the goal.
    pub goal: Option<f64>,
    /// By constraint, how far it is from being met.
    pub violations: IndexMap<String, f64>,
    /// The constraints with the figures they were judged by.
    pub checks: Vec<Check>,
}

impl Verdict {
    /// A trial that ended without figures.
    pub fn without_figures(state: State, reason: impl Into<String>) -> Self {
        let (metrics, violations) = (IndexMap::new(), IndexMap::new());
        Self { state, reason: Some(reason.into()), metrics, goal: None, violations, checks: Vec::new() }
    }
}

impl Trial {
    /// Whether it was measured and meets every constraint.
    pub fn is_feasible(&self) -> bool {
        self.state == State::Complete && self.goal.is_some()
    }

    /// Whether it ended before anything could be learned, through no fault of its configuration.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.state, State::Stale | State::Cancelled)
    }

    /// Ends it.
    pub fn conclude(&mut self, verdict: Verdict, now: Timestamp) {
        self.state = verdict.state;
        self.reason = verdict.reason;
        self.metrics = verdict.metrics;
        self.goal = verdict.goal;
        self.violations = verdict.violations;
        self.checks = verdict.checks;
        self.ended = Some(now);
    }
}

/// The trials that the search has to its account.
fn searched(trials: &[Trial]) -> impl Iterator<Item = &Trial> {
    trials.iter().filter(|trial| trial.kind == Kind::Search)
}

/// The baseline's measurement, once there is one.
pub fn baseline(trials: &[Trial]) -> Option<&Trial> {
    trials.iter().find(|trial| trial.kind == Kind::Baseline && trial.goal.is_some())
}

/// The interrupted trial of a configuration that was not tried since: it is to be tried again. One that was interrupted
/// twice is not, it may be the cause.
pub fn to_retry(trials: &[Trial]) -> Option<&Trial> {
    let attempts = |trial: &Trial| searched(trials).filter(|other| other.assignment.same(&trial.assignment)).count();
    searched(trials).find(|trial| trial.is_interrupted() && attempts(trial) == 1)
}

/// How much of the budget is used. An interrupted trial does not count when it is tried again.
pub fn used(trials: &[Trial]) -> u32 {
    let ended = searched(trials).filter(|trial| !trial.is_interrupted() && trial.state != State::Running).count();
    let given_up = searched(trials).enumerate().filter(|(at, trial)| {
        let same = || searched(trials).enumerate().filter(|(_, other)| other.assignment.same(&trial.assignment));
        trial.is_interrupted()
            && same().count() > 1
            && same().all(|(_, other)| other.is_interrupted())
            && same().next().is_some_and(|(first, _)| first == *at)
    });
    u32::try_from(ended + given_up.count()).unwrap_or(u32::MAX)
}

/// The feasible trials of the search that are better than the baseline, the best first, each configuration once. The
/// baseline's own settings, tried again, are none of them: what they differ in is noise.
pub fn improvements(trials: &[Trial], direction: Direction) -> Vec<&Trial> {
    let baseline = baseline(trials);
    let changed = |trial: &Trial| baseline.is_none_or(|baseline| !baseline.assignment.same(&trial.assignment));
    let better = |trial: &Trial| match (trial.goal, baseline) {
        (Some(goal), Some(baseline)) if baseline.is_feasible() => {
            baseline.goal.is_some_and(|before| direction.better(goal, before))
        }
        // A baseline that breaks a constraint is improved by whatever meets all.
        (Some(_), _) => true,
        (None, _) => false,
    };
    let mut found: Vec<&Trial> =
        searched(trials).filter(|trial| trial.is_feasible() && changed(trial) && better(trial)).collect();
    found.sort_by(|a, b| order(direction, a.goal, b.goal));
    let mut unique: Vec<&Trial> = Vec::new();
    for trial in found {
        if !unique.iter().any(|other| other.assignment.same(&trial.assignment)) {
            unique.push(trial);
        }
    }
    unique
}

/// The best feasible trial, the baseline included.
pub fn best(trials: &[Trial], direction: Direction) -> Option<&Trial> {
    trials
        .iter()
        .filter(|trial| matches!(trial.kind, Kind::Baseline | Kind::Search) && trial.is_feasible())
        .min_by(|a, b| order(direction, a.goal, b.goal))
}

/// The better goal first.
fn order(direction: Direction, a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    let (a, b) = (a.unwrap_or(f64::NAN), b.unwrap_or(f64::NAN));
    match direction {
        Direction::Minimize => a.total_cmp(&b),
        Direction::Maximize => b.total_cmp(&a),
    }
}

/// How many of the last trials passed without an improvement worth the name, when that is enough to stop.
pub fn stalled(trials: &[Trial], direction: Direction, stop: &StopConfig) -> Option<u32> {
    let share = stop.share()?;
    let mut reference = baseline(trials).filter(|trial| trial.is_feasible()).and_then(|trial| trial.goal);
    let (mut ended, mut without) = (0_u32, 0_u32);
    for trial in searched(trials).filter(|trial| !trial.is_interrupted() && trial.state != State::Running) {
        ended += 1;
        without += 1;
        let Some(goal) = trial.goal.filter(|_| trial.is_feasible()) else { continue };
        let worth = reference.is_none_or(|reference| {
            direction.better(goal, reference) && (goal - reference).abs() >= share * reference.abs()
        });
        if worth {
            reference = Some(goal);
            without = 0;
        }
    }
    (ended >= stop.min_trials && without >= stop.patience).then_some(without)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn trial(number: u32, kind: Kind, n: i64, state: State, goal: Option<f64>) -> Trial {
        Trial {
            number,
            kind,
            assignment: [("web.n".to_owned(), n.into())].into_iter().collect(),
            state,
            reason: None,
            metrics: IndexMap::new(),
            goal,
            violations: IndexMap::new(),
            started: Timestamp::UNIX_EPOCH,
            ended: None,
            origin: None,
            checks: Vec::new(),
        }
    }

    fn search(number: u32, n: i64, state: State, goal: Option<f64>) -> Trial {
        trial(number, Kind::Search, n, state, goal)
    }

    #[test]
    fn improvements_are_feasible_and_better_than_the_baseline() {
        let trials = [
            trial(0, Kind::Baseline, 1, State::Complete, Some(10.0)),
            search(1, 2, State::Complete, Some(8.0)),
            search(2, 3, State::Infeasible, Some(1.0)),
            search(3, 4, State::Complete, Some(12.0)),
            search(4, 5, State::Complete, Some(7.0)),
            search(5, 5, State::Complete, Some(7.5)),
        ];
        let numbers = |direction| improvements(&trials, direction).iter().map(|trial| trial.number).collect::<Vec<_>>();
        assert_eq!(numbers(Direction::Minimize), [4, 1]);
        assert_eq!(numbers(Direction::Maximize), [3]);
        assert_eq!(best(&trials, Direction::Minimize).unwrap().number, 4);
    }

    #[test]
    fn a_baseline_that_breaks_a_constraint_is_improved_by_what_meets_it() {
        let trials =
            [trial(0, Kind::Baseline, 1, State::Infeasible, Some(1.0)), search(1, 2, State::Complete, Some(8.0))];
        assert_eq!(improvements(&trials, Direction::Minimize).len(), 1);
    }

    #[test]
    fn an_interrupted_trial_is_tried_once_more() {
        let mut trials = vec![search(0, 1, State::Stale, None)];
        assert!(to_retry(&trials).is_some());
        assert_eq!(used(&trials), 0);
        trials.push(search(1, 1, State::Stale, None));
        assert_eq!((to_retry(&trials), used(&trials)), (None, 1));
        trials[1].state = State::Complete;
        assert_eq!((to_retry(&trials), used(&trials)), (None, 1));
    }

    #[test]
    fn a_search_that_no_longer_improves_is_stalled() {
        let stop = StopConfig { min_trials: 3, min_improvement: "10%".into(), patience: 2 };
        let mut trials = vec![trial(0, Kind::Baseline, 1, State::Complete, Some(10.0))];
        for (number, goal) in [(1, 8.0), (2, 7.9)] {
            trials.push(search(number, i64::from(number), State::Complete, Some(goal)));
            assert_eq!(stalled(&trials, Direction::Minimize, &stop), None);
        }
        trials.push(search(3, 3, State::Infeasible, Some(1.0)));
        assert_eq!(stalled(&trials, Direction::Minimize, &stop), Some(2));
        trials.push(search(4, 4, State::Complete, Some(7.0)));
        assert_eq!(stalled(&trials, Direction::Minimize, &stop), None);
    }
}
