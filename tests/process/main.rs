//! The connector `process` as a user of the crate sees it, with real applications.
#![cfg(unix)]

mod bench;

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bench::{Bench, adjust, alive, build, config, free_port, get, pid_of, within};
use rustix::process::{Pid, Signal, getpgid, kill_process};
use serde_json::{Value as Json, json};
use servox::event::{Answer, Call, Context, ErrorKind, EventError, Options, Outcome, Preposition, Responder, dispatch};
use servox::model::{Adjustment, Control, Measurement};

#[tokio::test(flavor = "multi_thread")]
async fn settings_reach_the_application_and_an_adjustment_restarts_it() {
    let bench = Bench::new(&json!({}));
    bench.call(Call::Startup).await.unwrap();
    let first = bench.ask();
    assert_eq!(first["arguments"], json!(["--workers=2", "two words"]));
    let environment = &first["environment"];
    assert_eq!((&environment["MODE"], &environment["FIXED_VALUE"]), (&json!("good"), &json!("1")));
    assert_eq!(environment.get("WORKERS"), None);
    let group = getpgid(Pid::from_raw(bench.pid())).unwrap();
    assert_ne!(group, getpgid(None).unwrap(), "an interrupt on the terminal must not reach the application");

    let description = bench.adjust("workers", 5).await.unwrap();
    assert_eq!(description.setting("web.workers").unwrap().value, Some(5.into()));
    let second = bench.ask();
    assert_eq!(second["arguments"][0], "--workers=5");
    assert_ne!(first["pid"], second["pid"]);
    assert!(!alive(pid_of(&first["pid"])));

    bench.adjust("workers", "5").await.unwrap();
    assert_eq!(bench.ask()["pid"], second["pid"], "nothing differs, so nothing is restarted");
    let others = Call::Adjust { adjustments: vec![Adjustment::new("db", "workers", 99)], control: Control::default() };
    bench.call(others).await.unwrap();
    assert_eq!(bench.ask()["pid"], second["pid"], "other components are not this connector's");

    bench.shutdown().await;
    bench.call(Call::Detach).await.unwrap();
    assert!(!alive(pid_of(&second["pid"])));
    bench.measure().await.unwrap();
    assert_eq!(bench.ask()["arguments"][0], "--workers=5", "a measurement starts what was stopped");
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_or_time_alone_can_be_the_health_check() {
    let bench = Bench::new(&json!({}));
    for health in [json!({"tcp": format!("127.0.0.1:{}", bench.port), "timeout": "60s"}), json!({"alive": "100ms"})] {
        let mut config = config(bench.folder.path(), bench.port, &json!({}));
        config["health"] = health;
        let bench = Bench { folder: tempfile::tempdir().unwrap(), connector: build(config), ..Bench::new(&json!({})) };
        bench.measure().await.unwrap();
        bench.measure().await.unwrap();
        bench.call(Call::Shutdown).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_values_change_nothing() {
    let bench = Bench::new(&json!({}));
    for (setting, value, part) in [
        ("workers", "9", "9 is outside of the range 1 to 8"),
        ("workesr", "3", "did you mean 'workers'?"),
        ("mode", "worst", "\"worst\" is not one of"),
        ("fixed", "2", "pinned"),
    ] {
        let error = bench.adjust(setting, value).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::AdjustmentRejected);
        assert!(error.message.contains(part), "{error}");
    }
    assert_eq!(get(bench.port, "/"), None, "the application was not even started");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_work_are_undone() {
    let bench = Bench::new(&json!({}));
    bench.call(Call::Startup).await.unwrap();
    let error = bench.adjust("mode", "broken").await.unwrap_err();
    assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::AdjustmentFailed, Some("start-failed")));
    for part in ["mode: good -> broken", "exit status: 3", "cannot work like this", "runs again with the former"] {
        assert!(error.message.contains(part), "{part:?} in {error}");
    }
    assert_eq!(bench.ask()["environment"]["MODE"], "good");
    assert_eq!(bench.value("mode").await, "good");
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_never_get_healthy_are_undone() {
    let bench = Bench::new(&json!({"health": {"timeout": "15s"}}));
    bench.call(Call::Startup).await.unwrap();
    let error = bench.adjust("mode", "hanging").await.unwrap_err();
    assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::AdjustmentFailed, Some("start-failed")));
    for part in ["not healthy within 15s", "no connection to 127.0.0.1", "starting in mode hanging"] {
        assert!(error.message.contains(part), "{part:?} in {error}");
    }
    assert_eq!(bench.ask()["environment"]["MODE"], "good");
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_have_to_hold_for_the_settlement() {
    let bench = Bench::new(&json!({}));
    bench.call(Call::Startup).await.unwrap();
    let Call::Adjust { adjustments, control } = adjust("mode", "short-lived") else { unreachable!() };
    let control = Control { settlement: Some("50s".parse().unwrap()), ..control };
    let error = bench.call(Call::Adjust { adjustments, control }).await.unwrap_err();
    assert!(error.message.contains("exit status: 5") && error.message.contains("that was all"), "{error}");
    assert_eq!(bench.ask()["environment"]["MODE"], "good");
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_said_when_even_the_former_settings_fail() {
    let bench = Bench::new(&json!({}));
    bench.call(Call::Startup).await.unwrap();
    let error = bench.adjust("mode", "poisonous").await.unwrap_err();
    assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::AdjustmentFailed, Some("revert-failed")));
    for part in ["exit status: 4", "poisoned", "NOT RUNNING", "exit status: 3", "cannot work like this"] {
        assert!(error.message.contains(part), "{part:?} in {error}");
    }
    assert_eq!(bench.measure().await.unwrap_err().kind, ErrorKind::MeasurementFailed);
    std::fs::remove_file(bench.folder.path().join("poison")).unwrap();
    bench.measure().await.unwrap();
    assert_eq!(bench.ask()["environment"]["MODE"], "good");
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_the_application_end_with_it() {
    let bench = Bench::new(&json!({"settings": {"mode": {"value": "parent"}}, "stop": {"timeout": "1s"}}));
    bench.call(Call::Startup).await.unwrap();
    let said = bench.ask();
    let workers: Vec<_> = said["workers"].as_array().unwrap().iter().map(pid_of).collect();
    assert!(workers.len() == 2 && workers.iter().all(|pid| alive(*pid)));
    bench.shutdown().await;
    within("the end of the workers", || (!workers.iter().any(|pid| alive(*pid))).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_ignores_sigterm_is_killed() {
    let bench = Bench::new(&json!({"settings": {"mode": {"value": "stubborn"}}, "stop": {"timeout": "500ms"}}));
    bench.call(Call::Startup).await.unwrap();
    let pid = bench.pid();
    let begin = Instant::now();
    bench.shutdown().await;
    assert!(begin.elapsed() >= Duration::from_millis(500), "it is asked first");
    assert!(!alive(pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_another_process_is_no_health() {
    let bench = Bench::new(&json!({"stop": {"timeout": "300ms"}}));
    let other = TcpListener::bind(("127.0.0.1", bench.port)).unwrap();
    let error = bench.call(Call::Startup).await.unwrap_err();
    assert!(error.message.contains("port in use by another process"), "{error}");
    assert!(error.message.contains(&format!("127.0.0.1:{}", bench.port)), "{error}");
    drop(other);
    bench.call(Call::Startup).await.unwrap();
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_not_there_is_named() {
    let bench = Bench::new(&json!({"command": "no-such-program {workers}"}));
    let error = bench.measure().await.unwrap_err();
    assert_eq!((error.kind, error.reason.as_deref()), (ErrorKind::MeasurementFailed, Some("start-failed")));
    assert!(error.message.contains("the program no-such-program cannot be run"), "{error}");
    let bench = Bench::new(&json!({"directory": "/no/such/folder"}));
    let error = bench.measure().await.unwrap_err();
    assert!(error.message.contains("the working directory /no/such/folder is not there"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_output_neither_blocks_nor_fills_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("logs/web.log");
    let bench = Bench::new(&json!({
        "settings": {"mode": {"value": "flooding"}},
        "log": {"file": log, "max_size": "200kB", "files": 1},
    }));
    bench.call(Call::Startup).await.unwrap();
    let second = folder.path().join("logs/web.log.1");
    within("the rotation", || second.exists().then_some(()));
    for _ in 0..5 {
        assert_eq!(bench.ask()["environment"]["MODE"], "flooding");
    }
    bench.shutdown().await;
    let sizes: Vec<_> =
        std::fs::read_dir(log.parent().unwrap()).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).collect();
    assert!(sizes.len() == 2 && sizes.iter().all(|size| *size < 300_000), "{sizes:?}");
}

/// Answers `measure` after it has done something to the application.
struct During<F>(F);

#[async_trait]
impl<F: Fn() + Send + Sync> Responder for During<F> {
    fn name(&self) -> &'static str {
        "during"
    }
    fn responds_to(&self, event: &str, preposition: Preposition) -> bool {
        event == "measure" && preposition == Preposition::On
    }
    async fn respond(&self, _: Preposition, _: &Call, _: &[Outcome], _: &Context) -> Result<Vec<Answer>, EventError> {
        (self.0)();
        Ok(vec![Answer::Measurement(Measurement::default())])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_fails_the_measurement_and_the_next_one_starts_anew() {
    let bench = Bench::new(&json!({}));
    let port = bench.port;
    let crash: Arc<dyn Responder> = Arc::new(During(move || {
        get(port, "/crash");
    }));
    let measure = Call::Measure { metrics: vec![], control: Control::default() };
    let error = bench.call_beside(&[crash], measure).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::MeasurementFailed);
    assert!(error.message.contains("exit status: 7") && error.message.contains("about to crash"), "{error}");
    bench.measure().await.unwrap();
    bench.pid();
    bench.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_guard_the_application_does_not_go_on() {
    let bench = Bench::new(&json!({}));
    bench.call(Call::Startup).await.unwrap();
    let pid = bench.pid();
    let guard = getpgid(Pid::from_raw(pid)).unwrap();
    kill_process(guard, Signal::TERM).unwrap();
    assert!(alive(guard.as_raw_nonzero().get()), "the guard ignores what it can");
    kill_process(guard, Signal::KILL).unwrap();
    within("the end of the application", || (!alive(pid)).then_some(()));
    bench.measure().await.unwrap();
    assert_ne!(bench.pid(), pid);
    bench.shutdown().await;
}

/// The pid of the application that hangs in its start with new settings.
fn hanging(log: &Path) {
    within("the start with new settings", || std::fs::read_to_string(log).ok()?.contains("\nhanging\n").then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_that_nobody_waits_for_is_undone() {
    for cancelled in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("web.log");
        let bench = Bench::new(&json!({"log": {"file": log}}));
        bench.call(Call::Startup).await.unwrap();
        {
            let mut context = bench.context.clone();
            context.cancelled = tokio_util::sync::CancellationToken::new();
            let token = context.cancelled.clone();
            let connector = bench.connector.clone();
            let adjusting = tokio::spawn(async move {
                dispatch(&[connector], &adjust("mode", "hanging"), &Options::default(), &context).await
            });
            hanging(&log);
            if cancelled {
                token.cancel();
                let error = adjusting.await.unwrap().unwrap_err();
                assert_eq!(error.kind, ErrorKind::Cancelled);
                assert!(error.message.contains("the former settings stand"), "{error}");
            } else {
                adjusting.abort();
                assert!(adjusting.await.unwrap_err().is_cancelled());
            }
        }
        assert_eq!(bench.value("mode").await, "good");
        bench.measure().await.unwrap();
        assert_eq!(bench.ask()["environment"]["MODE"], "good");
        bench.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_an_adjustment() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("web.log");
    let bench = Bench::new(&json!({"log": {"file": log}}));
    bench.call(Call::Startup).await.unwrap();
    let connector = bench.connector.clone();
    let context = bench.context.clone();
    let adjusting =
        tokio::spawn(
            async move { dispatch(&[connector], &adjust("mode", "hanging"), &Options::default(), &context).await },
        );
    hanging(&log);
    bench.shutdown().await;
    assert_eq!(adjusting.await.unwrap().unwrap_err().kind, ErrorKind::Cancelled);
    assert_eq!(bench.value("mode").await, "good");
    assert_eq!(get(bench.port, "/"), None);
}

#[test]
fn the_application_ends_with_the_runtime_and_the_connector_goes_on_with_another() {
    let bench = Bench::new(&json!({}));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(bench.call(Call::Startup)).unwrap();
    let pid = bench.pid();
    drop(runtime);
    within("the end of the application", || (!alive(pid)).then_some(()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(bench.measure()).unwrap();
    assert_ne!(bench.pid(), pid);
    runtime.block_on(bench.shutdown());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_that_is_dropped_takes_the_application_with_it() {
    let bench = Bench::new(&json!({}));
    bench.call(Call::Startup).await.unwrap();
    let pid = bench.pid();
    drop(bench);
    within("the end of the application", || (!alive(pid)).then_some(()));
}

/// Set in the process that is to be the servo that is killed.
const OWNER: &str = "SERVOX_TEST_PROCESS_OWNER";

/// Runs an application until it is killed.
fn own(config: &str) {
    let connector = build(serde_json::from_str(config).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        dispatch(std::slice::from_ref(&connector), &Call::Startup, &Options::default(), &Context::new("test"))
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
}

#[test]
fn nothing_survives_a_servo_that_is_killed() {
    // This very test in another process is the servo that is killed.
    if let Ok(config) = std::env::var(OWNER) {
        return own(&config);
    }
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let config = config(folder.path(), port, &json!({"settings": {"mode": {"value": "parent"}}}));
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nothing_survives_a_servo_that_is_killed", "--nocapture"])
        .env(OWNER, config.to_string())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let said = within("the start of the application", || get(port, "/"));
    let said: Json = serde_json::from_str(&said).unwrap();
    let pid = pid_of(&said["pid"]);
    let guard = getpgid(Pid::from_raw(pid)).unwrap().as_raw_nonzero().get();
    let mut family = vec![pid, guard];
    family.extend(said["workers"].as_array().unwrap().iter().map(pid_of));
    assert!(family.len() == 4 && family.iter().all(|pid| alive(*pid)), "{family:?}");

    owner.kill().unwrap();
    owner.wait().unwrap();
    within("the end of the family", || (!family.iter().any(|pid| alive(*pid))).then_some(()));
    within("a free port", || TcpListener::bind(("127.0.0.1", port)).ok());
}
