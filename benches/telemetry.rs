//! What spans and metrics cost a dispatch: without anyone who listens, and with each.
//!
//! ```text
//! cargo bench --bench telemetry
//! ```

use std::sync::OnceLock;

use async_trait::async_trait;
use divan::Bencher;
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, EventError};
use servox::model::{Component, Control, Description};
use servox::runner::Servo;
use servox::telemetry::Metrics;

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

fn servo() -> Servo {
    (0..3).fold(Servo::builder("bench"), |servo, at| servo.connector(format!("c{at}"), Describes)).build()
}

/// Three connectors describe at once.
fn dispatch(bencher: Bencher) {
    let servo = servo();
    let context = servo.context();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    bencher.bench_local(|| runtime.block_on(servo.describe(Control::default(), &context)));
}

#[divan::bench]
fn a_nobody_listens(bencher: Bencher) {
    dispatch(bencher);
}

#[divan::bench]
fn b_metrics(bencher: Bencher) {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS.get_or_init(Metrics::install);
    dispatch(bencher);
}

#[divan::bench]
fn c_metrics_and_spans(bencher: Bencher) {
    Metrics::install();
    let subscriber = tracing_subscriber::FmtSubscriber::builder()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::with_default(subscriber, || dispatch(bencher));
}

fn main() {
    // As `cargo test --all-targets` runs it: once each.
    divan::main();
}
