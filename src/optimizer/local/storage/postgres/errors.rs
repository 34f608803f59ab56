//! What errors of PostgreSQL mean for a ledger.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::super::error::StorageError;

/// Classes of states that pass: of the connection, of rolled-back transactions, of resources, of an operator who
/// intervenes (a cancelled statement too), of the system under the server.
const PASSING: [&str; 5] = ["08", "40", "53", "57", "58"];

/// What the error of a server means.
pub(super) fn explain(place: &str, error: &Error) -> StorageError {
    let (place, cause) = (place.to_owned(), words(error));
    match error.code() {
        Some(&SqlState::LOCK_NOT_AVAILABLE) => StorageError::Busy { place },
        Some(code) if PASSING.iter().any(|class| code.code().starts_with(class)) => StorageError::Io { place, cause },
        Some(&SqlState::INVALID_CATALOG_NAME) => {
            let what = "create it (createdb), or name another in optimizer.local.storage";
            StorageError::Refused { place, cause: format!("{cause}: {what}") }
        }
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            let what = "the user needs the rights to connect, and to create and use tables in its schema";
            StorageError::Refused { place, cause: format!("{cause}: {what}") }
        }
        // Tables of these names with other columns.
        Some(&(SqlState::UNDEFINED_COLUMN | SqlState::DATATYPE_MISMATCH | SqlState::UNDEFINED_TABLE)) => {
            StorageError::Corrupt { place, cause }
        }
        Some(_) => StorageError::Refused { place, cause },
        None => match certificate(error) {
            Some(cause) => StorageError::Refused { place, cause },
            None if is_of(error, &["authentication error", "invalid configuration"]) => {
                StorageError::Refused { place, cause }
            }
            None => StorageError::Io { place, cause },
        },
    }
}

/// Whether it is of one of these kinds, which the library tells by its words alone.
fn is_of(error: &Error, kinds: &[&str]) -> bool {
    let text = error.to_string();
    kinds.iter().any(|kind| text.starts_with(kind))
}

/// Whether the connection is of no more use.
pub(super) fn breaks(error: &Error) -> bool {
    error.as_db_error().is_none_or(|error| {
        error.parsed_severity().is_none_or(|severity| {
            use tokio_postgres::error::Severity::{Fatal, Panic};
            matches!(severity, Fatal | Panic)
        })
    })
}

/// What the server or the network says, in one line.
fn words(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(error), _) => format!("{} ({})", error.message(), error.code().code()),
        (None, Some(source)) => {
            let (outer, inner) = (error.to_string(), source.to_string());
            if outer.contains(&inner) { outer } else { format!("{outer}: {inner}") }
        }
        (None, None) => error.to_string(),
    }
}

/// Why the server's certificate, or that it has none, ends the matter.
fn certificate(error: &Error) -> Option<String> {
    let text = words(error);
    if text.contains("server does not support TLS") {
        return Some(
            "the server offers no TLS: turn it on there, or allow a connection that others can read with \
             ?sslmode=disable"
                .into(),
        );
    }
    let mut source = error.source();
    while let Some(inner) = source {
        let found = inner.downcast_ref::<rustls::Error>().or_else(|| {
            let inner = inner.downcast_ref::<std::io::Error>()?;
            inner.get_ref()?.downcast_ref::<rustls::Error>()
        });
        if let Some(rustls::Error::InvalidCertificate(why)) = found {
            return Some(format!(
                "its certificate is not trusted ({why}): name the file of its authority with ?sslrootcert=FILE"
            ));
        }
        source = inner.source();
    }
    None
}
