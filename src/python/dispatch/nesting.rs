//! How deep a dispatch stands inside others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;

/// Deeper than this, a handler is taken to dispatch the event that it handles. Handlers that do not suspend run on the
/// C stack of their dispatch: the limit leaves room on the small stacks of threads.
pub(super) const DEEPEST: usize = 48;

/// The place of one dispatch among those that wait for it.
#[derive(Debug)]
pub(super) struct Nesting {
    alive: AtomicBool,
    /// Cut when this dispatch ends, so that a chain of dispatches that each start the next one does not grow.
    parent: Mutex<Option<Arc<Nesting>>>,
}

impl Nesting {
    /// A dispatch that starts inside another one.
    pub fn inside(parent: Option<Arc<Self>>) -> Arc<Self> {
        let parent = parent.filter(|parent| parent.alive.load(Ordering::Relaxed));
        Arc::new(Self { alive: AtomicBool::new(true), parent: Mutex::new(parent) })
    }

    /// How many dispatches, this one among them, wait for one another; counts no further than one beyond the limit.
    pub fn depth(self: &Arc<Self>) -> usize {
        let mut depth = 0;
        let mut at = Some(self.clone());
        while let Some(nesting) = at.take_if(|nesting| nesting.alive.load(Ordering::Relaxed) && depth <= DEEPEST) {
            depth += 1;
            at.clone_from(&lock(&nesting.parent));
        }
        depth
    }

    /// The dispatch has ended.
    pub fn end(&self) {
        self.alive.store(false, Ordering::Relaxed);
        let parent = lock(&self.parent).take();
        drop(parent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dispatches_that_still_wait_are_counted() {
        let outer = Nesting::inside(None);
        let middle = Nesting::inside(Some(outer.clone()));
        let inner = Nesting::inside(Some(middle.clone()));
        assert_eq!((outer.depth(), middle.depth(), inner.depth()), (1, 2, 3));
        middle.end();
        assert_eq!(inner.depth(), 1);
        assert_eq!(Nesting::inside(Some(middle)).depth(), 1);
    }

    #[test]
    fn counting_ends_beyond_the_limit() {
        let mut last = Nesting::inside(None);
        for _ in 0..DEEPEST * 3 {
            last = Nesting::inside(Some(last));
        }
        assert_eq!(last.depth(), DEEPEST + 1);
    }
}
