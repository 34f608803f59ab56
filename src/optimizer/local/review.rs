//! What is written down of a study, put together for people.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use super::board::{Figures, Verification};
use super::config::Direction;
use super::space::Assignment;
use super::storage::{Records, StorageError, StudyRecord};
use super::study::{self, Kind, Trial};

/// A study with its trials, and what they come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Review {
    /// The study's name, unique in the storage.
    pub study: String,
    /// As configured.
    pub name: String,
    /// Counts the studies of that name, from 1.
    pub generation: u32,
    /// Where it is: a path, or a URL without its password.
    pub storage: String,
    /// When it began.
    pub created: Timestamp,
    /// What the goal is called.
    pub goal_name: String,
    /// What is minimized or maximized.
    pub goal: Option<String>,
    /// The direction.
    pub direction: Option<Direction>,
    /// The constraints, as text.
    pub constraints: Vec<String>,
    /// The settings the application came with.
    pub settings: Assignment,
    /// How many trials of the search count for the budget.
    pub used: u32,
    /// The baseline as measured first.
    pub baseline: Option<Figures>,
    /// The best configuration that improves on the baseline and was not refuted, as the search measured it.
    pub best: Option<Figures>,
    /// Whether a second measurement bore the best one out; false when there was none.
    pub verified: bool,
    /// The change of the goal against the baseline, in percent: from the verification when there is one.
    pub change_percent: Option<f64>,
    /// The second measurements of the baseline and of the best configuration.
    pub verification: Option<Verification>,
    /// Every configuration that was measured once more.
    pub proofs: Vec<Proven>,
    /// Every trial, by number.
    pub trials: Vec<Trial>,
}

/// What came of measuring a configuration once more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proven {
    /// The trial of the search.
    pub of: u32,
    /// The second measurement.
    pub trial: u32,
    /// The baseline that it was compared with.
    pub baseline: Option<u32>,
    /// Whether the improvement repeats.
    pub repeats: bool,
}

/// The parts of a study's fingerprint that are shown.
#[derive(Debug, Default)]
struct Subject {
    goal: Option<String>,
    direction: Option<Direction>,
    constraints: Vec<String>,
}

impl Subject {
    fn of(fingerprint: &str) -> Self {
        let parts: Json = serde_json::from_str(fingerprint).unwrap_or_default();
        let part = |name: &str| parts.get(name).cloned();
        Self {
            goal: part("goal").and_then(|goal| goal.as_str().map(str::to_owned)),
            direction: part("objective").and_then(|direction| serde_json::from_value(direction).ok()),
            constraints: part("constraints").and_then(|texts| serde_json::from_value(texts).ok()).unwrap_or_default(),
        }
    }
}

impl Review {
    /// Reads a study. Whoever runs it is not disturbed.
    pub fn read(records: &Records, study: &StudyRecord) -> Result<Self, StorageError> {
        let trials = records.trials(study)?;
        Ok(Self::of(study, trials, records.url().to_string()))
    }

    fn of(record: &StudyRecord, trials: Vec<Trial>, storage: String) -> Self {
        let subject = Subject::of(&record.fingerprint);
        let direction = subject.direction.unwrap_or(Direction::Minimize);
        let proofs = proofs(&trials, direction);
        // The newest one counts: the application may have changed.
        let proof = |number: u32| proofs.iter().rev().find(|proof| proof.of == number);
        let baseline = study::baseline(&trials);
        let improvements = if baseline.is_some() { study::improvements(&trials, direction) } else { Vec::new() };
        let best = improvements.into_iter().find(|trial| proof(trial.number).is_none_or(|proof| proof.repeats));
        let proven = best.and_then(|best| proof(best.number));
        let numbered = |number: u32| trials.iter().find(|trial| trial.number == number);
        let again = proven.and_then(|proven| {
            let baseline = Figures::of(numbered(proven.baseline?)?)?;
            Some(Verification { baseline, best: Figures::of(numbered(proven.trial)?) })
        });
        let figures = best.and_then(Figures::of);
        let first = baseline.and_then(Figures::of);
        let change_percent = match (&again, &first, &figures) {
            (Some(Verification { baseline, best: Some(best) }), _, _) | (_, Some(baseline), Some(best)) => {
                change(baseline.goal, best.goal)
            }
            _ => None,
        };
        Self {
            study: record.label(),
            name: record.name.clone(),
            generation: record.generation,
            storage,
            created: record.created,
            goal_name: record.goal_name.clone().unwrap_or_else(|| "goal".into()),
            goal: subject.goal,
            direction: subject.direction,
            constraints: subject.constraints,
            settings: record.baseline.clone(),
            used: study::used(&trials),
            baseline: first,
            best: figures,
            verified: proven.is_some(),
            change_percent,
            verification: again,
            proofs,
            trials,
        }
    }
}

/// The change from one goal to another in percent; `None` from zero.
fn change(from: f64, to: f64) -> Option<f64> {
    let percent = (to - from) / from.abs() * 100.0;
    percent.is_finite().then_some(percent)
}

/// Every second measurement that came to an end, in order, judged as the search judges it.
fn proofs(trials: &[Trial], direction: Direction) -> Vec<Proven> {
    let mut found = Vec::new();
    let mut baseline: Option<&Trial> = None;
    for trial in trials {
        match trial.kind {
            Kind::VerifyBaseline if trial.goal.is_some() => baseline = Some(trial),
            Kind::VerifyBest if trial.ended.is_some() && !trial.is_interrupted() => {
                let same = || trials.iter().find(|other| other.kind == Kind::Search && repeats(other, trial));
                let of = trial.origin.as_ref().and_then(|origin| origin.of).or_else(|| same().map(|same| same.number));
                let Some(of) = of else { continue };
                let better = match (trial.goal, baseline) {
                    (Some(goal), Some(baseline)) if baseline.is_feasible() => {
                        baseline.goal.is_some_and(|before| direction.better(goal, before))
                    }
                    (Some(_), Some(_)) => true,
                    _ => false,
                };
                let baseline = baseline.map(|baseline| baseline.number);
                let repeats = better && trial.is_feasible();
                found.push(Proven { of, trial: trial.number, baseline, repeats });
            }
            _ => {}
        }
    }
    found
}

fn repeats(first: &Trial, second: &Trial) -> bool {
    first.is_feasible() && first.assignment.same(&second.assignment)
}

#[cfg(test)]
mod tests {
    use super::super::study::State;
    use super::super::study::tests::trial;
    use super::*;

    fn record() -> StudyRecord {
        StudyRecord {
            id: 1,
            name: "app".into(),
            generation: 2,
            fingerprint: r#"{"space": [], "objective": "minimize", "goal": "cost", "constraints": ["p95: p95 <= 60"]}"#
                .into(),
            seed: 1,
            baseline: Assignment::default(),
            created: Timestamp::UNIX_EPOCH,
            goal_name: Some("cost".into()),
        }
    }

    fn review(trials: Vec<(Kind, i64, State, Option<f64>)>) -> Review {
        let trials = trials.into_iter().enumerate().map(|(number, (kind, n, state, goal))| {
            let mut made = trial(number as u32, kind, n, state, goal);
            made.ended = Some(Timestamp::UNIX_EPOCH);
            made
        });
        Review::of(&record(), trials.collect(), "servo.db".into())
    }

    #[test]
    fn what_is_not_measured_again_is_not_verified() {
        let found = review(vec![
            (Kind::Baseline, 1, State::Complete, Some(10.0)),
            (Kind::Search, 2, State::Complete, Some(5.0)),
            (Kind::Search, 3, State::Infeasible, Some(1.0)),
        ]);
        let best = found.best.unwrap();
        assert_eq!((best.trial, found.verified, found.change_percent), (1, false, Some(-50.0)));
        assert_eq!((found.study.as_str(), found.goal.as_deref(), found.used), ("app#2", Some("cost"), 2));
        assert_eq!((found.constraints.as_slice(), found.verification), (&["p95: p95 <= 60".to_owned()][..], None));
    }

    #[test]
    fn what_did_not_repeat_is_not_the_best() {
        let trials = vec![
            (Kind::Baseline, 1, State::Complete, Some(10.0)),
            (Kind::Search, 2, State::Complete, Some(5.0)),
            (Kind::Search, 3, State::Complete, Some(6.0)),
            (Kind::VerifyBaseline, 1, State::Complete, Some(8.0)),
            (Kind::VerifyBest, 2, State::Complete, Some(9.0)),
            (Kind::VerifyBest, 3, State::Cancelled, None),
            (Kind::VerifyBest, 3, State::Complete, Some(4.0)),
        ];
        let found = review(trials);
        let best = found.best.unwrap();
        assert_eq!((best.trial, best.goal, found.verified, found.change_percent), (2, 6.0, true, Some(-50.0)));
        let again = found.verification.unwrap();
        assert_eq!((again.baseline.goal, again.best.map(|best| best.goal)), (8.0, Some(4.0)));
        let proofs: Vec<_> = found.proofs.iter().map(|proof| (proof.of, proof.trial, proof.repeats)).collect();
        assert_eq!(proofs, [(1, 4, false), (2, 6, true)]);
    }

    #[test]
    fn without_a_baseline_nothing_is_better() {
        let found =
            review(vec![(Kind::Baseline, 1, State::Failed, None), (Kind::Search, 2, State::Complete, Some(5.0))]);
        assert_eq!((found.best, found.baseline, found.verified), (None, None, false));
    }
}
