//! The proof at the end: the baseline and the best configuration are measured once more.

use super::config::Direction;
use super::space::Assignment;
use super::study::{Kind, Trial};

/// How many configurations are given the chance to repeat their result.
const MAX_CANDIDATES: usize = 3;
/// How often the baseline is measured before it is given up.
const MAX_BASELINES: u32 = 2;

/// How far the proof is. It is made anew in each run: the application may have changed since.
#[derive(Debug, Default)]
pub(super) struct Verification {
    /// The baseline as measured now.
    pub baseline: Option<Trial>,
    baselines: u32,
    /// The trials whose result did not repeat.
    pub refuted: Vec<u32>,
    /// The trial whose result did repeat, and its measurement now.
    pub confirmed: Option<(u32, Trial)>,
}

/// The next measurement of the proof.
#[derive(Debug)]
pub(super) struct Proof {
    pub kind: Kind,
    pub assignment: Assignment,
    /// The trial that is to repeat its result.
    pub of: Option<u32>,
}

impl Verification {
    /// What is to be measured next. `improvements` are the candidates, the best first.
    pub fn next(&self, improvements: &[&Trial], baseline: &Assignment) -> Option<Proof> {
        if self.confirmed.is_some() || self.refuted.len() >= MAX_CANDIDATES {
            return None;
        }
        let candidate = improvements.iter().find(|trial| !self.refuted.contains(&trial.number))?;
        if self.baseline.is_none() {
            return (self.baselines < MAX_BASELINES).then(|| Proof {
                kind: Kind::VerifyBaseline,
                assignment: baseline.clone(),
                of: None,
            });
        }
        Some(Proof { kind: Kind::VerifyBest, assignment: candidate.assignment.clone(), of: Some(candidate.number) })
    }

    /// The baseline was measured, with or without figures.
    pub fn baseline_measured(&mut self, trial: &Trial) {
        self.baselines += 1;
        if trial.goal.is_some() {
            self.baseline = Some(trial.clone());
        }
    }

    /// A candidate was measured. Whether its result repeats: every constraint met, and better than the baseline now.
    pub fn candidate_measured(&mut self, of: u32, trial: &Trial, direction: Direction) -> bool {
        let better = match (trial.goal, &self.baseline) {
            (Some(goal), Some(baseline)) if baseline.is_feasible() => {
                baseline.goal.is_some_and(|before| direction.better(goal, before))
            }
            (Some(_), Some(_)) => true,
            _ => false,
        };
        let repeats = better && trial.is_feasible();
        if repeats {
            self.confirmed = Some((of, trial.clone()));
        } else {
            self.refuted.push(of);
        }
        repeats
    }
}
