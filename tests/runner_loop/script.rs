//! An optimizer that answers as a test says, and a connector that does.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, ErrorKind, EventError};
use servox::model::{
    Adjustment, Component, Control, DataPoint, Description, Measurement, Metric, Reading, Setting, Unit,
};
use servox::optimizer::{Event, Failure, Optimizer, OptimizerError, Reply, Request};
use servox::runner::{Runner, Servo, Stop};
use tokio::time::Instant;

/// What an optimizer does with a message.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers so.
    Says(Json),
    /// Cannot be talked to.
    Fails(Failure),
    /// Asks to wait.
    Busy(Duration),
    /// Answers `ok` after that time.
    Takes(Duration),
    /// Has a defect.
    Panics,
}

pub fn says(status: &str, reason: Option<&str>) -> Answer {
    Answer::Says(json!({"status": status, "reason": reason}))
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Hello,
    Next,
    Progress,
    Result,
    Goodbye,
}

impl Kind {
    pub fn of(event: Event, param: &Json) -> Self {
        match event {
            Event::Hello => Self::Hello,
            Event::WhatsNext => Self::Next,
            Event::Goodbye => Self::Goodbye,
            _ if param.get("status").is_none() => Self::Progress,
            _ => Self::Result,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Posted {
    pub at: Instant,
    pub kind: Kind,
    pub event: Event,
    pub param: Json,
    /// Whether it was answered with success.
    pub taken: bool,
}

/// Answers each kind of message with the answers of a list, and then with `ok`. With no command left it has finished.
#[derive(Default)]
pub struct Script {
    answers: Mutex<HashMap<Kind, VecDeque<Answer>>>,
    /// Answers of which there is no end.
    always: Mutex<HashMap<Kind, Answer>>,
    posted: Mutex<Vec<Posted>>,
}

impl Script {
    pub fn new(commands: impl IntoIterator<Item = Json>) -> Self {
        Self::default().then(Kind::Next, commands.into_iter().map(Answer::Says))
    }

    pub fn then(self, kind: Kind, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.answers.lock().unwrap().entry(kind).or_default().extend(answers);
        self
    }

    pub fn always(self, kind: Kind, answer: Answer) -> Self {
        self.always.lock().unwrap().insert(kind, answer);
        self
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    pub fn of_kind(&self, kind: Kind) -> Vec<Posted> {
        self.posted().into_iter().filter(|posted| posted.kind == kind).collect()
    }

    /// The results that were taken.
    pub fn results(&self) -> Vec<Json> {
        self.of_kind(Kind::Result).into_iter().filter(|posted| posted.taken).map(|posted| posted.param).collect()
    }

    /// The messages in their order, progress left out.
    pub fn story(&self) -> String {
        let posted = self.posted();
        let told = posted.iter().filter(|posted| posted.kind != Kind::Progress).map(|posted| match posted.kind {
            Kind::Goodbye => format!("GOODBYE({})", posted.param["reason"].as_str().unwrap()),
            _ => posted.event.as_str().to_owned(),
        });
        told.collect::<Vec<_>>().join(" ")
    }

    fn answer(&self, kind: Kind) -> Option<Answer> {
        let listed = self.answers.lock().unwrap().get_mut(&kind).and_then(VecDeque::pop_front);
        listed.or_else(|| self.always.lock().unwrap().get(&kind).cloned())
    }
}

#[async_trait]
impl Optimizer for Script {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        let kind = Kind::of(request.event, &request.param);
        let answer = self.answer(kind).unwrap_or_else(|| says("ok", None));
        let taken = !matches!(answer, Answer::Fails(_) | Answer::Busy(_) | Answer::Panics);
        let Request { event, param, .. } = request;
        self.posted.lock().unwrap().push(Posted { at: Instant::now(), kind, event, param, taken });
        match answer {
            Answer::Says(reply) => serde_json::from_value(reply.clone())
                .map_err(|error| OptimizerError::passing(format!("{reply} is no reply: {error}"))),
            Answer::Fails(failure) => Err(OptimizerError::new(failure, format!("{failure:?}"))),
            Answer::Busy(wait) => {
                Err(OptimizerError { retry_after: Some(wait), ..OptimizerError::passing("come back later") })
            }
            Answer::Panics => panic!("index out of bounds"),
            Answer::Takes(time) => {
                tokio::time::sleep(time).await;
                Ok(serde_json::from_value(json!({"status": "ok"})).unwrap())
            }
        }
    }

    fn finished(&self) -> bool {
        self.always.lock().unwrap().get(&Kind::Next).is_none()
            && self.answers.lock().unwrap().get(&Kind::Next).is_none_or(VecDeque::is_empty)
    }
}

/// What a connector does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Manner {
    /// How long `measure` and `adjust` take.
    pub takes: Duration,
    /// Does not heed that its command is cancelled.
    pub stubborn: bool,
    /// Fails to start that often, from the second start on.
    pub fails_to_start_again: usize,
    /// Hangs in that event.
    pub hangs: Option<&'static str>,
    /// Makes all of its values infinite.
    pub infinite: bool,
}

/// A web server with one setting; keeps the names of the events it saw.
#[derive(Clone, Default)]
pub struct Web {
    pub manner: Manner,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub fn new(manner: Manner) -> Self {
        Self { manner, ..Self::default() }
    }

    pub fn taking(seconds: u64) -> Self {
        Self::new(Manner { takes: Duration::from_secs(seconds), ..Manner::default() })
    }

    pub fn seen(&self) -> String {
        self.seen.lock().unwrap().join(" ")
    }

    async fn at(&self, event: &str) -> Result<(), EventError> {
        let times = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(event.to_owned());
            seen.iter().filter(|other| *other == event).count()
        };
        if self.manner.hangs == Some(event) {
            std::future::pending::<()>().await;
        }
        if event == "startup" && (2..2 + self.manner.fails_to_start_again).contains(&times) {
            return Err(EventError::failed("port 8080 is in use"));
        }
        Ok(())
    }

    async fn work(&self, context: &Context) -> Result<(), EventError> {
        context.report(0.0, "at work");
        let began = Instant::now();
        while began.elapsed() < self.manner.takes {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(250)) => {}
                () = context.cancelled.cancelled(), if !self.manner.stubborn => {
                    return Err(EventError::new(ErrorKind::Cancelled, "ended early"));
                }
            }
            context.report(100.0 * began.elapsed().div_duration_f64(self.manner.takes), "at work");
        }
        Ok(())
    }

    fn description(&self) -> Description {
        let cpu = if self.manner.infinite { f64::NAN } else { 1.0 };
        Description {
            components: vec![Component::new("web", vec![Setting::range("cpu", 0.25, 4.0, 0.125, cpu)])],
            metrics: vec![Metric::new("throughput", Unit::RequestsPerMinute)],
        }
    }
}

#[async_trait]
impl Connector for Web {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["attach", "startup", "describe", "measure", "adjust", "shutdown", "detach"])
    }
    async fn attach(&self, _: &Context) -> Result<(), EventError> {
        self.at("attach").await
    }
    async fn startup(&self, _: &Context) -> Result<(), EventError> {
        self.at("startup").await
    }
    async fn shutdown(&self, _: &Context) -> Result<(), EventError> {
        self.at("shutdown").await
    }
    async fn detach(&self, _: &Context) -> Result<(), EventError> {
        self.at("detach").await
    }
    async fn describe(&self, _: &Control, _: &Context) -> Result<Description, EventError> {
        self.at("describe").await?;
        Ok(self.description())
    }
    async fn measure(&self, _: &[String], _: &Control, context: &Context) -> Result<Measurement, EventError> {
        self.at("measure").await?;
        self.work(context).await?;
        let value = if self.manner.infinite { f64::INFINITY } else { 1200.5 };
        let metric = Metric::new("throughput", Unit::RequestsPerMinute);
        let point = DataPoint { metric, time: jiff::Timestamp::UNIX_EPOCH, value };
        Ok(Measurement { readings: vec![Reading::DataPoint(point)], ..Measurement::default() })
    }
    async fn adjust(&self, _: &[Adjustment], _: &Control, context: &Context) -> Result<Description, EventError> {
        self.at("adjust").await?;
        self.work(context).await?;
        Ok(self.description())
    }
}

pub fn describe(uid: &str) -> Json {
    json!({"cmd": "DESCRIBE", "cmd_uid": uid, "param": {}})
}

pub fn measure(uid: &str) -> Json {
    json!({"cmd": "MEASURE", "cmd_uid": uid, "param": {"metrics": ["throughput"], "control": {"duration": 5}}})
}

pub fn adjust(uid: &str, cpu: f64) -> Json {
    json!({"cmd": "ADJUST", "cmd_uid": uid, "param": Adjustment::wire(&[Adjustment::new("web", "cpu", cpu)])})
}

pub fn runner(script: &Arc<Script>, web: &Web, stop: &Stop) -> Runner {
    let servo = Servo::builder("shop").connector("web", web.clone()).uid(Some("uid-123".into()));
    Runner::new(servo.build(), script.clone(), stop.clone())
}

/// Runs to the end of the script.
pub async fn run(script: Script, web: &Web) -> Arc<Script> {
    let script = Arc::new(script);
    let ended = runner(&script, web, &Stop::new()).run().await;
    assert_eq!(ended, Ok(servox::runner::Ended::Finished));
    script
}

/// Runs for that time, and is stopped then.
pub async fn run_for(time: Duration, script: Script, web: &Web) -> Arc<Script> {
    let (script, stop) = (Arc::new(script), Stop::new());
    let runner = runner(&script, web, &stop);
    let (ended, ()) = tokio::join!(runner.run(), async {
        tokio::time::sleep(time).await;
        stop.request("SIGTERM");
    });
    assert_eq!(ended, Ok(servox::runner::Ended::Interrupted("SIGTERM".into())));
    script
}
