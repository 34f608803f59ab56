//! One study in one run: what is tried next, and what is made of the answers.

use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use jiff::Timestamp;

use super::board::{Board, Note};
use super::config::{LocalConfig, Promote};
use super::figures::figure;
use super::objective::Objective;
use super::proposal::Strategist;
use super::sampler::{SamplerFactory, SamplerRequest};
use super::space::{Assignment, Space};
use super::storage::{Claim, Ledger, StorageError, StudyRecord};
use super::study::{self, Kind, Origin, Proposer, State, Trial, Verdict};
use super::verification::Verification;
use super::wire;
use crate::model::Description;
use crate::optimizer::{OptimizerError, Status};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often the baseline is measured before it is given up.
const MAX_BASELINES: u32 = 3;
/// How often the application is put where it is to stay before that is given up.
const MAX_PLACEMENTS: u32 = 3;

/// What a session works with.
#[derive(Clone)]
pub(super) struct Tools {
    pub config: Arc<LocalConfig>,
    pub ledger: Arc<Ledger>,
    /// Kept as long as anything is written.
    pub _claim: Arc<Claim>,
    pub board: Arc<Board>,
    pub clock: Clock,
}

impl Tools {
    pub fn note(&self, warning: bool, trial: Option<u32>, text: impl Into<String>) {
        let text = text.into();
        if warning {
            tracing::warn!("{text}");
        } else {
            tracing::debug!("{text}");
        }
        self.board.note(Note { time: (self.clock)(), warning, trial, text });
    }
}

/// The trial under way.
pub(super) struct Active {
    pub number: u32,
    pub kind: Kind,
    pub assignment: Assignment,
    /// The trial whose result is to repeat.
    of: Option<u32>,
    readings: Vec<IndexMap<String, f64>>,
}

/// What the servo is to do next.
#[derive(Debug)]
pub(super) enum Next {
    Adjust(Assignment),
    Measure,
    /// Nothing before the strategy has answered its question: see [`Session::question`] and [`Session::proposed`].
    Ask,
    Nothing,
}

enum Decision {
    Try(Kind, Assignment, Origin),
    Ask,
    Place(Assignment),
    Done,
}

pub(super) struct Session {
    pub tools: Tools,
    pub objective: Objective,
    pub study: StudyRecord,
    pub trials: Vec<Trial>,
    pub verification: Verification,
    /// Why no more configurations are tried.
    pub stopped: Option<String>,
    pub interrupted: bool,
    pub done: bool,
    /// Where the application stands; unknown while it is adjusted, and after that failed.
    pub stands: Option<Assignment>,
    pub(super) space: Space,
    /// The described value of every setting, those that may not change included.
    settings: Assignment,
    /// The name of the search strategy.
    pub(super) sampler: String,
    pub(super) strategist: Strategist,
    /// Whether the first steps are to stay near the baseline.
    pub(super) approaches: bool,
    /// The answer of the strategy, or why there is none and whether that is a fault.
    pub(super) proposal: Option<Result<Assignment, (String, bool)>>,
    pub(super) active: Option<Active>,
    baselines: u32,
    placements: u32,
    pub(super) failed_in_a_row: u32,
}

impl Session {
    /// Begins or resumes the study of that application.
    pub fn open(
        tools: Tools,
        factory: &dyn SamplerFactory,
        name: &str,
        description: &Description,
    ) -> Result<Self, OptimizerError> {
        let refused = |message: String| OptimizerError::lasting(message);
        let objective = Objective::bind(&tools.config, description).map_err(refused)?;
        let space = Space::of(description);
        for (component, setting) in
            description.settings().filter(|(_, setting)| !setting.pinned && setting.value.is_none())
        {
            let text = format!("{component}.{} is left alone: it has no present value to go back to", setting.name);
            tools.note(true, None, text);
        }
        let present = space.present(description).filter(|_| !space.is_empty()).ok_or_else(|| {
            refused(
                "the application has no setting that may change: expected at least one that is not pinned, has a \
                 value, and may take two or more values"
                    .into(),
            )
        })?;
        let study = super::resume::choose_study(&tools, name, &space, &objective, &present)?;
        let trials = tools.ledger.trials(&study)?;
        let constraints: Vec<String> = objective.constraints.iter().map(|(name, _)| name.clone()).collect();
        let label = study.label();
        let request = SamplerRequest {
            kind: tools.config.sampler,
            seed: study.seed,
            direction: objective.direction,
            constraints: &constraints,
            space: &space,
            trials: tools.config.budget.trials,
            storage: tools.ledger.url(),
            study: &label,
        };
        let sampler = factory.create(&request).map_err(|error| refused(error.to_string()))?;
        let settings = description
            .settings()
            .filter_map(|(component, setting)| Some((format!("{component}.{}", setting.name), setting.value.clone()?)));
        if trials.is_empty() {
            tools.note(false, None, format!("study {label}: {} points, sampler {}", space.points(), sampler.name()));
        } else {
            let used = study::used(&trials);
            tools.note(false, None, format!("resumed study {label}: {used} of {} trials made", request.trials));
        }
        let session = Self {
            settings: settings.collect(),
            stands: Some(present),
            tools,
            objective,
            study,
            trials,
            verification: Verification::default(),
            stopped: None,
            interrupted: false,
            done: false,
            space,
            sampler: sampler.name().to_owned(),
            approaches: sampler.approaches(),
            strategist: Arc::new(Mutex::new(sampler)),
            proposal: None,
            active: None,
            baselines: 0,
            placements: 0,
            failed_in_a_row: 0,
        };
        session.show();
        Ok(session)
    }

    /// What the servo is to do next. A trial is written down before its first command is given.
    pub fn plan(&mut self) -> Result<Next, StorageError> {
        loop {
            if let Some(active) = &self.active {
                return Ok(if self.stands_at(&active.assignment) {
                    Next::Measure
                } else {
                    Next::Adjust(active.assignment.clone())
                });
            }
            match self.decide() {
                Decision::Try(kind, assignment, origin) => self.begin(kind, assignment, origin)?,
                Decision::Ask => return Ok(Next::Ask),
                Decision::Place(target) => return Ok(Next::Adjust(target)),
                Decision::Done => {
                    self.done = true;
                    self.show();
                    return Ok(Next::Nothing);
                }
            }
        }
    }

    /// The command to adjust is on its way: until it is answered nobody knows where the application stands.
    pub fn adjusting(&mut self) {
        self.stands = None;
        self.show();
    }

    /// The answer to an ADJUST command with those values.
    pub fn adjusted(&mut self, target: &Assignment, status: &Status) -> Result<(), StorageError> {
        let problem = if status.is_ok() { difference(target, status) } else { Some(wire::reason(status)) };
        if self.active.is_none() {
            self.placements += 1;
            match problem {
                None => self.stands = Some(target.clone()),
                Some(problem) => {
                    self.tools.note(true, None, format!("the application could not be set to {target}: {problem}"));
                }
            }
        } else if let Some(problem) = problem {
            self.end(Verdict::without_figures(failure(status), format!("adjust: {problem}")))?;
        } else {
            self.stands = Some(target.clone());
        }
        self.show();
        Ok(())
    }

    /// The answer to a MEASURE command.
    pub fn measured(&mut self, status: &Status) -> Result<(), StorageError> {
        let Some(active) = &self.active else { return Ok(()) };
        if !status.is_ok() {
            return self.end(Verdict::without_figures(failure(status), wire::reason(status)));
        }
        let readings: Vec<_> = active.readings.iter().cloned().chain([wire::scalars(status)]).collect();
        if readings.len() < self.tools.config.trial.repeats as usize {
            if let Some(active) = &mut self.active {
                active.readings = readings;
            }
            return Ok(());
        }
        let mut metrics = IndexMap::new();
        for name in readings.iter().flat_map(IndexMap::keys) {
            if let Some(mean) = wire::mean(readings.iter().filter_map(|reading| reading.get(name).copied())) {
                metrics.insert(name.clone(), mean);
            }
        }
        let baseline = match active.kind {
            Kind::Baseline | Kind::VerifyBaseline => metrics.clone(),
            Kind::Search => study::baseline(&self.trials).map(|trial| trial.metrics.clone()).unwrap_or_default(),
            Kind::VerifyBest => {
                self.verification.baseline.as_ref().map(|trial| trial.metrics.clone()).unwrap_or_default()
            }
        };
        let mut settings = self.settings.clone();
        for (name, value) in active.assignment.iter() {
            settings.insert(name, value.clone());
        }
        let verdict = self.objective.judge(metrics, &baseline, &settings);
        self.end(verdict)
    }

    /// Ends the run early. The settings that the application is to be left with, unless it stands there already.
    pub fn interrupt(&mut self) -> Option<Assignment> {
        if self.active.is_some()
            && let Err(error) = self.end(Verdict::without_figures(State::Cancelled, "the run was interrupted"))
        {
            // The trial stays written down as running and is taken for stale by the next run.
            self.active = None;
            self.tools.note(true, None, error.to_string());
        }
        self.interrupted |= !self.done;
        self.done = true;
        let target = self.resting_place();
        self.show();
        (!self.stands_at(&target)).then_some(target)
    }

    /// Where the application is to stay.
    pub fn resting_place(&self) -> Assignment {
        let baseline = || self.study.baseline.clone();
        if self.tools.config.promote == Promote::Never {
            return baseline();
        }
        match &self.verification.confirmed {
            Some((_, trial)) => trial.assignment.clone(),
            None if self.interrupted => self.candidate().map_or_else(baseline, |trial| trial.assignment.clone()),
            None => baseline(),
        }
    }

    /// The best trial that improves on the baseline and was not refuted.
    pub fn candidate(&self) -> Option<&Trial> {
        // Without a baseline nothing can be called an improvement.
        study::baseline(&self.trials)?;
        let improvements = study::improvements(&self.trials, self.objective.direction);
        improvements.into_iter().find(|trial| !self.verification.refuted.contains(&trial.number))
    }

    pub(super) fn stands_at(&self, assignment: &Assignment) -> bool {
        self.stands.as_ref().is_some_and(|stands| stands.same(assignment))
    }

    fn decide(&mut self) -> Decision {
        if self.interrupted {
            return Decision::Done;
        }
        if study::baseline(&self.trials).is_none() {
            if self.baselines < MAX_BASELINES {
                let origin = self.origin(Proposer::Baseline, None);
                return Decision::Try(Kind::Baseline, self.study.baseline.clone(), origin);
            }
            if self.stopped.is_none() {
                let last = self.trials.iter().rev().find(|trial| trial.kind == Kind::Baseline);
                let reason = last.and_then(|trial| trial.reason.as_deref()).unwrap_or("no reason given");
                self.stop(format!("the baseline could not be measured: {reason}"), true);
            }
            return self.place();
        }
        if self.stopped.is_none() {
            match self.propose() {
                None => return Decision::Ask,
                Some(Ok((assignment, origin))) => return Decision::Try(Kind::Search, assignment, origin),
                Some(Err((reason, warning))) => self.stop(reason, warning),
            }
        }
        let improvements = study::improvements(&self.trials, self.objective.direction);
        match self.verification.next(&improvements, &self.study.baseline) {
            Some(proof) => {
                let origin = self.origin(Proposer::Verification, proof.of);
                Decision::Try(proof.kind, proof.assignment, origin)
            }
            None => self.place(),
        }
    }

    fn place(&self) -> Decision {
        let target = self.resting_place();
        if self.stands_at(&target) || self.placements >= MAX_PLACEMENTS {
            Decision::Done
        } else {
            Decision::Place(target)
        }
    }

    fn stop(&mut self, reason: String, warning: bool) {
        self.tools.note(warning, None, format!("the search ends: {reason}"));
        self.stopped = Some(reason);
    }

    fn begin(&mut self, kind: Kind, assignment: Assignment, origin: Origin) -> Result<(), StorageError> {
        let number = self.trials.last().map_or(0, |trial| trial.number + 1);
        let of = origin.of;
        let trial = Trial {
            number,
            kind,
            assignment: assignment.clone(),
            state: State::Running,
            reason: None,
            metrics: IndexMap::new(),
            goal: None,
            violations: IndexMap::new(),
            started: (self.tools.clock)(),
            ended: None,
            origin: Some(origin),
            checks: Vec::new(),
        };
        self.tools.ledger.write(&self.study, &trial)?;
        self.trials.push(trial);
        self.baselines += u32::from(kind == Kind::Baseline);
        let what = match (kind, of) {
            (Kind::Baseline, _) => format!("the baseline, {assignment}"),
            (Kind::Search, _) => assignment.to_string(),
            (Kind::VerifyBaseline, _) => "the baseline once more".into(),
            (Kind::VerifyBest, of) => format!("trial {} once more", of.unwrap_or(number)),
        };
        self.tools.note(false, Some(number), format!("trial {number}: {what}"));
        self.active = Some(Active { number, kind, assignment, of, readings: Vec::new() });
        Ok(())
    }

    /// Ends the trial under way. Nothing changes when it cannot be written down.
    fn end(&mut self, verdict: Verdict) -> Result<(), StorageError> {
        let Some(active) = &self.active else { return Ok(()) };
        let Some(place) = self.trials.iter().position(|trial| trial.number == active.number) else { return Ok(()) };
        let mut trial = self.trials[place].clone();
        trial.conclude(verdict, (self.tools.clock)());
        self.tools.ledger.write(&self.study, &trial)?;
        self.trials[place] = trial.clone();
        let of = active.of;
        self.active = None;
        self.tell(&trial, of);
        self.show();
        Ok(())
    }

    fn tell(&mut self, trial: &Trial, of: Option<u32>) {
        let number = trial.number;
        let state = serde_json::to_value(trial.state).ok().and_then(|state| state.as_str().map(str::to_owned));
        let state = state.unwrap_or_default();
        let warning = !matches!(trial.state, State::Complete | State::Infeasible);
        let text = match (trial.goal, &trial.reason) {
            (Some(goal), None) => self.objective.sentence(goal, None, &trial.metrics),
            (Some(goal), Some(broken)) => format!("{} {}, does not meet {broken}", self.objective.name, figure(goal)),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        self.tools.note(warning, Some(number), format!("trial {number} {state}: {text}"));
        let learned = matches!(trial.state, State::Complete | State::Infeasible);
        match trial.kind {
            Kind::Baseline | Kind::Search => {
                if learned
                    && let Err(error) = self.strategist.lock().unwrap_or_else(PoisonError::into_inner).tell(trial)
                {
                    self.tools.note(true, Some(number), format!("sampler {}: {error}", self.sampler));
                }
                if trial.kind == Kind::Search && !trial.is_interrupted() {
                    self.failed_in_a_row = if learned { 0 } else { self.failed_in_a_row + 1 };
                }
            }
            Kind::VerifyBaseline => self.verification.baseline_measured(trial),
            Kind::VerifyBest => {
                let of = of.unwrap_or(number);
                let repeats = self.verification.candidate_measured(of, trial, self.objective.direction);
                let text = if repeats { "repeats" } else { "does not repeat: it is not claimed" };
                self.tools.note(!repeats, Some(of), format!("the improvement of trial {of} {text}"));
            }
        }
    }
}

/// In what the application differs from what was asked for, as far as it says where it stands.
fn difference(target: &Assignment, status: &Status) -> Option<String> {
    let state = Description::from_wire(status.content.get("state")?);
    let different = target.iter().find_map(|(name, asked)| {
        let found = state.setting(name)?.value.clone()?;
        (!super::space::close(asked, &found)).then(|| format!("{name} is {found} where {asked} was asked for"))
    })?;
    Some(different)
}

/// What an unsuccessful result makes of a trial.
fn failure(status: &Status) -> State {
    match status.status.as_str() {
        "rejected" | "aborted" => State::Infeasible,
        "cancelled" => State::Cancelled,
        _ => State::Failed,
    }
}
