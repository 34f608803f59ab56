//! The ledger in an SQLite file.
//!
//! Every operation opens a connection of its own and closes it, and the journal is a rollback journal: another SQLite
//! library of the same process (Python's) may use the file between two operations.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params_from_iter};

use super::Store;
use super::error::{BUSY, StorageError};
use super::rows::{Row, Value};
use super::schema::{self, SCHEMA_TABLE, SCHEMA_VERSION, Statement, VERSION};

/// An SQLite file.
#[derive(Debug)]
pub(super) struct SqliteFile {
    path: PathBuf,
    /// Released by the system when the process ends, however it ends. Who has none only reads.
    lock: Option<File>,
    /// Studies of one process take turns: SQLite only looks now and then whether the file is free, and of many that wait
    /// some never find it so.
    turn: Mutex<()>,
}

impl SqliteFile {
    /// Opens the file, or makes it, takes its lock, and brings its tables to the present form.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let file = Self { path: path.to_owned(), lock: Some(take_lock(path)?), turn: Mutex::default() };
        let found = file.with(|connection| {
            let transaction = connection.transaction()?;
            transaction.execute_batch(SCHEMA_TABLE)?;
            let found = transaction.query_row(SCHEMA_VERSION, [], |row| row.get(0)).optional()?;
            if found.is_none_or(|found| found <= VERSION) {
                for step in schema::steps(found, "INTEGER PRIMARY KEY") {
                    transaction.execute_batch(&step)?;
                }
                transaction.commit()?;
            }
            Ok(found)
        })?;
        if let Some(found) = found.filter(|found| *found > VERSION) {
            return Err(StorageError::Newer { place: file.place(), found });
        }
        Ok(file)
    }

    /// Opens a file for reading, whoever holds its lock. The version of its tables.
    pub fn read(path: &Path) -> Result<(Self, i64), StorageError> {
        let file = Self { path: path.to_owned(), lock: None, turn: Mutex::default() };
        if !path.is_file() {
            return Err(StorageError::Absent { place: file.place(), cause: "there is no such file".into() });
        }
        let found = file.with(|connection| {
            let tables = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'servo_schema'";
            if connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0 {
                return Ok(None);
            }
            connection.query_row(SCHEMA_VERSION, [], |row| row.get(0)).optional()
        })?;
        let cause = || "it has no tables of a servo".to_owned();
        let found = found.ok_or_else(|| StorageError::Absent { place: file.place(), cause: cause() })?;
        if found > VERSION { Err(StorageError::Newer { place: file.place(), found }) } else { Ok((file, found)) }
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    /// Runs one operation on a connection of its own.
    fn with<T>(&self, operation: impl Fn(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StorageError> {
        let run = |flags: OpenFlags, write: bool| -> rusqlite::Result<T> {
            let mut connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            connection.busy_timeout(BUSY)?;
            if write {
                connection.pragma_update(None, "journal_mode", "DELETE")?;
                connection.pragma_update(None, "synchronous", "FULL")?;
            } else {
                connection.pragma_update(None, "query_only", "ON")?;
            }
            let result = operation(&mut connection)?;
            connection.close().map_err(|(_, error)| error)?;
            Ok(result)
        };
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let write = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let result = if self.lock.is_some() {
            run(write | OpenFlags::SQLITE_OPEN_CREATE, true)
        } else {
            match run(OpenFlags::SQLITE_OPEN_READ_ONLY, false) {
                // A servo was killed in the middle of a write: whoever opens the file next takes that back.
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => run(write, false),
                result => result,
            }
        };
        result.map_err(|error| self.explain(&error))
    }

    fn explain(&self, error: &rusqlite::Error) -> StorageError {
        let (place, cause) = (self.place(), error.to_string());
        match error {
            // Tables of these names with other columns, or other content.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
            | rusqlite::Error::SqlInputError { .. } => StorageError::Corrupt { place, cause },
            _ => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StorageError::Corrupt { place, cause },
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Busy { place },
                _ => StorageError::Io { place, cause },
            },
        }
    }
}

impl Store for SqliteFile {
    fn run(&self, _study: &str, statement: Statement) -> Result<Vec<Row>, StorageError> {
        self.with(|connection| {
            let mut prepared = connection.prepare(statement.sql)?;
            let width = prepared.column_count();
            let mut rows = prepared.query(params_from_iter(statement.values.iter().map(native)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((0..width).map(|at| value(row.get_ref(at)?)).collect::<rusqlite::Result<Row>>()?);
            }
            Ok(found)
        })
    }

    /// The lock of the file is that of every study in it.
    fn hold(&self, _study: &str) -> Result<(), StorageError> {
        Ok(())
    }

    fn release(&self, _study: &str) {}
}

fn native(value: &Value) -> rusqlite::types::Value {
    match value {
        Value::Integer(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Text(value) => value.clone().into(),
    }
}

fn value(native: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match native {
        ValueRef::Null => Value::Text(None),
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Real(value) => Value::Real(Some(value)),
        ValueRef::Text(_) => Value::Text(native.as_str_or_null()?.map(str::to_owned)),
        ValueRef::Blob(_) => return Err(rusqlite::types::FromSqlError::InvalidType.into()),
    })
}

fn take_lock(path: &Path) -> Result<File, StorageError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    let place = path.display().to_string();
    let io = |error: &std::io::Error| StorageError::Io {
        place: place.clone(),
        cause: format!("its lock {} cannot be taken: {error}", lock.display()),
    };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(|error| io(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::Locked { place, lock }),
        Err(TryLockError::Error(error)) => Err(io(&error)),
    }
}
