//! Records that wait to be shown.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{LogRecord, Scope};

/// How many records may wait.
const MOST: usize = 4_096;
/// How many bytes of text may.
const MOST_BYTES: usize = 16 << 20;
/// What is kept free for warnings and errors: one part in so many.
const RESERVE: usize = 4;
/// The level from which on records may fill all of it.
const GRAVE: u8 = 30;

/// Records that wait to be shown: 4,096 and 16 MiB of text at the most.
///
/// Once three quarters of either are in use, what is below WARNING is dropped until half of that is free again; when
/// all is in use, anything is. Whoever shows them is told how many, in the place where they are missing.
#[derive(Debug, Default)]
pub struct LogQueue {
    state: Mutex<State>,
    filled: Condvar,
    /// How many wait, for those who only look.
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    records: VecDeque<LogRecord>,
    bytes: usize,
    /// How many were dropped since that was told.
    untold: u64,
    /// How many were dropped, ever.
    dropped: u64,
    overflows: bool,
    closed: bool,
}

thread_local! {
    static SHOWING: Cell<bool> = const { Cell::new(false) };
}

impl LogQueue {
    /// Adds a record; never waits for whoever takes them.
    pub fn push(&self, record: LogRecord) {
        let mut state = self.state();
        if SHOWING.get() || state.closed || state.refuses(&record) {
            state.untold += 1;
            state.dropped += 1;
            return;
        }
        if let Some(told) = state.missing(record.time) {
            state.add(told);
        }
        state.add(record);
        self.waiting.store(state.records.len(), Ordering::Release);
        drop(state);
        self.filled.notify_one();
    }

    /// Takes the oldest record.
    pub fn take(&self) -> Option<LogRecord> {
        let mut state = self.state();
        let record = state.records.pop_front();
        let Some(record) = record else { return state.missing(SystemTime::now()) };
        state.bytes -= record.message.len();
        if state.records.len() <= MOST / 2 && state.bytes <= MOST_BYTES / 2 {
            state.overflows = false;
        }
        self.waiting.store(state.records.len(), Ordering::Release);
        Some(record)
    }

    /// Whether no record waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::Acquire) == 0
    }

    /// How many records were dropped, ever.
    pub fn dropped(&self) -> u64 {
        self.state().dropped
    }

    /// Waits until there is a record; false when the queue is closed.
    pub fn wait(&self) -> bool {
        let state = self.state();
        let waits = |state: &mut State| state.records.is_empty() && !state.closed;
        let state = self.filled.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }

    /// Takes no more records. Those that wait can be taken.
    pub fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
    }

    /// Does something that shows records: what this thread logs meanwhile is dropped, for it would be shown in turn.
    pub fn showing<T>(&self, show: impl FnOnce() -> T) -> T {
        struct Shown;
        impl Drop for Shown {
            fn drop(&mut self) {
                SHOWING.set(false);
            }
        }
        SHOWING.set(true);
        let _shown = Shown;
        show()
    }

    /// Whether this thread is within [`showing`](Self::showing).
    pub fn is_showing() -> bool {
        SHOWING.get()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refuses(&mut self, record: &LogRecord) -> bool {
        let is_beyond =
            |records: usize, bytes: usize| self.records.len() >= records || self.bytes + record.message.len() > bytes;
        if record.level >= GRAVE {
            return is_beyond(MOST, MOST_BYTES);
        }
        self.overflows |= is_beyond(MOST - MOST / RESERVE, MOST_BYTES - MOST_BYTES / RESERVE);
        self.overflows
    }

    fn add(&mut self, record: LogRecord) {
        self.bytes += record.message.len();
        self.records.push_back(record);
    }

    /// What tells of those that were dropped.
    fn missing(&mut self, time: SystemTime) -> Option<LogRecord> {
        let dropped = std::mem::take(&mut self.untold);
        (dropped > 0).then(|| LogRecord {
            time,
            level: GRAVE,
            module: module_path!().into(),
            file: Some(file!().into()),
            line: line!(),
            message: format!("{dropped} log records were dropped here: they came faster than they are shown"),
            scope: Scope::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn record(level: u8, message: &str) -> LogRecord {
        LogRecord {
            time: SystemTime::now(),
            level,
            module: "servox::tests".into(),
            file: None,
            line: 1,
            message: message.to_owned(),
            scope: Scope::default(),
        }
    }

    fn texts(queue: &LogQueue) -> Vec<String> {
        std::iter::from_fn(|| queue.take()).map(|record| record.message).collect()
    }

    #[test]
    fn records_come_in_their_order() {
        let queue = LogQueue::default();
        assert!(queue.is_empty());
        for number in 0..100 {
            queue.push(record(20, &number.to_string()));
        }
        assert!(!queue.is_empty());
        assert_eq!(texts(&queue), (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
        assert!(queue.is_empty());
    }

    #[test]
    fn the_last_quarter_is_for_what_is_grave() {
        let queue = LogQueue::default();
        for _ in 0..MOST {
            queue.push(record(20, "i"));
        }
        let kept = MOST - MOST / RESERVE;
        assert_eq!(queue.dropped(), (MOST - kept) as u64);
        queue.push(record(30, "w"));
        queue.push(record(25, "s"));
        let found = texts(&queue);
        assert_eq!(found.len(), kept + 3);
        let told = |number| format!("{number} log records were dropped here: they came faster than they are shown");
        assert_eq!(found[kept..], [told(MOST - kept), "w".to_owned(), told(1)]);
        assert!(texts(&queue).is_empty(), "told once");
    }

    #[test]
    fn nothing_is_without_a_bound() {
        let queue = LogQueue::default();
        for _ in 0..2 * MOST {
            queue.push(record(40, "e"));
        }
        assert_eq!(texts(&queue).len(), MOST + 1);
        let (large, small) = ("x".repeat(1 << 20), LogQueue::default());
        for _ in 0..40 {
            small.push(record(40, &large));
        }
        assert_eq!((texts(&small).len(), small.dropped()), (17, 24));
    }

    #[test]
    fn there_is_room_again_once_half_is_free() {
        let queue = LogQueue::default();
        for _ in 0..MOST {
            queue.push(record(20, "i"));
        }
        queue.take();
        queue.push(record(20, "dropped"));
        while queue.waiting.load(Ordering::Acquire) > MOST / 2 {
            queue.take();
        }
        queue.push(record(20, "kept"));
        let found = texts(&queue);
        assert!(found.contains(&"kept".to_owned()));
        assert!(!found.contains(&"dropped".to_owned()));
    }

    #[test]
    fn whoever_shows_adds_nothing() {
        let queue = LogQueue::default();
        queue.showing(|| {
            assert!(LogQueue::is_showing());
            queue.push(record(40, "of the one that shows"));
        });
        assert!(!LogQueue::is_showing());
        queue.push(record(40, "after"));
        let found = texts(&queue);
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("1 log records were dropped"));
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| queue.showing(|| panic!("of a sink"))));
        assert!(!LogQueue::is_showing());
    }

    #[test]
    fn whoever_waits_is_woken_up() {
        let queue = Arc::new(LogQueue::default());
        let other = queue.clone();
        let thread = std::thread::spawn(move || {
            let mut found = Vec::new();
            while other.wait() {
                found.extend(texts(&other));
            }
            found.extend(texts(&other));
            found
        });
        for _ in 0..50 {
            queue.push(record(20, "i"));
        }
        queue.close();
        queue.push(record(20, "late"));
        let found = thread.join().unwrap();
        assert_eq!(found.iter().filter(|text| *text == "i").count(), 50);
        assert!(!found.contains(&"late".to_owned()));
    }
}
