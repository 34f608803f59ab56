//! Load over HTTP at a constant rate.
//!
//! The load is *open-loop*: each request has a time at which it is to be sent, whatever became of those before it,
//! and its latency counts from that time. A server that stalls is thus seen with the latencies its users would have
//! seen (no coordinated omission). Where the bound of requests in flight keeps requests from being sent, they wait, and
//! their latency counts from when they were due; those that wait too long, or until the end, are errors, and the
//! achieved rate is below the asked one.

mod attack;
mod config;
mod crew;
mod http;
mod origin;
mod phase;
mod rate;
mod report;
mod schedule;
mod target;
mod timer;
mod tls;

use std::fmt::Write as _;

use async_trait::async_trait;

pub use config::LoadConfiguration;
pub use rate::{InvalidRate, Rate, RateText};
pub use report::metrics;
pub use target::{Target, TargetFormat};

use self::attack::{Outcome, Profile, Stopped};
use self::http::Options;
use crate::config::Problem;
use crate::connector::{Configurable, Connector, Maturity, Metadata, Subscriptions};
use crate::event::{Context, ErrorKind, EventError};
use crate::model::{Control, Description, Duration, Measurement, Metric};

/// Sends HTTP requests at a constant rate and measures throughput, errors and latencies.
///
/// A measurement is a warm-up of `control.warmup` whose results are dropped, then load for `control.duration`, then a
/// wait of `control.delay`. Requests are sent on the same connections in both parts. Redirects are not followed.
/// Statuses from 200 to 399 are successes.
pub struct LoadConnector {
    config: LoadConfiguration,
    rate: Rate,
    targets: Vec<Target>,
}

impl Configurable for LoadConnector {
    type Config = LoadConfiguration;

    const METADATA: Metadata = Metadata {
        name: "load",
        class_name: "LoadConnector",
        description: "HTTP load at a constant rate",
        version: env!("CARGO_PKG_VERSION"),
        maturity: Maturity::Experimental,
    };

    fn check(config: &LoadConfiguration) -> Vec<Problem> {
        config.problems()
    }

    fn new(_name: &str, config: LoadConfiguration) -> Result<Self, String> {
        if let Some(problem) = config.problems().into_iter().next() {
            return Err(problem.message);
        }
        let rate = config.rate.rate().map_err(|error| error.to_string())?;
        let targets = config
            .read_targets()
            .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; "))?;
        Ok(Self { config, rate, targets })
    }
}

#[async_trait]
impl Connector for LoadConnector {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["describe", "metrics", "measure"])
    }

    async fn describe(&self, _control: &Control, _context: &Context) -> Result<Description, EventError> {
        Ok(Description { components: Vec::new(), metrics: metrics() })
    }

    async fn metrics(&self, _context: &Context) -> Result<Vec<Metric>, EventError> {
        Ok(metrics())
    }

    /// Takes a measurement of those metrics. The load runs even when none of them is this connector's: others may
    /// measure what it does to the application.
    async fn measure(
        &self,
        wanted: &[String],
        control: &Control,
        context: &Context,
    ) -> Result<Measurement, EventError> {
        let failed = |text: String| EventError::new(ErrorKind::MeasurementFailed, text);
        if control.duration <= Duration::ZERO {
            return Err(failed(format!("the load needs a duration longer than zero; it is {}", control.duration)));
        }
        let (warmup, duration, delay) = (control.warmup.to_std(), control.duration.to_std(), control.delay.to_std());
        let whole = (warmup + duration + delay).as_secs_f64();
        let profile = Profile {
            targets: self.targets.clone(),
            options: Options {
                http2: self.config.http2,
                keepalive: self.config.keepalive,
                insecure: self.config.insecure,
                max_body: u64::try_from(self.config.max_body).ok(),
            },
            rate: self.rate,
            warmup,
            duration,
            interval: self.config.reporting_interval.to_std(),
            workers: self.config.workers as usize,
            max_in_flight: self.config.max_in_flight() as usize,
        };
        let summary = self.summary(control);
        tracing::info!("{summary}");

        // Dropped with this future: the thread of the attack ends even when nobody cancels.
        let stop = context.cancelled.child_token();
        let _ends_with_this_call = stop.clone().drop_guard();
        let progress = context.clone();
        let headline = format!("load of {} at {}", self.label(), self.config.rate);
        let observer = Box::new(move |elapsed: std::time::Duration, text: String| {
            progress.report(elapsed.as_secs_f64() / whole * 100.0, format!("{headline}: {text}"));
        });
        let outcome = match attack::run(profile, stop, observer).await {
            Ok(outcome) => outcome,
            Err(Stopped::Cancelled) => return Err(cancelled()),
            Err(Stopped::Failed(text)) => return Err(failed(format!("{}: {text}", self.label()))),
        };
        if outcome.connected == 0 {
            let reason = outcome.errors.first().unwrap_or("no request was due");
            return Err(failed(format!("no request reached the target {}: {reason}", self.label())));
        }
        if !delay.is_zero() {
            let progress = (warmup + duration).as_secs_f64() / whole * 100.0;
            context.report(progress, format!("waiting {} after the load", control.delay));
            tokio::select! {
                biased;
                () = context.cancelled.cancelled() => return Err(cancelled()),
                () = tokio::time::sleep(delay) => {}
            }
        }
        Ok(self.measurement(&outcome, wanted, summary, duration))
    }
}

fn cancelled() -> EventError {
    EventError::new(ErrorKind::Cancelled, "the load was cancelled")
}

impl LoadConnector {
    fn label(&self) -> String {
        match self.targets.as_slice() {
            [one] => one.label(),
            [first, ..] => format!("{} and {} more", first.label(), self.targets.len() - 1),
            [] => "nothing".to_owned(),
        }
    }

    fn summary(&self, control: &Control) -> String {
        format!(
            "Loading {} URL(s) for {} (delay of {}, warmup of {}) at a rate of {} (reporting every {})",
            self.targets.len(),
            control.duration,
            control.delay,
            control.warmup,
            self.config.rate,
            self.config.reporting_interval,
        )
    }

    fn measurement(
        &self,
        outcome: &Outcome,
        wanted: &[String],
        summary: String,
        duration: std::time::Duration,
    ) -> Measurement {
        let mut measurement =
            Measurement { readings: report::readings(&outcome.points, wanted), ..Measurement::default() };
        let achieved = outcome.sent as f64 / duration.as_secs_f64();
        let asked =
            self.rate.per_second().map_or_else(|| "as many as possible".to_owned(), |rate| format!("{rate:.2}"));
        let mut rate = format!("asked for {asked} requests a second, achieved {achieved:.2}");
        if outcome.given_up > 0 {
            let _ = write!(rate, " ({} requests could not be sent)", outcome.given_up);
        }
        tracing::info!("load: {rate}");
        measurement.annotations.insert("load_profile".to_owned(), summary);
        measurement.annotations.insert("load_rate".to_owned(), rate);
        if let Some(errors) = outcome.errors.text() {
            measurement.annotations.insert("errors".to_owned(), errors);
        }
        measurement
    }
}
