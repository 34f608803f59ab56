//! Records of crates that log with `log`.

use std::sync::Arc;
use std::time::SystemTime;

use log::{Level, LevelFilter, Log, Metadata, Record};

use super::record::RecordFields;
use super::{Levels, LogQueue, LogRecord, Number, Scope};

struct Facade(Arc<LogQueue>);

/// Takes them in; where a host program takes them already, it goes on.
pub(super) fn install(queue: Arc<LogQueue>) {
    if log::set_boxed_logger(Box::new(Facade(queue))).is_ok() {
        // No crate but this one, which uses `tracing`, is asked for more.
        log::set_max_level(LevelFilter::Warn);
    }
}

fn number(level: Level) -> Number {
    match level {
        Level::Trace => 5,
        Level::Debug => 10,
        Level::Info => 20,
        Level::Warn => 30,
        Level::Error => 40,
    }
}

impl Log for Facade {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        number(about.level()) >= Levels::of(about.target())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        self.0.push(LogRecord {
            time: SystemTime::now(),
            level: number(record.level()),
            module: record.module_path().unwrap_or(record.target()).to_owned().into(),
            file: record.file().map(|file| file.to_owned().into()),
            line: record.line().unwrap_or_default(),
            message: RecordFields::from(*record.args()).message(),
            scope: Scope::default(),
        });
    }

    fn flush(&self) {}
}
