//! The ledger of studies and trials: tables of an SQLite file whose names start with `servo_`.
//!
//! Every operation opens a connection of its own and closes it, and the journal is a rollback journal: another SQLite
//! library of the same process (Python's) may use the file between two operations.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::space::Assignment;
use super::study::{State, Trial};

/// The form of the tables.
const VERSION: i64 = 1;
/// How long another user of the file is waited for.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS servo_studies (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL, fingerprint TEXT NOT NULL,
        seed INTEGER NOT NULL, baseline TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (name, generation));
    CREATE TABLE IF NOT EXISTS servo_trials (
        study INTEGER NOT NULL REFERENCES servo_studies (id), number INTEGER NOT NULL, kind TEXT NOT NULL,
        assignment TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, metrics TEXT NOT NULL, goal REAL,
        violations TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, PRIMARY KEY (study, number));
";

/// Why the ledger cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Another servo runs with this file.
    #[error(
        "{path} is in use by another servo, which holds {lock}; stop that one, or give this one an \
         optimizer.local.storage of its own", path = .path.display(), lock = .lock.display()
    )]
    Locked {
        /// The database.
        path: PathBuf,
        /// The file of the lock.
        lock: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error(
        "{path} is not a database that can be read ({cause}); it was left as it is: move it away, or name another file \
         in optimizer.local.storage", path = .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        cause: String,
    },
    /// Written by a later version.
    #[error(
        "{path} has tables of version {found}, this servo knows {VERSION}: update the servo, or name another file in \
         optimizer.local.storage", path = .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// Somebody else holds the file for too long.
    #[error("{path} was busy for {seconds} s: another program is writing to it", path = .path.display(), seconds = BUSY.as_secs())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It could not be opened, read or written.
    #[error("{path} could not be used as storage: {cause}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
}

impl StorageError {
    /// Whether the same operation may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Io { .. })
    }
}

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
}

impl StudyRecord {
    /// Its name, unique in the file.
    pub fn label(&self) -> String {
        if self.generation == 1 { self.name.clone() } else { format!("{}#{}", self.name, self.generation) }
    }
}

/// The ledger, for as long as this servo holds its lock.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    // Released by the system when the process ends, however it ends.
    _lock: File,
}

impl Ledger {
    /// Opens the file, or makes it, and takes its lock.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let lock = take_lock(path)?;
        let ledger = Self { path: path.to_owned(), _lock: lock };
        ledger
            .with(|connection| {
                let transaction = connection.transaction()?;
                transaction.execute_batch("CREATE TABLE IF NOT EXISTS servo_schema (version INTEGER NOT NULL)")?;
                let found =
                    transaction.query_row("SELECT version FROM servo_schema", [], |row| row.get(0)).optional()?;
                if found.is_none() {
                    transaction.execute("INSERT INTO servo_schema VALUES (?1)", [VERSION])?;
                }
                let found = found.unwrap_or(VERSION);
                if found <= VERSION {
                    transaction.execute_batch(TABLES)?;
                    transaction.commit()?;
                }
                Ok(found)
            })
            .and_then(|found| {
                if found > VERSION { Err(StorageError::Newer { path: path.to_owned(), found }) } else { Ok(ledger) }
            })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Marks what an earlier process left running as stale. The number of such trials.
    pub fn mark_stale(&self, name: &str, now: Timestamp) -> Result<usize, StorageError> {
        self.with(|connection| {
            connection.execute(
                "UPDATE servo_trials SET state = ?1, reason = 'the servo ended during the trial', ended = ?2
                 WHERE state = ?3 AND study IN (SELECT id FROM servo_studies WHERE name = ?4)",
                params![word(&State::Stale), now.to_string(), word(&State::Running), name],
            )
        })
    }

    /// The studies of that name, the newest first.
    pub fn studies(&self, name: &str) -> Result<Vec<StudyRecord>, StorageError> {
        self.with(|connection| {
            let mut statement = connection.prepare(
                "SELECT id, name, generation, fingerprint, seed, baseline, created FROM servo_studies
                 WHERE name = ?1 ORDER BY generation DESC",
            )?;
            statement.query_map([name], study_of)?.collect()
        })
    }

    /// Begins a study after those of the same name.
    pub fn create_study(
        &self,
        name: &str,
        fingerprint: &str,
        seed: u64,
        baseline: &Assignment,
        now: Timestamp,
    ) -> Result<StudyRecord, StorageError> {
        self.with(|connection| {
            connection.query_row(
                "INSERT INTO servo_studies (name, generation, fingerprint, seed, baseline, created)
                 VALUES (?1, (SELECT COALESCE(MAX(generation), 0) + 1 FROM servo_studies WHERE name = ?1),
                         ?2, ?3, ?4, ?5)
                 RETURNING id, name, generation, fingerprint, seed, baseline, created",
                // SQLite's integers are signed; the bits are the same.
                params![name, fingerprint, seed.cast_signed(), text(baseline), now.to_string()],
                study_of,
            )
        })
    }

    /// The trials of a study, by number.
    pub fn trials(&self, study: i64) -> Result<Vec<Trial>, StorageError> {
        self.with(|connection| {
            let mut statement = connection.prepare(
                "SELECT number, kind, assignment, state, reason, metrics, goal, violations, started, ended
                 FROM servo_trials WHERE study = ?1 ORDER BY number",
            )?;
            statement.query_map([study], trial_of)?.collect()
        })
    }

    /// Writes a trial down, new or changed.
    pub fn write(&self, study: i64, trial: &Trial) -> Result<(), StorageError> {
        self.with(|connection| {
            connection.execute(
                "INSERT INTO servo_trials VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (study, number) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                 metrics = excluded.metrics, goal = excluded.goal, violations = excluded.violations, ended = excluded.ended",
                params![
                    study,
                    trial.number,
                    word(&trial.kind),
                    text(&trial.assignment),
                    word(&trial.state),
                    trial.reason,
                    text(&trial.metrics),
                    trial.goal,
                    text(&trial.violations),
                    trial.started.to_string(),
                    trial.ended.map(|ended| ended.to_string()),
                ],
            )?;
            Ok(())
        })
    }

    /// Runs one operation on a connection of its own.
    fn with<T>(&self, operation: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        let run = || {
            let flags =
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let mut connection = Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "journal_mode", "DELETE")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            let result = operation(&mut connection)?;
            connection.close().map_err(|(_, error)| error)?;
            Ok(result)
        };
        run().map_err(|error: rusqlite::Error| self.explain(&error))
    }

    fn explain(&self, error: &rusqlite::Error) -> StorageError {
        let (path, cause) = (self.path.clone(), error.to_string());
        match error {
            // Tables of these names with other columns, or other content.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::SqlInputError { .. } => StorageError::Corrupt { path, cause },
            _ => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StorageError::Corrupt { path, cause },
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Busy { path },
                _ => StorageError::Io { path, cause },
            },
        }
    }
}

fn take_lock(path: &Path) -> Result<File, StorageError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let io = |error: &std::io::Error| StorageError::Io {
        path: path.to_owned(),
        cause: format!("its lock {} cannot be taken: {error}", lock.display()),
    };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(|error| io(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked { path: path.to_owned(), lock }),
        Err(TryLockError::Error(error)) => Err(io(&error)),
    }
}

/// The JSON of a value.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("maps with text keys can be written")
}

/// The word of a unit variant.
fn word(value: &impl Serialize) -> String {
    text(value).trim_matches('"').to_owned()
}

fn parse<T: DeserializeOwned>(row: &Row<'_>, column: usize, quoted: bool) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    let json = if quoted { serde_json::Value::String(text).to_string() } else { text };
    serde_json::from_str(&json).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn study_of(row: &Row<'_>) -> rusqlite::Result<StudyRecord> {
    let seed: i64 = row.get(4)?;
    Ok(StudyRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        generation: row.get(2)?,
        fingerprint: row.get(3)?,
        seed: seed.cast_unsigned(),
        baseline: parse(row, 5, false)?,
        created: parse(row, 6, true)?,
    })
}

fn trial_of(row: &Row<'_>) -> rusqlite::Result<Trial> {
    let ended: Option<String> = row.get(9)?;
    let metrics: IndexMap<String, f64> = parse(row, 5, false)?;
    Ok(Trial {
        number: row.get(0)?,
        kind: parse(row, 1, true)?,
        assignment: parse(row, 2, false)?,
        state: parse(row, 3, true)?,
        reason: row.get(4)?,
        metrics,
        goal: row.get(6)?,
        violations: parse(row, 7, false)?,
        started: parse(row, 8, true)?,
        ended: if ended.is_some() { Some(parse(row, 9, true)?) } else { None },
    })
}

#[cfg(test)]
mod tests {
    use super::super::study::Kind;
    use super::super::study::tests::trial;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servo.db");
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut written = trial(0, Kind::VerifyBaseline, 3, State::Running, None);
        written.assignment.insert("web.gc", "g1".into());
        written.assignment.insert("web.cpu", 2.0.into());
        let study = {
            let ledger = Ledger::open(&path).unwrap();
            let study = ledger.create_study("app", "{}", u64::MAX, &written.assignment, now).unwrap();
            ledger.write(study.id, &written).unwrap();
            assert_eq!(ledger.trials(study.id).unwrap(), [written.clone()]);
            study
        };
        let ledger = Ledger::open(&path).unwrap();
        assert_eq!(ledger.studies("app").unwrap(), std::slice::from_ref(&study));
        assert_eq!(ledger.mark_stale("other", now).unwrap(), 0);
        assert_eq!(ledger.mark_stale("app", now).unwrap(), 1);
        let read = ledger.trials(study.id).unwrap().remove(0);
        assert_eq!((read.state, read.ended), (State::Stale, Some(now)));
        assert_eq!(read.assignment, written.assignment);
        let second = ledger.create_study("app", "x", 1, &written.assignment, now).unwrap();
        assert_eq!((second.label().as_str(), study.label().as_str()), ("app#2", "app"));
    }

    #[test]
    fn a_second_user_is_refused_and_a_later_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servo.db");
        let first = Ledger::open(&path).unwrap();
        let error = Ledger::open(&path).unwrap_err().to_string();
        assert!(error.contains("in use by another servo") && error.contains("servo.db.lock"), "{error}");
        drop(first);
        Ledger::open(&path).unwrap();
    }

    #[test]
    fn what_is_no_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servo.db");
        let content = "this is a text that somebody wrote, and no database at all ".repeat(100);
        std::fs::write(&path, &content).unwrap();
        let error = Ledger::open(&path).unwrap_err();
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("servo.db"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        std::fs::remove_file(&path).unwrap();
        let database = Connection::open(&path).unwrap();
        database.execute_batch("CREATE TABLE servo_schema (other TEXT)").unwrap();
        drop(database);
        assert!(matches!(Ledger::open(&path).unwrap_err(), StorageError::Corrupt { .. }));
        let error = Ledger::open(&folder.path().join("no/such/folder/servo.db")).unwrap_err();
        assert!(matches!(error, StorageError::Io { .. }), "{error}");
    }

    #[test]
    fn a_newer_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servo.db");
        drop(Ledger::open(&path).unwrap());
        Connection::open(&path).unwrap().execute("UPDATE servo_schema SET version = 99", []).unwrap();
        assert!(matches!(Ledger::open(&path).unwrap_err(), StorageError::Newer { found: 99, .. }));
    }
}
