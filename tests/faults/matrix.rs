//! Works on all rows at the same time, and tells each test what came of its own.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Condvar, LazyLock, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use crate::bench::Outcome;

pub type Rows = Vec<(&'static str, BoxFuture<'static, Outcome>)>;

/// The outcome, or the text of what was not as it has to be.
type Told = Receiver<Result<Outcome, String>>;

/// How many rows are not done yet.
static OPEN: Mutex<usize> = Mutex::new(0);
static CLOSED: Condvar = Condvar::new();

static TOLD: LazyLock<Mutex<HashMap<&'static str, Told>>> = LazyLock::new(|| Mutex::new(begin(crate::rows())));

fn begin(rows: Rows) -> HashMap<&'static str, Told> {
    crate::secrets::watch();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut told = HashMap::new();
    *OPEN.lock().unwrap() = rows.len();
    for (name, row) in rows {
        let (sender, receiver) = channel();
        told.insert(name, receiver);
        runtime.spawn(async move {
            let outcome = AssertUnwindSafe(row).catch_unwind().await;
            let outcome = outcome.map_err(|panic| match panic.downcast::<String>() {
                Ok(text) => *text,
                Err(panic) => panic.downcast::<&str>().map_or("a panic".into(), |text| (*text).to_owned()),
            });
            sender.send(outcome).ok();
            *OPEN.lock().unwrap() -= 1;
            CLOSED.notify_all();
        });
    }
    // It works as long as the process does.
    std::mem::forget(runtime);
    told
}

/// Whether the row of that name has that outcome.
pub fn check(name: &str, expected: Outcome) {
    let told = TOLD.lock().unwrap().remove(name).expect("a row of the matrix, asked for once");
    match told.recv_timeout(Duration::from_secs(120)).expect("an outcome in time") {
        Ok(outcome) => assert_eq!(outcome, expected),
        Err(text) => panic!("{text}"),
    }
}

/// Waits until all rows are done, whatever came of them.
pub fn finished() {
    LazyLock::force(&TOLD);
    let open = OPEN.lock().unwrap();
    let (open, _) = CLOSED.wait_timeout_while(open, Duration::from_secs(120), |open| *open > 0).unwrap();
    assert_eq!(*open, 0, "rows that are not done");
}

/// `test: "title" => Outcome, function;`
macro_rules! matrix {
    ($($name:ident: $title:literal => $outcome:ident, $row:path;)*) => {
        const MATRIX: &[(&str, Outcome)] = &[$(($title, Outcome::$outcome)),*];

        fn rows() -> matrix::Rows {
            vec![$((stringify!($name), Box::pin($row()))),*]
        }

        $(
            #[test]
            fn $name() {
                matrix::check(stringify!($name), Outcome::$outcome);
            }
        )*
    };
}
pub(crate) use matrix;
