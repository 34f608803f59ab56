//! Which configuration is tried next, and when no more are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::sampler::{Sampler, SamplerError};
use super::session::Session;
use super::space::{Assignment, Space};
use super::study::{Origin, Proposer, Trial};
use super::{approach, study};

/// The strategy of a session. It is asked without the session, which thus can be ended while the strategy thinks.
pub(super) type Strategist = Arc<Mutex<Box<dyn Sampler>>>;

/// What a strategy is asked.
pub(super) struct Question {
    strategist: Strategist,
    space: Space,
    history: Vec<Trial>,
}

impl Question {
    /// The strategy's answer. May take long.
    pub fn ask(&self) -> Result<Option<Assignment>, SamplerError> {
        // Afterwards the strategy is asked nothing more.
        catch_unwind(AssertUnwindSafe(|| {
            let mut strategist = self.strategist.lock().unwrap_or_else(PoisonError::into_inner);
            strategist.ask(&self.space, &self.history)
        }))
        .unwrap_or_else(|_| Err(SamplerError::new("it panicked, which is a defect")))
    }
}

impl Session {
    /// The question for the strategy.
    pub(super) fn question(&self) -> Question {
        Question { strategist: self.strategist.clone(), space: self.space.clone(), history: self.trials.clone() }
    }

    /// Takes the strategy's answer.
    pub(super) fn proposed(&mut self, answer: Result<Option<Assignment>, SamplerError>) {
        self.proposal = Some(match answer {
            Ok(Some(proposal)) => {
                let missing = self.space.parameters().iter().find(|parameter| proposal.get(&parameter.name).is_none());
                match missing {
                    // A proposal may carry the noise of its arithmetic.
                    None => Ok(self.space.snap(&proposal)),
                    Some(parameter) => {
                        Err((format!("sampler {} proposed no value for {}", self.sampler, parameter.name), true))
                    }
                }
            }
            Ok(None) => Err(("every point was tried".into(), false)),
            Err(error) => Err((format!("sampler {} failed: {error}", self.sampler), true)),
        });
    }

    /// The configuration to try next, or why there is none and whether that is a fault. `None` when the strategy has to
    /// be asked.
    pub(super) fn propose(&mut self) -> Option<Result<(Assignment, Origin), (String, bool)>> {
        if let Some(proposal) = self.proposal.take() {
            let origin = self.origin(Proposer::Sampler, None);
            return Some(proposal.map(|assignment| (assignment, origin)));
        }
        match self.exhausted() {
            Some(reason) => Some(Err(reason)),
            None => self.near().map(Ok),
        }
    }

    /// Why no more configurations are tried, and whether that is a fault.
    fn exhausted(&self) -> Option<(String, bool)> {
        let budget = &self.tools.config.budget;
        let (used, now) = (study::used(&self.trials), (self.tools.clock)());
        if used >= budget.trials {
            return Some((format!("the budget of {} trials is used", budget.trials), false));
        }
        if let Some(deadline) = budget.deadline
            && now.duration_since(self.study.created).as_secs_f64() >= deadline.as_secs_f64()
        {
            return Some((format!("the deadline of {deadline} has passed"), false));
        }
        if self.failed_in_a_row >= budget.max_failed_trials {
            return Some((format!("{} trials in a row gave no figures", self.failed_in_a_row), true));
        }
        let stop = self.tools.config.stop.as_ref()?;
        let count = study::stalled(&self.trials, self.objective.direction, stop)?;
        Some((format!("no improvement in the last {count} trials"), false))
    }

    /// A configuration that is due whatever the strategy would say.
    fn near(&self) -> Option<(Assignment, Origin)> {
        if let Some(interrupted) = study::to_retry(&self.trials) {
            let origin = self.origin(Proposer::Retry, Some(interrupted.number));
            return Some((interrupted.assignment.clone(), origin));
        }
        let step = || approach::step(&self.space, &self.study.baseline, &self.trials, self.study.seed);
        let step = self.approaches.then(step).flatten()?;
        Some((step, self.origin(Proposer::Approach, None)))
    }

    /// Why a configuration is tried in this run.
    pub(super) fn origin(&self, by: Proposer, of: Option<u32>) -> Origin {
        Origin { by, sampler: self.sampler.clone(), of }
    }
}
