//! A run that asks for consent, or for no commands at all, in paused time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, EventError};
use servox::optimizer::{Command, Commands, Event, Optimizer, OptimizerError, Reply, Request, Status};
use servox::runner::{Consent, Ended, Intent, Runner, Servo, Stop};

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Gives one adjustment to leave the application with.
struct Asleep(Log);

#[async_trait]
impl Optimizer for Asleep {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        self.0.add(json!(request.event).as_str().unwrap_or_default());
        if request.event == Event::WhatsNext {
            let param = json!({ "duration": 1 });
            return Ok(Reply::Command(Command { cmd: Commands::Sleep, cmd_uid: None, param }));
        }
        if request.event == Event::Goodbye {
            self.0.add(request.param["reason"].as_str().unwrap_or_default());
        }
        Ok(Reply::Status(Status::accepted()))
    }

    async fn wind_down(&self) -> Option<Command> {
        self.0.add("wind down");
        None
    }
}

/// Keeps what it is told.
struct Told(Log);

#[async_trait]
impl Connector for Told {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["attach", "startup", "shutdown", "detach"])
    }
    async fn attach(&self, _: &Context) -> Result<(), EventError> {
        self.0.add("attach");
        Ok(())
    }
    async fn startup(&self, _: &Context) -> Result<(), EventError> {
        self.0.add("startup");
        Ok(())
    }
    async fn shutdown(&self, _: &Context) -> Result<(), EventError> {
        self.0.add("shutdown");
        Ok(())
    }
    async fn detach(&self, _: &Context) -> Result<(), EventError> {
        self.0.add("detach");
        Ok(())
    }
}

/// Says yes so many times.
struct Person(Log, Mutex<u32>);

#[async_trait]
impl Consent for Person {
    async fn given(&self, servo: &str, to: Intent) -> bool {
        self.0.add(format!("{servo} may {}?", to.as_str()));
        let mut left = self.1.lock().unwrap();
        *left = left.saturating_sub(1);
        *left > 0
    }
}

/// Never answers.
struct Nobody;

#[async_trait]
impl Consent for Nobody {
    async fn given(&self, _: &str, _: Intent) -> bool {
        std::future::pending().await
    }
}

fn servo(log: &Log) -> Servo {
    Servo::builder("web").connector("told", Told(log.clone())).build()
}

fn runner(servo: &Servo, log: &Log, stop: &Stop) -> Runner {
    Runner::new(servo.clone(), Arc::new(Asleep(log.clone())), stop.clone())
}

fn asking(log: &Log, answers: u32) -> Arc<dyn Consent> {
    Arc::new(Person(log.clone(), Mutex::new(answers)))
}

fn declined() -> Ended {
    Ended::Interrupted("declined".into())
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_without_consent() {
    let log = Log::default();
    let runner = runner(&servo(&log), &log, &Stop::new()).with_consent(Some(asking(&log, 1)));
    assert_eq!(runner.run().await, Ok(declined()));
    assert_eq!(log.taken(), ["web may connect?"]);
}

#[tokio::test(start_paused = true)]
async fn connectors_that_were_attached_before_are_detached_without_consent() {
    let log = Log::default();
    let servo = servo(&log);
    servo.attach().await.unwrap();
    servo.attach().await.unwrap();
    let runner = runner(&servo, &log, &Stop::new()).with_consent(Some(asking(&log, 1)));
    assert_eq!(runner.run().await, Ok(declined()));
    assert_eq!(log.taken(), ["attach", "web may connect?", "detach"]);
    assert!(!servo.is_attached());
}

#[tokio::test(start_paused = true)]
async fn each_command_needs_consent() {
    let log = Log::default();
    let runner = runner(&servo(&log), &log, &Stop::new()).with_consent(Some(asking(&log, 3)));
    assert_eq!(runner.run().await, Ok(declined()));
    let expected = [
        "web may connect?",
        "attach",
        "HELLO",
        "startup",
        "web may poll?",
        "WHATS_NEXT",
        "web may poll?",
        "wind down",
        "shutdown",
        "detach",
        "GOODBYE",
        "declined",
    ];
    assert_eq!(log.taken(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_ends_a_question() {
    let log = Log::default();
    let stop = Stop::new();
    let runner = runner(&servo(&log), &log, &stop).with_consent(Some(Arc::new(Nobody)));
    let (ended, ()) = tokio::join!(runner.run(), async {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        stop.request("SIGTERM");
    });
    assert_eq!((ended, log.taken()), (Ok(Ended::Interrupted("SIGTERM".into())), vec![]));
}

#[tokio::test(start_paused = true)]
async fn without_polling_a_servo_is_started_and_stays_so() {
    let log = Log::default();
    let (servo, stop) = (servo(&log), Stop::new());
    servo.attach().await.unwrap();
    let runner = runner(&servo, &log, &stop).with_polling(false);
    let (ended, ()) = tokio::join!(runner.run(), async {
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        assert_eq!(log.taken(), ["attach", "HELLO", "startup"]);
        stop.request("SIGTERM");
    });
    assert_eq!(ended, Ok(Ended::Interrupted("SIGTERM".into())));
    // Nothing was changed that is to be put in its place.
    assert_eq!(log.taken(), ["shutdown", "detach", "GOODBYE", "SIGTERM"]);
}
