//! Where a ledger is: the text of `optimizer.local.storage`, read.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Where studies are kept. Its text has no password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageUrl {
    /// `sqlite:///path`
    Sqlite(PathBuf),
    /// `postgresql://user:password@host:port/database`
    Postgres(PostgresUrl),
}

/// A database of a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    pub(super) config: Box<Config>,
    pub(super) tls: Tls,
    /// The file of the authorities to trust; those of the system when absent.
    pub(super) authorities: Option<PathBuf>,
}

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    /// It is not.
    Disable,
    /// It is where the server offers it; whose certificate that is is not verified.
    Prefer,
    /// It is, with a certificate of that host.
    Require,
}

impl Tls {
    const ALL: &'static str = "disable, prefer, require, verify-ca or verify-full";

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" | "verify-ca" | "verify-full" => Self::Require,
            _ => return None,
        })
    }
}

/// The parts of a [`PostgresUrl`], for a client of another library.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresParts {
    /// The servers, each with its port, in the order they are tried.
    pub hosts: Vec<(String, u16)>,
    /// The user; that of the process when absent.
    pub user: Option<String>,
    /// The password, also that of `PGPASSWORD`.
    pub password: Option<String>,
    /// The database; that of the user's name when absent.
    pub database: Option<String>,
    /// `disable`, `prefer` or `verify-full`.
    pub sslmode: &'static str,
    /// The file of the authorities to trust; those of the system when absent.
    pub sslrootcert: Option<PathBuf>,
    /// Options for the server process, as of `postgres -c`.
    pub options: Option<String>,
}

impl PostgresUrl {
    /// The parts; the password among them.
    pub fn parts(&self) -> PostgresParts {
        let password = self.password().map(|password| String::from_utf8_lossy(&password).into_owned());
        PostgresParts {
            hosts: self.hosts(),
            user: self.config.get_user().map(str::to_owned),
            password,
            database: self.config.get_dbname().map(str::to_owned),
            sslmode: match self.tls {
                Tls::Disable => "disable",
                Tls::Prefer => "prefer",
                Tls::Require => "verify-full",
            },
            sslrootcert: self.authorities.clone(),
            options: self.config.get_options().map(str::to_owned),
        }
    }

    /// The password of the text, else that of the environment, as with PostgreSQL's own programs.
    pub(super) fn password(&self) -> Option<Vec<u8>> {
        let given = self.config.get_password().map(<[u8]>::to_vec);
        given.or_else(|| std::env::var("PGPASSWORD").ok().map(String::into_bytes))
    }

    fn hosts(&self) -> Vec<(String, u16)> {
        let ports = self.config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let hosts = self.config.get_hosts().iter().enumerate();
        hosts
            .map(|(at, host)| match host {
                Host::Tcp(name) => (name.clone(), port(at)),
                #[cfg(unix)]
                Host::Unix(path) => (path.display().to_string(), port(at)),
            })
            .collect()
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgresql://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        for (at, (host, port)) in self.hosts().iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            if *port == 5432 { write!(f, "{comma}{host}") } else { write!(f, "{comma}{host}:{port}") }?;
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for PostgresParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresParts").field("hosts", &self.hosts).field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Display for StorageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl FromStr for StorageUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:///") {
            if !path.is_empty() && !path.contains('?') {
                return Ok(Self::Sqlite(PathBuf::from(path)));
            }
        } else if text.starts_with("postgresql://") || text.starts_with("postgres://") {
            return postgres(text).map(Self::Postgres);
        }
        Err(format!(
            "expected sqlite:/// and the path of a file, such as sqlite:///servo.db, or postgresql:// and a database, \
             such as postgresql://user@host/database, found {:?}",
            without_password(text)
        ))
    }
}

fn postgres(text: &str) -> Result<PostgresUrl, String> {
    let wrong = |why: String| format!("{}: {why}", without_password(text));
    let (base, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut tls, mut authorities, mut others) = (None, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => {
                let mode = Tls::parse(value);
                tls = Some(mode.ok_or_else(|| wrong(format!("expected sslmode {}, found {value:?}", Tls::ALL)))?);
            }
            Some(("sslrootcert", "system")) => authorities = None,
            Some(("sslrootcert", value)) => {
                let path = decoded(value).ok_or_else(|| wrong("sslrootcert is not UTF-8".into()))?;
                authorities = Some(PathBuf::from(path));
            }
            _ => others.push(pair),
        }
    }
    let rest = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
    let mut config = Config::from_str(&rest).map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        wrong(cause)
    })?;
    if config.get_hosts().is_empty() {
        return Err(wrong("expected the name of a host, or ?host=/folder of a socket, found neither".into()));
    }
    let here = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let tls = tls.unwrap_or(if config.get_hosts().iter().all(here) { Tls::Prefer } else { Tls::Require });
    config.ssl_mode(match tls {
        Tls::Disable => SslMode::Disable,
        Tls::Prefer => SslMode::Prefer,
        Tls::Require => SslMode::Require,
    });
    // A socket of this machine is not encrypted.
    #[cfg(unix)]
    if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
        config.ssl_mode(SslMode::Disable);
    }
    Ok(PostgresUrl { config: Box::new(config), tls, authorities })
}

/// The text of a URL without its password.
pub(in crate::optimizer::local) fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    // What stands behind the question mark may have one as well.
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_at(rest.rfind('@').map_or(0, |at| at));
    let user = authority.split(':').next().unwrap_or_default();
    let query: Vec<_> = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("password=")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{scheme}://{user}{path}{query}")
}

/// The text behind `%41`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> PostgresUrl {
        match text.parse().unwrap() {
            StorageUrl::Postgres(url) => url,
            StorageUrl::Sqlite(path) => panic!("{}", path.display()),
        }
    }

    #[test]
    fn a_file_is_named_by_its_path() {
        assert_eq!("sqlite:///a/servo.db".parse(), Ok(StorageUrl::Sqlite("a/servo.db".into())));
        assert_eq!("sqlite:////var/servo.db".parse(), Ok(StorageUrl::Sqlite("/var/servo.db".into())));
        for text in ["servo.db", "sqlite:///", "sqlite://servo.db", "sqlite:///a?mode=ro", "mysql://root@host/db"] {
            let error = text.parse::<StorageUrl>().unwrap_err();
            assert!(error.contains("sqlite:///servo.db") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn a_database_is_shown_without_its_password() {
        let url = read("postgresql://me:s%40cret@db.example:6432/servo?sslmode=require&sslrootcert=%2Fetc%2Fca.pem");
        assert_eq!(url.to_string(), "postgresql://me@db.example:6432/servo");
        assert!(!format!("{url:?} {:?} {:?}", url.parts(), StorageUrl::Postgres(url.clone())).contains("cret"));
        let parts = url.parts();
        assert_eq!((parts.password.as_deref(), parts.sslmode), (Some("s@cret"), "verify-full"));
        assert_eq!(parts.sslrootcert, Some("/etc/ca.pem".into()));
        assert_eq!(parts.hosts, [("db.example".to_owned(), 6432)]);
        for text in [
            "postgresql://me:secret@/servo",
            "postgresql://me:secret@db/servo?sslmode=often",
            "postgresql://me:secret@db/servo?nope=1",
            "postgresql://me:se:c@ret@db:port/servo",
            "mysql://me:secret@db/servo?password=secret",
        ] {
            let error = text.parse::<StorageUrl>().unwrap_err();
            assert!(!error.contains("secret") && !error.contains("c@ret") && error.contains("me"), "{error}");
        }
    }

    #[test]
    fn other_machines_are_talked_to_in_secret() {
        for (text, tls) in [
            ("postgresql://db.example/servo", Tls::Require),
            ("postgresql://db.example/servo?sslmode=verify-full", Tls::Require),
            ("postgresql://localhost,db.example/servo", Tls::Require),
            ("postgresql://db.example/servo?sslmode=prefer", Tls::Prefer),
            ("postgresql://localhost/servo", Tls::Prefer),
            ("postgresql://127.0.0.1:5433/servo", Tls::Prefer),
            ("postgres:///servo?host=/run/postgresql", Tls::Prefer),
            ("postgres://db.example/servo?sslmode=disable", Tls::Disable),
        ] {
            assert_eq!(read(text).tls, tls, "{text}");
        }
        assert_eq!(read("postgres:///servo?host=/run/postgresql").to_string(), "postgresql:///run/postgresql/servo");
    }
}
