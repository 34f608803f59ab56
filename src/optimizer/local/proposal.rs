//! Which configuration is tried next, and when no more are.

use super::session::Session;
use super::space::Assignment;
use super::{approach, study};

impl Session {
    /// The configuration to try next, or why there is none and whether that is a fault.
    pub(super) fn propose(&mut self) -> Result<Assignment, (String, bool)> {
        let budget = &self.tools.config.budget;
        let (used, now) = (study::used(&self.trials), (self.tools.clock)());
        if used >= budget.trials {
            return Err((format!("the budget of {} trials is used", budget.trials), false));
        }
        if let Some(deadline) = budget.deadline
            && now.duration_since(self.study.created).as_secs_f64() >= deadline.as_secs_f64()
        {
            return Err((format!("the deadline of {deadline} has passed"), false));
        }
        if self.failed_in_a_row >= budget.max_failed_trials {
            return Err((format!("{} trials in a row gave no figures", self.failed_in_a_row), true));
        }
        let stalled = self.tools.config.stop.as_ref();
        if let Some(count) = stalled.and_then(|stop| study::stalled(&self.trials, self.objective.direction, stop)) {
            return Err((format!("no improvement in the last {count} trials"), false));
        }
        if let Some(again) = study::to_retry(&self.trials) {
            return Ok(again);
        }
        if self.sampler.approaches()
            && let Some(near) = approach::step(&self.space, &self.study.baseline, &self.trials, self.study.seed)
        {
            return Ok(near);
        }
        match self.sampler.ask(&self.space, &self.trials) {
            Ok(Some(proposal)) => {
                let missing = self.space.parameters().iter().find(|parameter| proposal.get(&parameter.name).is_none());
                match missing {
                    // A proposal may carry the noise of its arithmetic.
                    None => Ok(self.space.snap(&proposal)),
                    Some(parameter) => {
                        Err((format!("sampler {} proposed no value for {}", self.sampler.name(), parameter.name), true))
                    }
                }
            }
            Ok(None) => Err(("every point was tried".into(), false)),
            Err(error) => Err((format!("sampler {} failed: {error}", self.sampler.name()), true)),
        }
    }
}
