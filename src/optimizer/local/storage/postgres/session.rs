//! One connection: how it is made, and what is asked on it.

use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::super::error::StorageError;
use super::super::rows::{Row, Value};
use super::super::schema::Statement;
use super::super::url::PostgresUrl;
use super::{errors, tls};

/// How long a server may take to let somebody in.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server may take for one statement; it gives the statement up then.
const STATEMENT: Duration = Duration::from_secs(10);
/// After so much silence beyond that the server is taken for gone.
const SILENCE: Duration = Duration::from_secs(5);
/// The oldest server that has what is used here.
const OLDEST: i32 = 120_000;

/// What every connection begins with. A server whose peer has vanished notices within a minute and frees its locks; a
/// commit is durable even where the server does not insist on it.
const SETTINGS: &str = "
    SET statement_timeout = '10s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s';
    SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It reads and writes.
    Writer,
    /// It only reads, also from a server that only can be read.
    Reader,
}

/// Makes connections to one database.
pub(super) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
    role: Role,
    pub place: String,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Connector {
    pub fn new(url: &PostgresUrl, role: Role) -> Result<Self, StorageError> {
        let mut config = (*url.config).clone();
        if let Some(password) = url.password() {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name(own_name());
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.keepalives_idle(Duration::from_secs(20)).keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3).tcp_user_timeout(STATEMENT + SILENCE);
        Ok(Self { config, tls: tls::connector(url)?, role, place: url.to_string() })
    }

    /// A connection that is ready for use.
    pub async fn connect(&self) -> Result<Session, StorageError> {
        let late = |_| self.failed(format!("the server did not let the servo in within {} s", CONNECT.as_secs()));
        tokio::time::timeout(CONNECT, self.connect_anyhow()).await.map_err(late)?
    }

    async fn connect_anyhow(&self) -> Result<Session, StorageError> {
        let told = |error| errors::explain(&self.place, &error);
        let (client, connection) = self.config.connect(self.tls.clone()).await.map_err(told)?;
        // Ends with the client, or with the connection.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection to a database ended: {error}");
            }
        });
        client.batch_execute(SETTINGS).await.map_err(told)?;
        if self.role == Role::Reader {
            client.batch_execute("SET default_transaction_read_only = on").await.map_err(told)?;
        }
        let about = "SELECT current_setting('server_version_num')::int4, current_setting('server_encoding')";
        let about = client.query_typed_one(about, &[]).await.map_err(told)?;
        let (version, encoding): (i32, String) = (about.get(0), about.get(1));
        if version < OLDEST {
            return Err(self.refused(format!("expected PostgreSQL 12 or newer, found version number {version}")));
        }
        if encoding != "UTF8" {
            return Err(self.refused(format!(
                "expected a database in UTF8, found {encoding}: create one with `createdb -E UTF8 -T template0 NAME`"
            )));
        }
        Ok(Session { client, place: self.place.clone() })
    }

    fn failed(&self, cause: String) -> StorageError {
        StorageError::Io { place: self.place.clone(), cause }
    }

    fn refused(&self, cause: String) -> StorageError {
        StorageError::Refused { place: self.place.clone(), cause }
    }
}

/// A connection that is ready for use.
#[derive(Debug)]
pub(super) struct Session {
    pub client: Client,
    place: String,
}

/// An error, and whether the connection is of no more use.
pub(super) type Failed = (StorageError, bool);

impl Session {
    /// Runs a statement in a transaction of its own.
    pub async fn run(&self, statement: &Statement) -> Result<Vec<Row>, Failed> {
        let values: Vec<_> = statement.values.iter().map(native).collect();
        let values: Vec<(&(dyn ToSql + Sync), Type)> =
            values.iter().map(|(value, kind)| (&**value as &(dyn ToSql + Sync), kind.clone())).collect();
        let rows = self.limited(self.client.query_typed(statement.sql, &values)).await?;
        rows.iter().map(|row| self.row(row)).collect::<Result<_, _>>().map_err(|error| (error, false))
    }

    /// Waits for the server, not for ever.
    pub async fn limited<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failed> {
        match tokio::time::timeout(STATEMENT + SILENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err((errors::explain(&self.place, &error), errors::breaks(&error))),
            Err(_) => {
                let cause = format!("the server did not answer within {} s", (STATEMENT + SILENCE).as_secs());
                Err((StorageError::Io { place: self.place.clone(), cause }, true))
            }
        }
    }

    fn row(&self, row: &tokio_postgres::Row) -> Result<Row, StorageError> {
        let values = row.columns().iter().enumerate().map(|(at, column)| match *column.type_() {
            Type::INT8 => row.try_get::<_, i64>(at).map(Value::Integer),
            Type::FLOAT8 => row.try_get(at).map(Value::Real),
            _ => row.try_get(at).map(Value::Text),
        });
        values
            .collect::<Result<_, _>>()
            .map_err(|error| StorageError::Corrupt { place: self.place.clone(), cause: error.to_string() })
    }
}

type Native = (Box<dyn ToSql + Sync + Send>, Type);

fn native(value: &Value) -> Native {
    match value {
        Value::Integer(value) => (Box::new(*value), Type::INT8),
        Value::Real(value) => (Box::new(*value), Type::FLOAT8),
        // The one character that a text of the server cannot have.
        Value::Text(text) => (Box::new(text.as_ref().map(|text| text.replace('\0', "\u{fffd}"))), Type::TEXT),
    }
}

/// What this process is called among the connections of the server.
fn own_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME")).ok());
    let host: String = host.unwrap_or_default().trim().chars().filter(char::is_ascii_graphic).take(40).collect();
    format!("servo {host} {}", std::process::id()).replace("  ", " ")
}
