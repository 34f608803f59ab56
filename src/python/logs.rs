//! The engine's log records, on their way to Python.
//!
//! A thread of its own takes the GIL for them, so that no thread of the engine waits for it. Python threads that log
//! take them along first, so that lines stand in the order in which things happened.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use jiff::Timestamp;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use serde_json::json;

use crate::telemetry::logs::{Levels, LogQueue, LogRecord, Number, collect};

/// How many records a Python thread takes along that has something else to do.
const ALONG: usize = 256;
/// How often somebody looks who waits for another to show records.
const LOOK: Duration = Duration::from_millis(2);

static FORWARDED: OnceLock<Forwarded> = OnceLock::new();

/// Where records go.
struct Forwarded {
    queue: Arc<LogQueue>,
    /// Called with each record.
    receiver: Mutex<Option<Py<PyAny>>>,
    /// Somebody shows records at this moment.
    busy: AtomicBool,
    /// What cannot be shown in Python is written as JSON.
    json: AtomicBool,
    /// The process whose thread shows records, while it does; 0 otherwise.
    thread_of: AtomicU32,
}

/// Sends the engine's log records to a function, called with `(level, module, line, file, message, time, servo, connector,
/// event, command_uid)`; another call puts another function in its place.
///
/// Nothing is sent before `set_log_levels`.
#[pyfunction]
pub fn forward_logs(receiver: Py<PyAny>) {
    let Some(queue) = collect() else { return };
    let mut fresh = false;
    let forwarded = FORWARDED.get_or_init(|| {
        fresh = true;
        Forwarded {
            queue,
            receiver: Mutex::default(),
            busy: AtomicBool::new(false),
            json: AtomicBool::new(false),
            thread_of: AtomicU32::new(0),
        }
    });
    let former = forwarded.receiver().replace(receiver);
    drop(former);
    if fresh {
        forwarded.thread_of.store(std::process::id(), Ordering::Release);
        let work = std::thread::Builder::new().name("servo-logs".to_owned()).spawn(|| {
            forwarded_by_a_thread(forwarded);
            forwarded.thread_of.store(0, Ordering::Release);
        });
        if work.is_err() {
            // They are shown when Python logs, and at the end.
            forwarded.thread_of.store(0, Ordering::Release);
        }
    }
}

/// Sets from which levels on the engine logs, by module: `servox`, `servox.optimizer.local`; the longest name counts.
#[pyfunction]
pub fn set_log_levels(levels: Vec<(String, Number)>) {
    Levels::set(levels.into_iter().map(|(module, number)| (module.replace('.', "::"), number)).collect());
}

/// Sets whether records that Python cannot take any more are written to stderr as JSON.
#[pyfunction]
pub fn set_log_form(json: bool) {
    if let Some(forwarded) = FORWARDED.get() {
        forwarded.json.store(json, Ordering::Relaxed);
    }
}

/// Shows what waits, in this thread; nothing while another one does, or while a record is shown.
#[pyfunction]
pub fn show_logs(py: Python<'_>) -> PyResult<()> {
    match FORWARDED.get() {
        Some(forwarded) if !forwarded.queue.is_empty() => forwarded.show(py, ALONG).map(drop),
        _ => Ok(()),
    }
}

/// Shows all that waits, for that many seconds at the most.
#[pyfunction]
pub fn flush_logs(py: Python<'_>, within: f64) -> PyResult<()> {
    let Some(forwarded) = FORWARDED.get() else { return Ok(()) };
    if LogQueue::is_showing() {
        return Ok(());
    }
    let deadline = Instant::now() + Duration::try_from_secs_f64(within).unwrap_or_default();
    while (forwarded.busy.load(Ordering::Acquire) || !forwarded.queue.is_empty()) && Instant::now() < deadline {
        if !forwarded.show(py, ALONG)? {
            // It needs the GIL to come to an end.
            py.detach(|| std::thread::sleep(LOOK));
        }
    }
    Ok(())
}

/// Shows all that waits, for that many seconds at the most, and takes no more: what is logged from now on is of nobody.
#[pyfunction]
pub fn finish_logs(py: Python<'_>, within: f64) -> PyResult<()> {
    let flushed = flush_logs(py, within);
    if let Some(forwarded) = FORWARDED.get() {
        forwarded.queue.close();
        // A thread that asks for the GIL of an interpreter that ends would end the process.
        let deadline = Instant::now() + Duration::try_from_secs_f64(within).unwrap_or_default();
        py.detach(|| {
            while forwarded.thread_of.load(Ordering::Acquire) == std::process::id() && Instant::now() < deadline {
                std::thread::sleep(LOOK);
            }
        });
        // What was logged meanwhile.
        forwarded.write_rest();
    }
    flushed
}

/// Writes what waits to stderr, without Python: for the end of a process that cannot wait for it.
#[pyfunction]
pub fn write_logs() {
    if let Some(forwarded) = FORWARDED.get() {
        forwarded.write_rest();
    }
}

/// How many log records were dropped.
#[pyfunction]
pub fn dropped_logs() -> u64 {
    FORWARDED.get().map_or(0, |forwarded| forwarded.queue.dropped())
}

fn forwarded_by_a_thread(forwarded: &'static Forwarded) {
    while forwarded.queue.wait() {
        // A thread cannot be interrupted: there is nothing to pass on.
        let shown = Python::try_attach(|py| forwarded.show(py, usize::MAX).unwrap_or(true));
        match shown {
            Some(true) => {}
            Some(false) => std::thread::sleep(LOOK),
            // The interpreter has gone.
            None => return,
        }
    }
}

impl Forwarded {
    fn receiver(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows so many of the records that wait; false when somebody else does. Raises what is no `Exception`.
    fn show(&self, py: Python<'_>, most: usize) -> PyResult<bool> {
        if LogQueue::is_showing() || self.busy.swap(true, Ordering::AcqRel) {
            return Ok(false);
        }
        let _free = Free(&self.busy);
        let receiver = self.receiver().as_ref().map(|receiver| receiver.clone_ref(py));
        self.queue.showing(|| {
            for _ in 0..most {
                let Some(record) = self.queue.take() else { break };
                let shown = receiver.as_ref().map_or(Ok(()), |receiver| call(py, receiver, &record));
                if let Err(error) = shown {
                    self.write(&record);
                    if !error.is_instance_of::<PyException>(py) {
                        return Err(error);
                    }
                }
            }
            Ok(true)
        })
    }

    fn write_rest(&self) {
        while let Some(record) = self.queue.take() {
            self.write(&record);
        }
    }

    fn write(&self, record: &LogRecord) {
        let line = line_of(record, self.json.load(Ordering::Relaxed));
        // Whoever read stderr may have gone.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

struct Free<'a>(&'a AtomicBool);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn call(py: Python<'_>, receiver: &Py<PyAny>, record: &LogRecord) -> PyResult<()> {
    let time = record.time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let scope = &record.scope;
    let arguments = (
        record.level,
        &*record.module,
        record.line,
        record.file.as_deref(),
        &record.message,
        time,
        scope.servo.as_deref(),
        scope.connector.as_deref(),
        scope.event.as_deref(),
        scope.command_uid.as_deref(),
    );
    receiver.call1(py, arguments).map(drop)
}

/// A record as a line, as the sinks of Python write it.
fn line_of(record: &LogRecord, json: bool) -> String {
    let level = match record.level {
        5 => "TRACE",
        10 => "DEBUG",
        20 => "INFO",
        25 => "SUCCESS",
        30 => "WARNING",
        _ => "ERROR",
    };
    let module = record.module.replace("::", ".");
    let scope = &record.scope;
    let event = scope.event.as_deref().map(|event| format!("[{event}]")).unwrap_or_default();
    let component = format!("{}{event}", scope.connector.as_deref().unwrap_or("servo"));
    let time = Timestamp::try_from(record.time).unwrap_or_default();
    if json {
        let line = json!({
            "timestamp": format!("{time:.6}"),
            "level": level,
            "message": record.message,
            "module": module,
            "function": null,
            "line": record.line,
            "component": component,
            "servo": scope.servo.as_deref(),
            "connector": scope.connector.as_deref(),
            "event": scope.event.as_deref(),
            "command_uid": scope.command_uid.as_deref(),
            "exception": null,
            "extra": {},
        });
        return format!("{line}\n");
    }
    let time = time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.3f");
    format!("{time} | {level:<8} | {module}:-:{} | {component} - {}\n", record.line, record.message)
}

#[cfg(test)]
mod tests {
    use crate::telemetry::logs::Scope;

    use super::*;

    #[test]
    fn lines_are_those_of_python() {
        let record = LogRecord {
            time: UNIX_EPOCH + Duration::from_micros(1_741_000_000_123_456),
            level: 25,
            module: "servox::runner::poll".into(),
            file: None,
            line: 7,
            message: "a \"text\"\nof two lines".into(),
            scope: Scope {
                servo: Some("shop".into()),
                connector: Some("load".into()),
                event: Some("before:measure".into()),
                command_uid: None,
            },
        };
        let line = line_of(&record, false);
        let (_, rest) = line.split_once(" | ").unwrap();
        assert_eq!(rest, "SUCCESS  | servox.runner.poll:-:7 | load[before:measure] - a \"text\"\nof two lines\n");
        assert_eq!(line.find(" | "), Some("2025-03-03 10:20:23.838".len()));
        let line = line_of(&record, true);
        assert_eq!(line.lines().count(), 1);
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(told["timestamp"], "2025-03-03T11:06:40.123456Z");
        assert_eq!(told["message"], "a \"text\"\nof two lines");
        assert_eq!((&told["component"], &told["servo"]), (&"load[before:measure]".into(), &"shop".into()));
        let bare = LogRecord { module: "servox".into(), scope: Scope::default(), level: 40, ..record };
        assert!(line_of(&bare, false).contains(" | ERROR    | servox:-:7 | servo - a "));
    }
}
