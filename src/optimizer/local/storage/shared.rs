//! One ledger for all servos of a process that use the same storage.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::{Ledger, StorageError, StorageUrl};

/// The ledgers that are open. They are few: looked through one by one.
static OPEN: Mutex<Vec<(StorageUrl, Weak<Ledger>)>> = Mutex::new(Vec::new());

/// The open ledger of that storage, or a new one.
pub(super) fn ledger(url: &StorageUrl) -> Result<Arc<Ledger>, StorageError> {
    let key = absolute(url);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, ledger)| ledger.strong_count() > 0);
    if let Some(ledger) = open.iter().find(|(other, _)| *other == key).and_then(|(_, ledger)| ledger.upgrade()) {
        return Ok(ledger);
    }
    // Held meanwhile: of two that come at once the second waits for the first one's.
    let ledger = Arc::new(Ledger::open(url)?);
    open.push((key, Arc::downgrade(&ledger)));
    Ok(ledger)
}

/// The same file by the same path.
fn absolute(url: &StorageUrl) -> StorageUrl {
    match url {
        StorageUrl::Sqlite(path) => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(std::path::Path::new(".")).canonicalize();
            StorageUrl::Sqlite(match (folder, path.file_name()) {
                (Ok(folder), Some(name)) => folder.join(name),
                _ => path.clone(),
            })
        }
        StorageUrl::Postgres(_) => url.clone(),
    }
}
