//! Selectors of publish and subscribe, for `servo.pubsub`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::pubsub::{Glob, Index};

/// Whether a shell pattern matches a channel's name.
#[pyfunction]
pub fn glob_matches(pattern: &str, name: &str) -> bool {
    Glob::new(pattern).matches(name)
}

/// The subscriptions of an exchange, by number.
#[pyclass(frozen, module = "servo._core")]
#[derive(Default)]
pub struct SelectorIndex {
    index: Mutex<Index>,
}

impl SelectorIndex {
    fn locked(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl SelectorIndex {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn insert(&self, number: u64, selector: &str) -> Option<String> {
        self.locked().insert(number, selector).map(str::to_owned)
    }

    fn remove(&self, number: u64) -> bool {
        self.locked().remove(number)
    }

    fn find(&self, name: &str) -> Vec<u64> {
        self.locked().find(name)
    }

    fn __len__(&self) -> usize {
        self.locked().len()
    }
}
