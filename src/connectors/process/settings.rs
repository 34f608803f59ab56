//! The settings of the application: from the configuration, and changed by adjustments.

use super::config::{Kind, SettingConfiguration};
use crate::config::{Path, Problem, nearest};
use crate::event::{ErrorKind, EventError};
use crate::model::{Adjustment, Domain, Setting, Value};

/// The setting of that name and configuration, or all that is wrong with it. `path` is the setting's.
pub(super) fn compile(name: &str, config: &SettingConfiguration, path: &Path) -> Result<Setting, Vec<Problem>> {
    let mut problems = Vec::new();
    if name.is_empty() {
        problems.push(Problem { at_key: true, ..Problem::new(path.clone(), "a setting needs a name, found ''") });
    }
    let domain = match config.kind {
        Kind::Range => range(config, path, &mut problems),
        Kind::Enum => choices(config, path, &mut problems),
    };
    let Some(domain) = domain.filter(|_| problems.is_empty()) else { return Err(problems) };
    let mut setting = Setting { name: name.to_owned(), domain, pinned: false, unit: config.unit.clone(), value: None };
    let value_path = path.key("value");
    match setting.accept(&config.value) {
        Err(error) => return Err(vec![Problem::new(value_path, error.to_string())]),
        Ok(value) if !on_step(&setting.domain, &value) => {
            return Err(vec![Problem::new(value_path, format!("{value} is not a whole number of steps above `min`"))]);
        }
        Ok(value) => setting.value = Some(value),
    }
    setting.pinned = config.pinned;
    Ok(setting)
}

/// Tells of keys that belong to the other kind.
fn refuse(keys: &[(&str, bool)], kind: &str, path: &Path, problems: &mut Vec<Problem>) {
    for (key, given) in keys {
        if *given {
            let message = format!("a setting of type '{kind}' has no `{key}`");
            problems.push(Problem { at_key: true, ..Problem::new(path.key(*key), message) });
        }
    }
}

fn range(config: &SettingConfiguration, path: &Path, problems: &mut Vec<Problem>) -> Option<Domain> {
    refuse(&[("values", config.values.is_some())], "range", path, problems);
    let mut bound = |key: &str, value: &Option<Value>| {
        let problem = match value {
            Some(value) if value.as_f64().is_some_and(f64::is_finite) => return Some(value.clone()),
            Some(value) => Problem::new(path.key(key), format!("expected a number, found '{value}'")),
            None => Problem::new(path.clone(), format!("a setting of type 'range' needs `{key}`, a number")),
        };
        problems.push(problem);
        None
    };
    let (min, max, step) = (bound("min", &config.min), bound("max", &config.max), bound("step", &config.step));
    let (min, max, step) = (min?, max?, step?);
    let (low, high, distance) = (min.as_f64()?, max.as_f64()?, step.as_f64()?);
    if low > high {
        problems.push(Problem::new(path.key("max"), format!("expected {min} (`min`) or more, found {max}")));
    }
    if distance < 0.0 || (distance == 0.0 && low < high) {
        problems.push(Problem::new(path.key("step"), format!("expected a number greater than 0, found {step}")));
    }
    Some(Domain::Range { min, max, step })
}

fn choices(config: &SettingConfiguration, path: &Path, problems: &mut Vec<Problem>) -> Option<Domain> {
    let foreign = [("min", config.min.is_some()), ("max", config.max.is_some()), ("step", config.step.is_some())];
    refuse(&foreign, "enum", path, problems);
    let Some(values) = config.values.clone().filter(|values| !values.is_empty()) else {
        let message = "a setting of type 'enum' needs `values`, a list of at least one choice";
        problems.push(Problem::new(path.clone(), message));
        return None;
    };
    for (at, value) in values.iter().enumerate() {
        // Two choices of one text could not be told apart by the application.
        if values[..at].iter().any(|other| other.same(value) || other.to_string() == value.to_string()) {
            let place = path.key("values").index(at);
            problems.push(Problem::new(place, format!("the choice '{value}' stands here a second time")));
        }
    }
    Some(Domain::Enum { values })
}

/// Whether a value of a range is a whole number of steps above its least value.
fn on_step(domain: &Domain, value: &Value) -> bool {
    let Domain::Range { min, step, .. } = domain else { return true };
    let (Some(min), Some(step), Some(value)) = (min.as_f64(), step.as_f64(), value.as_f64()) else { return true };
    if step == 0.0 {
        return value == min;
    }
    let steps = (value - min) / step;
    (steps - steps.round()).abs() < 1e-6
}

/// The settings after the adjustments of that component; those of others are left out. Nothing is taken over unless all
/// can be.
pub(super) fn adjusted(
    component: &str,
    settings: &[Setting],
    adjustments: &[Adjustment],
) -> Result<Vec<Setting>, EventError> {
    let mut changed = settings.to_vec();
    let mut errors = Vec::new();
    for adjustment in adjustments.iter().filter(|adjustment| adjustment.component_name == component) {
        let name = &adjustment.setting_name;
        let Some(setting) = changed.iter_mut().find(|setting| setting.name == *name) else {
            let known: Vec<_> = settings.iter().map(|setting| setting.name.as_str()).collect();
            let hint = nearest(name, known.iter().copied()).map(|near| format!(", did you mean '{near}'?"));
            errors.push(format!(
                "component '{component}' has no setting '{name}'{} (known: {})",
                hint.unwrap_or_default(),
                if known.is_empty() { "none".into() } else { known.join(", ") }
            ));
            continue;
        };
        match setting.accept(&adjustment.value) {
            Ok(value) => setting.value = Some(value),
            Err(error) => errors.push(format!("{}: {error}", adjustment.selector())),
        }
    }
    if errors.is_empty() {
        Ok(changed)
    } else {
        let message = format!("nothing was changed: {}", errors.join("; "));
        Err(EventError::new(ErrorKind::AdjustmentRejected, message).with_reason("invalid-value"))
    }
}

/// What differs, for people: `workers: 2 -> 3`; empty when nothing does.
pub(super) fn difference(old: &[Setting], new: &[Setting]) -> String {
    let text = |setting: &Setting| setting.value.as_ref().map(ToString::to_string).unwrap_or_default();
    old.iter()
        .zip(new)
        .filter(|(old, new)| old.value != new.value)
        .map(|(old, new)| format!("{}: {} -> {}", new.name, text(old), text(new)))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(config: serde_json::Value) -> Vec<String> {
        let config = serde_json::from_value(config).unwrap();
        let path = Path::default().key("settings").key("x");
        match compile("x", &config, &path) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect(),
        }
    }

    #[test]
    fn a_range_is_checked() {
        assert!(problems(json!({"type": "range", "min": 1, "max": 4, "step": 1, "value": 2})).is_empty());
        assert!(problems(json!({"type": "range", "min": 0.1, "max": 0.7, "step": 0.1, "value": 0.3})).is_empty());
        assert!(problems(json!({"type": "range", "min": 2, "max": 2, "step": 0, "value": 2})).is_empty());
        for (config, problem) in [
            (
                json!({"type": "range", "min": 4, "max": 1, "step": 1, "value": 2}),
                "settings.x.max: expected 4 (`min`) or more, found 1",
            ),
            (
                json!({"type": "range", "min": 1, "max": 4, "step": 0, "value": 2}),
                "settings.x.step: expected a number greater than 0, found 0",
            ),
            (json!({"type": "range", "min": 1, "max": 4, "step": 1}), ""),
            (
                json!({"type": "range", "max": 4, "step": "a", "value": 2}),
                "settings.x: a setting of type 'range' needs `min`, a number|settings.x.step: expected a number, found 'a'",
            ),
            (
                json!({"type": "range", "min": 1, "max": 4, "step": 1, "value": 5}),
                "settings.x.value: 5 is outside of the range 1 to 4 of setting 'x'",
            ),
            (
                json!({"type": "range", "min": 1, "max": 8, "step": 2, "value": 4}),
                "settings.x.value: 4 is not a whole number of steps above `min`",
            ),
            (
                json!({"type": "range", "min": 1, "max": 8, "step": 1, "value": 4, "values": [4]}),
                "settings.x.values: a setting of type 'range' has no `values`",
            ),
        ] {
            if problem.is_empty() {
                assert!(serde_json::from_value::<SettingConfiguration>(config).is_err());
            } else {
                assert_eq!(problems(config).join("|"), problem);
            }
        }
    }

    #[test]
    fn an_enumeration_is_checked() {
        assert!(problems(json!({"type": "enum", "values": ["a", 1], "value": 1})).is_empty());
        for (config, problem) in [
            (
                json!({"type": "enum", "values": [], "value": 2}),
                "settings.x: a setting of type 'enum' needs `values`, a list of at least one choice",
            ),
            (
                json!({"type": "enum", "values": [1, "1"], "value": 1}),
                "settings.x.values[1]: the choice '1' stands here a second time",
            ),
            (
                json!({"type": "enum", "values": [1, 2], "value": 3}),
                "settings.x.value: \"3\" is not one of [1, 2] of setting 'x'",
            ),
            (
                json!({"type": "enum", "values": [1, 2], "value": 1, "min": 1}),
                "settings.x.min: a setting of type 'enum' has no `min`",
            ),
        ] {
            assert_eq!(problems(config).join("|"), problem);
        }
    }

    #[test]
    fn all_adjustments_are_taken_or_none() {
        let settings = [Setting::range("workers", 1, 4, 1, 2), Setting::choice("level", ["low", "high"], "low")];
        let change = |adjustments: &[Adjustment]| adjusted("web", &settings, adjustments);
        let new = change(&[Adjustment::new("web", "workers", "3"), Adjustment::new("db", "workers", 99)]).unwrap();
        assert_eq!(difference(&settings, &new), "workers: 2 -> 3");
        let error = change(&[
            Adjustment::new("web", "workers", 3),
            Adjustment::new("web", "wrokers", 3),
            Adjustment::new("web", "level", "mid"),
        ])
        .unwrap_err();
        assert_eq!(error.kind, ErrorKind::AdjustmentRejected);
        assert!(error.message.contains("did you mean 'workers'?"), "{error}");
        assert!(error.message.contains("web.level: \"mid\" is not one of [low, high]"), "{error}");
    }
}
