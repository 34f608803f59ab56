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
mod review;
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
pub use review::{Proven, Review};
pub use sampler::{NativeSamplers, Sampler, SamplerError, SamplerFactory, SamplerRequest};
pub use session::Clock;
pub use space::{Assignment, Dimension, Parameter, Space};
pub use storage::{
    Claim, Ledger, NewStudy, PostgresParts, PostgresUrl, Records, StorageError, StorageUrl, StudyRecord,
};
pub use study::{Check, Kind, Origin, Proposer, State, Trial};

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Command, Event, Optimizer, OptimizerError, Reply, Request};
use crate::config::Problem;
use machine::{Answer, Machine};
use session::Tools;

/// Why the local optimizer cannot start.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LocalError {
    /// The configuration is wrong; [`LocalConfig::check`] gives the places.
    #[error("optimizer.local.{}: {}", .0.path, .0.message)]
    Config(Problem),
    /// The storage of the trials cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The search strategy cannot be had.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
}

/// Searches the settings of one application.
pub struct LocalOptimizer {
    machine: Arc<Mutex<Machine>>,
    /// WHATS_NEXT is answered one after another. The machine itself is not held while the search strategy thinks, so
    /// that a run can be ended meanwhile.
    turn: Arc<Mutex<()>>,
    board: Arc<Board>,
    finished: Arc<AtomicBool>,
}

impl LocalOptimizer {
    /// Opens the storage that the configuration names, unless this process has it open, and takes the study. Blocks on
    /// the disk or the network for a moment.
    pub fn open(
        config: LocalConfig,
        default_study_name: &str,
        factory: Arc<dyn SamplerFactory>,
        clock: Option<Clock>,
    ) -> Result<Self, LocalError> {
        check(&config, &*factory)?;
        let url = config.url().map_err(LocalError::Config)?;
        factory.check_storage(config.sampler, &url)?;
        Self::begin(config, default_study_name, Ledger::shared(&url)?, factory, clock)
    }

    /// Takes a study of a ledger that others may use for studies of their own; the storage that the configuration names
    /// is not looked at. Blocks on the disk or the network for a moment.
    pub fn with_ledger(
        config: LocalConfig,
        default_study_name: &str,
        ledger: Arc<Ledger>,
        factory: Arc<dyn SamplerFactory>,
        clock: Option<Clock>,
    ) -> Result<Self, LocalError> {
        check(&config, &*factory)?;
        factory.check_storage(config.sampler, ledger.url())?;
        Self::begin(config, default_study_name, ledger, factory, clock)
    }

    fn begin(
        config: LocalConfig,
        default_study_name: &str,
        ledger: Arc<Ledger>,
        factory: Arc<dyn SamplerFactory>,
        clock: Option<Clock>,
    ) -> Result<Self, LocalError> {
        let clock = clock.unwrap_or_else(|| Arc::new(jiff::Timestamp::now));
        let study = config.study.clone().unwrap_or_else(|| default_study_name.to_owned());
        let claim = Arc::new(ledger.claim(&study)?);
        let stale = ledger.mark_stale(&study, clock())?;
        let board = Arc::new(Board::default());
        let tools = Tools { config: Arc::new(config), ledger, _claim: claim, board: board.clone(), clock };
        if stale > 0 {
            tools.note(true, None, format!("an earlier run ended in the middle of a trial of study {study}"));
        }
        board.update(|snapshot| {
            snapshot.study.clone_from(&study);
            tools.config.sampler.as_str().clone_into(&mut snapshot.sampler);
            snapshot.budget = tools.config.budget.trials;
        });
        let machine = Arc::new(Mutex::new(Machine::new(tools, factory, study)));
        Ok(Self { machine, turn: Arc::default(), board, finished: Arc::default() })
    }

    /// What people look at.
    pub fn board(&self) -> Arc<Board> {
        self.board.clone()
    }

    /// Runs something on a thread that may block: samplers and the disk take their time. A caller that does not wait
    /// for the end loses the answer, not the work.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Stepper) -> T + Send + 'static,
    ) -> Result<T, OptimizerError> {
        let stepper = Stepper { machine: self.machine.clone(), finished: self.finished.clone() };
        let done = tokio::task::spawn_blocking(move || work(&stepper)).await;
        done.map_err(|error| OptimizerError::lasting(format!("the local optimizer failed: {error}")))
    }
}

/// What can be told before the storage is touched.
fn check(config: &LocalConfig, factory: &dyn SamplerFactory) -> Result<(), LocalError> {
    if let Some(problem) = config.check().into_iter().next() {
        return Err(LocalError::Config(problem));
    }
    Ok(factory.check(config.sampler)?)
}

/// The machine, for one step at a time.
struct Stepper {
    machine: Arc<Mutex<Machine>>,
    finished: Arc<AtomicBool>,
}

impl Stepper {
    fn step<T>(&self, step: impl FnOnce(&mut Machine) -> T) -> T {
        // After a panic the machine is as it was before the step.
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        let result = step(&mut machine);
        self.finished.store(machine.is_finished(), Ordering::Release);
        result
    }
}

#[async_trait]
impl Optimizer for LocalOptimizer {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let turn = self.turn.clone();
        let answered = self.blocking(move |stepper| {
            // The results of a run that is being ended do not wait for the strategy.
            let asks = request.event == Event::WhatsNext;
            let _turn = asks.then(|| turn.lock().unwrap_or_else(PoisonError::into_inner));
            let mut answer = stepper.step(|machine| machine.handle(request))?;
            loop {
                match answer {
                    Answer::Reply(reply) => return Ok(reply),
                    Answer::Ask(question) => {
                        let proposal = question.ask();
                        answer = stepper.step(|machine| machine.proposed(proposal))?;
                    }
                }
            }
        });
        answered.await?
    }

    fn finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// What fails for good is its storage, or what it was told of the application: it would ask for the same again.
    fn outlives_lost_results(&self) -> bool {
        false
    }

    async fn wind_down(&self) -> Option<Command> {
        self.blocking(|stepper| stepper.step(Machine::wind_down)).await.ok().flatten()
    }
}

impl std::fmt::Debug for LocalOptimizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalOptimizer").field("finished", &self.finished()).finish_non_exhaustive()
    }
}
