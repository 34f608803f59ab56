//! Why the ledger cannot be used.

use std::path::PathBuf;
use std::time::Duration;

use super::schema::VERSION;

/// How long another user of a storage is waited for.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// Why the ledger cannot be used. A place is a path, or a URL without its password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// Another process runs with this file.
    #[error(
        "{place} is in use by another servo, which holds {lock}; stop that one, or give this one an \
         optimizer.local.storage of its own", lock = .lock.display()
    )]
    Locked {
        /// The database.
        place: String,
        /// The file of the lock.
        lock: PathBuf,
    },
    /// Another optimizer works on this study.
    #[error(
        "study {study} in {place} is in use by {holder}; stop that one, or give this one an optimizer.local.study of \
         its own"
    )]
    InUse {
        /// The database.
        place: String,
        /// The study.
        study: String,
        /// Who uses it.
        holder: String,
    },
    /// Another optimizer has worked on this study since this one read it.
    #[error(
        "study {study} in {place} was continued by another servo while the connection was lost; start this one again \
         to go on from there"
    )]
    Overtaken {
        /// The database.
        place: String,
        /// The study.
        study: String,
    },
    /// The file is something else, or damaged.
    #[error(
        "{place} is not a database that can be read ({cause}); it was left as it is: move it away, or name another \
         file in optimizer.local.storage"
    )]
    Corrupt {
        /// The database.
        place: String,
        /// What the database says.
        cause: String,
    },
    /// Written by a later version.
    #[error(
        "{place} has tables of version {found}, this servo knows {VERSION}: update the servo, or name another file in \
         optimizer.local.storage"
    )]
    Newer {
        /// The database.
        place: String,
        /// Its version.
        found: i64,
    },
    /// There is nothing to be read.
    #[error("{place} has no studies: {cause}")]
    Absent {
        /// The database.
        place: String,
        /// What is missing.
        cause: String,
    },
    /// Somebody else holds it for too long.
    #[error("{place} was busy for {seconds} s: another program is writing to it", seconds = BUSY.as_secs())]
    Busy {
        /// The database.
        place: String,
    },
    /// It could not be opened, read or written.
    #[error("{place} could not be used as storage: {cause}")]
    Io {
        /// The database.
        place: String,
        /// What the system says.
        cause: String,
    },
    /// The server does not let this servo in, or cannot serve it.
    #[error("{place} cannot be used as storage: {cause}")]
    Refused {
        /// The database.
        place: String,
        /// What the server says, and what to do.
        cause: String,
    },
}

impl StorageError {
    /// Whether the same operation may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Io { .. })
    }
}
