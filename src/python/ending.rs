//! The end of a process that has the engine in it.
//!
//! A thread that asks for the GIL of an interpreter that ends is ended by Python, which Rust answers with an abort. A
//! future of the engine wakes up its loop and lets go of Python's objects only then: the program may have come to its end
//! in between. So the threads of the engine are brought to a halt before the interpreter ends: its workers, and those for
//! blocking work, from where results go to Python.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3_async_runtimes::tokio::{get_runtime, init};

/// How many threads there are for blocking work. All of them are made to stand still, so it is no large number.
const BLOCKING: usize = 64;
/// How long an engine that is at work is waited for.
const WITHIN: Duration = Duration::from_secs(1);
/// How long its threads stand still: for ever, unless something else keeps the process, which may need them.
const STILL: Duration = Duration::from_secs(10);
/// How often is looked whether they do.
const LOOK: Duration = Duration::from_micros(200);

/// The process that has threads of the engine; 0 as long as none was needed. A fork has none of them.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Sees to an end in order; called when the module is imported.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .enable_all()
        .thread_name("servo-engine")
        .max_blocking_threads(BLOCKING)
        .on_thread_start(|| PROCESS.store(std::process::id(), Ordering::Release));
    init(builder);
    let halt = wrap_pyfunction!(halt_engine, module)?;
    module.py().import("atexit")?.call_method1("register", (halt,))?;
    Ok(())
}

/// Brings the threads of the engine to a halt, between two pieces of work; waits for a second at the most.
#[pyfunction]
fn halt_engine(py: Python<'_>) {
    if PROCESS.load(Ordering::Acquire) != std::process::id() {
        return;
    }
    let runtime = get_runtime();
    let workers = runtime.metrics().num_workers();
    py.detach(|| {
        let deadline = Instant::now() + WITHIN;
        // Workers first: they are who gives blocking work.
        wait_for(workers, deadline, |halt| drop(runtime.spawn(async move { halt.stand_still() })));
        wait_for(BLOCKING, deadline, |halt| drop(runtime.spawn_blocking(move || halt.stand_still())));
    });
}

/// Gives so many threads a halt, and waits until they have come to it.
fn wait_for(threads: usize, deadline: Instant, give: impl Fn(Halt)) {
    let halted = Arc::new(AtomicUsize::new(0));
    for _ in 0..threads {
        give(Halt(Arc::clone(&halted)));
    }
    while halted.load(Ordering::Acquire) < threads && Instant::now() < deadline {
        std::thread::sleep(LOOK);
    }
}

/// Work of no other use than to keep a thread. What was given before it is done when all threads have one.
struct Halt(Arc<AtomicUsize>);

impl Halt {
    fn stand_still(self) {
        self.0.fetch_add(1, Ordering::AcqRel);
        // It is the thread that stands still, not a task.
        std::thread::sleep(STILL);
    }
}
