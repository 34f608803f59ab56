//! The local optimizer, driven by messages alone.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use serde_json::{Value as Json, json};
use servox::model::Value;
use servox::optimizer::local::{
    Assignment, Clock, Kind, Ledger, LocalConfig, LocalError, LocalOptimizer, NativeSamplers, Outcome, Phase, Promote,
    Records, Report, Sampler, SamplerError, SamplerFactory, SamplerKind, SamplerRequest, Space, State, StopConfig,
    StorageError, StorageUrl, Trial,
};
use servox::optimizer::{Commands, Event, Optimizer, Request};

use crate::conformance::conforms;
use crate::servo::{Answer, MAX_MESSAGES, Servo, Settings, cost_and_latency, drive, status, whats_next};

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

fn records_of(folder: &Path) -> Records {
    Records::open(&StorageUrl::Sqlite(folder.join("servo.db"))).expect("records that can be read")
}

fn trials_of(folder: &Path) -> Vec<Trial> {
    let records = records_of(folder);
    let study = records.studies("app").expect("studies").remove(0);
    records.trials(&study).expect("trials")
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
async fn it_conforms() {
    for sampler in ["grid", "random"] {
        conforms(|folder: &Path| -> Box<dyn Optimizer> { Box::new(open(&config(folder, sampler, 8))) }).await;
    }
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
    let records = records_of(folder.path());
    let studies = records.studies("app").unwrap();
    assert_eq!(studies.len(), 2);
    assert!(!records.trials(&studies[1]).unwrap().is_empty(), "the earlier study is kept");
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
async fn a_baseline_that_breaks_a_constraint_is_told() {
    for (limit, outcome, sentence) in [
        (20, Outcome::Improved, "p95 20 ms (limit 20 ms); the baseline does not meet p95 30 ms (limit 20 ms)"),
        (
            10,
            Outcome::BaselineKept,
            "no improvement; baseline: cost 4.00, p95 30 ms (limit 10 ms); the baseline does not",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path(), "random", 40);
        config.constraints.absolute[0].formula = format!("p95 <= {limit}");
        let optimizer = open(&config);
        assert!(drive(&optimizer, &mut Servo::new(), MAX_MESSAGES).await);
        let report = report(&optimizer);
        assert_eq!(report.outcome, outcome, "{}", report.sentence);
        assert!(report.sentence.contains(sentence), "{}", report.sentence);
        assert_eq!(report.stopped.as_deref(), Some("every point was tried"));
        assert_eq!(searched(&report.trials).len(), 15, "a space of 16 points, of which one is the baseline");
    }
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
        assert!(error.message.contains(expected) && !error.is_passing(), "{error}");
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
    assert!(matches!(locked, LocalError::Storage(StorageError::InUse { .. })), "{locked}");
    assert!(locked.to_string().contains("study app"), "{locked}");
    let other = LocalOptimizer::open(config.clone(), "other", Arc::new(NativeSamplers), None).unwrap();
    let url = config.url().unwrap();
    let locked = Ledger::open(&url).unwrap_err();
    assert!(matches!(locked, StorageError::Locked { .. }), "{locked}");
    drop(other);
    assert!(Ledger::open(&url).is_err(), "the file is locked as long as one of them runs");
    drop(running);
    drop(open(&config));
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

/// Proposes what it is handed, and thinks until then.
struct Thinking(Mutex<mpsc::Receiver<Option<Assignment>>>);

impl Sampler for Thinking {
    fn name(&self) -> &'static str {
        "thinking"
    }

    fn ask(&mut self, _: &Space, _: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        self.0.lock().unwrap().recv().map_err(|_| SamplerError::new("let go for good"))
    }

    fn approaches(&self) -> bool {
        false
    }
}

struct ThinkingFactory(Mutex<Option<mpsc::Receiver<Option<Assignment>>>>);

impl SamplerFactory for ThinkingFactory {
    fn check(&self, _: SamplerKind) -> Result<(), SamplerError> {
        Ok(())
    }

    fn create(&self, _: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError> {
        Ok(Box::new(Thinking(Mutex::new(self.0.lock().unwrap().take().unwrap()))))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_ended_while_the_strategy_thinks() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "tpe", 9);
    config.promote = Promote::Never;
    let (proposals, thinks) = mpsc::channel();
    let factory = Arc::new(ThinkingFactory(Mutex::new(Some(thinks))));
    let optimizer = Arc::new(LocalOptimizer::open(config, "app", factory, None).unwrap());
    let mut servo = Servo::new();
    let proposal = [("web.n".to_owned(), Value::Int(2)), ("web.gc".to_owned(), "fast".into())].into_iter().collect();
    proposals.send(Some(proposal)).unwrap();
    // DESCRIBE, MEASURE, ADJUST, MEASURE.
    for _ in 0..4 {
        let command = whats_next(&*optimizer).await;
        let (event, result) = servo.carry_out(&command);
        assert!(status(&*optimizer, event, result).await.is_ok());
    }
    assert_eq!(servo.settings.n, 2);
    let asking = tokio::spawn({
        let optimizer = optimizer.clone();
        async move { whats_next(&*optimizer).await }
    });
    // Whether the strategy is being asked by now or not: all of this is answered.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ending = async {
        let last = optimizer.wind_down().await.expect("it does not stand at the baseline");
        let (event, result) = servo.carry_out(&last);
        assert!(status(&*optimizer, event, result).await.is_ok());
        assert!(status(&*optimizer, Event::Goodbye, json!({"reason": "SIGINT"})).await.is_ok());
    };
    tokio::time::timeout(Duration::from_secs(30), ending).await.expect("answers while the strategy thinks");
    assert!(optimizer.finished() && !asking.is_finished());
    let report = report(&optimizer);
    assert_eq!(report.outcome, Outcome::Interrupted);
    assert_eq!(report.left_at.unwrap().to_string(), "web.n=8 web.gc=slow");
    proposals.send(None).unwrap();
    assert_eq!(asking.await.unwrap().cmd, Commands::Sleep);
}

/// Proposes what the application runs with already.
struct Unimaginative;

impl Sampler for Unimaginative {
    fn name(&self) -> &'static str {
        "unimaginative"
    }

    fn ask(&mut self, _: &Space, history: &[Trial]) -> Result<Option<Assignment>, SamplerError> {
        assert!(history.len() < 5, "out of patience");
        Ok(Some(history[0].assignment.clone()))
    }

    fn approaches(&self) -> bool {
        false
    }
}

struct UnimaginativeFactory;

impl SamplerFactory for UnimaginativeFactory {
    fn check(&self, _: SamplerKind) -> Result<(), SamplerError> {
        Ok(())
    }

    fn create(&self, _: &SamplerRequest<'_>) -> Result<Box<dyn Sampler>, SamplerError> {
        Ok(Box::new(Unimaginative))
    }
}

#[tokio::test]
async fn noise_is_no_improvement_and_a_strategy_that_panics_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let factory = Arc::new(UnimaginativeFactory);
    let optimizer = LocalOptimizer::open(config(folder.path(), "tpe", 9), "app", factory, None).unwrap();
    let mut servo = Servo::new();
    // Each measurement of the same settings is a little better than the one before.
    servo.measure = Box::new(|settings, count| {
        let mut metrics = cost_and_latency(settings);
        metrics["cost"]["value"] = json!(4.0 - f64::from(count) * 0.01);
        Answer::Metrics(metrics)
    });
    assert!(drive(&optimizer, &mut servo, MAX_MESSAGES).await);
    let report = report(&optimizer);
    assert_eq!(searched(&report.trials).len(), 4);
    assert_eq!(report.outcome, Outcome::BaselineKept, "{}", report.sentence);
    let stopped = report.stopped.unwrap();
    assert_eq!(stopped, "sampler unimaginative failed: it panicked, which is a defect");
}

#[tokio::test]
async fn figures_too_great_for_a_mean_do_not_spoil_the_study() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path(), "grid", 3);
    config.trial.repeats = 2;
    let mut servo = Servo::new();
    servo.measure = Box::new(|settings, count| {
        let mut metrics = cost_and_latency(settings);
        if (3..=4).contains(&count) {
            metrics["p95"] = json!({"unit": "ms", "value": 1.7e308});
        }
        Answer::Metrics(metrics)
    });
    assert!(drive(&open(&config), &mut servo, MAX_MESSAGES).await);
    let trials = trials_of(folder.path());
    assert_eq!(trials[1].state, State::Inconclusive);
    assert!(drive(&open(&config), &mut servo, MAX_MESSAGES).await, "the study can be read again");
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
