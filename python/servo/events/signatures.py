"""Whether the signature of a handler fits its event."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, List, cast  # noqa: UP035 (annotations name `List`)

from servo._core import EventContext, EventResult
from servo.events.model import Event, Preposition
from servo.utilities.inspect import CallableDescriptor, assert_equal_callable_descriptors


def _signature_of_after_handlers() -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    results = inspect.Parameter("results", kind, annotation="List[EventResult]")
    return inspect.Signature([inspect.Parameter("self", kind), results], return_annotation="None")


_AFTER = _signature_of_after_handlers()


# What annotations may name without an import of their own.
_NAMES: Mapping[str, Any] = {
    "Any": Any,
    "Callable": Callable,
    "Event": Event,
    "EventContext": EventContext,
    "EventResult": EventResult,
    "List": List,  # noqa: UP006
    "Mapping": Mapping,
    "Preposition": Preposition,
    "Sequence": Sequence,
}


def require_fit(
    function: Callable[..., Any], answered: Event, preposition: Preposition, frame: types.FrameType
) -> None:
    """Compares a handler with its event.

    Args:
        function: The handler.
        answered: The event, which has a signature.
        preposition: Before, on or after it.
        frame: Where the handler is declared.

    Raises:
        TypeError: It does not fit.
    """
    wanted, prefix = cast(inspect.Signature, answered.signature), ""
    if preposition is Preposition.before:
        wanted, prefix = wanted.replace(return_annotation="None"), "before"
    elif preposition is Preposition.after:
        wanted, prefix = _AFTER, "after"
    home = vars(sys.modules[answered.module]) if answered.module in sys.modules else {}
    assert_equal_callable_descriptors(
        CallableDescriptor(wanted, answered.module, {**answered._names, **home, **_NAMES}, {}),
        CallableDescriptor(
            inspect.signature(function), getattr(function, "__module__", None), frame.f_globals, frame.f_locals
        ),
        name=f"{prefix}:{answered}" if prefix else str(answered),
        callable_description=f"{prefix} event handler".lstrip(),
    )
