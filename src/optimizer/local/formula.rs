//! Formulas of goals and constraints: numbers, names, `+ - * / ( )`, `min`, `max`, `abs`, and one comparison.
//!
//! A name is a metric (`latency_95th`), a setting (`web.replicas`) or a metric of the baseline
//! (`baseline.latency_95th`). Names with other characters stand between backquotes: `` `my-app.cpu` ``.

use std::fmt;

use indexmap::{IndexMap, IndexSet};

use super::parser::Parser;
use super::space::Assignment;

/// What is wrong with a formula, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct FormulaError {
    /// The character it was found at, counted from 1.
    pub column: usize,
    /// What was expected and what was found.
    pub message: String,
    /// The known name that the unknown one is nearest to.
    pub nearest: Option<String>,
}

/// A node of a formula.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    Name { name: String, column: usize },
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Abs,
}

/// How the two sides of a constraint are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `>`
    Above,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

/// Arithmetic over metrics and settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    pub(super) expr: Expr,
}

/// A comparison of two formulas.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub(super) left: Formula,
    pub(super) comparison: Comparison,
    pub(super) right: Formula,
}

/// The values that the names of a formula stand for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The metrics of the trial.
    pub metrics: &'a IndexMap<String, f64>,
    /// The metrics of the baseline.
    pub baseline: &'a IndexMap<String, f64>,
    /// The settings of the trial, fixed ones included.
    pub settings: &'a Assignment,
}

/// Why a formula has no value in a trial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoValue {
    /// A metric that was not measured.
    #[error("metric '{name}' was not measured; measured: {known}")]
    MissingMetric {
        /// The metric.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A setting that does not exist, or has a text for a value.
    #[error("setting '{0}' has no number for a value")]
    NotANumber(String),
    /// Division by zero, or a result that is not finite.
    #[error("'{0}' has no finite value (division by zero?)")]
    NotFinite(String),
}

/// The names a formula may use.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// Metrics; none are checked when the application describes none.
    pub metrics: Vec<String>,
    /// Settings, as `component.setting`.
    pub settings: Vec<String>,
}

impl Formula {
    /// Reads arithmetic, without a comparison.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        Parser::new(text)?.formula()
    }

    /// A formula that is one name.
    pub fn of_name(name: impl Into<String>) -> Self {
        Self { expr: Expr::Name { name: name.into(), column: 1 } }
    }

    /// The number it comes to.
    pub fn evaluate(&self, scope: Scope<'_>) -> Result<f64, NoValue> {
        let value = evaluate(&self.expr, scope)?;
        if value.is_finite() { Ok(value) } else { Err(NoValue::NotFinite(self.to_string())) }
    }

    /// The names in it, in order, with their columns.
    pub fn names(&self) -> Vec<(&str, usize)> {
        let mut found = Vec::new();
        collect(&self.expr, &mut found);
        found
    }

    /// The number it is, when it is nothing else.
    pub(super) fn as_number(&self) -> Option<f64> {
        match &self.expr {
            Expr::Number(number) => Some(*number),
            Expr::Negate(inner) => match **inner {
                Expr::Number(number) => Some(-number),
                _ => None,
            },
            _ => None,
        }
    }

    /// The metric it is, when it is nothing else.
    pub(super) fn as_metric(&self) -> Option<&str> {
        match &self.expr {
            Expr::Name { name, .. } if !name.contains('.') => Some(name),
            _ => None,
        }
    }

    /// Whether every name is known.
    pub fn check(&self, symbols: &Symbols) -> Result<(), FormulaError> {
        self.names().into_iter().try_for_each(|(name, column)| symbols.check(name, column))
    }

    /// The metrics that must be measured for it, those of the baseline included.
    pub fn metrics(&self) -> IndexSet<String> {
        let metric = |(name, _): (&str, usize)| match name.strip_prefix("baseline.") {
            Some(metric) => Some(metric.to_owned()),
            None if name.contains('.') => None,
            None => Some(name.to_owned()),
        };
        self.names().into_iter().filter_map(metric).collect()
    }
}

impl Condition {
    /// Reads a comparison.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        Parser::new(text)?.condition()
    }

    /// How far it is from being met: at most 0 when it is met.
    pub fn violation(&self, scope: Scope<'_>) -> Result<f64, NoValue> {
        let (left, right) = (self.left.evaluate(scope)?, self.right.evaluate(scope)?);
        let strict = |distance: f64| if distance == 0.0 { f64::MIN_POSITIVE } else { distance };
        let violation = match self.comparison {
            Comparison::AtMost => left - right,
            Comparison::AtLeast => right - left,
            Comparison::Below => strict(left - right),
            Comparison::Above => strict(right - left),
            Comparison::Equal => (left - right).abs(),
            Comparison::NotEqual => strict(-(left - right).abs()),
        };
        if violation.is_finite() { Ok(violation) } else { Err(NoValue::NotFinite(self.to_string())) }
    }

    /// Both sides.
    pub fn sides(&self) -> [&Formula; 2] {
        [&self.left, &self.right]
    }

    /// The metric and its bound, when it is of the form `metric <= number` (or `<`, `>=`, `>`).
    pub fn limit(&self) -> Option<(&str, f64)> {
        matches!(self.comparison, Comparison::AtMost | Comparison::AtLeast | Comparison::Below | Comparison::Above)
            .then(|| Some((self.left.as_metric()?, self.right.as_number()?)))
            .flatten()
    }
}

impl Symbols {
    fn check(&self, name: &str, column: usize) -> Result<(), FormulaError> {
        let (kind, bare, known) = match name.strip_prefix("baseline.") {
            Some(metric) => ("metric", metric, &self.metrics),
            None if name.contains('.') => ("setting", name, &self.settings),
            None => ("metric", name, &self.metrics),
        };
        if known.iter().any(|other| other == bare) || (kind == "metric" && known.is_empty()) {
            return Ok(());
        }
        let nearest = crate::config::nearest(bare, known.iter().map(String::as_str));
        let hint = nearest.as_ref().map_or_else(String::new, |nearest| format!(" (did you mean '{nearest}'?)"));
        Err(FormulaError {
            column,
            message: format!("unknown {kind} '{bare}'{hint}; known: {}", list(known.iter().map(String::as_str))),
            nearest,
        })
    }
}

/// Names for people, `none` when there is none; long lists are cut.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 30;
    let names: Vec<_> = names.into_iter().collect();
    match names.len() {
        0 => "none".into(),
        count if count <= SHOWN => names.join(", "),
        count => format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN),
    }
}

fn collect<'a>(expr: &'a Expr, found: &mut Vec<(&'a str, usize)>) {
    match expr {
        Expr::Number(_) => {}
        Expr::Name { name, column } => found.push((name, *column)),
        Expr::Negate(inner) => collect(inner, found),
        Expr::Binary(_, left, right) => {
            collect(left, found);
            collect(right, found);
        }
        Expr::Call(_, arguments) => arguments.iter().for_each(|argument| collect(argument, found)),
    }
}

fn evaluate(expr: &Expr, scope: Scope<'_>) -> Result<f64, NoValue> {
    Ok(match expr {
        Expr::Number(number) => *number,
        Expr::Name { name, .. } => lookup(name, scope)?,
        Expr::Negate(inner) => -evaluate(inner, scope)?,
        Expr::Binary(operator, left, right) => {
            let (left, right) = (evaluate(left, scope)?, evaluate(right, scope)?);
            match operator {
                Operator::Add => left + right,
                Operator::Subtract => left - right,
                Operator::Multiply => left * right,
                Operator::Divide => left / right,
            }
        }
        Expr::Call(function, arguments) => {
            let values = arguments.iter().map(|argument| evaluate(argument, scope)).collect::<Result<Vec<_>, _>>()?;
            // `f64::min` passes over NaN, which must not turn into a good figure.
            if values.iter().any(|value| value.is_nan()) {
                return Ok(f64::NAN);
            }
            match function {
                Function::Min => values.into_iter().fold(f64::INFINITY, f64::min),
                Function::Max => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
                Function::Abs => values.into_iter().fold(0.0, |_, value| value.abs()),
            }
        }
    })
}

fn lookup(name: &str, scope: Scope<'_>) -> Result<f64, NoValue> {
    let metric = |metrics: &IndexMap<String, f64>, metric: &str| {
        metrics.get(metric).copied().ok_or_else(|| NoValue::MissingMetric {
            name: name.to_owned(),
            known: list(metrics.keys().map(String::as_str)),
        })
    };
    match name.strip_prefix("baseline.") {
        Some(of_baseline) => metric(scope.baseline, of_baseline),
        None if name.contains('.') => scope
            .settings
            .get(name)
            .and_then(crate::model::Value::as_f64)
            .ok_or_else(|| NoValue::NotANumber(name.to_owned())),
        None => metric(scope.metrics, name),
    }
}

impl Expr {
    fn precedence(&self) -> u8 {
        match self {
            Self::Binary(Operator::Add | Operator::Subtract, ..) => 1,
            Self::Binary(..) => 2,
            Self::Negate(_) => 3,
            Self::Number(_) | Self::Name { .. } | Self::Call(..) => 4,
        }
    }
}

/// Writes `inner`, between parentheses when it binds less than `least`.
fn within(f: &mut fmt::Formatter<'_>, inner: &Expr, least: u8) -> fmt::Result {
    if inner.precedence() < least { write!(f, "({inner})") } else { write!(f, "{inner}") }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) if *number == 0.0 || (1e-6..1e15).contains(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:e}"),
            Self::Name { name, .. } if super::parser::is_plain(name) => f.write_str(name),
            Self::Name { name, .. } => write!(f, "`{name}`"),
            Self::Negate(inner) => {
                f.write_str("-")?;
                within(f, inner, 3)
            }
            Self::Binary(operator, left, right) => {
                within(f, left, self.precedence())?;
                f.write_str(match operator {
                    Operator::Add => " + ",
                    Operator::Subtract => " - ",
                    Operator::Multiply => " * ",
                    Operator::Divide => " / ",
                })?;
                within(f, right, self.precedence() + 1)
            }
            Self::Call(function, arguments) => {
                f.write_str(match function {
                    Function::Min => "min(",
                    Function::Max => "max(",
                    Function::Abs => "abs(",
                })?;
                for (at, argument) in arguments.iter().enumerate() {
                    let separator = if at == 0 { "" } else { ", " };
                    write!(f, "{separator}{argument}")?;
                }
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.comparison {
            Comparison::AtMost => "<=",
            Comparison::AtLeast => ">=",
            Comparison::Below => "<",
            Comparison::Above => ">",
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
        };
        write!(f, "{} {sign} {}", self.left, self.right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<f64, NoValue> {
        let metrics = IndexMap::from([("p95".to_owned(), 40.0), ("rate".to_owned(), 0.0)]);
        let baseline = IndexMap::from([("p95".to_owned(), 80.0)]);
        let settings = Assignment::from_iter([("web.n".to_owned(), 3.into()), ("my-app.gc".to_owned(), "g1".into())]);
        let scope = Scope { metrics: &metrics, baseline: &baseline, settings: &settings };
        Formula::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).evaluate(scope)
    }

    #[test]
    fn arithmetic_binds_as_everywhere() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("10 - 4 - 3", 3.0),
            ("16 / 4 / 2", 2.0),
            ("-2 * -3", 6.0),
            ("2 - -1", 3.0),
            ("p95 / baseline.p95", 0.5),
            ("web.n * 0.5", 1.5),
            ("max(1, p95, 3) + min(4, 2) + abs(-1)", 43.0),
            ("1.5e1", 15.0),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_has_no_value_says_why() {
        assert_eq!(value("1 / rate").unwrap_err().to_string(), "'1 / rate' has no finite value (division by zero?)");
        assert!(value("min(1, rate / rate)").is_err(), "NaN must not get lost in min");
        assert_eq!(value("p99").unwrap_err().to_string(), "metric 'p99' was not measured; measured: p95, rate");
        assert_eq!(value("`my-app.gc`").unwrap_err(), NoValue::NotANumber("my-app.gc".into()));
    }

    #[test]
    fn a_violation_is_at_most_zero_when_met() {
        let metrics = IndexMap::from([("a".to_owned(), 5.0)]);
        let scope = Scope { metrics: &metrics, baseline: &metrics, settings: &Assignment::default() };
        for (text, expected) in [
            ("a <= 5", 0.0),
            ("a <= 3", 2.0),
            ("a >= 7", 2.0),
            ("a == 5", 0.0),
            ("a == 4", 1.0),
            ("a > 4", -1.0),
            ("a != 3", -2.0),
        ] {
            assert_eq!(Condition::parse(text).unwrap().violation(scope), Ok(expected), "{text}");
        }
        for text in ["a < 5", "a > 5", "a != 5"] {
            assert!(Condition::parse(text).unwrap().violation(scope).unwrap() > 0.0, "{text}");
        }
    }

    #[test]
    fn an_unknown_name_shows_the_known_ones() {
        let symbols = Symbols { metrics: vec!["latency_95th".into(), "cost".into()], settings: vec!["web.n".into()] };
        let error = Formula::parse("2 * latency_95").unwrap().check(&symbols).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column 5: unknown metric 'latency_95' (did you mean 'latency_95th'?); known: latency_95th, cost"
        );
        let error = Formula::parse("web.m").unwrap().check(&symbols).unwrap_err();
        assert_eq!(error.nearest.as_deref(), Some("web.n"));
        assert!(Formula::parse("web.n * baseline.cost").unwrap().check(&symbols).is_ok());
    }

    #[test]
    fn the_metrics_of_a_formula_are_those_to_measure() {
        let formula = Formula::parse("b * web.n / baseline.a + b").unwrap();
        assert_eq!(formula.metrics().into_iter().collect::<Vec<_>>(), ["b", "a"]);
    }
}
