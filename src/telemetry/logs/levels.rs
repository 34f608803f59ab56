//! Which records are wanted.

use std::sync::{PoisonError, RwLock};

use tracing::Metadata;
use tracing::level_filters::LevelFilter;

use crate::telemetry::spans::{SUCCESS, TARGET};

/// A level as loguru and Python's `logging` number it: TRACE 5, DEBUG 10, INFO 20, SUCCESS 25, WARNING 30, ERROR 40,
/// CRITICAL 50. The engine logs nothing above ERROR.
pub type Number = u8;

/// From which level on records are wanted: the first entry is for all modules that no other one is for.
static WANTED: RwLock<Vec<(String, Number)>> = RwLock::new(Vec::new());

/// Of what nobody has asked for, and of other crates at any rate: what they say below that may be their callers' secrets.
const OTHERS: Number = 30;
/// The root of the engine's own modules.
const ENGINE: &str = "servox";

/// The levels from which on records are wanted.
#[derive(Debug)]
pub struct Levels;

impl Levels {
    /// Sets the levels by module, such as `servox` and `servox::optimizer::local`; the longest name that fits counts.
    ///
    /// Of other crates warnings and errors are wanted at the most.
    pub fn set(levels: Vec<(String, Number)>) {
        *WANTED.write().unwrap_or_else(PoisonError::into_inner) = levels;
        // From now on a place that logs knows whether it is wanted, and asks nobody.
        tracing::callsite::rebuild_interest_cache();
    }

    /// The level from which on records of a module are wanted.
    pub(super) fn of(module: &str) -> Number {
        let wanted = WANTED.read().unwrap_or_else(PoisonError::into_inner);
        let fitting = wanted.iter().filter(|(prefix, _)| is_within(module, prefix));
        let number = fitting.max_by_key(|(prefix, _)| prefix.len()).map_or(OTHERS, |(_, number)| *number);
        if is_within(module, ENGINE) { number } else { number.max(OTHERS) }
    }

    /// The least level of any.
    pub(super) fn least() -> Number {
        let wanted = WANTED.read().unwrap_or_else(PoisonError::into_inner);
        wanted.iter().map(|(_, number)| *number).min().unwrap_or(OTHERS)
    }
}

fn is_within(module: &str, prefix: &str) -> bool {
    module.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The level of what is logged at a place.
pub(super) fn number(about: &Metadata<'_>) -> Number {
    match *about.level() {
        tracing::Level::TRACE => 5,
        tracing::Level::DEBUG => 10,
        tracing::Level::INFO if about.fields().field(SUCCESS).is_some() => 25,
        tracing::Level::INFO => 20,
        tracing::Level::WARN => 30,
        tracing::Level::ERROR => 40,
    }
}

/// Whether what is logged at a place is wanted; spans are, for they tell what records are about.
pub(super) fn wants(about: &Metadata<'_>) -> bool {
    if about.is_span() { about.target() == TARGET } else { number(about) >= Levels::of(about.target()) }
}

/// The least level that anything wanted has. Spans are DEBUG.
pub(super) fn most() -> LevelFilter {
    if Levels::least() < 10 { LevelFilter::TRACE } else { LevelFilter::DEBUG }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_counts() {
        let _turn = super::super::tests::turn();
        Levels::set(vec![("servox".into(), 20), ("servox::optimizer::local".into(), 40), ("hyper".into(), 5)]);
        for (module, number) in [
            ("servox", 20),
            ("servox::runner::poll", 20),
            ("servox::optimizer", 20),
            ("servox::optimizer::local", 40),
            ("servox::optimizer::local::session", 40),
            ("servox::optimizer::locally", 20),
            ("servoxes", OTHERS),
            ("hyper::client", OTHERS),
            ("h2", OTHERS),
        ] {
            assert_eq!(Levels::of(module), number, "{module}");
        }
        assert_eq!(Levels::least(), 5);
        Levels::set(Vec::new());
        assert_eq!((Levels::of("servox"), Levels::least()), (OTHERS, OTHERS));
        Levels::set(vec![("servox".into(), 50), ("log".into(), 50)]);
        assert_eq!((Levels::of("servox::x"), Levels::of("log")), (50, 50));
        Levels::set(Vec::new());
    }
}
