//! The task that owns the application: it alone starts, stops and changes it.
//!
//! Handlers ask it through a bounded queue. A handler that is dropped while it waits leaves the keeper in charge, so that
//! no process is ever without an owner. When the keeper itself is dropped, with its runtime, so are the processes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::application::Application;
use super::output::Log;
use super::plan::Plan;
use super::request::{Failure, Interrupt, Request, Shared};
use super::settings::difference;
use crate::event::Context;
use crate::model::Setting;

/// How long to wait between two looks at an address that is taken.
const PORT_INTERVAL: Duration = Duration::from_millis(50);
/// How long an application that no longer answers is given to be gone.
const ENDING: Duration = Duration::from_secs(1);

/// How a run ended that nobody had ended.
struct Ended {
    run: u64,
    how: String,
}

/// The owner of the application.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    log: Option<Log>,
    application: Option<Application>,
    ended: Option<Ended>,
}

impl Keeper {
    /// Starts the task on the present runtime.
    pub(super) fn spawn(shared: Arc<Shared>) -> mpsc::Sender<Request> {
        let (sender, requests) = mpsc::channel(16);
        let log = shared.plan.log.as_ref().and_then(Log::start);
        let keeper = Self { shared, requests, log, application: None, ended: None };
        tokio::spawn(keeper.work());
        sender
    }

    async fn work(mut self) {
        loop {
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => break,
                },
                how = ended(&mut self.application) => self.has_ended(&how).await,
            }
        }
        self.stop().await;
    }

    async fn answer(&mut self, request: Request) {
        match request {
            Request::Ensure { asker, reply } => {
                let interrupt = self.interrupt(asker.gone);
                let result = self.ensure(Duration::ZERO, &interrupt, &asker.context).await;
                let _ = reply.send(result);
            }
            Request::Apply { settings, hold, asker, reply } => {
                let interrupt = self.interrupt(asker.gone);
                let result = self.apply(settings, hold, &interrupt, &asker.context).await;
                let _ = reply.send(result);
            }
            Request::Verify { run, reply } => {
                let result = self.verify(run).await;
                let _ = reply.send(result);
            }
            Request::Stop { reply, notice } => {
                self.stop().await;
                if let Some(log) = &self.log {
                    log.flush().await;
                }
                drop(notice);
                let _ = reply.send(());
            }
        }
    }

    fn interrupt(&self, gone: CancellationToken) -> Interrupt {
        Interrupt::new(gone, &self.shared)
    }

    /// Takes leave of an application that has ended by itself.
    async fn has_ended(&mut self, how: &str) {
        let Some(application) = self.application.take() else { return };
        let (run, pid) = (application.run, application.pid);
        let how = with_output(how, &application.kill().await);
        tracing::warn!(component = self.shared.plan.component, pid, "the application ended by itself: {how}");
        self.ended = Some(Ended { run, how });
    }

    async fn stop(&mut self) {
        if let Some(application) = self.application.take() {
            let pid = application.pid;
            application.stop(self.shared.plan.stop).await;
            tracing::info!(component = self.shared.plan.component, pid, "stopped the application");
        }
    }

    /// Ends an application that is not up yet.
    async fn kill(&mut self) {
        if let Some(application) = self.application.take() {
            let pid = application.pid;
            application.kill().await;
            tracing::info!(component = self.shared.plan.component, pid, "killed the application in its start");
        }
    }

    async fn verify(&mut self, run: u64) -> Result<(), String> {
        if let Some(application) = &mut self.application {
            // A process that is ending closes its sockets before the system tells of its end: one that does not answer is
            // given a moment to be gone. One that is merely slow to answer has run throughout.
            let running = application.started.elapsed();
            let how = tokio::select! {
                biased;
                how = application.ended() => Some(how),
                answer = self.shared.plan.health.attempt(running) => match answer {
                    Ok(()) => None,
                    Err(_) => tokio::time::timeout(ENDING, application.ended()).await.ok(),
                },
            };
            if let Some(how) = how {
                self.has_ended(&how).await;
            }
        }
        match (&self.application, &self.ended) {
            (Some(application), _) if application.run == run => Ok(()),
            (_, Some(ended)) if ended.run == run => Err(format!("it ended by itself: {}", ended.how)),
            (Some(_), _) => Err("it was started anew".into()),
            (None, _) => Err("it was stopped".into()),
        }
    }

    /// Has the application up with the settings that stand.
    async fn ensure(&mut self, hold: Duration, interrupt: &Interrupt, context: &Context) -> Result<u64, Failure> {
        if self.application.is_some() {
            match self.up(hold, interrupt).await {
                Ok(run) => return Ok(run),
                Err(Failure::Interrupted(why)) => return Err(Failure::Interrupted(why)),
                Err(Failure::NotUp(why) | Failure::NotBack(why)) => {
                    tracing::warn!(component = self.shared.plan.component, "starting the application anew: {why}");
                    self.stop().await;
                }
            }
        }
        let settings = self.shared.settings();
        context.report(10.0, format!("starting {}", self.shared.plan.component));
        let started = match self.start(&settings, interrupt).await {
            Ok(()) => self.up(hold, interrupt).await,
            Err(failure) => Err(failure),
        };
        match started {
            Err(Failure::Interrupted(_)) => self.kill().await,
            Err(_) => self.stop().await,
            Ok(_) => {}
        }
        started
    }

    /// Exchanges the settings, or goes back to the former ones.
    async fn apply(
        &mut self,
        settings: Vec<Setting>,
        hold: Duration,
        interrupt: &Interrupt,
        context: &Context,
    ) -> Result<(), Failure> {
        let component = self.shared.plan.component.clone();
        let former = self.shared.settings();
        let changes = difference(&former, &settings);
        if changes.is_empty() {
            return self.ensure(hold, interrupt, context).await.map(drop);
        }
        if interrupt.is_raised() {
            return Err(Failure::Interrupted("it was cancelled before anything was changed".into()));
        }
        tracing::info!(component, "restarting the application with {changes}");
        context.report(10.0, format!("stopping {component}"));
        self.stop().await;
        context.report(40.0, format!("starting {component} with {changes}"));
        let why = match self.start(&settings, interrupt).await {
            Ok(()) => self.up(hold, interrupt).await,
            Err(failure) => Err(failure),
        };
        let why = match why {
            Ok(_) => {
                self.shared.stands(settings);
                return Ok(());
            }
            Err(Failure::NotUp(why) | Failure::NotBack(why)) => why,
            Err(Failure::Interrupted(why)) => {
                self.abandon(&former, interrupt).await;
                return Err(Failure::Interrupted(format!("{why}; the former settings stand ({changes} was undone)")));
            }
        };

        let why = format!("the application '{component}' did not come up with {changes}: {why}");
        tracing::warn!(component, "going back to the former settings: {why}");
        context.report(70.0, format!("{component} did not come up: going back to the former settings"));
        self.stop().await;
        let back = match self.start(&former, interrupt).await {
            Ok(()) => self.up(Duration::ZERO, interrupt).await,
            Err(failure) => Err(failure),
        };
        match back {
            Ok(_) => Err(Failure::NotUp(format!("{why}\nIt runs again with the former settings."))),
            Err(Failure::Interrupted(_)) => {
                if !interrupt.is_stop() && self.application.is_none() {
                    self.abandon(&former, interrupt).await;
                }
                Err(Failure::NotUp(format!("{why}\nWhether it comes up with the former settings was not waited for.")))
            }
            Err(Failure::NotUp(again) | Failure::NotBack(again)) => {
                self.stop().await;
                Err(Failure::NotBack(format!(
                    "{why}\nIt did not come up with the former settings either, so that it is NOT RUNNING: {again}"
                )))
            }
        }
    }

    /// Ends a start that nobody waits for, and starts the application as it was without waiting for it, unless it is to
    /// be stopped anyway. The next measurement waits until it is up.
    async fn abandon(&mut self, former: &[Setting], interrupt: &Interrupt) {
        self.kill().await;
        if interrupt.is_stop() {
            return;
        }
        let only_stop = self.interrupt(CancellationToken::new());
        if let Err(Failure::NotUp(why)) = self.start(former, &only_stop).await {
            tracing::error!(component = self.shared.plan.component, "the former settings are not back: {why}");
        }
    }

    /// Starts a process, unless another one holds its port.
    async fn start(&mut self, settings: &[Setting], interrupt: &Interrupt) -> Result<(), Failure> {
        let plan = &self.shared.plan;
        tokio::select! {
            biased;
            why = interrupt.raised() => return Err(Failure::Interrupted(why)),
            free = port_is_free(plan) => free.map_err(Failure::NotUp)?,
        }
        let run = self.shared.next_run();
        let application =
            Application::start(run, &plan.launch(settings), self.log.clone()).await.map_err(Failure::NotUp)?;
        let changes = difference(&plan.settings, settings);
        let changes = if changes.is_empty() { "none".to_owned() } else { changes };
        tracing::info!(
            component = plan.component,
            pid = application.pid,
            "started the application (changed from the configuration: {changes})"
        );
        self.application = Some(application);
        Ok(())
    }

    /// Waits until the application is healthy and has stayed up for `hold`. It is left as it is when that fails, unless
    /// it has ended.
    async fn up(&mut self, hold: Duration, interrupt: &Interrupt) -> Result<u64, Failure> {
        let Some(application) = &mut self.application else {
            return Err(Failure::NotUp("it does not run".into()));
        };
        let (run, started) = (application.run, application.started);
        let outcome = tokio::select! {
            biased;
            how = application.ended() => Err(how),
            why = interrupt.raised() => return Err(Failure::Interrupted(why)),
            result = healthy(&self.shared.plan, started, hold) => Ok(result),
        };
        let outcome = match outcome {
            // Somebody else may have answered in the place of one that has just ended.
            Ok(Ok(())) => application.ended_now().await.map_or(Ok(Ok(())), Err),
            other => other,
        };
        match outcome {
            Ok(Ok(())) => Ok(run),
            Ok(Err(missing)) => Err(Failure::NotUp(with_output(&missing, &application.tail()))),
            Err(how) => {
                self.has_ended(&how).await;
                let how = self.ended.as_ref().map_or(how, |ended| ended.how.clone());
                Err(Failure::NotUp(format!("it ended before it was healthy: {how}")))
            }
        }
    }
}

/// How the application ended, once it has; never without one.
async fn ended(application: &mut Option<Application>) -> String {
    match application {
        Some(application) => application.ended().await,
        None => std::future::pending().await,
    }
}

fn with_output(what: &str, output: &str) -> String {
    if output.is_empty() {
        format!("{what} (it printed nothing)")
    } else {
        format!("{what}; its last output:\n{output}")
    }
}

async fn healthy(plan: &Plan, started: Instant, hold: Duration) -> Result<(), String> {
    let health = &plan.health;
    let mut missing = String::new();
    let attempts = async {
        while let Err(error) = health.attempt(started.elapsed()).await {
            missing = error;
            tokio::time::sleep(health.interval).await;
        }
    };
    if tokio::time::timeout(health.timeout, attempts).await.is_err() {
        let limit = crate::model::Duration::from(health.timeout);
        return Err(format!("it was not healthy within {limit} (`health.timeout`): {missing}"));
    }
    tokio::time::sleep(hold).await;
    Ok(())
}

/// Waits, for as long as a stop may take, until nobody listens where the application is to listen.
async fn port_is_free(plan: &Plan) -> Result<(), String> {
    let deadline = Instant::now() + plan.stop;
    while plan.health.address_taken().await {
        if Instant::now() >= deadline {
            let address = plan.health.address().map(ToString::to_string).unwrap_or_default();
            return Err(format!(
                "port in use by another process: something already accepts connections at {address}; end it, or give \
                 the application another port in `command` and `health`"
            ));
        }
        tokio::time::sleep(PORT_INTERVAL).await;
    }
    Ok(())
}
