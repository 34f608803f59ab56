//! What is particular to a PostgreSQL database.

use std::sync::Arc;

use servox::optimizer::local::{Ledger, Records, StorageError, StorageUrl};

use crate::cluster::{Cluster, ESCAPED, PASSWORD};
use crate::front::Front;
use crate::suite::{begin, postgres, settings, trial};

fn url(text: &str) -> StorageUrl {
    text.parse().unwrap()
}

fn database(cluster: &Cluster, name: &str) -> (String, StorageUrl) {
    let database = cluster.database(name);
    let url = url(&cluster.url(&database));
    (database, url)
}

#[test]
fn other_processes_are_kept_from_a_study_and_told_by_whom() {
    let (url, _cluster) = postgres();
    // Two ledgers are to the server what two processes are.
    let (first, second) = (Arc::new(Ledger::open(&url).unwrap()), Arc::new(Ledger::open(&url).unwrap()));
    let held = first.claim("app").unwrap();
    let error = second.claim("app").unwrap_err();
    assert!(matches!(error, StorageError::InUse { .. }) && !error.is_retryable(), "{error}");
    let text = error.to_string();
    let who = format!("{}' from 127.0.0.1", std::process::id());
    assert!(text.contains("study app") && text.contains(&who) && text.contains("connected since"), "{text}");
    let _other = second.claim("other").unwrap();
    drop(held);
    second.claim("app").unwrap();
}

#[test]
fn a_study_that_another_took_meanwhile_is_not_written_to() {
    let cluster = Cluster::shared();
    let (name, url) = database(cluster, "gone");
    let ledger = Arc::new(Ledger::open(&url).unwrap());
    let claim = ledger.claim("app").unwrap();
    cluster.disconnect(&name);
    let other = Arc::new(Ledger::open(&url).unwrap());
    let taken = other.claim("app").unwrap();
    let study = begin(&other, "app");
    // The first one finds out before it writes anything.
    let error = ledger.write(&study, &trial(0)).unwrap_err();
    assert!(matches!(error, StorageError::InUse { .. }), "{error}");
    assert_eq!(other.trials(&study).unwrap(), []);
    drop(taken);
    ledger.write(&study, &trial(0)).unwrap();
    drop(claim);
}

#[test]
fn a_lost_connection_is_made_again_with_its_locks() {
    let cluster = Cluster::shared();
    let (name, url) = database(cluster, "lost");
    let ledger = Arc::new(Ledger::open(&url).unwrap());
    let _claim = ledger.claim("app").unwrap();
    let study = begin(&ledger, "app");
    for number in 0..3 {
        assert!(cluster.disconnect(&name) > 0);
        ledger.write(&study, &trial(number)).unwrap();
        let other = Arc::new(Ledger::open(&url).unwrap());
        let error = other.claim("app").unwrap_err();
        assert!(matches!(error, StorageError::InUse { .. }), "{error}");
    }
    assert_eq!(ledger.trials(&study).unwrap().len(), 3);
}

#[test]
fn an_outage_passes() {
    let cluster = Cluster::start();
    let (_, url) = database(&cluster, "outage");
    let ledger = Arc::new(Ledger::open(&url).unwrap());
    let _claim = ledger.claim("app").unwrap();
    let study = begin(&ledger, "app");
    cluster.end();
    for error in [ledger.write(&study, &trial(0)).unwrap_err(), ledger.mark_stale("app", trial(0).started).unwrap_err()]
    {
        assert!(error.is_retryable(), "{error:?}");
        assert!(!error.to_string().contains(PASSWORD), "{error}");
    }
    assert!(Ledger::open(&url).unwrap_err().is_retryable());
    cluster.begin();
    ledger.write(&study, &trial(0)).unwrap();
    assert_eq!(ledger.trials(&study).unwrap(), [trial(0)]);
}

#[test]
fn what_waiting_does_not_mend_is_refused() {
    let cluster = Cluster::shared();
    let name = cluster.database("refused");
    let port = cluster.port();
    for (text, words) in [
        (format!("postgresql://servo:wrong@127.0.0.1:{port}/{name}"), "password authentication failed"),
        (format!("postgresql://servo@127.0.0.1:{port}/{name}"), "password missing"),
        (cluster.url("nowhere"), "does not exist"),
    ] {
        for error in [Ledger::open(&url(&text)).unwrap_err(), Records::open(&url(&text)).unwrap_err()] {
            assert!(matches!(error, StorageError::Refused { .. }) && !error.is_retryable(), "{error:?}");
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(words) && shown.contains(&format!("servo@127.0.0.1:{port}/")), "{shown}");
            assert!(!shown.contains("wrong") && !shown.contains(PASSWORD) && !shown.contains(ESCAPED), "{shown}");
        }
    }
    cluster.sql("postgres", &format!("CREATE DATABASE {name}_latin ENCODING 'LATIN1' TEMPLATE template0"));
    let error = Ledger::open(&url(&cluster.url(&format!("{name}_latin")))).unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }) && error.to_string().contains("found LATIN1"), "{error}");
    cluster.sql(&name, "CREATE ROLE reader LOGIN PASSWORD 'reader'; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let reader = url(&format!("postgresql://reader:reader@127.0.0.1:{port}/{name}"));
    let error = Ledger::open(&reader).unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }) && error.to_string().contains("rights"), "{error}");
}

#[test]
fn certificates_are_verified() {
    let cluster = Cluster::shared();
    let name = cluster.database("tls");
    let front = Front::before(cluster.port());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &front.authority).unwrap();
    let base = cluster.url(&name).replace(&format!(":{}/", cluster.port()), &format!(":{}/", front.port));
    let encrypted = |query: &str| {
        let opened = Ledger::open(&url(&format!("{base}{query}")));
        opened.map(|ledger| {
            begin(&ledger, "app");
            front.encrypted() > 0
        })
    };
    assert!(!encrypted("?sslmode=disable").unwrap());
    assert!(encrypted(&format!("?sslmode=verify-full&sslrootcert={}", file.path().display())).unwrap());
    assert!(encrypted("?sslmode=prefer").unwrap());
    assert!(encrypted("").unwrap(), "on this machine TLS is preferred");
    let error = encrypted("?sslmode=require").unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }) && error.to_string().contains("sslrootcert=FILE"), "{error}");
    let error = encrypted("?sslmode=require&sslrootcert=/nonexistent.pem").unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }) && error.to_string().contains("/nonexistent.pem"), "{error}");
    // The server itself has none.
    let error = Ledger::open(&url(&format!("{}?sslmode=require", cluster.url(&name)))).unwrap_err();
    assert!(matches!(error, StorageError::Refused { .. }) && error.to_string().contains("offers no TLS"), "{error}");
}

#[test]
fn a_socket_of_this_machine_serves_as_well() {
    let cluster = Cluster::shared();
    let (name, _) = database(cluster, "socket");
    let folder = cluster.file("").display().to_string();
    let text =
        format!("postgresql://servo:{ESCAPED}@/{name}?host={}&port={}", folder.trim_end_matches('/'), cluster.port());
    let ledger = Ledger::open(&url(&text)).unwrap();
    assert_eq!(begin(&ledger, "app").baseline, settings(1));
}

#[test]
fn connections_are_bounded() {
    let cluster = Cluster::shared();
    let (name, url) = database(cluster, "bounded");
    let ledger = Arc::new(Ledger::open(&url).unwrap());
    let claims: Vec<_> = (0..40).map(|number| ledger.claim(&format!("app {number}")).unwrap()).collect();
    let count = cluster.sql("postgres", &format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"));
    assert!((1..=4).contains(&count[0].parse::<u32>().unwrap()), "{count:?}");
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted";
    assert_eq!(
        cluster.sql(&name, &format!("{locks} AND database = (SELECT oid FROM pg_database WHERE datname = '{name}')")),
        ["40"]
    );
    drop(claims);
}

#[test]
fn several_servos_may_make_the_tables_at_once() {
    let cluster = Cluster::shared();
    let (name, url) = database(cluster, "race");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| Ledger::open(&url).unwrap());
        }
    });
    assert_eq!(cluster.sql(&name, "SELECT version FROM servo_schema"), ["2"]);
    cluster.sql(&name, "UPDATE servo_schema SET version = 99");
    for error in [Ledger::open(&url).unwrap_err(), Records::open(&url).unwrap_err()] {
        assert!(matches!(error, StorageError::Newer { found: 99, .. }), "{error}");
    }
}

#[test]
fn reading_needs_no_right_to_write() {
    let cluster = Cluster::shared();
    let (name, writable) = database(cluster, "reading");
    let study = begin(&Ledger::open(&writable).unwrap(), "app");
    cluster.sql(
        &name,
        "CREATE ROLE looker LOGIN PASSWORD 'looker'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker",
    );
    let text = format!("postgresql://looker:looker@127.0.0.1:{}/{name}", cluster.port());
    assert_eq!(Records::open(&url(&text)).unwrap().all_studies().unwrap(), [study]);
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let error = Ledger::open(&url(&format!("postgresql://me@127.0.0.1:{port}/db"))).unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("within 10 s"), "{error}");
}
