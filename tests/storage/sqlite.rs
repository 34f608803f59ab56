//! What is particular to an SQLite file.

use rusqlite::Connection;
use servox::optimizer::local::{Kind, Ledger, Records, State, StorageError, StorageUrl};

use crate::suite::{begin, sqlite, trial};

fn path(url: &StorageUrl) -> &std::path::Path {
    let StorageUrl::Sqlite(path) = url else { panic!("{url}") };
    path
}

#[test]
fn a_second_user_is_refused_and_a_later_one_is_not() {
    let (url, _folder) = sqlite();
    let first = Ledger::open(&url).unwrap();
    let error = Ledger::open(&url).unwrap_err().to_string();
    assert!(error.contains("in use by another servo") && error.contains("servo.db.lock"), "{error}");
    drop(first);
    Ledger::open(&url).unwrap();
}

#[test]
fn what_is_no_database_is_left_alone() {
    let (url, folder) = sqlite();
    let content = "this is a text that somebody wrote, and no database at all ".repeat(100);
    std::fs::write(path(&url), &content).unwrap();
    for error in [Ledger::open(&url).unwrap_err(), Records::open(&url).unwrap_err()] {
        assert!(matches!(error, StorageError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("servo.db"));
    }
    assert_eq!(std::fs::read_to_string(path(&url)).unwrap(), content);
    std::fs::remove_file(path(&url)).unwrap();
    Connection::open(path(&url)).unwrap().execute_batch("CREATE TABLE servo_schema (other TEXT)").unwrap();
    assert!(matches!(Ledger::open(&url).unwrap_err(), StorageError::Corrupt { .. }));
    let error = Ledger::open(&StorageUrl::Sqlite(folder.path().join("no/such/folder/servo.db"))).unwrap_err();
    assert!(matches!(error, StorageError::Io { .. }), "{error}");
}

#[test]
fn a_newer_form_is_refused() {
    let (url, _folder) = sqlite();
    drop(Ledger::open(&url).unwrap());
    Connection::open(path(&url)).unwrap().execute("UPDATE servo_schema SET version = 99", []).unwrap();
    for error in [Ledger::open(&url).unwrap_err(), Records::open(&url).unwrap_err()] {
        assert!(matches!(error, StorageError::Newer { found: 99, .. }), "{error}");
    }
}

/// A file as the first version left it.
const FIRST: &str = r#"
    CREATE TABLE servo_schema (version INTEGER NOT NULL);
    INSERT INTO servo_schema VALUES (1);
    CREATE TABLE servo_studies (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL, generation INTEGER NOT NULL, fingerprint TEXT NOT NULL,
        seed INTEGER NOT NULL, baseline TEXT NOT NULL, created TEXT NOT NULL, UNIQUE (name, generation));
    CREATE TABLE servo_trials (
        study INTEGER NOT NULL REFERENCES servo_studies (id), number INTEGER NOT NULL, kind TEXT NOT NULL,
        assignment TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, metrics TEXT NOT NULL, goal REAL,
        violations TEXT NOT NULL, started TEXT NOT NULL, ended TEXT, PRIMARY KEY (study, number));
    INSERT INTO servo_studies VALUES (1, 'app', 1, '{}', -1, '{"web.n": 1}', '2026-01-01T00:00:00Z');
    INSERT INTO servo_trials VALUES (1, 0, 'baseline', '{"web.n": 1}', 'complete', NULL, '{"cost": 4.0}', 4.0, '{}',
        '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z');
"#;

#[test]
fn a_file_of_the_first_version_is_read_as_it_is_and_continued() {
    let (url, _folder) = sqlite();
    Connection::open(path(&url)).unwrap().execute_batch(FIRST).unwrap();
    let before = std::fs::read(path(&url)).unwrap();
    let records = Records::open(&url).unwrap();
    let study = records.all_studies().unwrap().remove(0);
    let old = records.trials(&study).unwrap().remove(0);
    assert_eq!((old.kind, old.state, old.goal, &old.origin), (Kind::Baseline, State::Complete, Some(4.0), &None));
    assert_eq!((study.seed, study.goal_name.as_deref()), (u64::MAX, None));
    assert_eq!(std::fs::read(path(&url)).unwrap(), before, "reading changes nothing");
    for _ in 0..2 {
        let ledger = Ledger::open(&url).unwrap();
        assert_eq!(ledger.trials(&study).unwrap()[0], old);
        ledger.write(&study, &trial(1)).unwrap();
        assert_eq!(ledger.trials(&study).unwrap()[1], trial(1));
    }
    // Who opened it before goes on reading.
    assert_eq!(records.trials(&study).unwrap().len(), 2);
}

#[test]
fn what_a_killed_servo_left_half_written_is_taken_back_by_a_reader() {
    let (url, folder) = sqlite();
    let ledger = Ledger::open(&url).unwrap();
    let study = begin(&ledger, "app");
    ledger.write(&study, &trial(0)).unwrap();
    drop(ledger);
    // A journal that was not finished: the file as it is in the middle of a transaction.
    let writer = Connection::open(path(&url)).unwrap();
    writer.execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 2; BEGIN IMMEDIATE").unwrap();
    for number in 1..200 {
        let sql = "INSERT INTO servo_trials (study, number, kind, assignment, state, metrics, violations, started)
                   VALUES (1, ?1, 'search', ?2, 'running', '{}', '{}', '2026-01-01T00:00:00Z')";
        writer.execute(sql, rusqlite::params![number, format!("{{\"web.n\": \"{}\"}}", "x".repeat(900))]).unwrap();
    }
    let copy = folder.path().join("copy.db");
    std::fs::copy(path(&url), &copy).unwrap();
    std::fs::copy(folder.path().join("servo.db-journal"), folder.path().join("copy.db-journal")).unwrap();
    let records = Records::open(&StorageUrl::Sqlite(copy)).unwrap();
    assert_eq!(records.trials(&study).unwrap(), [trial(0)]);
}
