"""The base class of connectors."""

from __future__ import annotations

import abc
import contextvars
import typing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from servo import _pydantic, events, logging, pubsub, repeating
from servo._pydantic.connectors import ConnectorModel
from servo.configuration import BaseConfiguration
from servo.configuration.routes import NAME_RULE, is_name
from servo.connector.naming import default_name
from servo.connector.registry import register
from servo.types.enums import License, Maturity
from servo.types.versions import Version
from servo.utilities import associations

if TYPE_CHECKING:
    import loguru

    from servo.configuration import CommonConfiguration
    from servo.telemetry import Telemetry

__all__ = ["BaseConnector", "current_connector"]

_current_connector: contextvars.ContextVar[BaseConnector | None] = contextvars.ContextVar(
    "servox.current_connector", default=None
)


def current_connector() -> BaseConnector | None:
    """The connector whose handler runs, if one does."""
    return _current_connector.get()


# Attributes that are no fields: they belong to the servo, and are made when they are first asked for.
_SHARED = frozenset({"telemetry", "_global_config", "_optimizer"})
_FIRST_VERSION = Version(0)


class BaseConnector(
    associations.Mixin,
    events.Mixin,
    logging.Mixin,
    pubsub.Mixin,
    repeating.Mixin,
    ConnectorModel,
    abc.ABC,
):
    """The base class of connectors written in Python.

    Declare `config` with a subclass of `BaseConfiguration` and answer events with methods decorated by
    `@servo.on_event()`. The key in `servo.yaml` is the name of the class without `Connector`, in snake case.

    Args:
        name: The key in `servo.yaml`, the default name of the class unless given.
        telemetry: What the optimizer is told of the servo; that of the servo where there is one.
        pubsub_exchange: Where messages are published; that of the servo where there is one.
        __connectors__: The bus to join; one of its own unless given.
        data: The fields, `config` among them.

    Attributes:
        name: The key in `servo.yaml` of this instance.
        config: Its part of `servo.yaml`.

    Raises:
        pydantic.ValidationError: A field is missing or wrong, or the class lacks a name or a version.
    """

    # Out of the way of the fields, and of dicts of their own.
    __slots__ = ("__event_bus__", "__optimizer__", "__servo__", "__settings__", "__telemetry__")

    __default_name__: ClassVar[str | None] = None
    __context_variable__: ClassVar[contextvars.ContextVar[Any]] = _current_connector

    full_name: ClassVar[str]
    version: ClassVar[Version]
    cryptonym: ClassVar[str | None] = None
    description: ClassVar[str | None] = None
    homepage: ClassVar[str | None] = None
    license: ClassVar[License | None] = None
    maturity: ClassVar[Maturity | None] = None

    name: str = ""
    # Subclasses narrow it, which type checkers allow of Any only: a field can be assigned.
    if TYPE_CHECKING:
        config: Any
    else:
        config: BaseConfiguration

    def __init__(
        self, *args: Any, name: str | None = None, __connectors__: list[Any] | None = None, **data: Any
    ) -> None:
        cls = type(self)
        _check_class(cls)
        put = object.__setattr__
        put(self, "__telemetry__", data.pop("telemetry", None))
        put(self, "__servo__", None)
        put(self, "__settings__", None)
        put(self, "__optimizer__", None)
        data.pop("_optimizer", None)
        data.pop("_global_config", None)
        data["name"] = cls.__default_name__ if name is None else name
        super().__init__(*args, **data)
        if __connectors__ is not None:
            put(self, "__event_bus__", __connectors__)

    @classmethod
    def _class_completed(cls) -> None:
        if "BaseConnector" not in globals():
            return  # This class itself.
        # Whatever the class body and classes above it say: the name of a class is its own.
        reset: Any = cls
        reset.name = cls.__name__.replace("Connector", "")
        reset.full_name = cls.__name__.replace("Connector", " Connector")
        reset.version = _FIRST_VERSION
        reset.__default_name__ = default_name(cls)
        register(cls)

    if _pydantic.MAJOR == 1 and not TYPE_CHECKING:

        def __init_subclass__(cls, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            cls._class_completed()

    @_pydantic.after("name")
    def _well_formed(cls, value: str) -> str:
        if not is_name(value):
            raise AssertionError(NAME_RULE)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _SHARED:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def telemetry(self) -> Telemetry:
        """What the optimizer is told of the servo and its connectors."""
        found: Telemetry | None = getattr(self, "__telemetry__", None)
        if found is None and (servo_ := self._servo()) is not None:
            return servo_.telemetry  # type: ignore[no-any-return]
        if found is None:
            from servo.telemetry import Telemetry

            found = Telemetry()
            object.__setattr__(self, "__telemetry__", found)
        return found

    @telemetry.setter
    def telemetry(self, value: Telemetry) -> None:
        object.__setattr__(self, "__telemetry__", value)

    @property
    def pubsub_exchange(self) -> pubsub.Exchange:
        """Where messages are published and subscribed to: that of the servo unless this connector was given one."""
        parts = getattr(self, "__pubsub__", None)
        if (parts is None or parts.exchange is None) and (servo_ := self._servo()) is not None:
            shared: pubsub.Exchange = servo_.pubsub_exchange
            return shared
        return super().pubsub_exchange

    @pubsub_exchange.setter
    def pubsub_exchange(self, value: pubsub.Exchange) -> None:
        pubsub.Mixin.pubsub_exchange.fset(self, value)  # type: ignore[attr-defined]

    def _forget_exchange(self) -> None:
        """Gives up the exchange it was given or made."""
        if (parts := getattr(self, "__pubsub__", None)) is not None:
            parts.exchange = None

    def _belong_to(self, servo_: Any) -> None:
        """Takes from a servo what was not given to this connector, when it is asked for; with None from none."""
        object.__setattr__(self, "__servo__", servo_)

    def _servo(self) -> Any:
        """The servo it belongs to, unless it is that servo."""
        found = getattr(self, "__servo__", None)
        return None if found is self else found

    @property
    def _global_config(self) -> CommonConfiguration | None:
        """How the optimizer is reached; None outside of a servo."""
        found: CommonConfiguration | None = getattr(self, "__settings__", None)
        if found is None and (servo_ := getattr(self, "__servo__", None)) is not None:
            found = getattr(servo_.config, "settings", None)
        return found

    @_global_config.setter
    def _global_config(self, value: CommonConfiguration | None) -> None:
        object.__setattr__(self, "__settings__", value)

    @property
    def _optimizer(self) -> Any:
        found = getattr(self, "__optimizer__", None)
        if found is None and (servo_ := getattr(self, "__servo__", None)) is not None:
            found = getattr(servo_.config, "optimizer", None)
        return found

    @_optimizer.setter
    def _optimizer(self, value: Any) -> None:
        object.__setattr__(self, "__optimizer__", value)

    @property
    def optimizer(self) -> Any:
        """The configuration of the optimizer; None outside of a servo."""
        return self._optimizer

    @classmethod
    def config_model(cls) -> type[BaseConfiguration]:
        """The class of `config`."""
        annotation = _pydantic.field_type(cls, "config")
        if isinstance(annotation, str | typing.ForwardRef):
            annotation = typing.get_type_hints(cls)["config"]
        model: type[BaseConfiguration] = _pydantic.model_within(annotation) or annotation
        return model

    @classmethod
    def version_summary(cls) -> str:
        """The name, the version and the cryptonym, in a line."""
        cryptonym = f' "{cls.cryptonym}"' if cls.cryptonym else ""
        return f"{cls.full_name} v{cls.version}{cryptonym}"

    @classmethod
    def summary(cls) -> str:
        """What `@metadata` tells, in four lines."""
        return (
            f"{cls.version_summary()} ({cls.maturity})\n{cls.description}\n{cls.homepage}\n"
            f"Licensed under the terms of {cls.license}"
        )

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


def _check_class(cls: Any) -> None:
    """Whether the class has what every connector class has.

    Raises:
        pydantic.ValidationError: It has not.
    """
    if type(cls.version) is Version and cls.__default_name__ and cls.name is not None:
        return
    problem: tuple[str, str] | None = None
    if cls.name is None:
        problem = "name must be provided", "assertion_error"
    elif cls.version is None:
        problem = "version must be provided", "assertion_error"
    elif isinstance(cls.version, str):
        try:
            cls.version = Version.parse(cls.version)
        except ValueError as error:
            problem = str(error), "value_error"
    elif not isinstance(cls.version, Version):
        problem = "version is not a semantic versioning descriptor", "assertion_error"
    if problem is None and not (cls.__default_name__ or default_name(cls)):
        problem = f"A default connector name could not be constructed for class '{cls}'", "value_error"
    if problem is not None:
        raise _pydantic.validation_error(cls.__name__, [("__root__", *problem)])
