//! The run loop against a scripted optimizer, in paused time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Call, Context, ErrorKind, EventError};
use servox::model::{
    Adjustment, Component, Control, DataPoint, Description, Measurement, Metric, Reading, Setting, Unit,
};
use servox::optimizer::{Command, Commands, Event, Optimizer, OptimizerError, Reply, Request, Status};
use servox::runner::{Ended, RunError, Runner, Servo, Stop};

/// Answers WHATS_NEXT with the commands of a list and keeps everything it was sent.
#[derive(Default)]
struct Script {
    commands: Mutex<Vec<Command>>,
    last: Mutex<Option<Command>>,
    posted: Mutex<Vec<(Event, Json)>>,
    outages: Mutex<u32>,
    cancel: bool,
}

impl Script {
    fn of(commands: impl IntoIterator<Item = (Commands, Json)>) -> Self {
        let commands = commands.into_iter().enumerate().map(|(at, (cmd, param))| Command {
            cmd,
            cmd_uid: Some(format!("c-{}", at + 1)),
            param,
        });
        Self { commands: Mutex::new(commands.collect()), ..Self::default() }
    }

    fn events(&self) -> Vec<Event> {
        self.posted.lock().unwrap().iter().map(|(event, _)| *event).collect()
    }

    fn results(&self) -> Vec<Json> {
        let posted = self.posted.lock().unwrap();
        posted.iter().filter(|(_, param)| param.get("status").is_some()).map(|(_, param)| param.clone()).collect()
    }
}

#[async_trait]
impl Optimizer for Script {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let mut outages = self.outages.lock().unwrap();
        if *outages > 0 {
            *outages -= 1;
            return Err(OptimizerError::passing("connection refused"));
        }
        self.posted.lock().unwrap().push((request.event, request.param.clone()));
        if request.event == Event::WhatsNext {
            let mut commands = self.commands.lock().unwrap();
            return Ok(Reply::Command(commands.remove(0)));
        }
        let mut status = Status::accepted();
        if self.cancel && request.param.get("progress").is_some() {
            status.status = "cancel".into();
        }
        Ok(Reply::Status(status))
    }

    fn finished(&self) -> bool {
        self.commands.lock().unwrap().is_empty()
    }

    async fn wind_down(&self) -> Option<Command> {
        self.last.lock().unwrap().take()
    }
}

/// A web server with one setting; keeps the names of the events it saw.
#[derive(Clone, Default)]
struct Web {
    seen: Arc<Mutex<Vec<String>>>,
    /// How long `measure` takes; it ends early when cancelled unless `stubborn`.
    takes: Duration,
    stubborn: bool,
    fails_to_start: bool,
}

impl Web {
    fn description() -> Description {
        Description {
            components: vec![Component::new("web", vec![Setting::range("cpu", 0.25, 4.0, 0.125, 1.0)])],
            metrics: vec![Metric::new("throughput", Unit::RequestsPerMinute)],
        }
    }

    fn note(&self, what: impl Into<String>) {
        self.seen.lock().unwrap().push(what.into());
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

#[async_trait]
impl Connector for Web {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["attach", "startup", "describe", "measure", "adjust", "shutdown", "detach"])
    }
    async fn attach(&self, _: &Context) -> Result<(), EventError> {
        self.note("attach");
        Ok(())
    }
    async fn startup(&self, _: &Context) -> Result<(), EventError> {
        self.note("startup");
        if self.fails_to_start { Err(EventError::failed("port 8080 is in use")) } else { Ok(()) }
    }
    async fn shutdown(&self, _: &Context) -> Result<(), EventError> {
        self.note("shutdown");
        Ok(())
    }
    async fn detach(&self, _: &Context) -> Result<(), EventError> {
        self.note("detach");
        Ok(())
    }
    async fn describe(&self, _: &Control, _: &Context) -> Result<Description, EventError> {
        self.note("describe");
        Ok(Self::description())
    }
    async fn measure(&self, metrics: &[String], _: &Control, context: &Context) -> Result<Measurement, EventError> {
        self.note(format!("measure {}", metrics.join(",")));
        context.report(40.0, "measuring");
        tokio::select! {
            () = tokio::time::sleep(self.takes) => {}
            () = context.cancelled.cancelled(), if !self.stubborn => {
                return Err(EventError::new(ErrorKind::Cancelled, "ended early"));
            }
        }
        let point = DataPoint {
            metric: Metric::new("throughput", Unit::RequestsPerMinute),
            time: jiff::Timestamp::UNIX_EPOCH,
            value: 1200.5,
        };
        Ok(Measurement { readings: vec![Reading::DataPoint(point)], ..Measurement::default() })
    }
    async fn adjust(&self, adjustments: &[Adjustment], _: &Control, _: &Context) -> Result<Description, EventError> {
        self.note(format!("adjust {}", adjustments[0]));
        if adjustments[0].value.as_f64() > Some(4.0) {
            let error = EventError::new(ErrorKind::AdjustmentRejected, "insufficient cpu");
            return Err(error.with_reason("unschedulable"));
        }
        Ok(Self::description())
    }
}

fn adjust(cpu: f64) -> (Commands, Json) {
    (Commands::Adjust, Adjustment::wire(&[Adjustment::new("web", "cpu", cpu)]))
}

fn measure() -> (Commands, Json) {
    (Commands::Measure, json!({"metrics": {"throughput": {"unit": "rpm"}}, "control": {"duration": 5}}))
}

fn runner(script: &Arc<Script>, web: &Web, stop: &Stop) -> Runner {
    let servo = Servo::builder("shop").connector("web", web.clone()).uid(Some("uid-123".into()));
    Runner::new(servo.build(), script.clone(), stop.clone())
}

#[tokio::test(start_paused = true)]
async fn a_cycle_follows_the_protocol() {
    let script = Arc::new(Script::of([(Commands::Describe, json!({})), measure(), adjust(1.5), adjust(4.5)]));
    let web = Web::default();
    let ended = runner(&script, &web, &Stop::new()).run().await;
    assert_eq!(ended, Ok(Ended::Finished));
    let expected =
        "Hello WhatsNext Description WhatsNext Measurement WhatsNext Adjustment WhatsNext Adjustment Goodbye";
    let posted = script.posted.lock().unwrap().clone();
    let events: Vec<_> =
        posted.iter().filter(|(_, p)| p.get("progress").is_none()).map(|(event, _)| format!("{event:?}")).collect();
    assert_eq!(events.join(" "), expected);
    assert_eq!(
        web.seen(),
        [
            "attach",
            "startup",
            "describe",
            "measure throughput",
            "adjust web.cpu=1.5",
            "adjust web.cpu=4.5",
            "shutdown",
            "detach"
        ]
    );
    let results = script.results();
    assert_eq!(
        results[0].to_string(),
        r#"{"status":"ok","message":null,"reason":"success","descriptor":{"application":{"components":{"web":{"settings":{"cpu":{"type":"range","pinned":false,"value":1.0,"min":0.25,"max":4.0,"step":0.125}}}}},"measurement":{"metrics":{"throughput":{"unit":"rpm"}}}},"cmd_uid":"c-1"}"#
    );
    assert_eq!(
        results[1].to_string(),
        r#"{"status":"ok","message":null,"reason":"success","metrics":{"throughput":{"unit":"rpm","value":1200.5}},"annotations":{},"cmd_uid":"c-2"}"#
    );
    assert_eq!(
        results[3].to_string(),
        r#"{"status":"rejected","message":"insufficient cpu","reason":"unschedulable","cmd_uid":"c-4"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_that_cannot_be_read_is_answered() {
    let script = Arc::new(Script::of([
        (Commands::Measure, json!({"metrics": 5})),
        (Commands::Adjust, Json::Null),
        (Commands::Sleep, Json::Null),
    ]));
    let ended = runner(&script, &Web::default(), &Stop::new()).run().await;
    assert_eq!(ended, Ok(Ended::Finished));
    let results = script.results();
    assert_eq!(results.len(), 2);
    assert!(results.iter().all(|result| result["status"] == "failed"));
    assert_eq!(
        results[1]["message"],
        "the ADJUST command cannot be read: the adjustment has no state.application.components: expected an object of \
         components"
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_optimizer_is_waited_out() {
    let script = Arc::new(Script { outages: Mutex::new(6), ..Script::of([measure()]) });
    assert_eq!(runner(&script, &Web::default(), &Stop::new()).run().await, Ok(Ended::Finished));
    assert_eq!(script.results().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_stop_ends_a_measurement_and_winds_down() {
    for stubborn in [false, true] {
        let script = Arc::new(Script::of([measure(), measure()]));
        let (cmd, param) = adjust(2.0);
        *script.last.lock().unwrap() = Some(Command { cmd, cmd_uid: Some("last".into()), param });
        let web = Web { takes: Duration::from_secs(3_600), stubborn, ..Web::default() };
        let stop = Stop::new();
        let runner = runner(&script, &web, &stop);
        let started = tokio::time::Instant::now();
        let (ended, ()) = tokio::join!(runner.run(), async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            stop.request("SIGINT");
        });
        assert_eq!(ended, Ok(Ended::Interrupted("SIGINT".into())));
        assert!(started.elapsed() < Duration::from_secs(15), "took {:?}", started.elapsed());
        let results = script.results();
        assert_eq!(results[0]["status"], "cancelled");
        assert_eq!(results[1]["cmd_uid"], "last");
        assert_eq!(web.seen()[3..], ["adjust web.cpu=2.0", "shutdown", "detach"]);
        assert_eq!(script.posted.lock().unwrap().last().unwrap().1, json!({"reason": "SIGINT"}));
    }
}

#[tokio::test(start_paused = true)]
async fn the_optimizer_cancels_a_command_in_reply_to_progress() {
    let script = Arc::new(Script { cancel: true, ..Script::of([measure(), adjust(1.5)]) });
    let web = Web { takes: Duration::from_secs(3_600), ..Web::default() };
    assert_eq!(runner(&script, &web, &Stop::new()).run().await, Ok(Ended::Finished));
    let results = script.results();
    assert_eq!(results[0]["status"], "cancelled");
    assert_eq!(results[1]["status"], "ok");
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_cannot_start_is_shut_down_all_the_same() {
    let script = Arc::new(Script::of([measure()]));
    let web = Web { fails_to_start: true, ..Web::default() };
    let error = runner(&script, &web, &Stop::new()).run().await.unwrap_err();
    assert!(matches!(&error, RunError::Startup(_)));
    assert_eq!(
        error.to_string(),
        "cannot start: web: port 8080 is in use; correct this and start the servo again, its connectors were shut down"
    );
    assert_eq!(web.seen(), ["attach", "startup", "shutdown", "detach"]);
    assert_eq!(script.events(), [Event::Hello, Event::Goodbye]);
}

#[tokio::test]
async fn a_before_handler_cancels_an_event() {
    struct Gate;
    #[async_trait]
    impl Connector for Gate {
        fn subscriptions(&self) -> Subscriptions {
            Subscriptions::default().and_before(["adjust"])
        }
        async fn before(&self, call: &Call, _: &Context) -> Result<(), EventError> {
            Err(EventError::new(ErrorKind::Cancelled, format!("no {} on Fridays", call.event())))
        }
    }
    let web = Web::default();
    let servo = Servo::builder("shop").connector("web", web.clone()).connector("gate", Gate).build();
    let error =
        servo.adjust(vec![Adjustment::new("web", "cpu", 2.0)], Control::default(), &servo.context()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(error.to_string(), "gate: no adjust on Fridays");
    assert_eq!(web.seen(), Vec::<String>::new());
}
