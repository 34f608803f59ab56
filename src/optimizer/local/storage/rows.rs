//! Studies and trials as rows of values, whatever the database.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::space::Assignment;
use super::super::study::{Origin, Trial};

/// What stands in a column. Only numbers with a fraction and texts may be absent.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i64),
    Real(Option<f64>),
    Text(Option<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

pub(super) type Row = Vec<Value>;

/// One study: a search for one goal in one space.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRecord {
    /// The key of its row.
    pub id: i64,
    /// As configured.
    pub name: String,
    /// Counts the studies of that name, from 1.
    pub generation: u32,
    /// The space, the goal and the constraints, as text.
    pub fingerprint: String,
    /// Where random choices come from.
    pub seed: u64,
    /// The settings the application came with.
    pub baseline: Assignment,
    /// When it began.
    pub created: Timestamp,
    /// What the goal is called; absent in studies of an older version.
    pub goal_name: Option<String>,
}

impl StudyRecord {
    /// Its name, unique in the storage.
    pub fn label(&self) -> String {
        if self.generation == 1 { self.name.clone() } else { format!("{}#{}", self.name, self.generation) }
    }
}

/// The JSON of a value.
pub(super) fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("maps with text keys can be written")
}

/// The word of a unit variant.
pub(super) fn word(value: &impl Serialize) -> String {
    text(value).trim_matches('"').to_owned()
}

/// The values of a trial, in the order of the statement that writes it.
pub(super) fn values_of(study: i64, trial: &Trial) -> Vec<Value> {
    vec![
        Value::Integer(study),
        Value::Integer(trial.number.into()),
        word(&trial.kind).into(),
        text(&trial.assignment).into(),
        word(&trial.state).into(),
        Value::Text(trial.reason.clone()),
        text(&trial.metrics).into(),
        Value::Real(trial.goal),
        text(&trial.violations).into(),
        trial.started.to_string().into(),
        Value::Text(trial.ended.map(|ended| ended.to_string())),
        Value::Text(trial.origin.as_ref().map(text)),
        Value::Text((!trial.checks.is_empty()).then(|| text(&trial.checks))),
    ]
}

/// The columns of a row, one after the other. An error says which is not what it should be.
struct Columns<'a> {
    row: &'a [Value],
    at: usize,
}

impl Columns<'_> {
    fn next(&mut self) -> Result<&Value, String> {
        self.at += 1;
        self.row.get(self.at - 1).ok_or_else(|| format!("expected a column {}, found none", self.at))
    }

    fn wrong(&self, expected: &str) -> String {
        format!("expected {expected} in column {}, found {:?}", self.at, self.row.get(self.at - 1))
    }

    fn integer(&mut self) -> Result<i64, String> {
        if let Value::Integer(value) = self.next()? { Ok(*value) } else { Err(self.wrong("a whole number")) }
    }

    fn small(&mut self) -> Result<u32, String> {
        let value = self.integer()?;
        u32::try_from(value).map_err(|_| self.wrong("a number from 0 to 4294967295"))
    }

    fn real(&mut self) -> Result<Option<f64>, String> {
        match self.next()? {
            Value::Real(value) => Ok(*value),
            Value::Integer(value) => Ok(Some(*value as f64)),
            Value::Text(None) => Ok(None),
            Value::Text(Some(_)) => Err(self.wrong("a number")),
        }
    }

    fn optional(&mut self) -> Result<Option<String>, String> {
        match self.next()? {
            Value::Text(text) => Ok(text.clone()),
            Value::Real(None) => Ok(None),
            _ => Err(self.wrong("a text")),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        self.optional()?.ok_or_else(|| self.wrong("a text"))
    }

    fn json<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", self.wrong("JSON")))
    }

    fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, String> {
        let Some(text) = self.optional()? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| format!("{}: {error}", self.wrong("JSON")))
    }

    fn word<T: DeserializeOwned>(&mut self) -> Result<T, String> {
        let text = self.text()?;
        serde_json::from_value(serde_json::Value::String(text)).map_err(|error| error.to_string())
    }

    fn optional_word<T: DeserializeOwned>(&mut self) -> Result<Option<T>, String> {
        let Some(text) = self.optional()? else { return Ok(None) };
        serde_json::from_value(serde_json::Value::String(text)).map(Some).map_err(|error| error.to_string())
    }
}

pub(super) fn study_of(row: &Row) -> Result<StudyRecord, String> {
    let mut columns = Columns { row, at: 0 };
    Ok(StudyRecord {
        id: columns.integer()?,
        name: columns.text()?,
        generation: columns.small()?,
        fingerprint: columns.text()?,
        seed: columns.integer()?.cast_unsigned(),
        baseline: columns.json()?,
        created: columns.word()?,
        goal_name: columns.optional()?,
    })
}

pub(super) fn trial_of(row: &Row) -> Result<Trial, String> {
    let mut columns = Columns { row, at: 0 };
    Ok(Trial {
        number: columns.small()?,
        kind: columns.word()?,
        assignment: columns.json()?,
        state: columns.word()?,
        reason: columns.optional()?,
        metrics: columns.json::<IndexMap<String, f64>>()?,
        goal: columns.real()?,
        violations: columns.json()?,
        started: columns.word()?,
        ended: columns.optional_word()?,
        origin: columns.optional_json::<Origin>()?,
        checks: columns.optional_json()?.unwrap_or_default(),
    })
}
