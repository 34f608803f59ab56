//! What every storage does.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use servox::optimizer::local::{
    Assignment, Check, Kind, Ledger, NewStudy, Origin, Proposer, Records, State, StorageError, StorageUrl, StudyRecord,
    Trial,
};

use crate::cluster::Cluster;

/// A storage that nobody has used, and what keeps it in being.
pub fn sqlite() -> (StorageUrl, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (StorageUrl::Sqlite(folder.path().join("servo.db")), folder)
}

/// A database that nobody has used.
pub fn postgres() -> (StorageUrl, &'static Cluster) {
    let cluster = Cluster::shared();
    (cluster.url(&cluster.database("suite")).parse().unwrap(), cluster)
}

pub fn now() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

pub fn settings(n: i64) -> Assignment {
    [("web.n".to_owned(), n.into()), ("web.gc".to_owned(), "größer ✓".into())].into_iter().collect()
}

pub fn trial(number: u32) -> Trial {
    Trial {
        number,
        kind: Kind::VerifyBaseline,
        assignment: settings(i64::from(number)),
        state: State::Running,
        reason: None,
        metrics: IndexMap::new(),
        goal: None,
        violations: IndexMap::new(),
        started: now(),
        ended: None,
        origin: Some(Origin { by: Proposer::Verification, sampler: "tpe".into(), of: Some(3) }),
        checks: Vec::new(),
    }
}

pub fn begin(ledger: &Ledger, name: &str) -> StudyRecord {
    let study = NewStudy { name, fingerprint: "{}", seed: u64::MAX, baseline: &settings(1), goal_name: "cost" };
    ledger.create_study(&study, now()).unwrap()
}

fn what_is_written_is_read_again(url: &StorageUrl) {
    let mut written = trial(0);
    let study = {
        let ledger = Ledger::open(url).unwrap();
        let study = begin(&ledger, "app 'ü'");
        ledger.write(&study, &written).unwrap();
        assert_eq!(ledger.trials(&study).unwrap(), [written.clone()]);
        study
    };
    let ledger = Ledger::open(url).unwrap();
    assert_eq!(ledger.studies("app 'ü'").unwrap(), std::slice::from_ref(&study));
    assert_eq!((study.generation, study.seed, study.goal_name.as_deref()), (1, u64::MAX, Some("cost")));
    written.state = State::Infeasible;
    written.reason = Some("p95 72 ms (limit 60 ms), with \"quotes\" and 'more'; \u{1F980}".into());
    written.metrics = [("throughput".to_owned(), 1.0 / 3.0), ("errors".to_owned(), 0.0)].into_iter().collect();
    written.goal = Some(f64::MIN_POSITIVE);
    written.violations = [("p95".to_owned(), 12.5)].into_iter().collect();
    written.ended = Some(now());
    let condition = "p95 <= 60".into();
    written.checks =
        vec![Check { name: "p95".into(), condition, left: Some(72.0), right: Some(60.0), met: Some(false) }];
    ledger.write(&study, &written).unwrap();
    ledger.write(&study, &written).unwrap();
    assert_eq!(ledger.trials(&study).unwrap(), [written]);
}

fn generations_are_counted_for_each_name(url: &StorageUrl) {
    let ledger = Ledger::open(url).unwrap();
    let labels: Vec<_> = ["app", "app", "other", "app"].iter().map(|name| begin(&ledger, name).label()).collect();
    assert_eq!(labels, ["app", "app#2", "other", "app#3"]);
    let generations = |name| ledger.studies(name).unwrap().iter().map(|study| study.generation).collect::<Vec<_>>();
    assert_eq!((generations("app"), generations("other"), generations("none")), (vec![3, 2, 1], vec![1], vec![]));
}

fn what_was_left_running_becomes_stale(url: &StorageUrl) {
    let ledger = Ledger::open(url).unwrap();
    let (study, other) = (begin(&ledger, "app"), begin(&ledger, "other"));
    let mut ended = trial(1);
    ended.state = State::Complete;
    for (study, trial) in [(&study, &trial(0)), (&study, &ended), (&other, &trial(0))] {
        ledger.write(study, trial).unwrap();
    }
    assert_eq!(ledger.mark_stale("none", now()).unwrap(), 0);
    assert_eq!(ledger.mark_stale("app", now()).unwrap(), 1);
    assert_eq!(ledger.mark_stale("app", now()).unwrap(), 0);
    let trials = ledger.trials(&study).unwrap();
    assert_eq!((trials[0].state, trials[0].ended, trials[0].started), (State::Stale, Some(now()), now()));
    assert_eq!(trials[1], ended);
    assert_eq!(ledger.trials(&other).unwrap()[0].state, State::Running);
}

fn a_study_is_used_by_one_optimizer(url: &StorageUrl) {
    let ledger = Arc::new(Ledger::open(url).unwrap());
    let (first, _second) = (ledger.claim("app").unwrap(), ledger.claim("other").unwrap());
    let error = ledger.claim("app").unwrap_err();
    assert!(matches!(error, StorageError::InUse { .. }) && !error.is_retryable(), "{error}");
    assert!(error.to_string().contains("study app") && error.to_string().contains("of this process"), "{error}");
    drop(first);
    ledger.claim("app").unwrap();
}

fn a_trial_that_another_made_is_not_overwritten(url: &StorageUrl) {
    let ledger = Ledger::open(url).unwrap();
    let study = begin(&ledger, "app");
    ledger.write(&study, &trial(0)).unwrap();
    let mut other = trial(0);
    other.started = Timestamp::from_second(1_800_000_000).unwrap();
    other.reason = Some("mine".into());
    let error = ledger.write(&study, &other).unwrap_err();
    assert!(matches!(error, StorageError::Overtaken { .. }) && !error.is_retryable(), "{error}");
    assert_eq!(ledger.trials(&study).unwrap(), [trial(0)]);
}

fn records_are_read_while_a_servo_runs(url: &StorageUrl) {
    let absent = Records::open(url).unwrap_err();
    assert!(matches!(absent, StorageError::Absent { .. }), "{absent}");
    let ledger = Arc::new(Ledger::open(url).unwrap());
    let _claim = ledger.claim("app").unwrap();
    let records = Records::open(url).unwrap();
    assert_eq!(records.all_studies().unwrap(), []);
    let (study, other) = (begin(&ledger, "b"), begin(&ledger, "a"));
    ledger.write(&study, &trial(0)).unwrap();
    assert_eq!(records.all_studies().unwrap(), [other.clone(), study.clone()]);
    assert_eq!(records.studies("b").unwrap(), std::slice::from_ref(&study));
    assert_eq!((records.trials(&study).unwrap(), records.trials(&other).unwrap()), (vec![trial(0)], vec![]));
}

fn many_threads_write_at_once(url: &StorageUrl) {
    let ledger = Arc::new(Ledger::open(url).unwrap());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let ledger = ledger.clone();
            scope.spawn(move || {
                let name = format!("app {thread}");
                let _claim = ledger.claim(&name).unwrap();
                let study = begin(&ledger, &name);
                for number in 0..5 {
                    ledger.write(&study, &trial(number)).unwrap();
                }
            });
        }
    });
    let studies = ledger.records().all_studies().unwrap();
    assert_eq!(studies.len(), 8);
    for study in studies {
        let numbers: Vec<_> = ledger.trials(&study).unwrap().iter().map(|trial| trial.number).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4], "{}", study.name);
    }
}

fn one_ledger_serves_a_process(url: &StorageUrl) {
    let first = Ledger::shared(url).unwrap();
    let second = Ledger::shared(url).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    drop((first, second));
    begin(&Ledger::shared(url).unwrap(), "app");
}

/// Calls are made from threads that block as well as from those of a runtime.
fn a_ledger_is_used_on_any_thread(url: &StorageUrl) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ledger = Arc::new(Ledger::open(url).unwrap());
        let claim = ledger.claim("app").unwrap();
        begin(&ledger, "app");
        drop((claim, ledger));
    });
    assert_eq!(Records::open(url).unwrap().all_studies().unwrap().len(), 1);
}

/// A module of tests for each storage.
macro_rules! suite {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test]
            fn $test() {
                let (url, _kept) = super::sqlite();
                super::$test(&url);
            })*
        }
        mod on_postgres {
            $(#[test]
            fn $test() {
                let (url, _kept) = super::postgres();
                super::$test(&url);
            })*
        }
    };
}

suite!(
    what_is_written_is_read_again,
    generations_are_counted_for_each_name,
    what_was_left_running_becomes_stale,
    a_study_is_used_by_one_optimizer,
    a_trial_that_another_made_is_not_overwritten,
    records_are_read_while_a_servo_runs,
    many_threads_write_at_once,
    one_ledger_serves_a_process,
    a_ledger_is_used_on_any_thread,
);
