//! The search strategies: what they are asked, and where they come from.

use super::config::{Direction, SamplerKind};
use super::grid::GridSampler;
use super::random::RandomSampler;
use super::space::{Assignment, Space};
use super::storage::StorageUrl;
use super::study::{Kind, State, Trial};

/// Why a strategy could not propose or could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SamplerError {
    /// What, and what to do.
    pub message: String,
}

impl SamplerError {
    /// An error of that text.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// A search strategy, asked for configurations and told what came of them.
///
/// Calls are made one at a time, from a thread that may block. The history is the truth: after a restart it holds
/// trials that this instance was never told of, and trials may be told that it was never asked for (the baseline, the
/// first steps near it, and those tried again after an interruption). A strategy with a memory of its own brings it up
/// to date from the history.
pub trait Sampler: Send {
    /// What it is called in `servo.yaml`.
    fn name(&self) -> &str;

    /// The configuration to try next; `None` when there is none left. `history` is all trials of the study in order of
    /// their numbers; the trial to come gets the number `history.len()`.
    fn ask(&mut self, space: &Space, history: &[Trial]) -> Result<Option<Assignment>, SamplerError>;

    /// What came of a trial of kind baseline or search. Only `complete` and `infeasible` ones are told.
    fn tell(&mut self, trial: &Trial) -> Result<(), SamplerError> {
        let _ = trial;
        Ok(())
    }

    /// Whether the first steps are to stay near the baseline.
    fn approaches(&self) -> bool {
        true
    }
}

/// What a strategy is made for.
#[derive(Clone, Copy, Debug)]
pub struct SamplerRequest<'a> {
    /// The strategy.
    pub kind: SamplerKind,
    /// Chosen once for a study, and kept with it.
    pub seed: u64,
    /// The direction of the goal.
    pub direction: Direction,
    /// The names of the constraints, in the order of a trial's violations.
    pub constraints: &'a [String],
    /// What can be tried.
    pub space: &'a Space,
    /// How many trials there will be in all.
    pub trials: u32,
    /// Where the study is. Tables whose names start with `servo_` belong to the local optimizer.
    pub storage: &'a StorageUrl,
    /// The name of the study, unique in the storage.
    pub study: &'a str,
}

/// Where strategies come from.
pub trait SamplerFactory: Send + Sync {
    /// Whether that strategy can be had here, before anything else is done.
    fn check(&self, kind: SamplerKind) -> Result<(), SamplerError>;

    /// Whether that strategy can keep what it needs in that storage.
    fn check_storage(&self, kind: SamplerKind, storage: &StorageUrl) -> Result<(), SamplerError> {
        let _ = (kind, storage);
        Ok(())
    }

    /// Makes one.
    fn create(&self, request: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError>;
}

/// The strategies of this crate: `random` and `grid`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeSamplers;

impl SamplerFactory for NativeSamplers {
    fn check(&self, kind: SamplerKind) -> Result<(), SamplerError> {
        match kind {
            SamplerKind::Random | SamplerKind::Grid => Ok(()),
            other => Err(SamplerError::new(format!(
                "sampler '{}' needs the Python package with optuna (pip install 'servox-rs[local]'); \
                 built in are random and grid",
                other.as_str()
            ))),
        }
    }

    fn create(&self, request: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError> {
        self.check(request.kind)?;
        Ok(match request.kind {
            SamplerKind::Grid => Box::new(GridSampler::new(request.trials)),
            _ => Box::new(RandomSampler::new(request.seed)),
        })
    }
}

/// Whether a configuration has been tried, successfully or not.
pub(super) fn is_tried(history: &[Trial], assignment: &Assignment) -> bool {
    history.iter().any(|trial| {
        let counts = match trial.kind {
            // A baseline that was interrupted or failed is measured again by itself.
            Kind::Baseline => matches!(trial.state, State::Complete | State::Infeasible),
            Kind::Search => true,
            Kind::VerifyBaseline | Kind::VerifyBest => false,
        };
        counts && trial.assignment.same(assignment)
    })
}
