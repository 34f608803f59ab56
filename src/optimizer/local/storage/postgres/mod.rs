//! The ledger in a PostgreSQL database.
//!
//! All operations on a study go over one connection, which also holds the study's lock: a connection that is lost takes
//! the lock along, and nothing is written before it is held again.

mod errors;
mod lane;
mod session;
mod tls;

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;

use super::error::StorageError;
use super::rows::Row;
use super::schema::Statement;
use super::url::PostgresUrl;
use super::{Store, schema};
use lane::Lane;
use session::{Connector, Role};

/// As many connections, at most, has a ledger. Studies are spread over them by their names.
const LANES: usize = 4;
/// How long an operation may take in all: waiting for the connection's turn, connecting, and the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long it may take to give a lock back.
const FAREWELL: Duration = Duration::from_secs(2);

/// A PostgreSQL database.
#[derive(Debug)]
pub(super) struct Server {
    /// Its thread does the work, so that callers may be on any thread. Absent once the server is dropped.
    runtime: Option<Runtime>,
    lanes: Arc<[Mutex<Lane>; LANES]>,
    place: String,
}

impl Server {
    /// Connects, and brings the tables to the present form.
    pub fn open(url: &PostgresUrl) -> Result<Self, StorageError> {
        let server = Self::new(url, Role::Writer)?;
        let lanes = server.lanes.clone();
        server.wait(PATIENCE, async move { lanes[0].lock().await.prepare().await })?;
        Ok(server)
    }

    /// Connects for reading. The version of the tables.
    pub fn read(url: &PostgresUrl) -> Result<(Self, i64), StorageError> {
        let server = Self::new(url, Role::Reader)?;
        let lanes = server.lanes.clone();
        let version = server.wait(PATIENCE, async move { lanes[0].lock().await.version().await })?;
        let place = server.place.clone();
        match version {
            None => Err(StorageError::Absent { place, cause: "it has no tables of a servo".into() }),
            Some(found) if found > schema::VERSION => Err(StorageError::Newer { place, found }),
            Some(found) => Ok((server, found)),
        }
    }

    fn new(url: &PostgresUrl, role: Role) -> Result<Self, StorageError> {
        let place = url.to_string();
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("servo-postgres").enable_all().build();
        let runtime = runtime.map_err(|error| StorageError::Io { place: place.clone(), cause: error.to_string() })?;
        let connector = Arc::new(Connector::new(url, role)?);
        let lanes = Arc::new(std::array::from_fn(|_| Mutex::new(Lane::new(connector.clone()))));
        Ok(Self { runtime: Some(runtime), lanes, place })
    }

    /// The number of the connection of a study.
    fn lane(study: &str) -> usize {
        let mut hasher = DefaultHasher::new();
        study.hash(&mut hasher);
        (hasher.finish() % LANES as u64) as usize
    }

    /// Does work on the server's own thread and waits for its result.
    fn wait<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, StorageError>> + Send + 'static,
    ) -> Result<T, StorageError> {
        let failed = |cause: String| StorageError::Io { place: self.place.clone(), cause };
        let Some(runtime) = &self.runtime else { return Err(failed("it is closed".into())) };
        let (sender, receiver) = sync_channel(1);
        runtime.spawn(async move {
            let result = tokio::time::timeout(limit, work).await;
            // Nobody waits any longer: then nobody misses it.
            let _ = sender.send(result);
        });
        match receiver.recv() {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(failed(format!("no answer within {} s", limit.as_secs()))),
            Err(_) => Err(failed("the operation ended without a result".into())),
        }
    }
}

impl Store for Server {
    fn run(&self, study: &str, statement: Statement) -> Result<Vec<Row>, StorageError> {
        let (lanes, at, study) = (self.lanes.clone(), Self::lane(study), study.to_owned());
        self.wait(PATIENCE, async move { lanes[at].lock().await.run(&study, &statement).await })
    }

    fn hold(&self, study: &str) -> Result<(), StorageError> {
        let (lanes, at, study) = (self.lanes.clone(), Self::lane(study), study.to_owned());
        self.wait(PATIENCE, async move { lanes[at].lock().await.hold(&study).await })
    }

    fn release(&self, study: &str) {
        let (lanes, at, study) = (self.lanes.clone(), Self::lane(study), study.to_owned());
        // What cannot be given back ends with the connection.
        let _ = self.wait(FAREWELL, async move {
            lanes[at].lock().await.release(&study).await;
            Ok(())
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (runtime, lanes) = (self.runtime.take(), self.lanes.clone());
        let Some(runtime) = runtime else { return };
        // The connections say farewell; a runtime may not be waited for on every thread.
        let closing = std::thread::Builder::new().name("servo-postgres-end".into()).spawn(move || {
            runtime.block_on(async {
                for lane in lanes.iter() {
                    if let Ok(mut lane) = tokio::time::timeout(FAREWELL, lane.lock()).await {
                        lane.close().await;
                    }
                }
            });
            runtime.shutdown_timeout(FAREWELL);
        });
        if let Err(error) = closing {
            tracing::debug!("the connections to {} are closed without a farewell: {error}", self.place);
        }
    }
}
