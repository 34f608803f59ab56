"""The base class of connectors, and which connectors there are."""

from __future__ import annotations

import contextvars
import importlib
import importlib.metadata
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from servo import _pydantic
from servo.configuration import BaseConfiguration
from servo.events import Mixin

if TYPE_CHECKING:
    import loguru
    from pydantic import BaseModel as _Model
else:
    _Model = _pydantic.model_base(extra="ignore", arbitrary_types_allowed=True)

__all__ = ["BaseConnector", "current_connector"]

ENTRY_POINT_GROUP = "servo.connectors"

_connector_subclasses: list[type[BaseConnector]] = []
_current_connector: contextvars.ContextVar[BaseConnector | None] = contextvars.ContextVar(
    "servox.current_connector", default=None
)


def current_connector() -> BaseConnector | None:
    """The connector whose handler runs, if one does."""
    return _current_connector.get()


def _name_for_connector_class(cls: type) -> str | None:
    stem = cls.__name__.replace("Connector", "")
    if re.fullmatch(r"[A-Z]+", stem):
        return stem.lower()
    return re.sub(r"(?<!^)(?=[A-Z])", "_", stem).lower() or None


class BaseConnector(Mixin, _Model):
    """The base class of connectors written in Python.

    Declare `config` with a subclass of `BaseConfiguration` and answer events with methods decorated by
    `@servo.on_event()`. The key in `servo.yaml` is the name of the class without `Connector`, in snake case.

    Attributes:
        name: The key in `servo.yaml` of this instance.
        config: Its part of `servo.yaml`.
    """

    # The bus, out of the way of the fields.
    __slots__ = ("__event_bus__",)

    __default_name__: ClassVar[str | None] = None
    __context_variable__: ClassVar[contextvars.ContextVar[Any]] = _current_connector

    name: str = ""
    config: BaseConfiguration

    def __init__(self, *, __connectors__: list[Any] | None = None, **data: Any) -> None:
        data.setdefault("name", type(self).__default_name__)
        super().__init__(**data)
        if __connectors__ is not None:
            object.__setattr__(self, "__event_bus__", __connectors__)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__default_name__ = _name_for_connector_class(cls)
        _connector_subclasses.append(cls)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    @classmethod
    def config_model(cls) -> type[BaseConfiguration]:
        """The class of `config`."""
        model: type[BaseConfiguration] = _pydantic.field_type(cls, "config")
        return model

    @property
    def logger(self) -> loguru.Logger:
        """A logger that names this connector."""
        from loguru import logger

        return logger.bind(connector=self)

    @contextmanager
    def current(self) -> Iterator[BaseConnector]:
        """Makes this the current connector for the time of a `with` block."""
        token = _current_connector.set(self)
        try:
            yield self
        finally:
            _current_connector.reset(token)


def load_entry_points() -> Iterator[tuple[str, BaseException]]:
    """Imports the connectors that installed packages bring; yields those that fail, which disable no other."""
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
        try:
            entry_point.load()
        except Exception as error:
            yield entry_point.name, error


def connector_types() -> list[type[BaseConnector]]:
    """Every connector class that is known: of installed packages and of imported modules."""
    for name, error in load_entry_points():
        # Of many lines, such as a syntax error with its source, the first says what is wrong.
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        logging.getLogger(__name__).warning("the connector '%s' cannot be imported and is left out: %s", name, text)
    return list(_connector_subclasses)


def import_connector(identifier: str) -> type[BaseConnector]:
    """The connector class of a dotted path.

    Raises:
        ImportError: There is no such module or attribute.
        TypeError: It is no connector class.
    """
    module, _, attribute = identifier.rpartition(".")
    found = getattr(importlib.import_module(module), attribute, None)
    if found is None:
        raise ImportError(f"module '{module}' has no attribute '{attribute}'")
    if not (isinstance(found, type) and issubclass(found, BaseConnector)):
        raise TypeError(f"{identifier} is not a Connector subclass")
    return found
