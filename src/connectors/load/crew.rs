//! The workers of an attack. Each sends one request at a time.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Instant;

use super::http::{Client, Lane};
use super::phase::{Job, Phase, TIMEOUT};

/// The most workers that are added at once. When the machine itself was away for a moment, the workers there are catch
/// up; a burst of new connections would be a load of its own.
const ADDED_AT_ONCE: usize = 16;

/// A request and the phase it belongs to.
type Order = (Job, Rc<Phase>);

/// Where a worker without work is handed the next.
#[derive(Default)]
struct Desk {
    order: Cell<Option<Order>>,
    waker: RefCell<Option<Waker>>,
}

/// The workers, all on one thread.
pub(super) struct Crew {
    client: Client,
    limit: usize,
    workers: Cell<usize>,
    /// The workers without work: the last one to finish is the first to work again, so that few connections are warm.
    idle: RefCell<Vec<Rc<Desk>>>,
    phase: RefCell<Rc<Phase>>,
}

impl Crew {
    /// A crew of `workers` at the begin and `limit` at most.
    pub(super) fn new(client: Client, workers: usize, limit: usize, phase: Rc<Phase>) -> Rc<Self> {
        let crew = Rc::new(Self {
            client,
            limit,
            workers: Cell::new(0),
            idle: RefCell::new(Vec::new()),
            phase: RefCell::new(phase),
        });
        for _ in 0..workers.min(limit) {
            let desk = Rc::new(Desk::default());
            crew.idle.borrow_mut().push(desk.clone());
            crew.add(desk);
        }
        crew
    }

    /// Works on that phase from now on; requests under way still count for theirs.
    pub(super) fn begin(&self, phase: Rc<Phase>) {
        *self.phase.borrow_mut() = phase;
    }

    /// Hands out what is due, to idle workers and then to new ones; gives whether more may be added at once.
    pub(super) fn dispatch(self: &Rc<Self>, now: Instant) -> bool {
        let phase = self.phase.borrow().clone();
        let mut added = 0;
        loop {
            let idle = self.idle.borrow_mut().pop();
            let room = self.workers.get() < self.limit;
            if idle.is_none() && (!room || added == ADDED_AT_ONCE) {
                return room;
            }
            let Some(job) = phase.take(now) else {
                self.idle.borrow_mut().extend(idle);
                return false;
            };
            let order = Some((job, phase.clone()));
            if let Some(desk) = idle {
                desk.order.set(order);
                if let Some(waker) = desk.waker.borrow_mut().take() {
                    waker.wake();
                }
            } else {
                added += 1;
                let desk = Desk { order: Cell::new(order), waker: RefCell::new(None) };
                self.add(Rc::new(desk));
            }
        }
    }

    fn add(self: &Rc<Self>, desk: Rc<Desk>) {
        self.workers.set(self.workers.get() + 1);
        tokio::task::spawn_local(self.clone().work(desk));
    }

    async fn work(self: Rc<Self>, desk: Rc<Desk>) {
        let mut lane = self.client.lane();
        let mut order = desk.next(&mut lane).await;
        loop {
            let ok = self.carry_out(&mut lane, &order).await;
            if !ok {
                // A refused connection may never have waited for anything: let the others have a turn.
                tokio::task::yield_now().await;
            }
            let phase = self.phase.borrow().clone();
            order = if let Some(job) = phase.take(Instant::now()) {
                (job, phase)
            } else {
                drop(phase);
                self.idle.borrow_mut().push(desk.clone());
                desk.next(&mut lane).await
            };
        }
    }

    /// Sends a request and counts what became of it; gives whether there was an answer.
    async fn carry_out(&self, lane: &mut Lane, (job, phase): &Order) -> bool {
        let answer = tokio::time::timeout(TIMEOUT, self.client.send(lane, job.number)).await;
        let now = Instant::now();
        match &answer {
            Ok(Ok(status)) => phase.ended(job, now, lane.connected, Ok(*status)),
            Ok(Err(failure)) => phase.ended(job, now, lane.connected, Err(&failure.text)),
            Err(_) => {
                let text = format!("no answer within {} s", TIMEOUT.as_secs());
                phase.ended(job, now, lane.connected, Err(&text));
            }
        }
        matches!(answer, Ok(Ok(_)))
    }
}

impl Desk {
    /// Waits for an order, and minds the idle connections meanwhile.
    async fn next(&self, lane: &mut Lane) -> Order {
        poll_fn(|context| {
            if let Some(order) = self.order.take() {
                return Poll::Ready(order);
            }
            lane.poll_idle(context);
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }
}
