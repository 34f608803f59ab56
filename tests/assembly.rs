//! Many servos in one process, in paused time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, EventError};
use servox::optimizer::{Command, Commands, Event, Optimizer, OptimizerError, Reply, Request, Status};
use servox::runner::{Assembly, Ended, Failure, MemberId, RunError, Runner, Servo, Stop};

/// Asks every servo to sleep, some of them a few times only, and keeps what it was told.
#[derive(Default)]
struct Sandman {
    commands: Mutex<Option<u32>>,
    told: Mutex<Vec<(Event, Json)>>,
}

impl Sandman {
    fn for_ever() -> Arc<Self> {
        Arc::default()
    }

    fn after(commands: u32) -> Arc<Self> {
        Arc::new(Self { commands: Mutex::new(Some(commands)), ..Self::default() })
    }

    fn farewell(&self) -> Option<Json> {
        let told = self.told.lock().unwrap();
        told.iter().find(|(event, _)| *event == Event::Goodbye).map(|(_, param)| param["reason"].clone())
    }
}

#[async_trait]
impl Optimizer for Sandman {
    async fn post(&self, request: Request) -> Result<Reply, OptimizerError> {
        self.told.lock().unwrap().push((request.event, request.param));
        if request.event != Event::WhatsNext {
            return Ok(Reply::Status(Status::accepted()));
        }
        if let Some(commands) = self.commands.lock().unwrap().as_mut() {
            *commands -= 1;
        }
        Ok(Reply::Command(Command { cmd: Commands::Sleep, cmd_uid: None, param: json!({ "duration": "10s" }) }))
    }

    fn finished(&self) -> bool {
        *self.commands.lock().unwrap() == Some(0)
    }
}

/// Starts, or not.
struct Fickle {
    fails: bool,
}

#[async_trait]
impl Connector for Fickle {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["startup"])
    }

    async fn startup(&self, _: &Context) -> Result<(), EventError> {
        if self.fails { Err(EventError::failed("no license")) } else { Ok(()) }
    }
}

fn add(assembly: &Assembly, name: &str, optimizer: &Arc<Sandman>, fails: bool) -> MemberId {
    let servo = Servo::builder(name).connector("fickle", Fickle { fails }).build();
    let stop = Stop::new();
    let runner = Runner::new(servo, optimizer.clone(), stop.clone());
    assembly.add(name, stop, async move { Ok(runner.run().await?) })
}

async fn results(assembly: &Assembly) -> HashMap<String, Result<Ended, Failure>> {
    assembly.run().await.into_iter().map(|finished| (finished.name.to_string(), finished.result)).collect()
}

#[allow(clippy::unnecessary_wraps)]
fn interrupted(reason: &str) -> Result<Ended, Failure> {
    Ok(Ended::Interrupted(reason.into()))
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_start_does_not_stop_the_others() {
    let (assembly, service) = (Assembly::new(), Sandman::after(3));
    add(&assembly, "broken", &Sandman::for_ever(), true);
    add(&assembly, "sound", &service, false);
    assembly.add("defective", Stop::new(), async { panic!("a defect of the run") });
    assembly.add("closed", Stop::new(), async { Err(Failure::Open("the file is locked".into())) });
    let results = results(&assembly).await;
    assert_eq!(results["sound"], Ok(Ended::Finished));
    assert!(matches!(&results["broken"], Err(Failure::Run(RunError::Startup(error))) if error.message == "no license"));
    assert_eq!(results["defective"], Err(Failure::Panicked("a defect of the run".into())));
    assert_eq!(results["closed"], Err(Failure::Open("the file is locked".into())));
    assert_eq!(service.farewell(), Some(json!("finished")));
    assert!(assembly.is_empty());
}

#[tokio::test(start_paused = true)]
async fn servos_come_and_go_while_others_run() {
    let assembly = Assembly::new();
    let [stays, goes, comes] = [(); 3].map(|()| Sandman::for_ever());
    add(&assembly, "stays", &stays, false);
    let gone = add(&assembly, "goes", &goes, false);
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert_eq!(assembly.named("goes"), [gone]);
    assert!(assembly.remove(gone, "removed").await);
    assert_eq!(goes.farewell(), Some(json!("removed")));
    assert!(!assembly.remove(gone, "removed").await, "it is over already");
    let finished = assembly.next().await.unwrap();
    assert_eq!((finished.id, finished.result), (gone, interrupted("removed")));
    assert!(!assembly.remove(gone, "removed").await, "it is forgotten");
    assert!(assembly.named("goes").is_empty());

    let late = add(&assembly, "comes", &comes, false);
    assert!(late > gone);
    tokio::time::sleep(Duration::from_secs(25)).await;
    assert!(comes.told.lock().unwrap().len() > 2, "it runs");
    assert_eq!((assembly.len(), stays.farewell()), (2, None));
    assembly.stop("SIGTERM");
    assembly.stop("SIGINT");
    let results = results(&assembly).await;
    assert_eq!(results, HashMap::from(["stays", "comes"].map(|name| (name.to_owned(), interrupted("SIGTERM")))));
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_after_the_stop_is_stopped() {
    let assembly = Assembly::new();
    assembly.stop("SIGTERM");
    let service = Sandman::for_ever();
    add(&assembly, "late", &service, false);
    assert_eq!(results(&assembly).await["late"], interrupted("SIGTERM"));
    assert!(service.told.lock().unwrap().iter().all(|(event, _)| *event != Event::WhatsNext), "it asked for work");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_of_servos_that_come_meanwhile() {
    let assembly = Assembly::new();
    let first = add(&assembly, "first", &Sandman::for_ever(), false);
    let waits = tokio::spawn({
        let assembly = assembly.clone();
        async move { assembly.next().await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = add(&assembly, "second", &Sandman::after(1), false);
    assert_eq!(waits.await.unwrap().unwrap().id, second);
    assembly.stop("shutdown");
    assert_eq!(assembly.next().await.unwrap().id, first);
    assert_eq!(assembly.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn thousands_run_side_by_side() {
    let (assembly, service) = (Assembly::new(), Sandman::for_ever());
    for number in 0..2_000 {
        add(&assembly, &format!("servo {number}"), &service, false);
    }
    tokio::time::sleep(Duration::from_secs(15)).await;
    assembly.stop("SIGTERM");
    let finished = assembly.run().await;
    assert_eq!(finished.len(), 2_000);
    assert!(finished.windows(2).all(|pair| pair[0].id < pair[1].id), "in the order in which they were added");
    assert!(finished.iter().all(|one| one.result == interrupted("SIGTERM")));
    let told = service.told.lock().unwrap();
    for event in [Event::Hello, Event::Goodbye] {
        assert_eq!(told.iter().filter(|(found, _)| *found == event).count(), 2_000);
    }
}
