//! The local optimizer: searches by the application's own measurements, under constraints, with a verified way back.
//!
//! It answers the messages of a servo as a remote optimizer does. The baseline is measured first, then one
//! configuration after the other; at the end the baseline and the best configuration are measured once more, and what
//! does not repeat is not claimed. Every trial is written down before it begins, so that a run that ended, in whatever
//! way, is continued by the next one.

mod approach;
mod board;
mod config;
mod display;
mod figures;
mod formula;
mod grid;
mod machine;
mod objective;
mod parser;
mod proposal;
mod random;
mod report;
mod resume;
mod sampler;
mod session;
mod space;
mod storage;
mod study;
mod verification;
mod wire;

pub use board::{Activity, Board, Current, Figures, Note, Outcome, Phase, Point, Report, Snapshot, Verification};
pub use config::{
    BudgetConfig, ConstraintConfig, ConstraintsConfig, Direction, GoalConfig, LocalConfig, Promote, SamplerKind,
    StopConfig, TrialConfig,
};
pub use figures::{figure, percent};
pub use formula::{Comparison, Condition, Formula, FormulaError, NoValue, Scope, Symbols};
pub use grid::GridSampler;
pub use random::RandomSampler;
pub use sampler::{NativeSamplers, Sampler, SamplerError, SamplerFactory, SamplerRequest};
pub use session::Clock;
pub use space::{Assignment, Dimension, Parameter, Space};
pub use storage::{Ledger, StorageError, StudyRecord};
pub use study::{Kind, State, Trial};

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Command, Optimizer, OptimizerError, Reply, Request};
use crate::config::Problem;
use machine::Machine;
use session::Tools;

/// Why the local optimizer cannot start.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LocalError {
    /// The configuration is wrong; [`LocalConfig::check`] gives the places.
    #[error("optimizer.local.{}: {}", .0.path, .0.message)]
    Config(Problem),
    /// The file of the trials cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The search strategy cannot be had.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
}

/// Searches the settings of one application.
pub struct LocalOptimizer {
    machine: Arc<Mutex<Machine>>,
    board: Arc<Board>,
    finished: Arc<AtomicBool>,
}

impl LocalOptimizer {
    /// Opens the storage and takes its lock. Blocks on the disk for a moment.
    pub fn open(
        config: LocalConfig,
        default_study_name: &str,
        factory: Arc<dyn SamplerFactory>,
        clock: Option<Clock>,
    ) -> Result<Self, LocalError> {
        if let Some(problem) = config.check().into_iter().next() {
            return Err(LocalError::Config(problem));
        }
        factory.check(config.sampler)?;
        let path = config.path().expect("the check has found the path of the storage");
        let clock = clock.unwrap_or_else(|| Arc::new(jiff::Timestamp::now));
        let study = config.study.clone().unwrap_or_else(|| default_study_name.to_owned());
        let ledger = Ledger::open(&path)?;
        let stale = ledger.mark_stale(&study, clock())?;
        let board = Arc::new(Board::default());
        let tools = Tools { config: Arc::new(config), ledger: Arc::new(ledger), board: board.clone(), clock };
        if stale > 0 {
            tools.note(true, None, format!("an earlier run ended in the middle of a trial of study {study}"));
        }
        board.update(|snapshot| {
            snapshot.study.clone_from(&study);
            tools.config.sampler.as_str().clone_into(&mut snapshot.sampler);
            snapshot.budget = tools.config.budget.trials;
        });
        let machine = Arc::new(Mutex::new(Machine::new(tools, factory, study)));
        Ok(Self { machine, board, finished: Arc::default() })
    }

    /// What people look at.
    pub fn board(&self) -> Arc<Board> {
        self.board.clone()
    }

    /// Runs one step of the machine on a thread that may block: samplers and the disk take their time. A caller that
    /// does not wait for the end loses the answer, not the step.
    async fn step<T: Send + 'static>(
        &self,
        step: impl FnOnce(&mut Machine) -> T + Send + 'static,
    ) -> Result<T, OptimizerError> {
        let (machine, finished) = (self.machine.clone(), self.finished.clone());
        let blocking = tokio::task::spawn_blocking(move || {
            // After a panic of a sampler the machine is as it was before the question.
            let mut machine = machine.lock().unwrap_or_else(PoisonError::into_inner);
            let result = step(&mut machine);
            finished.store(machine.is_finished(), Ordering::Release);
            result
        });
        blocking.await.map_err(|error| OptimizerError {
            message: format!("the local optimizer failed: {error}"),
            retryable: false,
        })
    }
}

#[async_trait]
impl Optimizer for LocalOptimizer {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        self.step(|machine| machine.handle(request)).await?
    }

    fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    async fn wind_down(&self) -> Option<Command> {
        self.step(Machine::wind_down).await.ok().flatten()
    }
}

impl std::fmt::Debug for LocalOptimizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalOptimizer").field("finished", &self.finished()).finish_non_exhaustive()
    }
}
