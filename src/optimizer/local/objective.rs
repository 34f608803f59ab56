//! The goal and the constraints, ready to judge a measurement.

use indexmap::{IndexMap, IndexSet};

use super::config::{Direction, LocalConfig};
use super::figures::{figure, short};
use super::formula::{Condition, Formula, Scope, Symbols, list};
use super::space::Assignment;
use super::study::{Check, State, Verdict};
use crate::model::{Description, Unit};

/// The goal and the constraints of a study, with the units of the metrics they use.
#[derive(Clone, Debug)]
pub struct Objective {
    /// What the goal is called.
    pub name: String,
    /// Its direction.
    pub direction: Direction,
    /// What is computed.
    pub goal: Formula,
    /// The constraints with their names.
    pub constraints: Vec<(String, Condition)>,
    units: IndexMap<String, Unit>,
}

impl Objective {
    /// The objective of a configuration for that application. The error says what is missing or unknown.
    pub fn bind(config: &LocalConfig, description: &Description) -> Result<Self, String> {
        let known = || list(description.metrics.iter().map(|metric| metric.name.as_str()));
        let Some(goal) = &config.goal else {
            return Err(format!(
                "optimizer.local has no goal: add one, such as `goal: {{objective: minimize, metric: <name>}}`; \
                 metrics of this application: {}",
                known()
            ));
        };
        let formula = goal.parse().map_err(|problem| format!("optimizer.local.goal: {}", problem.message))?;
        let constraints = config.conditions().map_err(|problems| {
            let texts: Vec<_> =
                problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
            texts.join("; ")
        })?;
        let symbols = Symbols {
            metrics: description.metrics.iter().map(|metric| metric.name.clone()).collect(),
            settings: description
                .settings()
                .map(|(component, setting)| format!("{component}.{}", setting.name))
                .collect(),
        };
        formula.check(&symbols).map_err(|error| format!("optimizer.local.goal: {error}"))?;
        for (name, condition) in &constraints {
            for side in condition.sides() {
                side.check(&symbols).map_err(|error| format!("constraint '{name}' of optimizer.local: {error}"))?;
            }
        }
        let units = description.metrics.iter().map(|metric| (metric.name.clone(), metric.unit)).collect();
        Ok(Self { name: goal.label().to_owned(), direction: goal.objective, goal: formula, constraints, units })
    }

    /// The metrics to be measured: those of the goal first.
    pub fn metrics(&self) -> IndexSet<String> {
        let mut metrics = self.goal.metrics();
        for (_, condition) in &self.constraints {
            for side in condition.sides() {
                metrics.extend(side.metrics());
            }
        }
        metrics
    }

    /// What a measurement says. `baseline` is that of the baseline, or the same metrics for the baseline itself.
    pub fn judge(
        &self,
        metrics: IndexMap<String, f64>,
        baseline: &IndexMap<String, f64>,
        settings: &Assignment,
    ) -> Verdict {
        let scope = Scope { metrics: &metrics, baseline, settings };
        let judged = self.goal.evaluate(scope).map_err(|error| format!("goal: {error}")).and_then(|goal| {
            let mut violations = IndexMap::new();
            for (name, condition) in &self.constraints {
                violations
                    .insert(name.clone(), condition.violation(scope).map_err(|error| format!("{name}: {error}"))?);
            }
            Ok((goal, violations))
        });
        let checks = self.constraints.iter().map(|(name, condition)| check(name, condition, scope)).collect();
        match judged {
            Err(reason) => Verdict {
                state: State::Inconclusive,
                reason: Some(reason),
                metrics,
                goal: None,
                violations: IndexMap::new(),
                checks,
            },
            Ok((goal, violations)) => {
                let broken = self.constraints.iter().filter(|(name, _)| violations[name] > 0.0);
                let broken: Vec<_> = broken.map(|(name, condition)| self.found(name, condition, &metrics)).collect();
                let state = if broken.is_empty() { State::Complete } else { State::Infeasible };
                let reason = (!broken.is_empty()).then(|| broken.join(", "));
                Verdict { state, reason, metrics, goal: Some(goal), violations, checks }
            }
        }
    }

    /// `p95 38 ms (limit 60 ms)`, or the condition itself when it is not of a simple form.
    fn found(&self, name: &str, condition: &Condition, metrics: &IndexMap<String, f64>) -> String {
        let simple = condition.limit().and_then(|(metric, limit)| Some((metric, *metrics.get(metric)?, limit)));
        match simple {
            Some((metric, value, limit)) => {
                let unit = self.units.get(metric).copied().unwrap_or_default();
                let unit = if unit.as_str().is_empty() { String::new() } else { format!(" {unit}") };
                format!("{name} {}{unit} (limit {}{unit})", figure(value), short(limit))
            }
            None => format!("{name} ({condition})"),
        }
    }

    /// `cost 2.10, p95 38 ms (limit 60 ms)`, with the change of the goal in parentheses when there is one.
    pub fn sentence(&self, goal: f64, change_percent: Option<f64>, metrics: &IndexMap<String, f64>) -> String {
        let change =
            change_percent.map_or_else(String::new, |percent| format!(" ({})", super::figures::percent(percent)));
        let mut parts = vec![format!("{} {}{change}", self.name, figure(goal))];
        let simple = self.constraints.iter().filter(|(_, condition)| condition.limit().is_some());
        parts.extend(simple.map(|(name, condition)| self.found(name, condition, metrics)));
        parts.join(", ")
    }

    /// `minimize web.n * 0.12`
    pub fn goal_text(&self) -> String {
        let text = format!("{} {}", self.direction.as_str(), self.goal);
        if self.name == "goal" || self.goal.to_string() == self.name { text } else { format!("{text} ({})", self.name) }
    }

    /// `latency: latency_95th <= 60`
    pub fn constraint_texts(&self) -> Vec<String> {
        self.constraints.iter().map(|(name, condition)| format!("{name}: {condition}")).collect()
    }
}

/// A constraint with the figures of its sides.
fn check(name: &str, condition: &Condition, scope: Scope<'_>) -> Check {
    let [left, right] = condition.sides().map(|side| side.evaluate(scope).ok());
    let met = condition.violation(scope).ok().map(|violation| violation <= 0.0);
    Check { name: name.to_owned(), condition: condition.to_string(), left, right, met }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Component, Metric, Setting};
    use serde_json::json;

    fn description() -> Description {
        Description {
            components: vec![Component::new("web", vec![Setting::range("n", 1, 8, 1, 2)])],
            metrics: vec![Metric::new("p95_ms", Unit::Milliseconds), Metric::new("rate", Unit::Float)],
        }
    }

    fn objective() -> Objective {
        let config: LocalConfig = serde_json::from_value(json!({
            "goal": {"objective": "minimize", "formula": "web.n * 1.05", "name": "cost"},
            "constraints": {"absolute": [{"name": "p95", "formula": "p95_ms <= 60"}]},
        }))
        .unwrap();
        Objective::bind(&config, &description()).unwrap()
    }

    fn judge(p95: Option<f64>) -> Verdict {
        let metrics: IndexMap<_, _> = p95.map(|p95| ("p95_ms".to_owned(), p95)).into_iter().collect();
        let settings = [("web.n".to_owned(), 2.into())].into_iter().collect();
        objective().judge(metrics.clone(), &metrics, &settings)
    }

    #[test]
    fn a_measurement_is_judged() {
        let good = judge(Some(38.04));
        assert_eq!((good.state, good.goal), (State::Complete, Some(2.1)));
        assert_eq!(objective().sentence(2.1, Some(-41.3), &good.metrics), "cost 2.10 (-41 %), p95 38 ms (limit 60 ms)");
        let bad = judge(Some(72.31));
        assert_eq!((bad.state, bad.goal), (State::Infeasible, Some(2.1)));
        assert_eq!(bad.reason.as_deref(), Some("p95 72.3 ms (limit 60 ms)"));
        let check =
            |left, met| Check { name: "p95".into(), condition: "p95_ms <= 60".into(), left, right: Some(60.0), met };
        assert_eq!(bad.checks, [check(Some(72.31), Some(false))]);
        assert_eq!(judge(None).checks, [check(None, None)]);
        let missing = judge(None);
        assert_eq!((missing.state, missing.goal), (State::Inconclusive, None));
        assert_eq!(missing.reason.as_deref(), Some("p95: metric 'p95_ms' was not measured; measured: none"));
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = Objective::bind(&LocalConfig::default(), &description()).unwrap_err();
        assert!(error.contains("add one") && error.contains("p95_ms, rate"), "{error}");
        let config: LocalConfig =
            serde_json::from_value(json!({"goal": {"objective": "minimize", "metric": "rates"}})).unwrap();
        let error = Objective::bind(&config, &description()).unwrap_err();
        assert!(error.contains("did you mean 'rate'"), "{error}");
    }
}
