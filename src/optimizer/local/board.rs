//! What people look at while the optimizer works, and what it has to say at the end.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::space::Assignment;
use super::study::{Kind, Trial};

/// How many notes wait for a reader; of more, the oldest are dropped.
const NOTES: usize = 1_000;

/// Where the optimizer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The application is asked what it consists of.
    #[default]
    Describe,
    /// The baseline is measured.
    Baseline,
    /// Configurations are tried.
    Search,
    /// The best configuration and the baseline are measured once more.
    Verify,
    /// There is nothing more to do.
    Done,
}

/// What is being done with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Activity {
    Adjusting,
    Measuring,
}

/// The trial that is under way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Current {
    /// Its number.
    pub number: u32,
    /// What it is for.
    pub kind: Kind,
    /// Its settings.
    pub assignment: Assignment,
    /// What is being done.
    pub step: Activity,
}

/// A measured configuration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The number of the trial it was measured in.
    pub trial: u32,
    /// The value of the goal.
    pub goal: f64,
    /// Whether every constraint was met.
    pub feasible: bool,
    /// One number a metric.
    pub metrics: IndexMap<String, f64>,
    /// The settings.
    pub assignment: Assignment,
}

impl Figures {
    /// Those of a trial, if it has a goal.
    pub fn of(trial: &Trial) -> Option<Self> {
        Some(Self {
            trial: trial.number,
            goal: trial.goal?,
            feasible: trial.is_feasible(),
            metrics: trial.metrics.clone(),
            assignment: trial.assignment.clone(),
        })
    }
}

/// The goal of one trial, for a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The number of the trial.
    pub trial: u32,
    /// The value of the goal.
    pub goal: f64,
    /// Whether every constraint was met.
    pub feasible: bool,
}

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Snapshot {
    /// The study's name in the storage.
    pub study: String,
    /// The search strategy.
    pub sampler: String,
    /// What the goal is called.
    pub goal_name: String,
    /// The goal with its direction, as text.
    pub goal: String,
    /// The constraints, as text.
    pub constraints: Vec<String>,
    /// Where the optimizer stands.
    pub phase: Phase,
    /// How much of the budget is used.
    pub trials_done: u32,
    /// How many trials there may be.
    pub budget: u32,
    /// The trial under way.
    pub current: Option<Current>,
    /// The best configuration so far that meets every constraint, the baseline included.
    pub best: Option<Figures>,
    /// The baseline.
    pub baseline: Option<Figures>,
    /// The goal of each measured trial of the baseline and the search, in order.
    pub history: Vec<Point>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Note {
    /// When.
    pub time: Timestamp,
    /// Whether somebody should have a look.
    pub warning: bool,
    /// The trial it is about.
    pub trial: Option<u32>,
    /// One line for people.
    pub text: String,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A configuration was better than the baseline, and so it was when measured again.
    Improved,
    /// Nothing was, or not when measured again.
    BaselineKept,
    /// The baseline could not be measured.
    NothingMeasured,
    /// The run was interrupted.
    Interrupted,
}

/// The two measurements that an improvement is claimed from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verification {
    /// The baseline, once more.
    pub baseline: Figures,
    /// The best configuration, once more; absent when there was none to verify.
    pub best: Option<Figures>,
}

/// What there is to say at the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// The result in one sentence.
    pub sentence: String,
    /// Why no more configurations were tried.
    pub stopped: Option<String>,
    /// The study's name in the storage.
    pub study: String,
    /// What the goal is called.
    pub goal_name: String,
    /// Every trial, by number.
    pub trials: Vec<Trial>,
    /// The best configuration, as the search measured it: the verified one, or else the best so far.
    pub best: Option<Figures>,
    /// The measurements at the end.
    pub verification: Option<Verification>,
    /// The change of the goal against the baseline, in percent; negative is less. From the verification when the
    /// outcome is `improved`, and not verified when it is `interrupted`.
    pub change_percent: Option<f64>,
    /// The settings the application is left with; absent when that is not known.
    pub left_at: Option<Assignment>,
    /// Where the study is: the path of a file, or the URL of a database without its password.
    pub storage: String,
}

#[derive(Debug, Default)]
struct Content {
    version: u64,
    snapshot: Snapshot,
    notes: VecDeque<Note>,
    report: Option<Report>,
}

/// Shared by the optimizer, which writes, and whoever shows it.
#[derive(Debug, Default)]
pub struct Board(Mutex<Content>);

impl Board {
    /// Everything at this moment.
    pub fn snapshot(&self) -> Snapshot {
        self.content().snapshot.clone()
    }

    /// Another number whenever something has changed.
    pub fn version(&self) -> u64 {
        self.content().version
    }

    /// What happened since the last call.
    pub fn drain(&self) -> Vec<Note> {
        self.content().notes.drain(..).collect()
    }

    /// What there is to say at the end; absent before.
    pub fn report(&self) -> Option<Report> {
        self.content().report.clone()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut content = self.content();
        content.version += 1;
        change(&mut content.snapshot);
    }

    pub(super) fn note(&self, note: Note) {
        let mut content = self.content();
        content.version += 1;
        if content.notes.len() >= NOTES {
            content.notes.pop_front();
        }
        content.notes.push_back(note);
    }

    pub(super) fn conclude(&self, report: Report) {
        self.content().report = Some(report);
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Values are replaced whole: a panic elsewhere leaves nothing half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_bounded_and_read_once() {
        let board = Board::default();
        for number in 0..NOTES + 5 {
            board.note(Note { time: Timestamp::UNIX_EPOCH, warning: false, trial: None, text: number.to_string() });
        }
        let notes = board.drain();
        assert_eq!((notes.len(), notes[0].text.as_str()), (NOTES, "5"));
        assert!(board.drain().is_empty());
    }
}
