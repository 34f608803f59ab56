//! A scripted servo whose application is a pure function; it drives an optimizer by messages alone.

use std::collections::HashSet;

use serde_json::{Value as Json, json};
use servox::model::{Adjustment, Component, Description, Metric, Setting, Unit, Value};
use servox::optimizer::{Command, Commands, Event, Optimizer, Reply, Request, Status};

/// No scripted run needs more messages.
pub const MAX_MESSAGES: usize = 600;

pub type Model = Box<dyn FnMut(&Settings, u32) -> Answer + Send>;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub n: i64,
    pub gc: String,
}

/// What the application does with a measurement or an adjustment.
pub enum Answer {
    Metrics(Json),
    Status(&'static str, &'static str),
}

/// Workers cost money and shorten the latency; the collector "fast" shortens it further.
pub fn cost_and_latency(settings: &Settings) -> Json {
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
pub struct Servo {
    pub settings: Settings,
    pub measure: Model,
    pub adjust: Model,
    pub measurements: u32,
    pub adjustments: u32,
    pub uids: HashSet<String>,
    pub commands: Vec<Commands>,
}

impl Servo {
    pub fn new() -> Self {
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

    pub fn description(&self) -> Description {
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
    pub fn carry_out(&mut self, command: &Command) -> (Event, Json) {
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

pub async fn post(optimizer: &dyn Optimizer, event: Event, param: Json) -> Reply {
    let request = Request { event, param, servo_uid: Some("test".into()) };
    optimizer.post(request).await.unwrap_or_else(|error| panic!("{event:?}: {error}"))
}

pub async fn status(optimizer: &dyn Optimizer, event: Event, param: Json) -> Status {
    match post(optimizer, event, param).await {
        Reply::Status(status) => status,
        Reply::Command(command) => panic!("a command in answer to {event:?}: {command:?}"),
    }
}

pub async fn whats_next(optimizer: &dyn Optimizer) -> Command {
    match post(optimizer, Event::WhatsNext, Json::Null).await {
        Reply::Command(command) => command,
        Reply::Status(status) => panic!("no command in answer to WHATS_NEXT: {status:?}"),
    }
}

/// Runs up to so many messages. Whether the optimizer has finished.
pub async fn drive(optimizer: &dyn Optimizer, servo: &mut Servo, messages: usize) -> bool {
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
