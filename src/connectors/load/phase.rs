//! The warm-up or the measured part of an attack: which requests are due, and what became of them.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use hyper::StatusCode;

use super::report::{Errors, Tally};
use super::schedule::Schedule;

/// How long a request may take, and how long one may wait for a free worker.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// The steps in which the waits of requests given up together are told apart.
const GIVEN_UP_STEPS: u64 = 1_000;

/// A request to be sent.
pub(super) struct Job {
    pub(super) number: u64,
    /// When it was to be sent; its latency counts from here.
    pub(super) due: Instant,
}

/// The requests that wait for a worker are no list: they are the numbers between the next one and the last one due.
pub(super) struct Phase {
    pub(super) begin: Instant,
    pub(super) schedule: Schedule,
    next: Cell<u64>,
    open: Cell<bool>,
    in_flight: Cell<u64>,
    /// How many requests had a connection.
    connected: Cell<u64>,
    sent: Cell<u64>,
    given_up: Cell<u64>,
    pub(super) tally: RefCell<Tally>,
    pub(super) errors: RefCell<Errors>,
}

impl Phase {
    pub(super) fn new(begin: Instant, schedule: Schedule) -> Self {
        Self {
            begin,
            schedule,
            next: Cell::new(0),
            open: Cell::new(true),
            in_flight: Cell::new(0),
            connected: Cell::new(0),
            sent: Cell::new(0),
            given_up: Cell::new(0),
            tally: RefCell::new(Tally::new()),
            errors: RefCell::new(Errors::default()),
        }
    }

    /// The next request, if it is due.
    pub(super) fn take(&self, now: Instant) -> Option<Job> {
        let number = self.next.get();
        if !self.open.get() || number >= self.schedule.due(now.saturating_duration_since(self.begin)) {
            return None;
        }
        self.next.set(number + 1);
        self.in_flight.set(self.in_flight.get() + 1);
        self.sent.set(self.sent.get() + 1);
        self.tally.borrow_mut().sent();
        let due = self.schedule.time_of(number).map_or(now, |time| self.begin + time);
        Some(Job { number, due })
    }

    /// When the next request is due: `None` when there is none, or one waits already.
    pub(super) fn next_due(&self, now: Instant) -> Option<Instant> {
        let number = self.next.get();
        if number >= self.schedule.total() {
            return None;
        }
        self.schedule.time_of(number).map(|time| self.begin + time).filter(|due| *due > now)
    }

    /// Whether there are requests that were not sent yet, and are at a time of their own.
    pub(super) fn has_waiting(&self) -> bool {
        let number = self.next.get();
        number < self.schedule.total() && self.schedule.time_of(number).is_some()
    }

    /// A request ended: with a status, or with the text of an error.
    pub(super) fn ended(&self, job: &Job, now: Instant, connected: bool, result: Result<StatusCode, &str>) {
        self.in_flight.set(self.in_flight.get() - 1);
        if connected {
            self.connected.set(self.connected.get() + 1);
        }
        let ok = result.is_ok_and(|status| (200..400).contains(&status.as_u16()));
        self.tally.borrow_mut().ended(now.saturating_duration_since(job.due), ok, 1);
        if !ok {
            let mut errors = self.errors.borrow_mut();
            match result {
                // An unknown code has no reason phrase.
                Ok(status) => match status.canonical_reason() {
                    Some(_) => errors.add(&status.to_string(), 1),
                    None => errors.add(status.as_str(), 1),
                },
                Err(text) => errors.add(text, 1),
            }
        }
    }

    /// Gives up the requests that have waited too long for a worker.
    pub(super) fn give_up_overdue(&self, now: Instant, limit: u64) {
        if let Some(time) = now.saturating_duration_since(self.begin).checked_sub(TIMEOUT) {
            self.give_up(self.schedule.due(time), now, limit);
        }
    }

    /// Gives up all requests that still wait for a worker, and takes no more.
    pub(super) fn close(&self, now: Instant, limit: u64) {
        self.open.set(false);
        self.give_up(self.schedule.total(), now, limit);
    }

    /// Gives up the requests before `end`. Each is an error, and the time it waited is the least its latency would
    /// have been: leaving it out would hide the overload.
    fn give_up(&self, end: u64, now: Instant, limit: u64) {
        let begin = self.next.get();
        if begin >= end || self.schedule.time_of(begin).is_none() {
            return;
        }
        self.next.set(end);
        self.given_up.set(self.given_up.get() + (end - begin));
        let mut tally = self.tally.borrow_mut();
        let step = (end - begin).div_ceil(GIVEN_UP_STEPS);
        let mut number = begin;
        while number < end {
            let count = step.min(end - number);
            let due = self.schedule.time_of(number + count / 2).map_or(now, |time| self.begin + time);
            tally.ended(now.saturating_duration_since(due), false, count);
            number += count;
        }
        let text = format!("not sent, all {limit} workers were busy (max_workers, connections, open files)");
        self.errors.borrow_mut().add(&text, end - begin);
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.get()
    }

    pub(super) fn connected(&self) -> u64 {
        self.connected.get()
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.get()
    }

    pub(super) fn given_up(&self) -> u64 {
        self.given_up.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn phase(rate: &str, seconds: u32) -> (Instant, Phase) {
        let begin = Instant::now();
        (begin, Phase::new(begin, Schedule::new(rate.parse().unwrap(), SECOND * seconds)))
    }

    #[test]
    fn a_request_is_taken_when_it_is_due_and_counts_from_then() {
        let (begin, phase) = phase("2/1s", 2);
        assert_eq!(phase.take(begin).unwrap().due, begin);
        assert!(phase.take(begin).is_none());
        assert_eq!(phase.next_due(begin), Some(begin + SECOND / 2));
        let late = begin + SECOND * 60;
        assert_eq!(phase.next_due(late), None);
        for number in 1..4 {
            let job = phase.take(late).unwrap();
            assert_eq!((job.number, job.due), (number, begin + SECOND / 2 * number as u32));
        }
        assert!(phase.take(late).is_none());
        assert_eq!((phase.sent(), phase.in_flight()), (4, 4));
    }

    #[test]
    fn what_waits_longer_than_the_timeout_is_given_up_as_an_error() {
        let (begin, phase) = phase("1000/1s", 60);
        phase.give_up_overdue(begin + TIMEOUT, 7);
        assert_eq!(phase.given_up(), 1, "the first was due at the begin");
        phase.give_up_overdue(begin + TIMEOUT + SECOND, 7);
        assert_eq!(phase.given_up(), 1_001);
        assert_eq!(phase.take(begin + TIMEOUT + SECOND).unwrap().number, 1_001);
        phase.close(begin + SECOND * 60, 7);
        assert_eq!(phase.given_up() + phase.sent(), 60_000);
        assert!(phase.take(begin + SECOND * 60).is_none());
        let text = phase.errors.borrow().text().unwrap();
        assert!(text.contains("all 7 workers were busy") && text.contains("(59999 times)"), "{text}");
    }

    #[test]
    fn giving_up_is_quick_however_many_wait() {
        let (begin, phase) = phase("18446744073709551615/1h", 3_600);
        phase.close(begin + SECOND * 3_600, 1);
        assert_eq!(phase.given_up(), u64::MAX);
    }
}
