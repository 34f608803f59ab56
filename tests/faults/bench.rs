//! A whole agent against an optimizer that misbehaves, and what comes of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, ErrorKind, EventError};
use servox::model::{
    Adjustment, Component, Control, DataPoint, Description, Measurement, Metric, Reading, Setting, Unit,
};
use servox::optimizer::remote::RemoteOptimizer;
use servox::runner::{Ended, RunError, Runner, Servo, Stop};
use tokio::task::JoinHandle;

use crate::double::{Double, Fault, Kind, Post};

/// What no text may show.
pub const SECRETS: [&str; 5] = ["s3cr3t-t0ken", "cl13nt-s3cr3t", "0auth-t0ken", "f1le-t0ken", "hunter2-password"];
/// How long a stop may take: five seconds, and as much again for a machine that is busy with other things.
const STOP_BOUND: Duration = Duration::from_secs(10);
/// How long a story may take before it counts as hanging.
const STORY_BOUND: Duration = Duration::from_secs(60);

/// What comes of something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Unharmed,
    Delivered,
    Failed,
    Cancelled,
    Refused,
    Again,
    Restarted,
    Waiting,
    NotStarted,
    Ended,
}

impl Outcome {
    /// What the guide says.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unharmed => "nothing: the work goes on",
            Self::Delivered => "it is tried again with pauses; every result arrives once",
            Self::Failed => "the command is answered with `failed`; the run goes on",
            Self::Cancelled => "the command is stopped and answered with `cancelled`; the run goes on",
            Self::Refused => "it is told as an error; the command is carried out again when the optimizer asks again",
            Self::Again => "its result is sent again; nothing is carried out twice",
            Self::Restarted => "the command is stopped without a result; the servo says hello again",
            Self::Waiting => "an hour goes by before the next try",
            Self::NotStarted => "the start fails and says why",
            Self::Ended => "the run ends within its bound; what was not delivered is told",
        }
    }
}

/// Counts what it is asked for. A command takes as long as its control says, and reports progress meanwhile.
struct Counting(Arc<Mutex<Vec<String>>>);

impl Counting {
    async fn work(&self, control: &Control, context: &Context) -> Result<(), EventError> {
        self.0.lock().unwrap().push(context.command_uid.as_deref().unwrap_or_default().to_owned());
        let (began, whole) = (tokio::time::Instant::now(), control.duration.to_std());
        while began.elapsed() < whole {
            for _ in 0..100 {
                let percent = 100.0 * began.elapsed().as_secs_f64() / whole.as_secs_f64();
                context.report(percent, "at work");
            }
            tokio::select! {
                () = context.cancelled.cancelled() => {
                    return Err(EventError::new(ErrorKind::Cancelled, "the connector was told to stop"));
                }
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        }
        Ok(())
    }
}

fn description() -> Description {
    let cpu = Setting::range("cpu", 0.25, 4.0, 0.125, 1.0);
    Description { components: vec![Component::new("web", vec![cpu])], metrics: vec![metric()] }
}

fn metric() -> Metric {
    Metric::new("throughput", Unit::RequestsPerMinute)
}

#[async_trait]
impl Connector for Counting {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["describe", "measure", "adjust"])
    }
    async fn describe(&self, control: &Control, context: &Context) -> Result<Description, EventError> {
        self.work(control, context).await?;
        Ok(description())
    }
    async fn measure(&self, _: &[String], control: &Control, context: &Context) -> Result<Measurement, EventError> {
        self.work(control, context).await?;
        let point = DataPoint { metric: metric(), time: jiff::Timestamp::now(), value: 1_200.5 };
        Ok(Measurement { readings: vec![Reading::DataPoint(point)], ..Measurement::default() })
    }
    async fn adjust(&self, _: &[Adjustment], control: &Control, context: &Context) -> Result<Description, EventError> {
        self.work(control, context).await?;
        Ok(description())
    }
}

pub fn describe() -> Json {
    json!({"cmd": "DESCRIBE", "cmd_uid": "c-1", "param": {"control": {"duration": 0}}})
}

/// A measurement that takes so many milliseconds.
pub fn measure(milliseconds: u64) -> Json {
    let control = json!({"duration": format!("{milliseconds}ms")});
    json!({"cmd": "MEASURE", "cmd_uid": "c-2", "param": {"metrics": ["throughput"], "control": control}})
}

pub fn adjust(milliseconds: u64) -> Json {
    let state = json!({"application": {"components": {"web": {"settings": {"cpu": {"value": 1.5}}}}}});
    let control = json!({"duration": format!("{milliseconds}ms")});
    json!({"cmd": "ADJUST", "cmd_uid": "c-3", "param": {"state": state, "control": control}})
}

/// One command of each kind.
pub fn cycle() -> [Json; 3] {
    [describe(), measure(300), adjust(0)]
}

/// The first messages of those kinds have that fault.
pub fn first(kinds: &'static [Kind], times: usize, fault: Fault) -> impl Fn(&Post) -> Option<Fault> + Send + 'static {
    move |post| (kinds.contains(&post.kind) && post.nth < times).then(|| fault.clone())
}

pub fn with_token(url: &str) -> Json {
    json!({"id": "dev.example.com/app-1", "token": SECRETS[0], "base_url": url})
}

/// A budget that ends before the outages of the tests do.
pub fn settings() -> Json {
    json!({"backoff": {"__default__": {"max_time": "1s"}, "connect": {"max_time": "50s"}}, "timeouts": "30s"})
}

/// The same for tests of what takes too long. On a loaded machine anything may.
pub fn impatient(timeouts: &str) -> Json {
    let mut settings = settings();
    settings["timeouts"] = timeouts.into();
    settings
}

/// An agent at work for an optimizer.
pub struct Story {
    pub double: Double,
    pub stop: Stop,
    executed: Arc<Mutex<Vec<String>>>,
    run: JoinHandle<Result<Ended, RunError>>,
    began: Instant,
    /// The optimizer was out of reach for a while.
    pub outage: bool,
}

impl Story {
    /// An agent for an optimizer that gives those commands.
    pub async fn begin(
        commands: impl IntoIterator<Item = Json>,
        fault: impl Fn(&Post) -> Option<Fault> + Send + 'static,
    ) -> Self {
        Self::with(&settings(), commands, fault).await
    }

    /// The same with those settings.
    pub async fn with(
        settings: &Json,
        commands: impl IntoIterator<Item = Json>,
        fault: impl Fn(&Post) -> Option<Fault> + Send + 'static,
    ) -> Self {
        let double = Double::start(commands, fault).await;
        let optimizer = with_token(&double.url());
        Self::of(double, &optimizer, settings)
    }

    /// An agent with that configuration.
    pub fn of(double: Double, optimizer: &Json, settings: &Json) -> Self {
        let executed: Arc<Mutex<Vec<String>>> = Arc::default();
        let servo = Servo::builder("shop").connector("web", Counting(executed.clone())).uid(Some("uid-123".into()));
        let optimizer = Arc::new(RemoteOptimizer::new(optimizer, settings).unwrap());
        let stop = Stop::new();
        let runner = Runner::new(servo.build(), optimizer, stop.clone());
        let run = tokio::spawn(async move { runner.run().await });
        Self { double, stop, executed, run, began: Instant::now(), outage: false }
    }

    /// How often the connector was asked to carry that command out.
    pub fn executed(&self, uid: &str) -> usize {
        self.executed.lock().unwrap().iter().filter(|known| *known == uid).count()
    }

    /// Waits for something.
    pub async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            assert!(self.began.elapsed() < STORY_BOUND, "{what} did not come about: {}", self.told());
            assert!(!self.run.is_finished(), "the run ended before {what}: {}", self.told());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until every command has its result and the agent sleeps, and then stops it.
    pub async fn end(self) -> Outcome {
        self.until("the last result", |story| story.double.is_done()).await;
        self.until("the sleep", |story| story.double.sleeps()).await;
        self.stopped(true).await
    }

    /// Stops the agent; checks what has to hold whatever goes wrong, and says what came of it.
    pub async fn stopped(mut self, reachable: bool) -> Outcome {
        assert!(!self.run.is_finished(), "the run ended by itself: {}", self.told());
        self.stop.request("SIGTERM");
        let requested = Instant::now();
        let ended = tokio::time::timeout(STOP_BOUND, &mut self.run).await;
        let ended = ended.unwrap_or_else(|_| panic!("the stop took more than {STOP_BOUND:?}")).expect("no panic");
        assert_eq!(ended, Ok(Ended::Interrupted("SIGTERM".into())), "the stop is orderly");
        assert!(requested.elapsed() < STOP_BOUND);
        let posts = self.double.posts();
        if reachable {
            let goodbyes: Vec<_> = posts.iter().filter(|post| post.kind == Kind::Goodbye).collect();
            assert!(!goodbyes.is_empty(), "no farewell: {}", self.told());
            let (last, others) = goodbyes.split_last().expect("a farewell");
            assert_eq!(last.param["reason"], "SIGTERM", "{goodbyes:?}");
            assert!(
                others.iter().all(|post| ["SIGTERM", "restarting"].contains(&post.param["reason"].as_str().unwrap()))
            );
        }
        self.unhurried(&posts);
        let (_, changed, late) = self.double.surplus();
        assert_eq!((changed, late), (0, 0), "changed results, progress behind a result: {}", self.told());
        self.outcome(&posts)
    }

    /// The start fails: the reason.
    pub async fn not_started(mut self) -> String {
        let ended = tokio::time::timeout(STORY_BOUND, &mut self.run).await.expect("an end").expect("no panic");
        let error = ended.expect_err("the start fails").to_string();
        assert!(self.executed.lock().unwrap().is_empty());
        self.unhurried(&self.double.posts());
        error
    }

    /// No loop is tight: what came to nothing is counted against the time.
    fn unhurried(&self, posts: &[Post]) {
        let seconds = self.began.elapsed().as_secs_f64();
        let most = |many: f64, each: f64| many + each * seconds;
        let faulty = posts.iter().filter(|post| post.faulty && post.kind != Kind::Progress).count();
        let asked = posts.iter().filter(|post| post.kind == Kind::WhatsNext).count();
        let progress = posts.iter().filter(|post| post.kind == Kind::Progress).count();
        let told = self.told();
        assert!((faulty as f64) <= most(10.0, 3.0), "{faulty} failures in {seconds:.1} s: {told}");
        assert!((asked as f64) <= most(12.0, 3.0), "asked {asked} times in {seconds:.1} s: {told}");
        assert!((progress as f64) <= most(3.0, 1.0), "{progress} reports of progress in {seconds:.1} s: {told}");
    }

    fn outcome(&self, posts: &[Post]) -> Outcome {
        let taken = self.double.taken();
        let mut results: HashMap<&str, usize> = HashMap::new();
        for taken in &taken {
            *results.entry(&taken.uid).or_default() += 1;
        }
        if !self.double.is_done() {
            return Outcome::Ended;
        }
        if results.values().any(|times| *times > 1) {
            assert!(results.keys().all(|uid| self.executed(uid) == 1), "{}", self.told());
            return Outcome::Again;
        }
        if posts.iter().any(|post| post.kind == Kind::Goodbye && post.param["reason"] == "restarting") {
            assert!(taken.iter().all(|result| result.param["status"] == "ok"), "{taken:?}");
            return Outcome::Restarted;
        }
        for uid in results.keys() {
            assert!(self.executed(uid) >= 1 || taken.iter().any(|result| result.param["status"] == "failed"));
        }
        let status = |wanted: &str| taken.iter().any(|result| result.param["status"] == wanted);
        if status("cancelled") {
            return Outcome::Cancelled;
        }
        if status("failed") {
            return Outcome::Failed;
        }
        assert!(taken.iter().all(|result| result.param["status"] == "ok"), "{taken:?}");
        if results.keys().any(|uid| self.executed(uid) > 1) {
            return Outcome::Refused;
        }
        let of = |kind| posts.iter().filter(|post| post.kind == kind).count();
        // Each command is asked for once, and the sleep.
        let needed = (of(Kind::Hello), of(Kind::WhatsNext), of(Kind::Result)) == (1, taken.len() + 1, taken.len());
        if needed && !self.outage { Outcome::Unharmed } else { Outcome::Delivered }
    }

    /// What happened, for those who look for the reason.
    pub fn told(&self) -> String {
        let posts = self.double.posts();
        let lines: Vec<_> = posts
            .iter()
            .rev()
            .take(30)
            .rev()
            .map(|post| {
                let at = post.at.duration_since(self.began).as_secs_f64();
                let fault = if post.faulty { " (faulty)" } else { "" };
                format!("{at:.2} {:?}{fault} {}", post.kind, post.param)
            })
            .collect();
        format!("executed {:?}\n{}", self.executed.lock().unwrap(), lines.join("\n"))
    }
}
