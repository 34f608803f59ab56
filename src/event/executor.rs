//! Runs the plan of a dispatch on tokio.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use tracing::Instrument;

use super::{Answer, Call, Context, ErrorKind, EventError, Options, Plan, Preposition, Responder};
use crate::telemetry::counting;
use crate::telemetry::spans::span;

/// What one handler gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The connector it belongs to.
    pub connector: String,
    /// Its answer, or its failure where [`Options::keep_errors`] is set.
    pub result: Result<Answer, EventError>,
}

/// How a dispatch ended, where it did not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Dispatched {
    /// All handlers ran. The outcomes stand in the order of the bus.
    Completed(Vec<Outcome>),
    /// A before-handler cancelled the event; nothing else ran.
    Cancelled(EventError),
}

impl Dispatched {
    /// The outcomes; none when the event was cancelled.
    pub fn outcomes(self) -> Vec<Outcome> {
        match self {
            Self::Completed(outcomes) => outcomes,
            Self::Cancelled(_) => Vec::new(),
        }
    }
}

/// Calls the handlers of an event: before, on, after, each phase at once for all its responders.
///
/// The first failure of a phase ends it: the handlers that still run are dropped at their next `.await`.
/// All failures known by then are folded into one (see [`EventError::of_group`]).
pub async fn dispatch(
    bus: &[Arc<dyn Responder>],
    call: &Call,
    options: &Options,
    context: &Context,
) -> Result<Dispatched, EventError> {
    let plan = Plan::new(bus, call.event(), options);
    let span = span!(DEBUG, "event", servo = &*context.servo, event = call.event(), connectors = plan.on.len());
    let result = carry_out(&plan, bus, call, options, context).instrument(span).await;
    if counting() {
        let outcome = match &result {
            Ok(Dispatched::Completed(_)) => "ok",
            Ok(Dispatched::Cancelled(_)) => "cancelled",
            Err(error) => error.status(),
        };
        metrics::counter!("servo_events_total", "event" => call.event().to_owned(), "outcome" => outcome).increment(1);
    }
    result
}

async fn carry_out(
    plan: &Plan,
    bus: &[Arc<dyn Responder>],
    call: &Call,
    options: &Options,
    context: &Context,
) -> Result<Dispatched, EventError> {
    let members = plan.before.iter().map(|&at| &bus[at]);
    if let Err(error) = together(members, Preposition::Before, call, &[], context).await {
        if error.kind == ErrorKind::Cancelled {
            tracing::warn!(event = call.event(), connector = error.connector, "event cancelled: {}", error.message);
            return Ok(Dispatched::Cancelled(error));
        }
        return Err(error);
    }

    let members = plan.on.iter().map(|&at| &bus[at]);
    let outcomes = if options.first {
        first(members, call, options, context).await?
    } else if options.keep_errors {
        every(members, call, context).await
    } else {
        together(members, Preposition::On, call, &[], context).await?
    };

    let members = plan.after.iter().map(|&at| &bus[at]);
    together(members, Preposition::After, call, &outcomes, context).await?;
    Ok(Dispatched::Completed(outcomes))
}

/// Asks one member. A handler that panics has failed like any other: the servo and its other connectors go on.
async fn ask(
    member: &Arc<dyn Responder>,
    preposition: Preposition,
    call: &Call,
    results: &[Outcome],
    context: &Context,
) -> Result<Vec<Answer>, EventError> {
    let context = context.for_responder(member.name(), call.event());
    // Nothing of the handler is used afterwards but what it shares with itself, such as the locks it poisoned.
    let answer = AssertUnwindSafe(async { member.respond(preposition, call, results, &context).await });
    let span = span!(DEBUG, "handler", connector = member.name(), event = call.event(), preposition = %preposition);
    let began = counting().then(Instant::now);
    let answer = answer.catch_unwind().instrument(span).await.unwrap_or_else(|panic| Err(of_panic(call, &*panic)));
    if let Some(began) = began {
        let (event, connector) = (call.event().to_owned(), member.kind().to_owned());
        metrics::histogram!("servo_handler_duration_seconds", "event" => event, "connector" => connector)
            .record(began.elapsed());
    }
    answer.map_err(|error| error.of_connector(member.name()))
}

fn of_panic(call: &Call, panic: &(dyn Any + Send)) -> EventError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    EventError::failed(format!("the handler of '{}' panicked, a defect of the connector: {text}", call.event()))
        .with_reason("panic")
}

/// All members at once; the outcomes in their order, or the failures as one.
async fn together<'a>(
    members: impl Iterator<Item = &'a Arc<dyn Responder>>,
    preposition: Preposition,
    call: &Call,
    results: &[Outcome],
    context: &Context,
) -> Result<Vec<Outcome>, EventError> {
    let mut running: FuturesUnordered<_> = members
        .enumerate()
        .map(|(at, member)| async move { (at, member.name(), ask(member, preposition, call, results, context).await) })
        .collect();
    let mut answers = Vec::new();
    while let Some((at, name, result)) = running.next().await {
        match result {
            Ok(given) => answers.push((at, name, given)),
            Err(error) => {
                // Those that failed at the same moment are worth telling; the rest is dropped.
                let mut errors = vec![error];
                while let Some(Some((_, _, result))) = running.next().now_or_never() {
                    errors.extend(result.err());
                }
                return Err(EventError::of_group(errors).expect("there is at least the first failure"));
            }
        }
    }
    answers.sort_by_key(|(at, _, _)| *at);
    Ok(answers
        .into_iter()
        .flat_map(|(_, name, given)| {
            given.into_iter().map(|answer| Outcome { connector: name.to_owned(), result: Ok(answer) })
        })
        .collect())
}

/// All members at once, each to its end; failures are outcomes.
async fn every<'a>(
    members: impl Iterator<Item = &'a Arc<dyn Responder>>,
    call: &Call,
    context: &Context,
) -> Vec<Outcome> {
    let running = members.map(|member| async move {
        let connector = member.name().to_owned();
        match ask(member, Preposition::On, call, &[], context).await {
            Ok(answers) => {
                answers.into_iter().map(|answer| Outcome { connector: connector.clone(), result: Ok(answer) }).collect()
            }
            Err(error) => vec![Outcome { connector, result: Err(error) }],
        }
    });
    futures::future::join_all(running).await.into_iter().flatten().collect()
}

/// One member after another, until one answers.
async fn first<'a>(
    members: impl Iterator<Item = &'a Arc<dyn Responder>>,
    call: &Call,
    options: &Options,
    context: &Context,
) -> Result<Vec<Outcome>, EventError> {
    for member in members {
        let connector = member.name().to_owned();
        match ask(member, Preposition::On, call, &[], context).await {
            Ok(answers) => {
                if let Some(answer) = answers.into_iter().next() {
                    return Ok(vec![Outcome { connector, result: Ok(answer) }]);
                }
            }
            Err(error) if options.keep_errors => return Ok(vec![Outcome { connector, result: Err(error) }]),
            Err(error) => return Err(error),
        }
    }
    Ok(Vec::new())
}
