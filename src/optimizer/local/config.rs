//! The object `optimizer.local` of `servo.yaml`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::formula::{Condition, Formula};
use super::storage::{StorageUrl, without_password};
use crate::config::{Path, Problem};
use crate::model::Duration;

/// How the local optimizer searches.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LocalConfig {
    /// The strategy. `random` and `grid` are built in; the others come with `pip install 'servox-rs[local]'`.
    pub sampler: SamplerKind,
    /// Makes the search repeatable.
    pub seed: Option<u64>,
    /// What is minimized or maximized.
    pub goal: Option<GoalConfig>,
    /// What every accepted configuration must meet.
    pub constraints: ConstraintsConfig,
    /// How one configuration is measured.
    pub trial: TrialConfig,
    /// How long the search may go on.
    pub budget: BudgetConfig,
    /// When the search ends early because it no longer improves.
    pub stop: Option<StopConfig>,
    /// Where trials are kept: `sqlite:///` and a path, relative to the working directory, or
    /// `postgresql://user:password@host/database`.
    #[schemars(regex(pattern = r"^(sqlite:///|postgres(ql)?://).+"))]
    pub storage: String,
    /// What the application is left with.
    pub promote: Promote,
    /// The name of the study in the storage; the name of the servo when absent.
    pub study: Option<String>,
}

/// A search strategy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SamplerKind {
    /// Tree-structured Parzen estimator.
    #[default]
    Tpe,
    /// Gaussian process.
    Gp,
    /// Covariance matrix adaptation.
    Cmaes,
    /// Quasi-Monte Carlo.
    Qmc,
    /// Uniformly at random, without repetition.
    Random,
    /// Every combination, or an even selection when the budget is smaller.
    Grid,
}

impl SamplerKind {
    /// The name in `servo.yaml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tpe => "tpe",
            Self::Gp => "gp",
            Self::Cmaes => "cmaes",
            Self::Qmc => "qmc",
            Self::Random => "random",
            Self::Grid => "grid",
        }
    }
}

/// The direction of the goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Direction {
    Minimize,
    Maximize,
}

impl Direction {
    /// Whether `a` is better than `b`.
    pub fn better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Minimize => a < b,
            Self::Maximize => a > b,
        }
    }

    /// The name in `servo.yaml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minimize => "minimize",
            Self::Maximize => "maximize",
        }
    }
}

/// What is minimized or maximized: a metric, or a formula over metrics and settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoalConfig {
    /// The direction.
    pub objective: Direction,
    /// A metric, such as `throughput`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// A formula, such as `web.replicas * 0.12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// What it is called in tables; the metric's name, or `goal`, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl GoalConfig {
    /// The formula, whichever way it was written.
    pub fn parse(&self) -> Result<Formula, Problem> {
        let key = |key: &str| Path::default().key(key);
        match (&self.metric, &self.formula) {
            (Some(metric), None) if metric.trim().is_empty() => {
                Err(Problem::new(key("metric"), "expected the name of a metric, found an empty text"))
            }
            (Some(metric), None) => Ok(Formula::of_name(metric)),
            (None, Some(formula)) => {
                Formula::parse(formula).map_err(|error| Problem::new(key("formula"), error.to_string()))
            }
            (Some(_), Some(_)) => Err(Problem::new(key("formula"), "expected either metric or formula, found both")),
            (None, None) => Err(Problem::new(Path::default(), "expected a metric or a formula, found neither")),
        }
    }

    /// What it is called in tables.
    pub fn label(&self) -> &str {
        self.name.as_deref().or(self.metric.as_deref()).unwrap_or("goal")
    }
}

/// What every accepted configuration must meet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConstraintsConfig {
    /// Conditions on metrics and settings.
    pub absolute: Vec<ConstraintConfig>,
}

/// One condition, such as `latency_95th <= 250`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstraintConfig {
    /// What it is called in tables.
    pub name: String,
    /// Two formulas and a comparison.
    pub formula: String,
}

/// How one configuration is measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrialConfig {
    /// How long to wait before the measurement counts.
    pub warmup: Duration,
    /// How long to measure.
    pub duration: Duration,
    /// How many measurements are averaged.
    #[schemars(range(min = 1, max = 100))]
    pub repeats: u32,
}

impl Default for TrialConfig {
    fn default() -> Self {
        Self { warmup: Duration::from_secs(30), duration: Duration::from_secs(300), repeats: 1 }
    }
}

/// How long the search may go on. The measurements of the baseline and of the verification are not counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetConfig {
    /// How many configurations are tried in the whole study, over all runs.
    #[schemars(range(min = 1, max = 10_000))]
    pub trials: u32,
    /// How long after the study began a new trial may begin.
    pub deadline: Option<Duration>,
    /// How many trials of one run in a row may fail or end without figures before the search stops.
    #[schemars(range(min = 1))]
    pub max_failed_trials: u32,
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { trials: 40, deadline: None, max_failed_trials: 5 }
    }
}

/// When the search ends because it no longer improves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopConfig {
    /// How many trials are made in any case.
    pub min_trials: u32,
    /// What counts as an improvement of the best goal, as a share: `2%`.
    pub min_improvement: String,
    /// How many trials without such an improvement end the search.
    #[schemars(range(min = 1))]
    pub patience: u32,
}

impl Default for StopConfig {
    fn default() -> Self {
        Self { min_trials: 15, min_improvement: "2%".into(), patience: 8 }
    }
}

impl StopConfig {
    /// `min_improvement` as a number: 0.02 for `2%`.
    pub fn share(&self) -> Option<f64> {
        let number: f64 = self.min_improvement.strip_suffix('%')?.trim().parse().ok()?;
        (0.0..=100.0).contains(&number).then_some(number / 100.0)
    }
}

/// What the application is left with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Promote {
    /// The best configuration when it is better than the baseline, else the baseline.
    #[default]
    Best,
    /// Always the baseline.
    Never,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            sampler: SamplerKind::default(),
            seed: None,
            goal: None,
            constraints: ConstraintsConfig::default(),
            trial: TrialConfig::default(),
            budget: BudgetConfig::default(),
            stop: None,
            storage: "sqlite:///servo.db".into(),
            promote: Promote::default(),
            study: None,
        }
    }
}

/// Without the password of the storage.
impl fmt::Debug for LocalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sampler, seed, goal, constraints, trial, budget, stop, storage, promote, study } = self;
        f.debug_struct("LocalConfig")
            .field("sampler", sampler)
            .field("seed", seed)
            .field("goal", goal)
            .field("constraints", constraints)
            .field("trial", trial)
            .field("budget", budget)
            .field("stop", stop)
            .field("storage", &without_password(storage))
            .field("promote", promote)
            .field("study", study)
            .finish()
    }
}

impl LocalConfig {
    /// Where trials are kept.
    pub fn url(&self) -> Result<StorageUrl, Problem> {
        self.storage.parse().map_err(|message: String| Problem::new(Path::default().key("storage"), message))
    }

    /// The parsed constraints with their names.
    pub fn conditions(&self) -> Result<Vec<(String, Condition)>, Vec<Problem>> {
        let (mut parsed, mut problems) = (Vec::new(), Vec::new());
        for (at, constraint) in self.constraints.absolute.iter().enumerate() {
            let path = Path::default().key("constraints").key("absolute").index(at);
            if constraint.name.trim().is_empty() {
                problems.push(Problem::new(path.key("name"), "expected a name, found an empty text"));
            } else if parsed.iter().any(|(name, _)| *name == constraint.name) {
                problems.push(Problem::new(
                    path.key("name"),
                    format!("'{}' is the name of two constraints", constraint.name),
                ));
            }
            match Condition::parse(&constraint.formula) {
                Ok(condition) => parsed.push((constraint.name.clone(), condition)),
                Err(error) => problems.push(Problem::new(path.key("formula"), error.to_string())),
            }
        }
        if problems.is_empty() { Ok(parsed) } else { Err(problems) }
    }

    /// What is wrong beyond what the schema can say; paths start at this object.
    pub fn check(&self) -> Vec<Problem> {
        let root = Path::default();
        let mut problems = Vec::new();
        if let Some(Err(problem)) = self.goal.as_ref().map(GoalConfig::parse) {
            problems.push(problem.under(&root.key("goal")));
        }
        problems.extend(self.conditions().err().into_iter().flatten());
        problems.extend(self.url().err());
        for (section, key, count) in [
            ("trial", "repeats", self.trial.repeats),
            ("budget", "trials", self.budget.trials),
            ("budget", "max_failed_trials", self.budget.max_failed_trials),
        ] {
            if count == 0 {
                problems.push(Problem::new(root.key(section).key(key), "expected at least 1, found 0"));
            }
        }
        if self.trial.warmup < Duration::ZERO {
            problems.push(Problem::new(root.key("trial").key("warmup"), "expected a duration that is not negative"));
        }
        if self.trial.duration <= Duration::ZERO {
            problems.push(Problem::new(root.key("trial").key("duration"), "expected a duration greater than 0"));
        }
        if self.budget.deadline.is_some_and(|deadline| deadline <= Duration::ZERO) {
            problems.push(Problem::new(root.key("budget").key("deadline"), "expected a duration greater than 0"));
        }
        if let Some(stop) = self.stop.as_ref().filter(|stop| stop.share().is_none()) {
            let message = format!("expected a percentage such as 2%, found {:?}", stop.min_improvement);
            problems.push(Problem::new(root.key("stop").key("min_improvement"), message));
        }
        if self.stop.as_ref().is_some_and(|stop| stop.patience == 0) {
            problems.push(Problem::new(root.key("stop").key("patience"), "expected at least 1, found 0"));
        }
        if self.study.as_ref().is_some_and(|study| study.trim().is_empty()) {
            problems.push(Problem::new(root.key("study"), "expected a name, found an empty text"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(value: serde_json::Value) -> Vec<String> {
        let config: LocalConfig = serde_json::from_value(value).unwrap();
        config.check().iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    }

    #[test]
    fn the_defaults_are_sound() {
        assert_eq!(problems(json!({})), Vec::<String>::new());
        let config: LocalConfig = serde_json::from_value(json!({
            "sampler": "grid", "goal": {"objective": "maximize", "metric": "throughput"},
            "trial": {"duration": "2m"}, "stop": {"patience": 3},
        }))
        .unwrap();
        assert_eq!(config.check(), []);
        assert_eq!(config.trial.duration, Duration::from_secs(120));
        assert_eq!(config.stop.unwrap().share(), Some(0.02));
        assert_eq!(
            serde_json::from_value::<LocalConfig>(json!(LocalConfig::default())).unwrap(),
            LocalConfig::default()
        );
    }

    #[test]
    fn unknown_keys_are_refused() {
        for value in [
            json!({"samplr": "tpe"}),
            json!({"goal": {"objective": "minimize", "x": 1}}),
            json!({"trial": {"on_missing": 1}}),
        ] {
            assert!(serde_json::from_value::<LocalConfig>(value).is_err());
        }
    }

    #[test]
    fn everything_wrong_is_found_at_once_and_located() {
        let found = problems(json!({
            "goal": {"objective": "minimize", "metric": "a", "formula": "b"},
            "constraints": {"absolute": [{"name": "p95", "formula": "p95 60"}, {"name": "ok", "formula": "a <= 1"}, {"name": "ok", "formula": "a <= 2"}]},
            "trial": {"duration": 0, "repeats": 0},
            "storage": "servo.db",
            "stop": {"min_improvement": "much"},
        }));
        assert_eq!(
            found,
            [
                "goal.formula: expected either metric or formula, found both",
                "constraints.absolute[0].formula: column 5: expected a comparison (<= >= < > == !=), found the number 60",
                "constraints.absolute[2].name: 'ok' is the name of two constraints",
                "storage: expected sqlite:/// and the path of a file, such as sqlite:///servo.db, or postgresql:// and a \
                 database, such as postgresql://user@host/database, found \"servo.db\"",
                "trial.repeats: expected at least 1, found 0",
                "trial.duration: expected a duration greater than 0",
                "stop.min_improvement: expected a percentage such as 2%, found \"much\"",
            ]
        );
    }
}
