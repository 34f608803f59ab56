//! The tables, and the statements on them: the same for every database.

use super::rows::Value;

/// The form of the tables.
pub(super) const VERSION: i64 = 2;

/// What the tables have since version 2.
const SECOND: [&str; 3] = [
    "ALTER TABLE servo_studies ADD COLUMN goal_name TEXT",
    "ALTER TABLE servo_trials ADD COLUMN origin TEXT",
    "ALTER TABLE servo_trials ADD COLUMN checks TEXT",
];

pub(super) const SCHEMA_TABLE: &str = "CREATE TABLE IF NOT EXISTS servo_schema (version BIGINT NOT NULL)";
pub(super) const SCHEMA_VERSION: &str = "SELECT version FROM servo_schema";

/// The statements that bring the tables from the version that was found to the present one. `key` is the type of a
/// column that numbers its rows.
pub(super) fn steps(found: Option<i64>, key: &str) -> Vec<String> {
    let mut steps = Vec::new();
    if found.is_none() {
        steps.push("INSERT INTO servo_schema VALUES (1)".into());
    }
    if found.is_none_or(|found| found < 2) {
        // Those of version 1; there may be none of them yet.
        steps.push(format!(
            "CREATE TABLE IF NOT EXISTS servo_studies (
                id {key}, name TEXT NOT NULL, generation BIGINT NOT NULL, fingerprint TEXT NOT NULL,
                seed BIGINT NOT NULL, baseline TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (name, generation))"
        ));
        steps.push(
            "CREATE TABLE IF NOT EXISTS servo_trials (
                study BIGINT NOT NULL REFERENCES servo_studies (id), number BIGINT NOT NULL, kind TEXT NOT NULL,
                assignment TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, metrics TEXT NOT NULL,
                goal DOUBLE PRECISION, violations TEXT NOT NULL, started TEXT NOT NULL, ended TEXT,
                PRIMARY KEY (study, number))"
                .into(),
        );
        steps.extend(SECOND.map(str::to_owned));
        steps.push(format!("UPDATE servo_schema SET version = {VERSION}"));
    }
    steps
}

/// One statement with its values. Parameters are numbered in the order in which they first stand in the text, which
/// SQLite takes for names, and PostgreSQL for numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub sql: &'static str,
    pub values: Vec<Value>,
    /// Whether it may be run twice.
    pub repeatable: bool,
}

impl Statement {
    pub fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values, repeatable: true }
    }
}

pub(super) const MARK_STALE: &str = "
    UPDATE servo_trials SET state = $1, reason = 'the servo ended during the trial', ended = $2
    WHERE state = $3 AND study IN (SELECT id FROM servo_studies WHERE name = $4) RETURNING number";

pub(super) const CREATE_STUDY: &str = "
    INSERT INTO servo_studies (name, generation, fingerprint, seed, baseline, created, goal_name)
    VALUES ($1, (SELECT COALESCE(MAX(generation), 0) + 1 FROM servo_studies WHERE name = $1), $2, $3, $4, $5, $6)
    RETURNING id, name, generation, fingerprint, seed, baseline, created, goal_name";

/// Of a trial with the same number that began at another time nothing is changed: another optimizer made it.
pub(super) const WRITE_TRIAL: &str = "
    INSERT INTO servo_trials (study, number, kind, assignment, state, reason, metrics, goal, violations, started, ended,
                              origin, checks)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT (study, number) DO UPDATE SET state = excluded.state, reason = excluded.reason,
    metrics = excluded.metrics, goal = excluded.goal, violations = excluded.violations, ended = excluded.ended,
    checks = excluded.checks
    WHERE servo_trials.started = excluded.started RETURNING number";

/// The statements that read, for the version of the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub all_studies: &'static str,
    pub studies: &'static str,
    pub trials: &'static str,
}

impl Reading {
    /// Those for the present version.
    pub const PRESENT: Self = Self {
        all_studies: "SELECT id, name, generation, fingerprint, seed, baseline, created, goal_name FROM servo_studies
                      ORDER BY name, generation",
        studies: "SELECT id, name, generation, fingerprint, seed, baseline, created, goal_name FROM servo_studies
                  WHERE name = $1 ORDER BY generation DESC",
        trials:
            "SELECT number, kind, assignment, state, reason, metrics, goal, violations, started, ended, origin, checks
                 FROM servo_trials WHERE study = $1 ORDER BY number",
    };

    /// Those for a version that may be older: reading changes no tables.
    pub fn of(version: i64) -> Self {
        if version >= 2 {
            return Self::PRESENT;
        }
        Self {
            all_studies: "SELECT id, name, generation, fingerprint, seed, baseline, created, NULL FROM servo_studies
                          ORDER BY name, generation",
            studies: "SELECT id, name, generation, fingerprint, seed, baseline, created, NULL FROM servo_studies
                      WHERE name = $1 ORDER BY generation DESC",
            trials:
                "SELECT number, kind, assignment, state, reason, metrics, goal, violations, started, ended, NULL, NULL
                     FROM servo_trials WHERE study = $1 ORDER BY number",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_first_stand_in_the_order_of_their_numbers() {
        for sql in [MARK_STALE, CREATE_STUDY, WRITE_TRIAL, Reading::PRESENT.studies, Reading::PRESENT.trials] {
            let mut seen = 0;
            for part in sql.split('$').skip(1) {
                let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
                let number: usize = digits.parse().unwrap();
                assert!(number <= seen + 1, "{sql}");
                seen = seen.max(number);
            }
            assert!(seen > 0);
        }
    }
}
