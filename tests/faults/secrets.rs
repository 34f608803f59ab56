//! Looks at every record of the log at the lowest level for what no text may show.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bench::SECRETS;

/// How many records there were, and those that show a secret.
struct Watch {
    records: AtomicUsize,
    offending: Mutex<Vec<String>>,
}

static WATCH: Watch = Watch { records: AtomicUsize::new(0), offending: Mutex::new(Vec::new()) };

impl log::Log for Watch {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let text = record.args().to_string();
        self.records.fetch_add(1, Ordering::Relaxed);
        if SECRETS.iter().any(|secret| text.contains(secret)) {
            self.offending.lock().unwrap().push(format!("{}: {text}", record.target()));
        }
    }

    fn flush(&self) {}
}

pub fn watch() {
    log::set_logger(&WATCH).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
}

#[test]
fn no_secret_is_logged() {
    crate::matrix::finished();
    assert!(WATCH.records.load(Ordering::Relaxed) > 1_000, "the log was looked at");
    assert_eq!(*WATCH.offending.lock().unwrap(), Vec::<String>::new());
}
