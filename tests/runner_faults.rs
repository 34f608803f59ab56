//! The run loop when something goes wrong for good: handlers that panic or hang, an optimizer that no longer answers.

use std::sync::Mutex;
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, EventError};
use servox::model::{Adjustment, Control, Description, Measurement};
use servox::optimizer::{Command, Commands, Event, Optimizer, OptimizerError, Reply, Request, Status};
use servox::runner::{Ended, RunError, Runner, Servo, Stop};
use tokio::time::Instant;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Panics(&'static str),
    Hangs(&'static str),
}

/// Misbehaves in the handler of one event.
struct Faulty(Fault);

impl Faulty {
    async fn handle(&self, event: &'static str) {
        match self.0 {
            Fault::Panics(at) if at == event => panic!("index out of bounds in {event}"),
            Fault::Hangs(at) if at == event => std::future::pending().await,
            _ => {}
        }
    }
}

#[async_trait]
impl Connector for Faulty {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["attach", "startup", "measure", "adjust", "shutdown", "detach"])
    }
    async fn attach(&self, _: &Context) -> Result<(), EventError> {
        self.handle("attach").await;
        Ok(())
    }
    async fn startup(&self, _: &Context) -> Result<(), EventError> {
        self.handle("startup").await;
        Ok(())
    }
    async fn shutdown(&self, _: &Context) -> Result<(), EventError> {
        self.handle("shutdown").await;
        Ok(())
    }
    async fn detach(&self, _: &Context) -> Result<(), EventError> {
        self.handle("detach").await;
        Ok(())
    }
    async fn measure(&self, _: &[String], _: &Control, _: &Context) -> Result<Measurement, EventError> {
        self.handle("measure").await;
        Ok(Measurement::default())
    }
    async fn adjust(&self, _: &[Adjustment], _: &Control, _: &Context) -> Result<Description, EventError> {
        self.handle("adjust").await;
        Ok(Description::default())
    }
}

/// Asks for a measurement and an adjustment, and has a last word. Does not answer one kind of message.
#[derive(Default)]
struct Asker {
    asked: AtomicU32,
    silent_at: Option<Event>,
    broken_at: Option<Event>,
    /// Cannot be reached with that kind of message.
    down_at: Option<Event>,
    /// Goes on when it lost a result.
    outlives: bool,
    results: Mutex<Vec<Json>>,
}

fn adjustment(uid: &str) -> Command {
    let param = Adjustment::wire(&[Adjustment::new("web", "cpu", 1)]);
    Command { cmd: Commands::Adjust, cmd_uid: Some(uid.into()), param }
}

#[async_trait]
impl Optimizer for Asker {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        if self.silent_at == Some(request.event) {
            std::future::pending::<()>().await;
        }
        if self.broken_at == Some(request.event) && request.param.get("cmd_uid") != Some(&json!("last")) {
            return Err(OptimizerError::lasting("the ledger is damaged"));
        }
        if self.down_at == Some(request.event) {
            return Err(OptimizerError::passing("no connection"));
        }
        if request.event == Event::WhatsNext {
            let param = json!({"metrics": [], "control": {"duration": "1m", "warmup": "1m"}});
            return Ok(Reply::Command(match self.asked.fetch_add(1, Ordering::Relaxed) {
                0 => Command { cmd: Commands::Measure, cmd_uid: Some("m".into()), param },
                _ => adjustment("a"),
            }));
        }
        if request.param.get("status").is_some() {
            self.results.lock().unwrap().push(request.param);
        }
        Ok(Reply::Status(Status::accepted()))
    }

    fn finished(&self) -> bool {
        self.asked.load(Ordering::Relaxed) >= 2
    }

    fn outlives_lost_results(&self) -> bool {
        self.outlives
    }

    async fn wind_down(&self) -> Option<Command> {
        Some(adjustment("last"))
    }
}

fn runner(asker: &Arc<Asker>, fault: Fault, stop: &Stop) -> Runner {
    let servo = Servo::builder("shop").connector("web", Faulty(fault)).build();
    Runner::new(servo, asker.clone(), stop.clone()).with_patience(Duration::from_secs(600))
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_fails_its_command_alone() {
    for (event, statuses) in [("measure", ["failed", "ok"]), ("adjust", ["ok", "failed"])] {
        let asker = Arc::new(Asker::default());
        let ended = runner(&asker, Fault::Panics(event), &Stop::new()).run().await;
        assert_eq!(ended, Ok(Ended::Finished));
        let results = asker.results.lock().unwrap().clone();
        assert_eq!([&results[0]["status"], &results[1]["status"]], statuses);
        let failed = results.iter().find(|result| result["status"] == "failed").unwrap();
        assert_eq!(failed["reason"], "panic");
        let expected =
            format!("the handler of '{event}' panicked, a defect of the connector: index out of bounds in {event}");
        assert_eq!(failed["message"], expected);
    }
    for event in ["shutdown", "detach"] {
        let ended = runner(&Arc::default(), Fault::Panics(event), &Stop::new()).run().await;
        assert_eq!(ended, Ok(Ended::Finished), "{event}");
    }
    for event in ["attach", "startup"] {
        let error = runner(&Arc::default(), Fault::Panics(event), &Stop::new()).run().await.unwrap_err();
        assert!(matches!(&error, RunError::Startup(error) if error.reason.as_deref() == Some("panic")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_hangs_fails_after_its_time_and_the_patience() {
    let asker = Arc::new(Asker::default());
    let started = Instant::now();
    assert_eq!(runner(&asker, Fault::Hangs("measure"), &Stop::new()).run().await, Ok(Ended::Finished));
    let results = asker.results.lock().unwrap().clone();
    assert_eq!((&results[0]["status"], &results[0]["reason"]), (&json!("failed"), &json!("timed-out")));
    assert_eq!(results[0]["message"], "MEASURE was not done after 720s: a connector hangs");
    assert_eq!(results[1]["status"], "ok", "the run goes on");
    assert!(started.elapsed() > Duration::from_secs(720));
}

#[tokio::test(start_paused = true)]
async fn connectors_that_hang_at_the_start_or_the_end_do_not_hold_the_run() {
    for event in ["attach", "startup"] {
        let error = runner(&Arc::default(), Fault::Hangs(event), &Stop::new()).run().await.unwrap_err();
        let told = "cannot start: the connectors were not done after 600s: one of them hangs; ";
        assert!(error.to_string().starts_with(told), "{error}");
    }
    for event in ["shutdown", "detach"] {
        assert_eq!(runner(&Arc::default(), Fault::Hangs(event), &Stop::new()).run().await, Ok(Ended::Finished));
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_is_met_within_five_seconds_whatever_hangs() {
    let connectors =
        ["attach", "startup", "measure", "adjust", "shutdown", "detach"].map(|at| (Fault::Hangs(at), None));
    let optimizers = [Event::Hello, Event::WhatsNext, Event::Measurement, Event::Adjustment, Event::Goodbye]
        .map(|at| (Fault::None, Some(at)));
    for (fault, silent_at) in connectors.into_iter().chain(optimizers) {
        let asker = Arc::new(Asker { silent_at, ..Asker::default() });
        let stop = Stop::new();
        let runner = runner(&asker, fault, &stop);
        let request = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            stop.request("SIGINT");
            Instant::now()
        };
        let (ended, requested) = tokio::join!(runner.run(), request);
        assert!(ended.is_ok(), "{fault:?} {silent_at:?}: {ended:?}");
        assert!(requested.elapsed() < Duration::from_secs(5), "{fault:?} {silent_at:?}: {:?}", requested.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_optimizer_that_fails_still_has_the_application_put_where_it_is_to_stay() {
    for broken_at in [Event::WhatsNext, Event::Measurement, Event::Adjustment] {
        let asker = Arc::new(Asker { broken_at: Some(broken_at), ..Asker::default() });
        let error = runner(&asker, Fault::None, &Stop::new()).run().await.unwrap_err();
        assert_eq!(error.to_string(), "the optimizer cannot go on: the ledger is damaged");
        let last = asker.results.lock().unwrap().last().cloned().expect("the result of the last adjustment");
        assert_eq!((&last["cmd_uid"], &last["status"]), (&json!("last"), &json!("ok")), "{broken_at:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_a_service_refuses_for_good_is_lost_alone() {
    for broken_at in [Event::Measurement, Event::Adjustment] {
        let asker = Arc::new(Asker { broken_at: Some(broken_at), outlives: true, ..Asker::default() });
        let runner = runner(&asker, Fault::None, &Stop::new());
        let activity = runner.activity();
        assert_eq!(runner.run().await, Ok(Ended::Finished), "{broken_at:?}");
        let results = asker.results.lock().unwrap().clone();
        assert_eq!(results.len(), 1, "{broken_at:?}: the other result");
        assert!(activity.borrow().command.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_lost_to_a_stop_interrupts_the_run() {
    // Neither kind of optimizer makes a failure of it.
    for outlives in [false, true] {
        let asker = Arc::new(Asker { down_at: Some(Event::Measurement), outlives, ..Asker::default() });
        let stop = Stop::new();
        let runner = runner(&asker, Fault::None, &stop);
        let request = async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            stop.request("SIGTERM");
        };
        let (ended, ()) = tokio::join!(runner.run(), request);
        assert_eq!(ended, Ok(Ended::Interrupted("SIGTERM".into())));
    }
}
