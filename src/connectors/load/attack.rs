//! An attack from begin to end, on a thread of its own.

use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::crew::Crew;
use super::http::{Client, Options};
use super::phase::{Phase, TIMEOUT};
use super::rate::Rate;
use super::report::{Errors, Point};
use super::schedule::Schedule;
use super::target::Target;
use super::timer::Timer;

/// The shortest sleep of the pacer: what falls due meanwhile is sent together.
const TICK: Duration = Duration::from_micros(200);

/// The pace of the loop while it has nothing to time exactly.
const CALM_TICK: Duration = Duration::from_millis(1);

/// The most points of a measurement.
const POINTS: u32 = 10_000;

/// What is to be done.
pub(super) struct Profile {
    pub(super) targets: Vec<Target>,
    pub(super) options: Options,
    pub(super) rate: Rate,
    pub(super) warmup: Duration,
    pub(super) duration: Duration,
    /// The time between two points.
    pub(super) interval: Duration,
    pub(super) workers: usize,
    pub(super) max_in_flight: usize,
}

/// What came of it.
pub(super) struct Outcome {
    pub(super) points: Vec<Point>,
    pub(super) sent: u64,
    pub(super) given_up: u64,
    /// How many requests had a connection.
    pub(super) connected: u64,
    pub(super) errors: Errors,
}

/// Why there is no outcome.
#[derive(Debug)]
pub(super) enum Stopped {
    Cancelled,
    Failed(String),
}

/// Told every second how much time has passed, and a line for people.
pub(super) type Observer = Box<dyn FnMut(Duration, String) + Send>;

/// Runs an attack on a thread of its own, so that nothing else in the process disturbs its pace. The thread ends
/// when `stop` is cancelled, whether or not somebody waits for the outcome.
pub(super) async fn run(profile: Profile, stop: CancellationToken, observer: Observer) -> Result<Outcome, Stopped> {
    let (sender, outcome) = oneshot::channel();
    let body = move || {
        let built = Builder::new_current_thread().enable_all().build_local(LocalOptions::default());
        let result = match built {
            Err(error) => Err(Stopped::Failed(format!("the load generator cannot start: {error}"))),
            Ok(runtime) => {
                let result = runtime.block_on(attack(&profile, &stop, observer));
                // A look-up of a host name may hang in a thread that cannot be stopped: it is not waited for.
                runtime.shutdown_background();
                result
            }
        };
        // Nobody may be waiting any more.
        sender.send(result).ok();
    };
    std::thread::Builder::new()
        .name("load".to_owned())
        .spawn(body)
        .map_err(|error| Stopped::Failed(format!("the load generator cannot start a thread: {error}")))?;
    outcome.await.unwrap_or_else(|_| Err(Stopped::Failed("the load generator ended unexpectedly".to_owned())))
}

async fn attack(profile: &Profile, stop: &CancellationToken, observer: Observer) -> Result<Outcome, Stopped> {
    let client = Client::new(&profile.targets, profile.options).map_err(Stopped::Failed)?;
    let limit = in_flight_limit(profile.max_in_flight, client.origins());
    let begin = Instant::now();
    let warmup = Rc::new(Phase::new(begin, Schedule::new(profile.rate, profile.warmup)));
    let crew = Crew::new(client, profile.workers, limit, warmup.clone());
    let timer = Timer::new().map_err(|error| Stopped::Failed(format!("the load generator has no timer: {error}")))?;
    let mut pacer = Pacer {
        stop,
        observer,
        timer,
        crew,
        limit,
        begin,
        interval_begin: begin,
        next_look: begin + Duration::from_secs(1),
    };

    if !profile.warmup.is_zero() {
        pacer.pace(&warmup, begin + profile.warmup, "warm-up").await?;
        warmup.close(Instant::now(), limit as u64);
    }
    let begin = begin + profile.warmup;
    let end = begin + profile.duration;
    let phase = Rc::new(Phase::new(begin, Schedule::new(profile.rate, profile.duration)));
    pacer.crew.begin(phase.clone());
    pacer.interval_begin = begin;
    let asked = profile.rate.per_second();
    let interval = profile.interval.min(profile.duration).max(profile.duration / POINTS);
    let mut points = Vec::new();
    let mut from = begin;
    while from + interval < end {
        let to = from + interval;
        pacer.pace(&phase, to, "").await?;
        let mut tally = phase.tally.borrow_mut();
        points.push(tally.point(Timestamp::now(), interval, interval, asked));
        tally.clear();
        from = to;
        pacer.interval_begin = from;
    }
    pacer.pace(&phase, end, "").await?;
    // A few may just be waiting for their turn: with enough workers for the rate they are not to be errors.
    let grace = Instant::now() + (profile.duration / 10).min(Duration::from_secs(1));
    while phase.has_waiting() && Instant::now() < grace {
        pacer.rest(&phase, Instant::now() + CALM_TICK, "").await?;
    }
    phase.close(Instant::now(), limit as u64);
    // What is under way has its own timeout; the deadline only guards against a mistake.
    let deadline = Instant::now() + TIMEOUT + Duration::from_secs(1);
    while phase.in_flight() > 0 && Instant::now() < deadline {
        pacer.rest(&phase, Instant::now() + CALM_TICK, "waiting for the last answers").await?;
    }
    let span = from.elapsed().max(end - from);
    points.push(phase.tally.borrow().point(Timestamp::now(), span, end - from, asked));
    Ok(Outcome {
        points,
        sent: phase.sent(),
        given_up: phase.given_up(),
        connected: phase.connected(),
        errors: phase.errors.take(),
    })
}

/// Lets requests go at their times.
struct Pacer<'a> {
    stop: &'a CancellationToken,
    observer: Observer,
    timer: Timer,
    crew: Rc<Crew>,
    limit: usize,
    begin: Instant,
    /// When the interval began that `Phase::tally` counts.
    interval_begin: Instant,
    next_look: Instant,
}

impl Pacer<'_> {
    /// Sends what is due until then.
    async fn pace(&mut self, phase: &Phase, end: Instant, remark: &str) -> Result<(), Stopped> {
        loop {
            let now = Instant::now();
            let more = self.crew.dispatch(now);
            phase.give_up_overdue(now, self.limit as u64);
            // What fell due while the machine was away is still sent.
            if now >= end && !more {
                return Ok(());
            }
            // Requests that wait are taken by the workers that become free; the pacer only adds workers.
            let waiting = now + if more { TICK } else { CALM_TICK };
            let next = phase.next_due(now).map_or(waiting, |due| due.max(now + TICK));
            self.rest(phase, next.min(end.max(now + TICK)), remark).await?;
        }
    }

    /// Sleeps until then, and tells how it goes.
    async fn rest(&mut self, phase: &Phase, until: Instant, remark: &str) -> Result<(), Stopped> {
        let now = Instant::now();
        if now >= self.next_look {
            self.next_look = now + Duration::from_secs(1);
            let text = if remark.is_empty() {
                let elapsed = now.saturating_duration_since(self.interval_begin);
                phase.tally.borrow().point(Timestamp::UNIX_EPOCH, elapsed, elapsed, None).summary()
            } else {
                remark.to_owned()
            };
            (self.observer)(now - self.begin, text);
        }
        let until = until.min(self.next_look);
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Stopped::Cancelled),
            slept = self.timer.sleep_until(until) => {
                slept.map_err(|error| Stopped::Failed(format!("the load generator's timer failed: {error}")))
            }
        }
    }
}

/// The most requests in flight that the limit of open files leaves room for.
fn in_flight_limit(wanted: usize, origins: usize) -> usize {
    let room = open_files().map_or(usize::MAX, |limit| limit.saturating_sub(RESERVED_FILES) / origins);
    if room < wanted {
        tracing::debug!("the limit of open files leaves room for {room} of {wanted} workers");
    }
    wanted.min(room).max(1)
}

/// Open files that are left for the rest of the process.
const RESERVED_FILES: usize = 128;

#[cfg(unix)]
fn open_files() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    usize::try_from(limit).ok()
}

#[cfg(not(unix))]
fn open_files() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_room_for_one() {
        assert_eq!(in_flight_limit(1, 1_000_000_000), 1);
        assert_eq!(in_flight_limit(5, 1), 5);
    }
}
