"""The declaration of events: by their signature, a stub or a generator that wraps their handlers."""

from __future__ import annotations

import contextlib
import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

from servo.events.handlers import _attach
from servo.events.model import Event, EventCallable, Preposition, _events, _no_context_manager


def create_event(name: str, signature: Callable[..., Any] | inspect.Signature, *, module: str | None = None) -> Event:
    """Creates an event.

    Args:
        name: Its name, which no other event has.
        signature: What handlers are given and return: a signature, or a coroutine function without a body. An
            asynchronous generator function that yields once is both: what stands before its `yield` is done before each
            handler, what stands behind it afterwards.
        module: The module whose names the annotations use.

    Raises:
        ValueError: There is such an event, or the function has a body.
        TypeError: It is no callable, or it takes `*args`.
    """
    names = sys._getframe(1).f_locals
    return _create_event(name, signature, module if module is not None else names.get("__module__"))


def _create_event(
    name: str, declared: Callable[..., Any] | inspect.Signature, module: str | None, *, bodiless: bool = True
) -> Event:
    name = str(name)
    if name in _events:
        raise ValueError(f"Event '{name}' has already been created")
    manager: Callable[..., Any] = _no_context_manager
    if isinstance(declared, inspect.Signature):
        signature = declared
    else:
        if callable(declared) and bodiless:
            if inspect.isasyncgenfunction(declared):
                manager = contextlib.asynccontextmanager(declared)
            elif not inspect.iscoroutinefunction(declared):
                raise ValueError(
                    "events must be async: add `async` prefix to your function declaration and await as necessary "
                    f"({declared!r})"
                )
            else:
                _require_stub(name, declared)
        signature = inspect.signature(declared)
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in signature.parameters.values()):
        raise TypeError("Invalid signature: events cannot declare variable positional arguments (e.g. *args)")
    created = Event(name, signature, module, manager)
    created._names = getattr(declared, "__globals__", {})
    _events[name] = created
    return created


def _require_stub(name: str, function: Callable[..., Any]) -> None:
    try:
        source = textwrap.dedent(inspect.getsource(function)).strip()
    except OSError:
        source = ""
    if not source:
        import logging

        logging.getLogger(__name__).warning(
            "unable to inspect event declaration for '%s': dropping event body and proceeding", name
        )
        return
    if source.splitlines()[-1].strip() in ("pass", "...") or _has_no_body(source):
        return
    raise ValueError(
        "function body of event declaration must be an async generator or a stub using `...` or `pass` keywords"
    )


def _has_no_body(source: str) -> bool:
    """Whether a function consists of `...` or `pass`, wherever they stand; a docstring and comments aside."""
    import ast

    try:
        declared = ast.parse(source).body[0]
    except SyntaxError:
        return False
    if not isinstance(declared, ast.AsyncFunctionDef):
        return False
    body = declared.body[1:] if ast.get_docstring(declared) is not None else declared.body
    return bool(body) and all(
        isinstance(line, ast.Pass)
        or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and line.value.value is ...)
        for line in body
    )


def event(name: str | None = None, *, handler: bool = False) -> Callable[[EventCallable], EventCallable]:
    """Declares an event with the signature of the decorated function.

    Args:
        name: The name of the event, the name of the function unless given.
        handler: Whether the function is at once the on-handler of the event in this class. It may then have a body.

    Raises:
        ValueError: There is such an event, or the function has a body.
        TypeError: The function takes `*args`.
    """

    def decorate(function: EventCallable) -> EventCallable:
        frame = sys._getframe(1)
        wanted = str(name) if name is not None else function.__name__
        module = frame.f_locals.get("__module__")
        created = _create_event(wanted, function, module, bodiless=not handler)
        if handler:
            _attach(function, created, Preposition.on, {}, frame)
        return function

    return decorate
