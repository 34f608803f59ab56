//! `checks:` of a document: which checks run before the servo starts, and what a failure means.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Path, Problem};
use crate::model::Duration;

/// Which checks run before the servo starts, and what a failure means.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools)]
pub struct ChecksSettings {
    /// The connectors that are checked; unset for all.
    pub connectors: Option<Vec<String>>,
    /// Names of the checks that run, or one `/regex/`.
    pub name: Option<Vec<String>>,
    /// Ids of the checks that run, one `/regex/` or one list with commas.
    pub id: Option<Vec<String>>,
    /// Tags of the checks that run, one `/regex/` or one list with commas.
    pub tag: Option<Vec<String>>,
    /// Whether nothing is printed.
    pub quiet: bool,
    /// Whether details are printed.
    pub verbose: bool,
    /// Whether results are logged only, instead of a table after each round as well.
    pub progressive: bool,
    /// How long failing checks are tried again; an empty text for one round.
    pub wait: Wait,
    /// The time between rounds: a duration, or `expo` for 8, 16, 32… seconds.
    pub delay: Delay,
    /// The failure that ends the checks of its connector: a critical one, or any. Warnings never fail.
    pub halt_on: Severity,
    /// Whether a check may repair what it finds.
    pub remedy: bool,
    /// Whether what comes after the first failure of a round is neither told nor mended.
    pub check_halting: bool,
}

/// How bad the failure of a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Severity {
    Warning,
    Common,
    Critical,
}

/// How long failing checks are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Wait {
    /// They are not.
    OneRound(Nothing),
    /// For so long.
    Within(Duration),
}

/// The empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub enum Nothing {
    #[serde(rename = "")]
    Nothing,
}

/// The time between rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Delay {
    /// Doubles from 8 s on.
    Growing(Expo),
    /// Always the same.
    Fixed(Duration),
}

/// The word for a delay that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Expo {
    Expo,
}

impl Default for ChecksSettings {
    fn default() -> Self {
        Self {
            connectors: None,
            name: None,
            id: None,
            tag: None,
            quiet: false,
            verbose: false,
            progressive: true,
            wait: Wait::Within(Duration::from_secs(30 * 60)),
            delay: Delay::Growing(Expo::Expo),
            halt_on: Severity::Critical,
            remedy: true,
            check_halting: false,
        }
    }
}

impl ChecksSettings {
    /// What the schema cannot say; paths start at `checks`.
    pub(super) fn check(&self) -> Vec<Problem> {
        let wait = match self.wait {
            Wait::OneRound(_) => Duration::ZERO,
            Wait::Within(wait) => wait,
        };
        let delay = match self.delay {
            Delay::Growing(_) => Duration::ZERO,
            Delay::Fixed(delay) => delay,
        };
        [("wait", wait), ("delay", delay)]
            .into_iter()
            .filter(|(_, span)| *span < Duration::ZERO)
            .map(|(key, span)| {
                Problem::new(Path::default().key(key), format!("expected a duration of at least 0, found {span}"))
            })
            .collect()
    }
}
