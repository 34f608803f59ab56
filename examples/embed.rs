//! Optimizes a piece of this very program: how many threads, and which block size, checksum a buffer fastest.
//!
//! `cargo run --release --example embed`
//!
//! A connector in Rust, the local optimizer with its `random` sampler, and no Python in the process.

use std::hash::Hasher;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde_json::json;
use servox::connector::{Connector, Subscriptions};
use servox::event::{Context, ErrorKind, EventError};
use servox::model::{
    Adjustment, Component, Control, DataPoint, Description, Measurement, Metric, Reading, Setting, Unit, Value,
};
use servox::optimizer::local::{LocalOptimizer, NativeSamplers};
use servox::runner::{Runner, Servo, Stop};

/// Checksums a buffer again and again, the way its settings say.
struct Checksum {
    buffer: Arc<[u8]>,
    settings: Mutex<Vec<Setting>>,
}

impl Checksum {
    fn new() -> Self {
        let settings =
            vec![Setting::range("threads", 1, 4, 1, 1), Setting::choice("block", [64, 1_024, 16_384, 262_144], 64)];
        Self { buffer: vec![7; 16 << 20].into(), settings: Mutex::new(settings) }
    }

    fn description(&self) -> Description {
        let settings = self.settings.lock().expect("no one panics with the lock").clone();
        let metrics = vec![Metric::new("throughput", Unit::RequestsPerSecond)];
        Description { components: vec![Component::new("checksum", settings)], metrics }
    }

    fn number(&self, name: &str) -> usize {
        let settings = self.settings.lock().expect("no one panics with the lock");
        let found = settings.iter().find(|setting| setting.name == name).and_then(|setting| setting.value.as_ref());
        found.and_then(Value::as_f64).map_or(1, |number| number as usize)
    }

    /// Whole buffers per second.
    fn throughput(buffer: &[u8], threads: usize, block: usize, time: Duration) -> f64 {
        let started = Instant::now();
        let mut rounds = 0;
        while started.elapsed() < time {
            std::thread::scope(|scope| {
                for part in buffer.chunks(buffer.len().div_ceil(threads)) {
                    scope.spawn(move || {
                        let mut hasher = std::collections::hash_map::DefaultHasher::new();
                        part.chunks(block).for_each(|block| hasher.write(block));
                        std::hint::black_box(hasher.finish())
                    });
                }
            });
            rounds += 1;
        }
        f64::from(rounds) / started.elapsed().as_secs_f64()
    }
}

#[async_trait]
impl Connector for Checksum {
    fn subscriptions(&self) -> Subscriptions {
        Subscriptions::on(["describe", "measure", "adjust"])
    }

    async fn describe(&self, _: &Control, _: &Context) -> Result<Description, EventError> {
        Ok(self.description())
    }

    async fn measure(&self, _: &[String], control: &Control, _: &Context) -> Result<Measurement, EventError> {
        let (buffer, threads, block) = (self.buffer.clone(), self.number("threads"), self.number("block"));
        let time = control.duration.to_std();
        let value = tokio::task::spawn_blocking(move || Self::throughput(&buffer, threads, block, time))
            .await
            .map_err(|error| EventError::new(ErrorKind::MeasurementFailed, error.to_string()))?;
        let metric = Metric::new("throughput", Unit::RequestsPerSecond);
        let point = DataPoint { metric, time: jiff::Timestamp::now(), value };
        Ok(Measurement { readings: vec![Reading::DataPoint(point)], ..Measurement::default() })
    }

    async fn adjust(&self, adjustments: &[Adjustment], _: &Control, _: &Context) -> Result<Description, EventError> {
        {
            let mut settings = self.settings.lock().expect("no one panics with the lock");
            for adjustment in adjustments.iter().filter(|adjustment| adjustment.component_name == "checksum") {
                for setting in settings.iter_mut().filter(|setting| setting.name == adjustment.setting_name) {
                    let accepted = setting.accept(&adjustment.value);
                    setting.value = Some(
                        accepted.map_err(|error| EventError::new(ErrorKind::AdjustmentRejected, error.to_string()))?,
                    );
                }
            }
        }
        Ok(self.description())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("servox-embed-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let config = serde_json::from_value(json!({
        "sampler": "random",
        "seed": 1,
        "goal": {"objective": "maximize", "metric": "throughput"},
        "trial": {"duration": "200ms"},
        "budget": {"trials": 8},
        "storage": format!("sqlite:///{}", directory.join("trials.db").display()),
    }))?;
    let optimizer = Arc::new(LocalOptimizer::open(config, "embed", Arc::new(NativeSamplers), None)?);
    let servo = Servo::builder("embed").connector("checksum", Checksum::new()).build();
    Runner::new(servo, optimizer.clone(), Stop::new()).run().await?;

    for note in optimizer.board().drain() {
        println!("{}", note.text);
    }
    let report = optimizer.board().report().ok_or("the run ended without a report")?;
    println!("{}", report.sentence);
    std::fs::remove_dir_all(directory)?;
    Ok(())
}
