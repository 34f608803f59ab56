//! What can be tried: the settings that may change, and the values they may take.

use std::fmt;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::model::{Adjustment, Description, Domain, Setting, Value};

/// A value for every setting, by `component.setting`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Assignment(IndexMap<String, Value>);

/// The values of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// `min`, `min + step`, … up to `max`.
    Grid {
        /// The least value.
        min: f64,
        /// The greatest value that is a whole number of steps above the least.
        max: f64,
        /// The distance of neighbours, greater than 0.
        step: f64,
        /// Whether the values are whole numbers.
        whole: bool,
    },
    /// One of a list.
    Choice {
        /// The choices, in the order described.
        values: Vec<Value>,
    },
}

/// A setting that may change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    /// `component.setting`
    pub name: String,
    /// Its values, at least two.
    pub dimension: Dimension,
}

/// Every setting that may change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Space {
    parameters: Vec<Parameter>,
}

impl Assignment {
    /// The value of a setting.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets the value of a setting.
    pub fn insert(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// The settings with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is no setting.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both set the same settings to the same values, numbers compared by value.
    pub fn same(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().all(|(name, value)| other.get(name).is_some_and(|other| close(value, other)))
    }

    /// One adjustment a setting.
    pub fn adjustments(&self) -> Vec<Adjustment> {
        self.iter()
            .filter_map(|(name, value)| {
                let (component, setting) = name.split_once('.')?;
                Some(Adjustment::new(component, setting, value.clone()))
            })
            .collect()
    }
}

/// Equal, up to what a detour over text and other units of a number may cost.
pub(super) fn close(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => a.to_string() == b.to_string(),
    }
}

impl FromIterator<(String, Value)> for Assignment {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.iter().enumerate() {
            let separator = if at == 0 { "" } else { " " };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

impl Dimension {
    fn of(setting: &Setting) -> Option<Self> {
        match &setting.domain {
            Domain::Enum { values } => Some(Self::Choice { values: values.clone() }),
            Domain::Range { min, max, step } => {
                let whole = [min, max, step].iter().all(|bound| matches!(bound, Value::Int(_)));
                let (min, max, step) = (min.as_f64()?, max.as_f64()?, step.as_f64()?);
                if !(min.is_finite() && max.is_finite() && step.is_finite() && step > 0.0 && max >= min) {
                    return None;
                }
                let mut dimension = Self::Grid { min, max, step, whole };
                let last = dimension.at(dimension.len().saturating_sub(1)).as_f64()?;
                if let Self::Grid { max, .. } = &mut dimension {
                    *max = last;
                }
                Some(dimension)
            }
        }
    }

    /// The number of values.
    pub fn len(&self) -> u64 {
        match self {
            // A little more than whole, for the noise of the division.
            Self::Grid { min, max, step, .. } => (((max - min) / step + 1e-9).floor() as u64).saturating_add(1),
            Self::Choice { values } => values.len() as u64,
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value with that number, counted from 0; the last one when there are fewer.
    pub fn at(&self, index: u64) -> Value {
        let index = index.min(self.len().saturating_sub(1));
        match self {
            Self::Grid { min, max, step, whole } => {
                // The noise of the sum must not carry it out of the bounds.
                let value = (min + index as f64 * step).min(*max);
                if *whole {
                    Value::Int(value.round() as i64)
                } else {
                    Value::Float(rounded(value, decimals(*min).max(decimals(*step))).min(*max))
                }
            }
            Self::Choice { values } => values[index as usize].clone(),
        }
    }

    /// Whether a setting with this dimension can take the value, on a step or between two.
    pub fn contains(&self, value: &Value) -> bool {
        match self {
            Self::Grid { min, max, .. } => value.as_f64().is_some_and(|value| value >= *min && value <= *max),
            Self::Choice { .. } => self.nearest(value).is_some(),
        }
    }

    /// The number of the value that is nearest; `None` for a text that is no choice.
    pub fn nearest(&self, value: &Value) -> Option<u64> {
        match self {
            Self::Grid { min, step, .. } => {
                let steps = ((value.as_f64()? - min) / step).round().max(0.0) as u64;
                Some(steps.min(self.len() - 1))
            }
            Self::Choice { values } => {
                values.iter().position(|choice| close(choice, value)).map(|position| position as u64)
            }
        }
    }
}

/// The digits after the point of the shortest text of a number.
fn decimals(value: f64) -> usize {
    let text = format!("{value:?}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
    let exponent: i64 = exponent.parse().unwrap_or(0);
    usize::try_from(i64::try_from(fraction).unwrap_or(0) - exponent).unwrap_or(0)
}

/// The number nearest to `value` that has so many digits after the point: `0.1 * 3` is `0.3`.
fn rounded(value: f64, decimals: usize) -> f64 {
    // More digits than a float holds: it was no decimal number to begin with.
    if decimals > 15 {
        return value;
    }
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

impl Space {
    /// What may change of an application: pinned settings, those with one value only, and those without a present
    /// value (there would be no way back) are left out.
    pub fn of(description: &Description) -> Self {
        let parameters = description.settings().filter(|(_, setting)| !setting.pinned && setting.value.is_some());
        let parameters = parameters.filter_map(|(component, setting)| {
            let dimension = Dimension::of(setting)?;
            (dimension.len() > 1).then(|| Parameter { name: format!("{component}.{}", setting.name), dimension })
        });
        Self { parameters: parameters.collect() }
    }

    /// The parameters, in the order described.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// Whether nothing may change.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// The number of different assignments; `u64::MAX` when there are more.
    pub fn points(&self) -> u64 {
        self.parameters.iter().fold(1, |points: u64, parameter| points.saturating_mul(parameter.dimension.len()))
    }

    /// The assignment with that number of each parameter's values.
    pub fn assignment(&self, indices: &[u64]) -> Assignment {
        let values = self.parameters.iter().zip(indices);
        values.map(|(parameter, index)| (parameter.name.clone(), parameter.dimension.at(*index))).collect()
    }

    /// The assignment with that number, counted from 0; the last parameter changes fastest.
    pub fn at(&self, mut index: u64) -> Assignment {
        let mut indices = vec![0; self.parameters.len()];
        for (place, parameter) in indices.iter_mut().zip(&self.parameters).rev() {
            *place = index % parameter.dimension.len();
            index /= parameter.dimension.len();
        }
        self.assignment(&indices)
    }

    /// The numbers of the values nearest to those of an assignment.
    pub fn indices(&self, assignment: &Assignment) -> Vec<u64> {
        let nearest = |parameter: &Parameter| {
            assignment.get(&parameter.name).and_then(|value| parameter.dimension.nearest(value)).unwrap_or(0)
        };
        self.parameters.iter().map(nearest).collect()
    }

    /// The nearest assignment of the space: each value on its step, within its bounds.
    pub fn snap(&self, assignment: &Assignment) -> Assignment {
        self.assignment(&self.indices(assignment))
    }

    /// Whether an assignment sets exactly the parameters, each to one of its values.
    pub fn contains(&self, assignment: &Assignment) -> bool {
        assignment.iter().count() == self.parameters.len() && self.snap(assignment).same(assignment)
    }

    /// The present values of the parameters, as described; `None` when one has no value.
    pub fn present(&self, description: &Description) -> Option<Assignment> {
        self.parameters
            .iter()
            .map(|parameter| Some((parameter.name.clone(), description.setting(&parameter.name)?.value.clone()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Component;
    use proptest::prelude::*;

    fn description() -> Description {
        let mut pinned = Setting::range("mem", 1, 8, 1, 2);
        pinned.pinned = true;
        let mut unknown = Setting::range("x", 1, 8, 1, 2);
        unknown.value = None;
        Description {
            components: vec![Component::new(
                "web",
                vec![
                    Setting::range("cpu", 0.1, 0.95, 0.1, 0.5),
                    pinned,
                    Setting::range("one", 3, 3, 0, 3),
                    unknown,
                    Setting::choice("gc", ["g1", "zgc", "serial"], "g1"),
                    Setting::range("n", 2, 9, 3, 2),
                ],
            )],
            metrics: vec![],
        }
    }

    #[test]
    fn a_space_holds_what_may_change() {
        let space = Space::of(&description());
        let names: Vec<_> = space.parameters().iter().map(|parameter| parameter.name.as_str()).collect();
        assert_eq!(names, ["web.cpu", "web.gc", "web.n"]);
        assert_eq!(space.points(), 9 * 3 * 3);
        assert_eq!(space.at(0).to_string(), "web.cpu=0.1 web.gc=g1 web.n=2");
        assert_eq!(space.at(80).to_string(), "web.cpu=0.9 web.gc=serial web.n=8");
        assert_eq!(space.present(&description()).unwrap().to_string(), "web.cpu=0.5 web.gc=g1 web.n=2");
    }

    #[test]
    fn steps_carry_no_noise() {
        let grid = Dimension::of(&Setting::range("x", 0.0, 1.0, 0.1, 0.0)).unwrap();
        let values: Vec<_> = (0..grid.len()).map(|index| grid.at(index).to_string()).collect();
        assert_eq!(values, ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]);
        let fine = Dimension::of(&Setting::range("x", 1e-7, 5e-7, 1e-7, 1e-7)).unwrap();
        assert_eq!(fine.at(2), Value::Float(3e-7));
    }

    #[test]
    fn snapping_finds_the_nearest() {
        let space = Space::of(&description());
        let off: Assignment =
            [("web.cpu".into(), 0.44.into()), ("web.gc".into(), "zgc".into()), ("web.n".into(), 100.into())]
                .into_iter()
                .collect();
        assert!(!space.contains(&off));
        assert_eq!(space.snap(&off).to_string(), "web.cpu=0.4 web.gc=zgc web.n=8");
        assert!(space.contains(&space.snap(&off)));
    }

    #[test]
    fn bad_ranges_are_left_out() {
        for (min, max, step) in [(1.0, 2.0, 0.0), (1.0, 2.0, -1.0), (2.0, 1.0, 0.5), (f64::NAN, 1.0, 0.1)] {
            assert_eq!(Dimension::of(&Setting::range("x", min, max, step, min)), None, "{min} {max} {step}");
        }
    }

    #[test]
    fn ranges_of_any_size_stay_within_their_bounds() {
        for (min, max, step) in [(0.0, 1e300, 1e-10), (-1e308, 1e308, 1.0), (0.0, 1.0, 5e-324), (0.1, 0.7, 0.1 + 1e-17)]
        {
            let grid = Dimension::of(&Setting::range("x", min, max, step, min)).unwrap();
            for index in [0, 1, 2, 6, grid.len() / 2, grid.len() - 1, u64::MAX] {
                let value = grid.at(index);
                assert!(Setting::range("x", min, max, step, min).accept(&value).is_ok(), "{value} of {min} to {max}");
            }
        }
        let noisy = Setting::range("x", 0.123_456_789_012_345_67, 0.123_456_789_012_345_67 + 0.3, 0.1, 0.2);
        let grid = Dimension::of(&noisy).unwrap();
        for index in 0..grid.len() {
            assert!(noisy.accept(&grid.at(index)).is_ok(), "{}", grid.at(index));
        }
    }

    proptest! {
        #[test]
        fn every_point_is_contained_and_accepted(
            min in -1000_i32..1000, step in 1_u32..500, count in 2_u64..60, scale in 0_u32..5, index in 0_u64..60,
        ) {
            let unit = 10_f64.powi(scale.cast_signed());
            let (low, width) = (f64::from(min) / unit, f64::from(step) / unit);
            let high = (f64::from(min) + f64::from(step) * (count - 1) as f64) / unit;
            let setting = Setting::range("x", low, high, width, low);
            let space = Space::of(&Description { components: vec![Component::new("a", vec![setting.clone()])], metrics: vec![] });
            prop_assert_eq!(space.points(), count);
            let point = space.at(index % count);
            prop_assert!(space.contains(&point));
            let value = point.get("a.x").unwrap();
            prop_assert!(setting.accept(value).is_ok());
            prop_assert!(value.to_string().len() < 12, "{} carries noise", value);
        }
    }
}
