//! Keeps the board up to date.

use super::board::{Activity, Current, Figures, Phase, Point};
use super::session::Session;
use super::study::{self, Kind};

impl Session {
    /// Brings the board up to date.
    pub(super) fn show(&self) {
        let current = self.active.as_ref().map(|active| Current {
            number: active.number,
            kind: active.kind,
            assignment: active.assignment.clone(),
            step: if self.stands_at(&active.assignment) { Activity::Measuring } else { Activity::Adjusting },
        });
        let phase = if self.done {
            Phase::Done
        } else if study::baseline(&self.trials).is_none() {
            Phase::Baseline
        } else if self.stopped.is_none() {
            Phase::Search
        } else {
            Phase::Verify
        };
        let baseline = study::baseline(&self.trials).and_then(Figures::of);
        let best = study::best(&self.trials, self.objective.direction).and_then(Figures::of);
        let history = self.trials.iter().filter(|trial| matches!(trial.kind, Kind::Baseline | Kind::Search));
        let history = history
            .filter_map(|trial| Some(Point { trial: trial.number, goal: trial.goal?, feasible: trial.is_feasible() }))
            .collect();
        self.tools.board.update(|snapshot| {
            snapshot.study = self.study.label();
            snapshot.sampler.clone_from(&self.sampler);
            snapshot.goal_name.clone_from(&self.objective.name);
            snapshot.goal = self.objective.goal_text();
            snapshot.constraints = self.objective.constraint_texts();
            snapshot.phase = phase;
            snapshot.trials_done = study::used(&self.trials);
            snapshot.budget = self.tools.config.budget.trials;
            snapshot.current = current;
            snapshot.best = best;
            snapshot.baseline = baseline;
            snapshot.history = history;
        });
        if self.done {
            self.tools.board.conclude(super::report::of(self));
        }
    }
}
