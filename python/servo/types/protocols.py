"""The small types that functions of connectors speak of."""

from __future__ import annotations

import asyncio
import datetime
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, List, Protocol, TypeVar, Union, runtime_checkable  # noqa: UP035

import pydantic

from servo._core import DataPoint, TimeSeries

__all__ = [
    "DurationDescriptor",
    "Futuristic",
    "HumanReadable",
    "NoneCallable",
    "Numeric",
    "OpsaniRepr",
    "Reading",
    "Readings",
    "isfuturistic",
]

# Written with `Union` and `List`, because both majors of pydantic and users look inside of them.
Numeric = Union[pydantic.StrictFloat, pydantic.StrictInt]  # noqa: UP007
DurationDescriptor = Union[datetime.timedelta, str, Numeric]  # noqa: UP007
NoneCallable = TypeVar("NoneCallable", bound=Callable[[None], None])
Reading = Union[DataPoint, TimeSeries]  # noqa: UP007
Readings = List[Reading]  # noqa: UP006
Futuristic = Union[asyncio.Future, Awaitable]  # type: ignore[type-arg]  # noqa: UP007


@runtime_checkable
class HumanReadable(Protocol):
    """Has a text for people."""

    def human_readable(self, **kwargs: Any) -> str:
        """The text."""
        ...


@runtime_checkable
class OpsaniRepr(Protocol):
    """Has a form on the wire."""

    def __opsani_repr__(self) -> dict[str, Any]:
        """What is sent to an optimizer."""
        ...


def isfuturistic(obj: Any) -> bool:
    """Whether an object is a future, a coroutine or anything else that can be awaited."""
    return asyncio.isfuture(obj) or inspect.isawaitable(obj)
