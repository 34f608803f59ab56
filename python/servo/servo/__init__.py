"""The servo: the connectors of one optimizer, their events and their life."""

from __future__ import annotations

import contextlib
import contextvars
import datetime
import enum
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Optional

import servo
from servo import _about, _core
from servo.configuration import BaseServoConfiguration
from servo.connector import BaseConnector, metadata
from servo.events import on_event
from servo.servo import _lifecycle
from servo.types import Duration, ErrorSeverity, Numeric

if TYPE_CHECKING:
    from servo.api import CommandResponse, Status

__all__ = ["Events", "Servo", "current_command_uid", "current_servo"]

_current_servo: contextvars.ContextVar[Servo | None] = contextvars.ContextVar("servox.current_servo", default=None)
_current_command_uid: contextvars.ContextVar[str | None] = contextvars.ContextVar(
    "servox.current_command_uid", default=None
)


def current_servo() -> Servo | None:
    """The servo at work, if one is."""
    return _current_servo.get()


def _set_current_servo(servo_: Servo | None) -> None:
    """Makes a servo the current one of this context, from here on."""
    _current_servo.set(servo_)


def current_command_uid() -> str | None:
    """The identifier of the optimizer's command that is carried out, if it has one."""
    return _current_command_uid.get()


def set_current_command_uid(value: str | None) -> None:
    """Notes the identifier of the command that is carried out from here on in this context."""
    _current_command_uid.set(value)


class Events(enum.StrEnum):
    """The events that every servo has."""

    # Set-up and tear-down.
    attach = "attach"
    detach = "detach"

    # The life of the servo.
    startup = "startup"
    shutdown = "shutdown"

    # What there is to know.
    metrics = "metrics"
    components = "components"

    # The work.
    measure = "measure"
    check = "check"
    describe = "describe"
    adjust = "adjust"
    promote = "promote"


@metadata(
    description=_about.DESCRIPTION,
    homepage=_about.HOMEPAGE,
    maturity=_about.MATURITY,
    license=_about.LICENSE,
    version=_core.version(),
    cryptonym=_about.CRYPTONYM,
)
class Servo(BaseConnector):
    """The connectors that work for one optimizer, on one bus.

    `Assembly.assemble` makes servos of a configuration. One that is made directly has its connectors on its bus, and is
    the last member of the bus itself.

    Args:
        connectors: The connectors; they stay the same objects and join the bus.
        __connectors__: The list that is to be the bus; a new one unless given. Members that it lacks are appended.

    Attributes:
        config: Its document of `servo.yaml`.
        connectors: The active connectors, without the servo.
        routes: The class of each connector that `load_connectors` makes, by name.
    """

    # Out of the way of the fields, and of a dict for each servo.
    __slots__ = ("_client", "_connected", "_driver", "_left", "_running", "_starting")

    __context_variable__: ClassVar[contextvars.ContextVar[Any]] = _current_servo
    __dispatch_variable__: ClassVar[contextvars.ContextVar[Any] | None] = _current_servo

    config: BaseServoConfiguration
    if TYPE_CHECKING:
        connectors: list[BaseConnector]
        routes: Mapping[str, type[BaseConnector]]
        _running: bool
        _starting: bool
        _connected: bool
        _client: Any
        _left: _lifecycle.Left | None
        # Weak, for it holds this one.
        _driver: weakref.ref[Any] | None
    else:
        # They are not copied: routes are shared by all servos of a kind.
        connectors: Any = None
        routes: Any = None

    def __init__(
        self,
        *args: Any,
        connectors: Iterable[BaseConnector] | None = None,
        __connectors__: list[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        bus: list[Any] = [] if __connectors__ is None else __connectors__
        put = object.__setattr__
        put(self, "_running", False)
        put(self, "_starting", False)
        put(self, "_connected", False)
        put(self, "_client", None)
        put(self, "_left", None)
        put(self, "_driver", None)
        super().__init__(*args, __connectors__=bus, **kwargs)
        values = self.__dict__
        values["connectors"] = []
        if values["routes"] is None:
            values["routes"] = {}
        if values["name"] == "servo":
            values["name"] = _name_of(self.config)
        _lifecycle.settle(self, connectors or ())

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Servo.__slots__:
            object.__setattr__(self, name, value)
        else:
            super().__setattr__(name, value)

    @property
    def all_connectors(self) -> list[BaseConnector]:
        """The servo and its connectors."""
        return [self, *self.connectors]

    @property
    def is_running(self) -> bool:
        """Whether it was started and not shut down since."""
        return getattr(self, "_running", False)

    def _driven_by(self, engine: Any) -> None:
        """From now on the engine starts it, stops it and reports its progress."""
        self._driver = weakref.ref(engine)

    @property
    def _engine(self) -> Any:
        """What runs this one and takes its progress, if there is such: a servo of the engine, or a `ServoRunner`."""
        return self._driver() if self._driver is not None else None

    def connectors_named(self, names: Sequence[str]) -> list[BaseConnector]:
        """The connectors of those names, the servo among them."""
        wanted = [names] if isinstance(names, str) else names
        return [member for member in self.all_connectors if member.name in wanted]

    def get_connector(self, name: str | Sequence[str]) -> BaseConnector | list[BaseConnector] | None:
        """The connector of a name or None; of several names a list."""
        if not isinstance(name, str):
            return self.connectors_named(name)
        return next((member for member in self.all_connectors if member.name == name), None)

    @contextlib.contextmanager
    def current(self) -> Iterator[Servo]:
        """Makes this the current servo for the time of a `with` block."""
        token = _current_servo.set(self)
        try:
            yield self
        finally:
            _current_servo.reset(token)

    def load_connectors(self) -> None:
        """Makes the connectors of the routes that have a configuration and are not there yet. No event is sent.

        Raises:
            RuntimeError: There are no routes.
        """
        _lifecycle.load(self)

    async def startup(self) -> None:
        """Greets the optimizer and starts the connectors; after a shutdown it brings them back first.

        Where a connector fails to start, those that were started are shut down again, and the optimizer is told
        goodbye.

        Raises:
            RuntimeError: It is running, or starts.
            ExceptionGroup: Connectors failed to start.
        """
        await _lifecycle.start(self)

    async def shutdown(self, reason: str | None = None) -> None:
        """Shuts the connectors down and removes them, and tells the optimizer goodbye, whatever fails on the way.

        Args:
            reason: What the optimizer is told.

        Raises:
            RuntimeError: It is not running.
            ExceptionGroup: Connectors failed; the servo is shut down nevertheless.
        """
        await _lifecycle.stop(self, reason)

    async def attach(self, servo_: Any) -> None:
        """Tells all connectors that they belong to a servo."""
        await self.dispatch_event(Events.attach, servo_)

    async def detach(self, servo_: Any) -> None:
        """Tells all connectors that they belong to a servo no more."""
        await self.dispatch_event(Events.detach, servo_)

    async def add_connector(self, name: str, connector: BaseConnector) -> None:
        """Adds a connector; it is attached and, in a running servo, started. One that fails to is not added.

        Args:
            name: The name that it gets; its configuration gets that name in `config`.
            connector: The connector.

        Raises:
            ValueError: The name is malformed, reserved or taken.
            ExceptionGroup: A handler failed.
        """
        await _lifecycle.add(self, name, connector)

    async def remove_connector(self, connector: str | BaseConnector) -> None:
        """Removes a connector; it is shut down in a running servo, and detached. It goes even where that fails.

        Args:
            connector: The connector or its name.

        Raises:
            ValueError: It is not in the servo.
            ExceptionGroup: A handler failed.
        """
        await _lifecycle.remove(self, connector)

    @on_event()
    async def check(
        self,
        matching: Optional[servo.checks.CheckFilter],  # noqa: UP045
        halt_on: Optional[servo.types.ErrorSeverity] = ErrorSeverity.critical,  # noqa: UP045
    ) -> list[servo.checks.Check]:
        """Checks that the optimizer can be reached.

        Args:
            matching: Which checks are wanted.
            halt_on: As of every check handler; without effect on a single check.

        Returns:
            The check `Opsani API connectivity`; nothing where it is not wanted.
        """
        from servo.servo import _checks

        return await _checks.check_connection(self, matching)

    async def check_servo(self, print_callback: Callable[[str], None] | None = None) -> bool:
        """Runs the checks that `config.checks` selects until they pass or its time is up.

        Args:
            print_callback: Gets a table of the results of each round, unless the checks are quiet or progressive.

        Returns:
            Whether they passed.

        Raises:
            ConnectorNotFoundError: There is no connector of the names that are selected.
            EventHandlersNotFoundError: A connector that is selected has no checks.
        """
        from servo.servo import _checks

        return await _checks.run(self, print_callback)

    @property
    def _api_client(self) -> Any:
        """The client for the optimizer, made when it is first used."""
        from servo.servo import _optimizer

        return _optimizer.client(self)

    async def connect(self) -> None:
        """Greets the optimizer, again and again within the limits `connect` of `config.settings.backoff`."""
        from servo.servo import _optimizer

        await _optimizer.connect(self)

    async def try_connect(self) -> None:
        """Greets the optimizer once."""
        from servo.servo import _optimizer

        await _optimizer.try_connect(self)

    async def disconnect(self, reason: str) -> None:
        """Tells the optimizer goodbye if it was greeted. What fails is logged.

        Args:
            reason: What the optimizer is told.
        """
        from servo.servo import _optimizer

        await _optimizer.disconnect(self, reason)

    async def post_event(self, event: str, param: Any) -> CommandResponse | Status:
        """Sends the optimizer a message, again and again within the limits of `config.settings.backoff`.

        Args:
            event: The name of the message, one of `servo.api.Events`.
            param: Its content.

        Returns:
            The answer: a command, or a status.

        Raises:
            RuntimeError: The optimizer is the local one, which takes no messages from here.
        """
        from servo.servo import _optimizer

        return await _optimizer.post_event(self, event, param)

    def progress_request(
        self,
        operation: str,
        progress: Numeric,
        started_at: datetime.datetime,
        message: str | None,
        *,
        command_uid: str | None = None,
        time_remaining: Numeric | Duration | None = None,
        **kwargs: Any,
    ) -> tuple[str, dict[str, Any]]:
        """The name and the content of a message that reports progress.

        Args:
            operation: What progresses, such as `MEASUREMENT`.
            progress: How far it is, in percent.
            started_at: When it began.
            message: What people should know.
            command_uid: The identifier of the command.
            time_remaining: How long it will take: seconds or a duration. It is checked and not sent.
            kwargs: Ignored.

        Raises:
            ValueError: `time_remaining` is something else.
        """
        from servo.servo import _optimizer

        return _optimizer.progress_message(
            operation, progress, started_at, message, command_uid=command_uid, time_remaining=time_remaining
        )

    async def report_progress(self, **kwargs: Any) -> None:
        """Reports progress to the optimizer.

        Args:
            kwargs: As of `progress_request`.

        Raises:
            UnexpectedEventError: The optimizer expected something else.
            EventCancelledError: The optimizer cancels the command.
            UnexpectedCommandIdError: The optimizer waits for another command.
            ValueError: The optimizer answered with an unknown status.
        """
        from servo.servo import _optimizer

        await _optimizer.report_progress(self, kwargs)

    async def watch_connection_file(self) -> None:
        """Reads the connection file of the optimizer again whenever it changes; runs until it is cancelled.

        Raises:
            ValueError: The optimizer has no connection file.
        """
        from servo.servo import _optimizer

        await _optimizer.watch_connection_file(self)

    def top_level_schema(self, *, all: bool = False) -> dict[str, Any]:
        """The JSON Schema of the configurations of the connectors.

        Args:
            all: Whether of every connector that is known, instead of those of this servo.
        """
        from servo.servo import _schema

        return _schema.schema_of(self, every=all)

    def top_level_schema_json(self, *, all: bool = False) -> str:
        """The JSON Schema of the configurations of the connectors, as text.

        Args:
            all: Whether of every connector that is known, instead of those of this servo.
        """
        import json

        return json.dumps(self.top_level_schema(all=all), indent=2, default=sorted)


def _name_of(config: Any) -> str:
    """What a servo is called that was not given a name."""
    optimizer = getattr(config, "optimizer", None)
    return getattr(config, "name", None) or getattr(optimizer, "id", None) or "servo"


def validate_connectors_respond_to_event(connectors: Iterable[BaseConnector], event: str) -> None:
    """Raises EventHandlersNotFoundError unless all connectors have handlers of an event, of any preposition."""
    from servo.servo import _checks

    _checks.require_handlers(connectors, event)


def __getattr__(name: str) -> Any:
    # This module has the name that the package has, and what is asked of it may be the package's.
    if name.startswith("__") or name in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(sys.modules["servo"], name)
