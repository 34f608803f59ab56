//! The ledger of studies and trials: tables whose names start with `servo_`, in an SQLite file or a PostgreSQL
//! database.
//!
//! One [`Ledger`] serves all studies of a process. [`Records`] are read without it, also while a servo runs.

mod error;
mod postgres;
mod rows;
mod schema;
mod shared;
mod sqlite;
mod url;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

pub use error::StorageError;
pub use rows::StudyRecord;
pub(super) use url::without_password;
pub use url::{PostgresParts, PostgresUrl, StorageUrl};

use super::space::Assignment;
use super::study::{State, Trial};
use postgres::Server;
use rows::{Row, Value, study_of, text, trial_of, values_of, word};
use schema::{Reading, Statement};
use sqlite::SqliteFile;

/// A database. Calls block, for a bounded time.
trait Store: std::fmt::Debug + Send + Sync {
    /// Runs a statement on behalf of a study, in a transaction of its own.
    fn run(&self, study: &str, statement: Statement) -> Result<Vec<Row>, StorageError>;

    /// Keeps other processes from a study.
    fn hold(&self, study: &str) -> Result<(), StorageError>;

    /// Lets other processes have a study.
    fn release(&self, study: &str);
}

/// What is written down in a storage, for reading. Whoever runs with that storage is not disturbed.
#[derive(Debug)]
pub struct Records {
    store: Box<dyn Store>,
    url: StorageUrl,
    reading: Reading,
}

impl Records {
    /// Opens a storage for reading; nothing is changed or made. Blocks on the disk or the network for a moment.
    pub fn open(url: &StorageUrl) -> Result<Self, StorageError> {
        let (store, version): (Box<dyn Store>, i64) = match url {
            StorageUrl::Sqlite(path) => {
                let (file, version) = SqliteFile::read(path)?;
                (Box::new(file), version)
            }
            StorageUrl::Postgres(address) => {
                let (server, version) = Server::read(address)?;
                (Box::new(server), version)
            }
        };
        Ok(Self { store, url: url.clone(), reading: Reading::of(version) })
    }

    /// Where they are.
    pub fn url(&self) -> &StorageUrl {
        &self.url
    }

    /// Every study, by name and generation.
    pub fn all_studies(&self) -> Result<Vec<StudyRecord>, StorageError> {
        self.studies_of("", Statement::new(self.reading.all_studies, Vec::new()))
    }

    /// The studies of that name, the newest first.
    pub fn studies(&self, name: &str) -> Result<Vec<StudyRecord>, StorageError> {
        self.studies_of(name, Statement::new(self.reading.studies, vec![name.into()]))
    }

    /// The trials of a study, by number.
    pub fn trials(&self, study: &StudyRecord) -> Result<Vec<Trial>, StorageError> {
        let statement = Statement::new(self.reading.trials, vec![Value::Integer(study.id)]);
        let rows = self.store.run(&study.name, statement)?;
        rows.iter().map(trial_of).collect::<Result<_, _>>().map_err(|cause| self.corrupt(cause))
    }

    fn studies_of(&self, name: &str, statement: Statement) -> Result<Vec<StudyRecord>, StorageError> {
        let rows = self.store.run(name, statement)?;
        rows.iter().map(study_of).collect::<Result<_, _>>().map_err(|cause| self.corrupt(cause))
    }

    fn corrupt(&self, cause: String) -> StorageError {
        StorageError::Corrupt { place: self.url.to_string(), cause }
    }
}

/// The ledger of all studies of this process in one storage. Of an SQLite file this process holds the lock; in a
/// PostgreSQL database each study is held for itself.
#[derive(Debug)]
pub struct Ledger {
    records: Records,
    claimed: Mutex<HashSet<String>>,
}

impl Ledger {
    /// Opens the storage, or makes its tables. Blocks on the disk or the network for a moment.
    pub fn open(url: &StorageUrl) -> Result<Self, StorageError> {
        let store: Box<dyn Store> = match url {
            StorageUrl::Sqlite(path) => Box::new(SqliteFile::open(path)?),
            StorageUrl::Postgres(address) => Box::new(Server::open(address)?),
        };
        let records = Records { store, url: url.clone(), reading: Reading::PRESENT };
        Ok(Self { records, claimed: Mutex::default() })
    }

    /// The ledger of that storage which this process has open already, or else a new one.
    pub fn shared(url: &StorageUrl) -> Result<Arc<Self>, StorageError> {
        shared::ledger(url)
    }

    /// What is written down.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Where it is.
    pub fn url(&self) -> &StorageUrl {
        &self.records.url
    }

    /// Takes a study: until the claim is dropped nobody else can have it.
    pub fn claim(self: &Arc<Self>, study: &str) -> Result<Claim, StorageError> {
        if !self.claimed().insert(study.to_owned()) {
            let holder = "another servo of this process".to_owned();
            return Err(StorageError::InUse { place: self.url().to_string(), study: study.to_owned(), holder });
        }
        // From here on the name is given back when the claim is dropped.
        let claim = Claim { ledger: self.clone(), study: study.to_owned() };
        self.records.store.hold(study)?;
        Ok(claim)
    }

    /// Marks what an earlier process left running as stale. The number of such trials.
    pub fn mark_stale(&self, name: &str, now: Timestamp) -> Result<usize, StorageError> {
        let values =
            vec![word(&State::Stale).into(), now.to_string().into(), word(&State::Running).into(), name.into()];
        Ok(self.records.store.run(name, Statement::new(schema::MARK_STALE, values))?.len())
    }

    /// The studies of that name, the newest first.
    pub fn studies(&self, name: &str) -> Result<Vec<StudyRecord>, StorageError> {
        self.records.studies(name)
    }

    /// The trials of a study, by number.
    pub fn trials(&self, study: &StudyRecord) -> Result<Vec<Trial>, StorageError> {
        self.records.trials(study)
    }

    /// Begins a study after those of the same name.
    pub fn create_study(&self, study: &NewStudy<'_>, now: Timestamp) -> Result<StudyRecord, StorageError> {
        let values = vec![
            study.name.into(),
            study.fingerprint.into(),
            // Integers of databases are signed; the bits are the same.
            Value::Integer(study.seed.cast_signed()),
            text(study.baseline).into(),
            now.to_string().into(),
            study.goal_name.into(),
        ];
        let statement = Statement { sql: schema::CREATE_STUDY, values, repeatable: false };
        let mut made = self.records.studies_of(study.name, statement)?;
        made.pop().ok_or_else(|| self.records.corrupt("a study that was written down is not there".into()))
    }

    /// Writes a trial down, new or changed.
    pub fn write(&self, study: &StudyRecord, trial: &Trial) -> Result<(), StorageError> {
        let statement = Statement::new(schema::WRITE_TRIAL, values_of(study.id, trial));
        if self.records.store.run(&study.name, statement)?.is_empty() {
            return Err(StorageError::Overtaken { place: self.url().to_string(), study: study.label() });
        }
        Ok(())
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<String>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a study begins with.
#[derive(Clone, Copy, Debug)]
pub struct NewStudy<'a> {
    /// As configured.
    pub name: &'a str,
    /// The space, the goal and the constraints, as text.
    pub fingerprint: &'a str,
    /// Where random choices come from.
    pub seed: u64,
    /// The settings the application came with.
    pub baseline: &'a Assignment,
    /// What the goal is called.
    pub goal_name: &'a str,
}

/// A study that this optimizer alone works on, for as long as the claim is kept.
#[derive(Debug)]
pub struct Claim {
    ledger: Arc<Ledger>,
    study: String,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.ledger.records.store.release(&self.study);
        self.ledger.claimed().remove(&self.study);
    }
}
