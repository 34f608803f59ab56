//! What every optimizer must do, by messages alone: a scripted servo with a pure function for an application drives it.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use servox::model::{Adjustment, Component, Description, Metric, Setting, Unit, Value};
use servox::optimizer::local::{
    Assignment, Clock, Kind, Ledger, LocalConfig, LocalError, LocalOptimizer, NativeSamplers, Outcome, Phase, Report,
    Sampler, SamplerError, SamplerFactory, SamplerKind, SamplerRequest, Space, State, StopConfig, StorageError, Trial,
};
use servox::optimizer::{Command, Commands, Event, Optimizer, Reply, Request, Status};

/// No scripted run needs more messages.
const MAX_MESSAGES: usize = 600;

type Model = Box<dyn FnMut(&Settings, u32) -> Answer + Send>;

#[derive(Clone, Debug, PartialEq)]
struct Settings {
    n: i64,
    gc: String,
}

/// What the application does with a measurement or an adjustment.
enum Answer {
    Metrics(Json),
    Status(&'static str, &'static str),
}

/// Workers cost money and shorten the latency; the collector "fast" shortens it further.
fn cost_and_latency(settings: &Settings) -> Json {
    let factor = if settings.gc == "fast" { 0.5 } else { 1.0 };
    json!({
        "cost": {"unit": "", "value": settings.n as f64 * 0.5},
        "p95": {"unit": "ms", "values": [
            {"id": "a", "data": [[1, 240.0 * factor / settings.n as f64], [2, null]]},
            {"id": "b", "data": [[1, 240.0 * factor / settings.n as f64]]},
        ]},
    })
}

/// A servo whose application is a function. It keeps its settings when the optimizer goes away.
struct Servo {
    settings: Settings,
    measure: Model,
    adjust: Model,
    measurements: u32,
    adjustments: u32,
    uids: HashSet<String>,
    commands: Vec<Commands>,
}

impl Servo {
    fn new() -> Self {
        Self {
            settings: Settings { n: 8, gc: "slow".into() },
            measure: Box::new(|settings, _| Answer::Metrics(cost_and_latency(settings))),
            adjust: Box::new(|_, _| Answer::Metrics(json!({}))),
            measurements: 0,
            adjustments: 0,
            uids: HashSet::new(),
            commands: Vec::new(),
        }
    }

    fn description(&self) -> Description {
        let mut pinned = Setting::range("mem", 1, 4, 1, 2);
        pinned.pinned = true;
        let choice = Setting::choice("gc", ["slow", "fast"], &*self.settings.gc);
        let range = Setting::range("n", 1, 8, 1, self.settings.n);
        Description {
            components: vec![Component::new("web", vec![range, pinned, choice])],
            metrics: vec![Metric::new("cost", Unit::Float), Metric::new("p95", Unit::Milliseconds)],
        }
    }

    /// Carries out a command: the event and the param of its result.
    fn carry_out(&mut self, command: &Command) -> (Event, Json) {
        let uid = command.cmd_uid.clone().expect("every command has an identifier");
        self.commands.push(command.cmd);
        self.uids.insert(uid.clone());
        let event = command.cmd.response_event().expect("a command with a result");
        let mut result = match command.cmd {
            Commands::Describe => {
                json!({"status": "ok", "reason": "success", "message": null, "descriptor": self.description().wire()})
            }
            Commands::Measure => {
                assert_eq!(command.param["metrics"], json!(["cost", "p95"]));
                assert_eq!(command.param["control"], json!({"warmup": 0, "duration": 5}));
                self.measurements += 1;
                match (self.measure)(&self.settings, self.measurements) {
                    Answer::Metrics(metrics) => {
                        json!({"status": "ok", "reason": "success", "message": null, "metrics": metrics, "annotations": {}})
                    }
                    Answer::Status(status, reason) => {
                        json!({"status": status, "message": format!("said {status}"), "reason": reason})
                    }
                }
            }
            Commands::Adjust => {
                self.adjustments += 1;
                let before = self.settings.clone();
                for adjustment in Adjustment::from_wire(&command.param).expect("an adjustment that can be read") {
                    match (adjustment.selector().as_str(), adjustment.value) {
                        ("web.n", Value::Int(n)) if (1..=8).contains(&n) => self.settings.n = n,
                        ("web.gc", Value::Text(gc)) if gc == "slow" || gc == "fast" => self.settings.gc = gc,
                        (setting, value) => panic!("{setting} cannot be {value}"),
                    }
                }
                match (self.adjust)(&self.settings, self.adjustments) {
                    Answer::Metrics(_) => {
                        json!({"status": "ok", "reason": "success", "message": null, "state": self.description().wire()})
                    }
                    Answer::Status(status, reason) => {
                        self.settings = before;
                        json!({"status": status, "message": format!("said {status}"), "reason": reason})
                    }
                }
            }
            Commands::Sleep => unreachable!("a sleep has no result"),
        };
        result["cmd_uid"] = json!(uid);
        (event, result)
    }
}

async fn post(optimizer: &dyn Optimizer, event: Event, param: Json) -> Reply {
    let request = Request { event, param, servo_uid: Some("test".into()) };
    optimizer.post(request).await.unwrap_or_else(|error| panic!("{event:?}: {error}"))
}

async fn status(optimizer: &dyn Optimizer, event: Event, param: Json) -> Status {
    match post(optimizer, event, param).await {
        Reply::Status(status) => status,
        Reply::Command(command) => panic!("a command in answer to {event:?}: {command:?}"),
    }
}

async fn whats_next(optimizer: &dyn Optimizer) -> Command {
    match post(optimizer, Event::WhatsNext, Json::Null).await {
        Reply::Command(command) => command,
        Reply::Status(status) => panic!("no command in answer to WHATS_NEXT: {status:?}"),
    }
}

/// Runs up to so many messages. Whether the optimizer has finished.
async fn drive(optimizer: &dyn Optimizer, servo: &mut Servo, messages: usize) -> bool {
    let mut sent = 0;
    assert!(status(optimizer, Event::Hello, json!({"agent": "test"})).await.is_ok());
    while sent < messages {
        let command = whats_next(optimizer).await;
        sent += 1;
        if command.cmd == Commands::Sleep {
            assert!(optimizer.finished());
            assert_eq!(command.param["duration"], 60);
            assert!(command.param["data"]["reason"].is_string());
            return true;
        }
        assert!(!optimizer.finished());
        if sent >= messages {
            break;
        }
        let (event, result) = servo.carry_out(&command);
        if sent + 1 < messages {
            assert!(status(optimizer, event, result).await.is_ok());
        }
        // Else: carried out, and the result is lost.
        sent += 1;
    }
    assert!(sent < MAX_MESSAGES, "the optimizer does not come to an end");
    false
}

fn config(folder: &Path, sampler: &str, trials: u32) -> LocalConfig {
    serde_json::from_value(json!({
        "sampler": sampler,
        "seed": 11,
        "goal": {"objective": "minimize", "metric": "cost"},
        "constraints": {"absolute": [{"name": "p95", "formula": "p95 <= 60"}]},
        "trial": {"warmup": 0, "duration": "5s"},
        "budget": {"trials": trials},
        "storage": format!("sqlite:///{}", folder.join("servo.db").display()),
    }))
    .expect("a configuration that can be read")
}

fn open(config: &LocalConfig) -> LocalOptimizer {
    LocalOptimizer::open(config.clone(), "app", Arc::new(NativeSamplers), None).expect("an optimizer that opens")
}

fn report(optimizer: &LocalOptimizer) -> Report {
    optimizer.board().report().expect("a report at the end")
}

fn trials_of(folder: &Path) -> Vec<Trial> {
    let ledger = Ledger::open(&folder.join("servo.db")).expect("a ledger that opens");
    let study = ledger.studies("app").expect("studies").remove(0);
    ledger.trials(study.id).expect("trials")
}

fn searched(trials: &[Trial]) -> Vec<&Trial> {
    trials.iter().filter(|trial| trial.kind == Kind::Search).collect()
}

/// n=2 with the fast collector: 60 ms, cost 1.
fn assert_optimum(servo: &Servo, report: &Report) {
    assert_eq!(report.outcome, Outcome::Improved, "{report:?}");
    assert_eq!(servo.settings, Settings { n: 2, gc: "fast".into() });
    let best = report.best.as_ref().expect("a best trial");
    assert_eq!(report.sentence, format!("best: trial {}, cost 1.00 (-75 %), p95 60 ms (limit 60 ms)", best.trial));
    assert_eq!(report.left_at.as_ref().map(ToString::to_string).as_deref(), Some("web.n=2 web.gc=fast"));
    let verification = report.verification.as_ref().expect("a verification");
    assert_eq!((verification.baseline.goal, verification.best.as_ref().map(|best| best.goal)), (4.0, Some(1.0)));
}

#[tokio::test]
async fn grid_and_random_find_the_optimum_of_a_small_space() {
    for sampler in ["grid", "random"] {
        let folder = tempfile::tempdir().unwrap();
        let optimizer = open(&config(folder.path(), sampler, 15));
        let mut servo = Servo::new();
        assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
        let report = report(&optimizer);
        assert_optimum(&servo, &report);
        assert_eq!(servo.commands[0], Commands::Describe);
        assert_eq!(servo.commands[1], Commands::Measure, "the application stands at its baseline already");
        assert_eq!(servo.uids.len(), servo.commands.len(), "every command has an identifier of its own");
        let searched = searched(&report.trials);
        assert_eq!(searched.len(), 15, "{sampler}");
        let distinct: HashSet<_> = searched.iter().map(|trial| trial.assignment.to_string()).collect();
        assert_eq!(distinct.len(), 15, "{sampler} tried something twice");
        for trial in &searched {
            let p95 = trial.metrics["p95"];
            assert_eq!(trial.state, if p95 <= 60.0 { State::Complete } else { State::Infeasible }, "{trial:?}");
        }
        let snapshot = optimizer.board().snapshot();
        assert_eq!((snapshot.phase, snapshot.trials_done, snapshot.budget), (Phase::Done, 15, 15));
        assert!(optimizer.board().drain().iter().any(|note| note.text.contains("infeasible: cost")));
        assert!(optimizer.wind_down().await.is_none(), "it stands where it is to stay");
    }
}

#[tokio::test]
async fn what_is_out_of_step_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "grid", 4));
    let mut servo = Servo::new();
    let ok = |uid: &str| json!({"status": "ok", "cmd_uid": uid});

    let early = status(&optimizer, Event::Measurement, ok("x")).await;
    assert_eq!(early.status, "unexpected-event");
    assert_eq!(early.reason.as_deref(), Some("Out of order event \"MEASUREMENT\", expected \"WHATS_NEXT\"; ignoring"));

    for _ in 0..6 {
        let command = whats_next(&optimizer).await;
        assert_eq!(whats_next(&optimizer).await, command, "a command without a result is given again");
        let expected = command.cmd.response_event().unwrap();
        let uid = command.cmd_uid.clone().unwrap();
        let other = if expected == Event::Adjustment { Event::Measurement } else { Event::Adjustment };
        assert_eq!(status(&optimizer, other, ok(&uid)).await.status, "unexpected-event");
        for param in [
            json!({"status": "ok", "cmd_uid": "other"}),
            json!({"status": "ok"}),
            json!({"progress": 5, "cmd_uid": "old"}),
        ] {
            let answer = status(&optimizer, expected, param).await;
            assert_eq!((answer.status.as_str(), answer.reason.as_deref()), ("invalid", Some("unexpected cmd_uid")));
        }
        for param in [
            json!(null),
            json!("ok"),
            json!([1, 2]),
            json!({"cmd_uid": uid}),
            json!({"status": 7, "cmd_uid": uid}),
            json!({"status": "splendid", "cmd_uid": uid}),
        ] {
            assert_eq!(status(&optimizer, expected, param).await.status, "invalid");
        }
        for progress in [0.0, 50.0, 100.0] {
            assert!(status(&optimizer, expected, json!({"progress": progress, "cmd_uid": uid})).await.is_ok());
        }
        assert_eq!(whats_next(&optimizer).await, command);
        let (event, result) = servo.carry_out(&command);
        assert!(status(&optimizer, event, result.clone()).await.is_ok());
        assert_eq!(status(&optimizer, event, result).await.status, "unexpected-event", "a result counts once");
    }
    assert!(status(&optimizer, Event::Goodbye, json!({"reason": "SIGTERM"})).await.is_ok());
}

#[tokio::test]
async fn a_run_that_ends_anywhere_is_continued() {
    for sampler in ["random", "grid"] {
        let folder = tempfile::tempdir().unwrap();
        let (whole, expected) = {
            let optimizer = open(&config(folder.path(), sampler, 6));
            let mut servo = Servo::new();
            assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
            // A budget of 6 is a grid of 3 times 2, one of which is the baseline.
            let expected = if sampler == "grid" { 5 } else { 6 };
            assert_eq!(searched(&report(&optimizer).trials).len(), expected);
            (servo.commands.len() * 2 + 1, expected)
        };
        for cut in 1..=whole {
            let folder = tempfile::tempdir().unwrap();
            let config = config(folder.path(), sampler, 6);
            let mut servo = Servo::new();
            let first = open(&config);
            drive(&first, &mut servo, cut).await;
            drop(first);
            let before = if cut > 2 { trials_of(folder.path()) } else { Vec::new() };
            let second = open(&config);
            assert!(drive(&second, &mut servo, MAX_MESSAGES).await, "{sampler}, cut after {cut}");
            let report = report(&second);
            let left = report.left_at.clone().expect("a known place");
            assert_eq!(left.to_string(), format!("web.n={} web.gc={}", servo.settings.n, servo.settings.gc));
            let baseline = report.trials.iter().find(|trial| trial.kind == Kind::Baseline && trial.goal.is_some());
            assert_eq!(baseline.expect("a baseline").goal, Some(4.0), "{sampler}, cut after {cut}");
            let trials = report.trials;
            assert_eq!(trials.len(), trials.last().unwrap().number as usize + 1);
            assert!(trials.iter().all(|trial| trial.state != State::Running));
            for old in &before {
                let now = &trials[old.number as usize];
                let kept = if old.state == State::Running { State::Stale } else { old.state };
                assert_eq!((now.state, &now.assignment), (kept, &old.assignment), "{sampler}, cut after {cut}");
            }
            let ended: Vec<_> = searched(&trials).into_iter().filter(|trial| trial.state != State::Stale).collect();
            assert_eq!(ended.len(), expected, "{sampler}, cut after {cut}");
            let distinct: HashSet<_> = ended.iter().map(|trial| trial.assignment.to_string()).collect();
            assert_eq!(distinct.len(), expected, "{sampler}, cut after {cut}: a trial was repeated");
            for stale in searched(&trials).iter().filter(|trial| trial.state == State::Stale) {
                assert!(
                    distinct.contains(&stale.assignment.to_string()),
                    "{sampler}, cut after {cut}: a trial was lost"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_second_run_verifies_again_and_tries_nothing_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "grid", 15);
    let mut servo = Servo::new();
    assert!(drive(&open(&config), &mut servo, MAX_MESSAGES).await);
    let measured = servo.measurements;
    let second = open(&config);
    assert!(drive(&second, &mut servo, MAX_MESSAGES).await);
    let report_of_second = report(&second);
    assert_optimum(&servo, &report_of_second);
    assert_eq!(servo.measurements, measured + 2);
    assert_eq!(searched(&report_of_second.trials).len(), 15);
    drop(second);

    config.budget.trials = 3;
    let folder = tempfile::tempdir().unwrap();
    config.storage = format!("sqlite:///{}", folder.path().join("servo.db").display());
    assert!(drive(&open(&config), &mut Servo::new(), MAX_MESSAGES).await);
    config.budget.trials = 5;
    assert!(drive(&open(&config), &mut Servo::new(), MAX_MESSAGES).await);
    assert_eq!(searched(&trials_of(folder.path())).len(), 5, "a raised budget goes on");
}

#[tokio::test]
async fn an_interrupted_run_leaves_the_application_where_it_is_to_stay() {
    for promote in ["best", "never"] {
        for cut in 1..30 {
            let folder = tempfile::tempdir().unwrap();
            let mut config = config(folder.path(), "grid", 15);
            config.promote = serde_json::from_value(json!(promote)).unwrap();
            let mut servo = Servo::new();
            let optimizer = open(&config);
            assert!(!drive(&optimizer, &mut servo, cut).await);
            let before = servo.settings.clone();
            if let Some(command) = optimizer.wind_down().await {
                assert_eq!(command.cmd, Commands::Adjust);
                let (event, result) = servo.carry_out(&command);
                assert!(status(&optimizer, event, result).await.is_ok());
            } else {
                assert_eq!(servo.settings, before);
            }
            assert!(optimizer.wind_down().await.is_none());
            if cut <= 2 {
                assert!(optimizer.board().report().is_none(), "nothing was described");
                continue;
            }
            assert_eq!(whats_next(&optimizer).await.cmd, Commands::Sleep);
            let report = report(&optimizer);
            assert_eq!(report.outcome, Outcome::Interrupted);
            let measured: Vec<_> = searched(&report.trials).into_iter().filter(|trial| trial.is_feasible()).collect();
            let best = measured
                .iter()
                .filter(|trial| trial.goal < Some(4.0))
                .min_by(|a, b| a.goal.partial_cmp(&b.goal).unwrap());
            let expected = match best.filter(|_| promote == "best") {
                Some(best) => best.assignment.to_string(),
                None => "web.n=8 web.gc=slow".into(),
            };
            assert_eq!(format!("web.n={} web.gc={}", servo.settings.n, servo.settings.gc), expected, "cut after {cut}");
            assert!(report.trials.iter().all(|trial| trial.state != State::Running));
            drop(optimizer);
            let next = open(&config);
            assert!(drive(&next, &mut servo, MAX_MESSAGES).await);
            let ended = next.board().report().unwrap();
            assert_eq!(ended.outcome, Outcome::Improved);
            let finished = searched(&ended.trials).into_iter().filter(|trial| trial.state != State::Cancelled);
            assert_eq!(finished.count(), 15, "cut after {cut}");
        }
    }
}

#[tokio::test]
async fn another_space_or_goal_begins_a_new_study() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "grid", 4);
    let mut servo = Servo::new();
    // Killed while the application stands at a trial's values.
    let first = open(&config);
    drive(&first, &mut servo, 9).await;
    drop(first);
    assert_ne!(servo.settings, Settings { n: 8, gc: "slow".into() });
    config.constraints.absolute[0].formula = "p95 <= 90".into();
    let second = open(&config);
    assert!(drive(&second, &mut servo, MAX_MESSAGES).await);
    assert!(second.board().drain().iter().any(|note| note.warning && note.text.contains("new one begins")));
    let report = report(&second);
    assert_eq!(report.study, "app#2");
    assert_eq!(report.trials[0].kind, Kind::Baseline);
    assert_eq!(report.trials[0].assignment.to_string(), "web.n=8 web.gc=slow", "not the values of the killed trial");
    drop(second);
    let ledger = Ledger::open(&folder.path().join("servo.db")).unwrap();
    let studies = ledger.studies("app").unwrap();
    assert_eq!(studies.len(), 2);
    assert!(!ledger.trials(studies[1].id).unwrap().is_empty(), "the earlier study is kept");
}

#[tokio::test]
async fn an_improvement_that_does_not_repeat_is_not_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "grid", 15));
    let mut servo = Servo::new();
    // After the search the latency of everything but the baseline is twice what it was.
    servo.measure = Box::new(|settings, count| {
        let mut metrics = cost_and_latency(settings);
        if count > 16 && settings.n != 8 {
            metrics["p95"] = json!({"unit": "ms", "value": 200.0});
        }
        Answer::Metrics(metrics)
    });
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_eq!(report.outcome, Outcome::BaselineKept);
    assert_eq!(report.sentence, "no improvement that repeats; baseline: cost 4.00, p95 30 ms (limit 60 ms)");
    assert_eq!(servo.settings, Settings { n: 8, gc: "slow".into() });
    assert!(report.best.is_none() && report.change_percent.is_none());
    let verified = report.trials.iter().filter(|trial| trial.kind == Kind::VerifyBest);
    let verified: HashSet<_> = verified.map(|trial| trial.assignment.to_string()).collect();
    assert_eq!(verified.len(), 3, "three candidates get the chance");
}

#[tokio::test]
async fn the_next_candidate_is_promoted_when_it_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "grid", 15));
    let mut servo = Servo::new();
    servo.measure = Box::new(|settings, count| {
        let mut metrics = cost_and_latency(settings);
        if count > 16 && settings.n == 2 {
            metrics["p95"] = json!({"unit": "ms", "value": 61.0});
        }
        Answer::Metrics(metrics)
    });
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    assert_eq!(report(&optimizer).outcome, Outcome::Improved);
    assert_eq!(servo.settings, Settings { n: 3, gc: "fast".into() });
}

#[tokio::test]
async fn failures_are_written_down_and_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "grid", 15));
    let mut servo = Servo::new();
    servo.adjust = Box::new(|settings, _| match settings.n {
        1 => Answer::Status("rejected", "unschedulable"),
        3 => Answer::Status("failed", "unstable"),
        _ => Answer::Metrics(json!({})),
    });
    servo.measure = Box::new(|settings, _| match settings.n {
        4 => Answer::Status("aborted", "slo-violation"),
        5 => Answer::Metrics(json!({"cost": {"unit": "", "value": 1}})),
        6 => Answer::Metrics(json!({"cost": {"unit": "", "value": null}, "p95": {"unit": "ms", "values": []}})),
        _ => Answer::Metrics(cost_and_latency(settings)),
    });
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_optimum(&servo, &report);
    for trial in searched(&report.trials) {
        let n = trial.assignment.get("web.n").and_then(Value::as_f64).unwrap() as i64;
        let reason = trial.reason.clone().unwrap_or_default();
        let (state, said) = match n {
            1 => (State::Infeasible, "adjust: unschedulable: said rejected"),
            3 => (State::Failed, "adjust: unstable: said failed"),
            4 => (State::Infeasible, "slo-violation: said aborted"),
            5 => (State::Inconclusive, "p95: metric 'p95' was not measured; measured: cost"),
            6 => (State::Inconclusive, "goal: metric 'cost' was not measured; measured: none"),
            _ => continue,
        };
        assert_eq!((trial.state, reason.as_str()), (state, said));
    }
}

#[tokio::test]
async fn too_many_failures_end_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "grid", 15);
    config.budget.max_failed_trials = 3;
    let optimizer = open(&config);
    let mut servo = Servo::new();
    servo.measure = Box::new(|settings, _| match settings.n {
        8 => Answer::Metrics(cost_and_latency(settings)),
        _ => Answer::Status("failed", "down"),
    });
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_eq!(report.outcome, Outcome::BaselineKept);
    assert_eq!(report.stopped.as_deref(), Some("3 trials in a row gave no figures"));
    assert_eq!(searched(&report.trials).len(), 3);
    assert_eq!(servo.settings, Settings { n: 8, gc: "slow".into() });
}

#[tokio::test]
async fn without_a_baseline_nothing_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "grid", 15));
    let mut servo = Servo::new();
    servo.measure = Box::new(|_, _| Answer::Metrics(json!({"p95": {"unit": "ms", "value": 3}})));
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_eq!(report.outcome, Outcome::NothingMeasured);
    assert!(report.sentence.contains("metric 'cost' was not measured; measured: p95"), "{}", report.sentence);
    assert_eq!((servo.measurements, servo.adjustments), (3, 0));
}

#[tokio::test]
async fn an_application_that_takes_other_values_is_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "grid", 1));
    let mut servo = Servo::new();
    loop {
        let command = whats_next(&optimizer).await;
        if command.cmd == Commands::Sleep {
            break;
        }
        let (event, mut result) = servo.carry_out(&command);
        if let Some(value) = result.pointer_mut("/state/application/components/web/settings/n/value")
            && servo.adjustments == 1
        {
            *value = json!(7);
        }
        assert!(status(&optimizer, event, result).await.is_ok());
    }
    let trials = report(&optimizer).trials;
    assert_eq!(trials[1].state, State::Failed);
    assert!(trials[1].reason.as_deref().unwrap().contains("web.n is 7 where"), "{:?}", trials[1].reason);
}

#[tokio::test]
async fn repeats_are_averaged_and_constraints_of_the_baseline_hold() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "grid", 3);
    config.trial.repeats = 3;
    config.constraints.absolute[0].formula = "p95 <= baseline.p95 * 2".into();
    let optimizer = open(&config);
    let mut servo = Servo::new();
    servo.measure = Box::new(|settings, count| {
        let mut metrics = cost_and_latency(settings);
        metrics["p95"] = json!({"unit": "ms", "value": f64::from(count)});
        Answer::Metrics(metrics)
    });
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let trials = report(&optimizer).trials;
    assert_eq!(trials[0].metrics["p95"], 2.0);
    assert_eq!(trials[1].metrics["p95"], 5.0);
    assert_eq!(trials[1].violations["p95"], 1.0);
}

#[tokio::test]
async fn an_application_that_cannot_be_optimized_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let sound = config(folder.path(), "grid", 3);
    let mut without_goal = sound.clone();
    without_goal.goal = None;
    let mut unknown = sound.clone();
    unknown.constraints.absolute[0].formula = "p96 <= 3".into();
    for (config, expected) in [(without_goal, "has no goal: add one"), (unknown, "did you mean 'p95'?")] {
        let optimizer = open(&config);
        let mut servo = Servo::new();
        let command = whats_next(&optimizer).await;
        let (event, param) = servo.carry_out(&command);
        let error = optimizer.post(Request { event, param, servo_uid: None }).await.unwrap_err();
        assert!(error.message.contains(expected) && !error.retryable, "{error}");
        let request = Request { event: Event::WhatsNext, param: Json::Null, servo_uid: None };
        assert_eq!(optimizer.post(request).await.unwrap_err(), error);
        assert!(optimizer.finished());
    }
    let mut tpe = sound.clone();
    tpe.sampler = SamplerKind::Tpe;
    let error = LocalOptimizer::open(tpe, "app", Arc::new(NativeSamplers), None).unwrap_err().to_string();
    assert!(error.contains("pip install 'servox-rs[local]'"), "{error}");
}

#[tokio::test]
async fn a_storage_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "grid", 3);
    let running = open(&config);
    let locked = LocalOptimizer::open(config.clone(), "app", Arc::new(NativeSamplers), None).unwrap_err();
    assert!(matches!(locked, LocalError::Storage(StorageError::Locked { .. })), "{locked}");
    drop(running);
    std::fs::write(folder.path().join("servo.db"), vec![7; 5_000]).unwrap();
    let corrupt = LocalOptimizer::open(config, "app", Arc::new(NativeSamplers), None).unwrap_err();
    assert!(matches!(corrupt, LocalError::Storage(StorageError::Corrupt { .. })), "{corrupt}");
    assert_eq!(std::fs::read(folder.path().join("servo.db")).unwrap(), vec![7; 5_000]);
}

#[tokio::test]
async fn the_first_steps_stay_near_the_baseline() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer = open(&config(folder.path(), "random", 6));
    assert!(drive(&optimizer, &mut Servo::new(), MAX_MESSAGES).await);
    let trials = report(&optimizer).trials;
    let baseline: &Assignment = &trials[0].assignment;
    for trial in searched(&trials).iter().take(2) {
        let changed = trial.assignment.iter().filter(|(name, value)| baseline.get(name) != Some(value)).count();
        assert_eq!(changed, 1, "{}", trial.assignment);
    }
}

/// A strategy from elsewhere: proposes what its script says.
struct Scripted(Vec<Result<Option<Assignment>, SamplerError>>);

impl Sampler for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn ask(&mut self, _: &Space, _: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        self.0.remove(0)
    }

    fn approaches(&self) -> bool {
        false
    }
}

struct ScriptedFactory;

impl SamplerFactory for ScriptedFactory {
    fn check(&self, _: SamplerKind) -> Result<(), SamplerError> {
        Ok(())
    }

    fn create(&self, request: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError> {
        assert_eq!((request.kind, request.study, request.trials), (SamplerKind::Tpe, "app", 9));
        assert_eq!(request.constraints, ["p95"]);
        let noisy = [("web.n".to_owned(), Value::Float(2.000_000_01)), ("web.gc".to_owned(), "fast".into())]
            .into_iter()
            .collect();
        Ok(Box::new(Scripted(vec![Ok(Some(noisy)), Err(SamplerError::new("out of ideas"))])))
    }
}

#[tokio::test]
async fn a_strategy_from_elsewhere_may_be_noisy_and_may_fail() {
    let folder = tempfile::tempdir().unwrap();
    let optimizer =
        LocalOptimizer::open(config(folder.path(), "tpe", 9), "app", Arc::new(ScriptedFactory), None).unwrap();
    let mut servo = Servo::new();
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_optimum(&servo, &report);
    assert_eq!(report.stopped.as_deref(), Some("sampler scripted failed: out of ideas"));
}

#[tokio::test]
async fn the_deadline_and_a_stalled_search_end_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "grid", 15);
    config.budget.deadline = Some("1m".parse().unwrap());
    // Ten seconds pass whenever somebody looks at the clock.
    let seconds = std::sync::atomic::AtomicI64::new(1_700_000_000);
    let clock: Clock = Arc::new(move || {
        let now = seconds.fetch_add(10, std::sync::atomic::Ordering::Relaxed);
        jiff::Timestamp::from_second(now).unwrap()
    });
    let optimizer = LocalOptimizer::open(config, "app", Arc::new(NativeSamplers), Some(clock)).unwrap();
    assert!(drive(&optimizer, &mut Servo::new(), MAX_MESSAGES).await);
    assert_eq!(report(&optimizer).stopped.as_deref(), Some("the deadline of 1m has passed"));
    assert!(searched(&report(&optimizer).trials).len() < 15);

    let folder = tempfile::tempdir().unwrap();
    let mut config = self::config(folder.path(), "grid", 15);
    config.stop = Some(StopConfig { min_trials: 2, min_improvement: "1%".into(), patience: 2 });
    let optimizer = open(&config);
    let mut servo = Servo::new();
    servo.measure = Box::new(|_, _| Answer::Metrics(cost_and_latency(&Settings { n: 8, gc: "slow".into() })));
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_eq!(report.stopped.as_deref(), Some("no improvement in the last 2 trials"));
    assert_eq!(searched(&report.trials).len(), 2);
    assert_eq!(report.outcome, Outcome::BaselineKept);
}

#[test]
fn the_schema_refuses_unknown_keys() {
    let schema = serde_json::to_value(schemars::schema_for!(LocalConfig)).unwrap();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["$defs"]["BudgetConfig"]["additionalProperties"], false);
}
