//! What a log record costs the thread that logs it, and what the spans around it cost a dispatch.
//!
//! ```text
//! cargo bench --bench logs --features logs
//! ```

use std::sync::Arc;

use async_trait::async_trait;
use divan::{AllocProfiler, Bencher};
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, EventError};
use servox::model::{Component, Control, Description};
use servox::runner::Servo;
use servox::telemetry::logs::{Levels, LogQueue, collect};

/// Tells what is allocated.
#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// The queue of this process, with records of the engine from that level on.
fn queue(level: u8) -> Arc<LogQueue> {
    let queue = collect().expect("no other subscriber");
    Levels::set(vec![("servox".to_owned(), level)]);
    while queue.take().is_some() {}
    queue
}

/// A record with two values of a level that nobody wants.
#[divan::bench]
fn a_disabled(bencher: Bencher) {
    queue(30);
    let (name, number) = (divan::black_box("shop"), divan::black_box(7));
    bencher.bench_local(|| tracing::info!(target: "servox::bench", servo = name, "a record {number}"));
}

/// The same where it is wanted, taken out of the queue again.
#[divan::bench]
fn b_enabled(bencher: Bencher) {
    let queue = queue(20);
    let (name, number) = (divan::black_box("shop"), divan::black_box(7));
    bencher.bench_local(|| {
        tracing::info!(target: "servox::bench", servo = name, "a record {number}");
        queue.take()
    });
}

/// The same while the queue is full.
#[divan::bench]
fn c_dropped(bencher: Bencher) {
    queue(20);
    let (name, number) = (divan::black_box("shop"), divan::black_box(7));
    for _ in 0..10_000 {
        tracing::info!(target: "servox::bench", servo = name, "a record {number}");
    }
    bencher.bench_local(|| tracing::info!(target: "servox::bench", servo = name, "a record {number}"));
}

struct Describes;

#[async_trait]
impl Connector for Describes {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["describe"])
    }

    async fn describe(&self, _control: &Control, _context: &Context) -> Result<Description, EventError> {
        Ok(Description {
            components: vec![Component { name: "web".into(), settings: Vec::new() }],
            metrics: Vec::new(),
        })
    }
}

/// Three connectors describe at once, and nothing is logged: the spans tell what records are about.
#[divan::bench]
fn d_dispatch(bencher: Bencher) {
    queue(30);
    let servo = (0..3).fold(Servo::builder("bench"), |servo, at| servo.connector(format!("c{at}"), Describes)).build();
    let context = servo.context();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    bencher.bench_local(|| runtime.block_on(servo.describe(Control::default(), &context)));
}

fn main() {
    // As `cargo test --all-targets` runs it: once each.
    divan::main();
}
