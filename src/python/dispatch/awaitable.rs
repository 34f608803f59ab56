//! The dispatch as Python sees it: it is made, it can be awaited, and it tells what came of it.

use pyo3::exceptions::{PyAttributeError, PyRuntimeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyo3::{PyTraverseError, PyVisit};

use super::parts::Parts;
use super::request::{Request, names};
use super::run::{Dispatch, Stage};
use super::{invoke, lock};
use crate::event::{Options, Preposition};

impl Dispatch {
    /// Takes the only turn there is.
    fn take(&self, from: Stage, to: Stage) -> PyResult<()> {
        let mut state = lock(&self.state);
        if state.stage > from {
            return Err(PyRuntimeError::new_err("Event dispatch has already run"));
        }
        state.stage = to;
        Ok(())
    }

    fn open_channel<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.channel_of(py).ok_or_else(|| {
            PyAttributeError::new_err(
                "a dispatch has a channel only inside an `async with` block, and when its connector has an exchange",
            )
        })
    }
}

#[pymethods]
impl Dispatch {
    #[new]
    #[pyo3(signature = (
        event, bus, args, kwargs, first, include, exclude, return_exceptions, prepositions, owner, variable = None,
        alone = false, contained = false, /
    ))]
    #[expect(clippy::too_many_arguments, reason = "called by one function")]
    fn new(
        event: Bound<'_, PyAny>,
        bus: Py<PyList>,
        args: Py<PyTuple>,
        kwargs: Bound<'_, PyDict>,
        first: &Bound<'_, PyAny>,
        include: Option<&Bound<'_, PyAny>>,
        exclude: Option<&Bound<'_, PyAny>>,
        return_exceptions: &Bound<'_, PyAny>,
        prepositions: &Bound<'_, PyAny>,
        owner: Py<PyAny>,
        variable: Option<Py<PyAny>>,
        alone: bool,
        contained: bool,
    ) -> PyResult<Self> {
        let among = Parts::get(event.py())?.among(prepositions)?;
        let every = [Preposition::Before, Preposition::On, Preposition::After];
        let options = Options {
            first: first.is_truthy()?,
            include: include.map(names).transpose()?,
            exclude: exclude.map(names).transpose()?.unwrap_or_default(),
            keep_errors: return_exceptions.is_truthy()?,
            prepositions: every.into_iter().filter(|at| among[*at as usize]).collect(),
        };
        Ok(Self::of(Request::new(event, bus, (args, kwargs), options, (alone, contained), (owner, variable))?))
    }

    /// Runs it; gives the results, or the first one.
    fn run(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().take(Stage::Fresh, Stage::Taken)?;
        Ok(slf)
    }

    fn __call__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        Self::run(slf)
    }

    fn __await__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().take(Stage::Taken, Stage::Awaited)?;
        Ok(slf)
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(slf: &Bound<'_, Self>) -> PyResult<Option<Py<PyAny>>> {
        Self::drive(slf)
    }

    fn send(slf: &Bound<'_, Self>, _value: &Bound<'_, PyAny>) -> PyResult<Option<Py<PyAny>>> {
        Self::drive(slf)
    }

    /// The caller is cancelled, or something else is thrown into it: the handlers are cancelled and waited for first.
    #[pyo3(signature = (typ, val = None, _tb = None, /))]
    fn throw(
        slf: &Bound<'_, Self>,
        typ: &Bound<'_, PyAny>,
        val: Option<&Bound<'_, PyAny>>,
        _tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        let (py, this) = (slf.py(), slf.get());
        let error = invoke::thrown(typ, val);
        if this.open() == 0 {
            this.end();
            return Err(error);
        }
        let again = {
            let mut state = lock(&this.state);
            if state.interrupted.is_none() { state.interrupted.replace(error) } else { Some(error) }
        };
        // Handlers that tidy up because another one failed are disturbed by the second wish alone.
        if again.is_some() || !this.is_stopping() {
            this.stop(py);
        }
        drop(again);
        Self::drive(slf)
    }

    /// Gives the dispatch up: its handlers are cancelled, nobody waits for them.
    fn close(&self, py: Python<'_>) {
        self.stop(py);
        self.end();
    }

    /// Called by the loop when a handler has failed.
    fn _stop(&self, py: Python<'_>) {
        if !self.is_stopping() {
            self.stop(py);
        }
    }

    fn __aenter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("servo.events.channel")?.call_method1("enter", (slf,))
    }

    #[pyo3(signature = (*_error))]
    fn __aexit__<'py>(slf: &Bound<'py, Self>, _error: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("servo.events.channel")?.call_method1("leave", (slf,))
    }

    /// The temporary channel.
    #[getter]
    fn channel<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.open_channel(py)?.getattr(intern!(py, "channel"))
    }

    /// Has a function called with each message of the channel; without one, a subscriber for an `async with` block.
    #[pyo3(signature = (*args))]
    fn subscribe<'py>(&self, py: Python<'py>, args: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.open_channel(py)?.call_method1(intern!(py, "subscribe"), args)
    }

    /// The messages of the channel from now on.
    fn __aiter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.channel(py)?.call_method0(intern!(py, "__aiter__"))
    }

    #[getter]
    fn _channel<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.channel_of(py)
    }

    #[setter(_channel)]
    fn put_channel(&self, channel: Option<Py<PyAny>>) {
        let former = std::mem::replace(&mut *lock(&self.channel), channel);
        drop(former);
    }

    #[getter]
    fn _owner<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.request.owner.bind(py).clone()
    }

    /// The event.
    #[getter]
    fn event<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.request.event.bind(py).clone()
    }

    /// What came of it; None until it has run.
    #[getter]
    fn results<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.outcome(py)
    }

    /// Why handlers before the event called it off, as an `ExceptionGroup`; None unless they did.
    #[getter]
    fn cancellation(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        lock(&self.state).cancellation.as_ref().map(|cancellation| cancellation.clone_ref(py))
    }

    /// Whether it runs or has run.
    #[getter]
    fn done(&self) -> bool {
        lock(&self.state).stage > Stage::Fresh
    }

    /// Whether it has run to its end and there are results.
    #[getter]
    fn success(&self, py: Python<'_>) -> bool {
        self.outcome(py).is_some_and(|outcome| !outcome.is_none())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let python = |flag| if flag { "True" } else { "False" };
        let event = self.event(py).str()?;
        let channel = match self.channel_of(py) {
            Some(channel) => format!(", channel='{}'", channel.getattr("channel")?.getattr("name")?),
            None => String::new(),
        };
        let (done, success) = (python(self.done()), python(self.success(py)));
        Ok(format!("<_DispatchEvent.{event}: done={done}, success={success}{channel}>"))
    }

    #[getter]
    fn __qualname__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("dispatch_event[{}]", self.request.event_name(py)?))
    }

    #[getter]
    fn __name__(&self, py: Python<'_>) -> PyResult<String> {
        self.__qualname__(py)
    }

    #[getter]
    fn cr_running(&self) -> bool {
        lock(&self.state).stage == Stage::Runs
    }

    #[getter]
    fn cr_await<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        lock(&self.state).waiter.as_ref().map(|waiter| waiter.bind(py).clone())
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "the protocol")]
    fn cr_frame(&self) -> Option<Py<PyAny>> {
        None
    }

    #[getter]
    #[expect(clippy::unused_self, reason = "the protocol")]
    fn cr_code(&self) -> Option<Py<PyAny>> {
        None
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.visit(&visit)
    }

    fn __clear__(&self) {
        let held = {
            let mut state = lock(&self.state);
            (state.outcome.take(), state.results.take(), state.cancellation.take())
        };
        drop(held);
        self.end();
    }
}
