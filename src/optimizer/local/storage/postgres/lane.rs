//! One connection that is made again when it is lost, with the locks of the studies that go over it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::super::error::StorageError;
use super::super::rows::Row;
use super::super::schema::{self, SCHEMA_TABLE, SCHEMA_VERSION, Statement};
use super::errors;
use super::session::{Connector, Failed, Session};

/// The number of the lock of a study, in the schema that the tables are in.
const KEY: &str = "hashtextextended('servo ' || current_schema() || ' ' || $1, 0)";
/// How often a lock is tried, and how long is waited in between: that of a servo that just ended is free in a moment.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// One connection, and what is held on it.
#[derive(Debug)]
pub(super) struct Lane {
    connector: Arc<Connector>,
    session: Option<Session>,
    /// The studies that this process works on, and whether the lock is held.
    held: HashMap<String, bool>,
}

impl Lane {
    pub fn new(connector: Arc<Connector>) -> Self {
        Self { connector, session: None, held: HashMap::new() }
    }

    /// Runs a statement on behalf of a study, with its lock. On a connection that turns out to be lost it is run once
    /// more on a new one.
    pub async fn run(&mut self, study: &str, statement: &Statement) -> Result<Vec<Row>, StorageError> {
        let fresh = self.session.is_none();
        match self.run_once(study, statement).await {
            Err((error, true)) if statement.repeatable && !fresh && error.is_retryable() => {
                tracing::debug!("{error}; connecting again");
                self.run_once(study, statement).await.map_err(|(error, _)| error)
            }
            result => result.map_err(|(error, _)| error),
        }
    }

    /// Takes the lock of a study, and keeps it taken.
    pub async fn hold(&mut self, study: &str) -> Result<(), StorageError> {
        self.held.insert(study.to_owned(), false);
        let result = match self.lock(study).await {
            // The connection was lost since it was used last.
            Err((error, true)) if error.is_retryable() => self.lock(study).await,
            result => result,
        };
        result.map_err(|(error, _)| {
            self.held.remove(study);
            error
        })
    }

    /// Gives the lock of a study back.
    pub async fn release(&mut self, study: &str) {
        let held = self.held.remove(study) == Some(true);
        let Some(session) = self.session.as_ref().filter(|_| held) else { return };
        let sql = format!("SELECT pg_advisory_unlock({KEY})");
        if session.limited(session.client.query_typed(&sql, &[(&study, Type::TEXT)])).await.is_err() {
            // With the connection its locks go.
            self.lose();
        }
    }

    /// Closes the connection.
    pub async fn close(&mut self) {
        self.session = None;
        // The farewell is written by the connection's own task.
        tokio::task::yield_now().await;
    }

    /// The version of the tables, without making any.
    pub async fn version(&mut self) -> Result<Option<i64>, StorageError> {
        let place = self.connector.place.clone();
        let session = self.session().await?;
        let told = |error| errors::explain(&place, &error);
        let there = session.client.query_typed_one("SELECT to_regclass('servo_schema') IS NOT NULL", &[]).await;
        if !there.map_err(told)?.get::<_, bool>(0) {
            return Ok(None);
        }
        let found = session.client.query_typed_opt(SCHEMA_VERSION, &[]).await.map_err(told)?;
        found.map(|row| row.try_get(0)).transpose().map_err(told)
    }

    /// Brings the tables to the present form.
    pub async fn prepare(&mut self) -> Result<(), StorageError> {
        let place = self.connector.place.clone();
        self.session().await?;
        let Some(session) = &mut self.session else { return Ok(()) };
        let told = |error| errors::explain(&place, &error);
        let transaction = session.client.transaction().await.map_err(told)?;
        // One servo makes the tables, others that come at the same time wait.
        let lock = format!("SELECT pg_advisory_xact_lock({})", KEY.replace("$1", "'schema'"));
        transaction.batch_execute(&lock).await.map_err(told)?;
        transaction.batch_execute(SCHEMA_TABLE).await.map_err(told)?;
        let found = transaction.query_typed(SCHEMA_VERSION, &[]).await.map_err(told)?;
        let found: Option<i64> = found.first().map(|row| row.try_get(0)).transpose().map_err(told)?;
        if let Some(found) = found.filter(|found| *found > schema::VERSION) {
            return Err(StorageError::Newer { place, found });
        }
        for step in schema::steps(found, "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY") {
            transaction.batch_execute(&step).await.map_err(told)?;
        }
        transaction.commit().await.map_err(told)
    }

    async fn run_once(&mut self, study: &str, statement: &Statement) -> Result<Vec<Row>, Failed> {
        self.session().await.map_err(|error| (error, false))?;
        if self.held.get(study) == Some(&false) {
            self.lock(study).await?;
        }
        let session = self.session().await.map_err(|error| (error, false))?;
        let result = session.run(statement).await;
        if matches!(result, Err((_, true))) {
            self.lose();
        }
        result
    }

    /// The connection, made anew when it was lost.
    async fn session(&mut self) -> Result<&Session, StorageError> {
        if self.session.as_ref().is_some_and(|session| session.client.is_closed()) {
            self.lose();
        }
        if self.session.is_none() {
            self.session = Some(self.connector.connect().await?);
        }
        self.session.as_ref().ok_or_else(|| StorageError::Io {
            place: self.connector.place.clone(),
            cause: "there is no connection".into(),
        })
    }

    /// The connection is gone, and its locks with it.
    fn lose(&mut self) {
        self.session = None;
        for held in self.held.values_mut() {
            *held = false;
        }
    }

    async fn lock(&mut self, study: &str) -> Result<(), Failed> {
        let sql = format!("SELECT pg_try_advisory_lock({KEY})");
        for turn in 0..TRIES {
            if turn > 0 {
                tokio::time::sleep(PAUSE).await;
            }
            let session = self.session().await.map_err(|error| (error, false))?;
            match session.limited(session.client.query_typed_one(&sql, &[(&study, Type::TEXT)])).await {
                Ok(row) if row.get(0) => {
                    self.held.insert(study.to_owned(), true);
                    return Ok(());
                }
                Ok(_) => {}
                Err(failed) => {
                    if failed.1 {
                        self.lose();
                    }
                    return Err(failed);
                }
            }
        }
        let holder = self.holder(study).await.unwrap_or_else(|| "another servo".to_owned());
        let place = self.connector.place.clone();
        Err((StorageError::InUse { place, study: study.to_owned(), holder }, false))
    }

    /// Who has the lock of a study, as far as the server tells.
    async fn holder(&mut self, study: &str) -> Option<String> {
        let sql = format!(
            "SELECT a.pid::text, a.application_name, host(a.client_addr), to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
             FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
             AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND ((l.classid::bigint << 32) | l.objid::bigint) = {KEY}"
        );
        let session = self.session().await.ok()?;
        let row = session.limited(session.client.query_typed_opt(&sql, &[(&study, Type::TEXT)])).await.ok()??;
        let text = |at| row.try_get::<_, Option<String>>(at).ok().flatten().filter(|text| !text.is_empty());
        let name = text(1).map_or_else(|| "another servo".to_owned(), |name| format!("'{name}'"));
        let from = text(2).map_or_else(String::new, |address| format!(" from {address}"));
        let since = text(3).map_or_else(String::new, |start| format!(", connected since {start}"));
        Some(format!("{name}{from} (server process {}{since})", text(0).unwrap_or_default()))
    }
}
