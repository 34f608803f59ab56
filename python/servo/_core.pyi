"""The compiled engine."""

import datetime
from collections.abc import Awaitable, Coroutine, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from servo.events import Event, EventHandler, Preposition
from servo.types.core import Duration, Unit

class ConfigError(ValueError):
    """A servo.yaml is wrong. The text has a line for each place; `problems` holds them as JSON."""

    problems: str

class Servo:
    """One servo of a servo.yaml."""

    @property
    def name(self) -> str: ...
    @property
    def optimizer(self) -> str:
        """`local`, or the identifier at a remote service."""
    @property
    def config_file(self) -> str: ...
    @property
    def connectors(self) -> list[tuple[str, str]]:
        """The name and the type of every connector."""
    def run(self) -> Awaitable[str]:
        """Runs until the optimizer has nothing more to ask, or until `interrupt`; gives what came of it as JSON.

        When the awaiting task is cancelled the run is interrupted, and awaited until it has ended in order.

        Raises:
            RuntimeError: It runs already, or there is no event loop, or the study cannot be opened.
        """
    def interrupt(self, reason: str) -> None:
        """Asks the run to end; it takes less than five seconds."""
    def snapshot(self) -> str:
        """What the run is doing, as JSON."""
    def drain(self) -> str:
        """What there is to tell since the last call, as JSON."""
    def describe(self, connectors: list[str] | None = None) -> Awaitable[str]:
        """What the connectors describe, as JSON; of all unless some are named."""
    def measure(
        self, metrics: list[str], connectors: list[str] | None, duration: float, warmup: float
    ) -> Awaitable[str]:
        """Takes one measurement; gives the readings as JSON. Times are in seconds."""
    def adjust(self, adjustments: list[tuple[str, str, str]]) -> Awaitable[str]:
        """Changes settings, given as component, setting and value; gives the state that stands afterwards as JSON."""

class EventContext:
    """What `servo.current_event()` gives: an event, and whether its handlers run before, on or after it."""

    def __init__(self, event: Event, preposition: Preposition, created_at: datetime.datetime | None = None) -> None: ...
    @staticmethod
    def from_str(event_str: str) -> EventContext | None:
        """The context of a text such as `adjust` or `before:adjust`; None when there is no such event."""
    @property
    def event(self) -> Event: ...
    @property
    def preposition(self) -> Preposition: ...
    @property
    def created_at(self) -> datetime.datetime:
        """When it began: local time without a time zone."""
    def is_before(self) -> bool: ...
    def is_on(self) -> bool: ...
    def is_after(self) -> bool: ...
    def operation(self) -> str | None:
        """What an optimizer calls the operation; None where it knows none."""
    def current(self) -> AbstractContextManager[EventContext]:
        """Makes this the current event for the time of a `with` block."""

class EventResult:
    """What one handler of an event gave: its value, or the exception it raised where exceptions are returned."""

    def __init__(
        self,
        *,
        event: Event,
        preposition: Preposition,
        handler: EventHandler | None,
        connector: Any,
        value: Any,
        created_at: datetime.datetime | None = None,
    ) -> None: ...
    @property
    def event(self) -> Event: ...
    @property
    def preposition(self) -> Preposition: ...
    @property
    def handler(self) -> EventHandler: ...
    @property
    def connector(self) -> Any:
        """The connector whose handler it was, the same object."""
    @property
    def created_at(self) -> datetime.datetime:
        """When it came: local time without a time zone."""
    @property
    def value(self) -> Any:
        """The returned value, or the exception."""
    def dict(self) -> dict[str, Any]:
        """The fields by name."""

class Dispatch:
    """An event on its way to the connectors of a bus: await it, or await a call of it."""

    def __init__(
        self,
        event: Event,
        bus: list[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        first: bool,
        include: Sequence[Any] | None,
        exclude: Sequence[Any] | None,
        return_exceptions: bool,
        prepositions: Preposition,
        alone: bool,
        /,
    ) -> None: ...
    @property
    def event(self) -> Event: ...
    @property
    def results(self) -> Any:
        """What came of it; None until it has run."""
    @property
    def done(self) -> bool:
        """Whether it runs or has run."""
    @property
    def success(self) -> bool:
        """Whether it has run to its end and there are results."""
    def run(self) -> Coroutine[Any, Any, Any]:
        """Runs it; gives the results, or the first one.

        Raises:
            RuntimeError: It has run.
        """
    def __call__(self) -> Coroutine[Any, Any, Any]: ...
    def __await__(self) -> Generator[Any, Any, Any]: ...

class _Record:
    def dict(self) -> dict[str, Any]:
        """The fields as a dict, values inside of it too."""

class Metric(_Record):
    """A quantity that a connector can measure."""

    name: str
    unit: Unit
    def __init__(self, name: str, unit: Unit | str = ...) -> None: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> Metric: ...

class DataPoint(_Record):
    """One value of a metric at one time."""

    metric: Metric
    time: datetime.datetime
    value: float
    def __init__(self, metric: Metric, time: datetime.datetime, value: float) -> None: ...
    @property
    def unit(self) -> Unit: ...
    def __getitem__(self, index: int) -> datetime.datetime | float: ...
    def __iter__(self) -> Iterator[datetime.datetime | float]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> DataPoint: ...

class TimeSeries(_Record):
    """Values of one metric over time, oldest first."""

    metric: Metric
    data_points: list[DataPoint]
    id: str | None
    annotation: str | None
    metadata: dict[str, str] | None
    def __init__(
        self,
        metric: Metric,
        data_points: Sequence[DataPoint],
        id: str | None = None,
        annotation: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> DataPoint: ...
    def __iter__(self) -> Iterator[DataPoint]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> TimeSeries: ...

class Measurement(_Record):
    """The answer to a `measure` event."""

    readings: list[DataPoint] | list[TimeSeries]
    annotations: dict[str, str]
    def __init__(
        self, readings: Sequence[DataPoint] | Sequence[TimeSeries] = ..., annotations: dict[str, str] = ...
    ) -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> DataPoint | TimeSeries: ...
    def __iter__(self) -> Iterator[DataPoint | TimeSeries]: ...
    def __opsani_repr__(self) -> dict[str, Any]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> Measurement: ...

class RangeSetting(_Record):
    """A setting that takes every `step` from `min` to `max`."""

    name: str
    type: str
    min: float
    max: float
    step: float
    value: float | None
    pinned: bool
    unit: str | None
    def __init__(
        self,
        name: str,
        min: float,
        max: float,
        step: float,
        value: float | None = None,
        pinned: bool = False,
        unit: str | None = None,
    ) -> None: ...
    def __opsani_repr__(self) -> dict[str, Any]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> RangeSetting: ...

class EnumSetting(_Record):
    """A setting that takes one of a list of values."""

    name: str
    type: str
    values: list[str | float]
    value: str | float | None
    pinned: bool
    unit: str | None
    def __init__(
        self,
        name: str,
        values: Sequence[str | float],
        value: str | float | None = None,
        pinned: bool = False,
        unit: str | None = None,
    ) -> None: ...
    def __opsani_repr__(self) -> dict[str, Any]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> EnumSetting: ...

class Component(_Record):
    """A part of the application with settings of its own."""

    name: str
    settings: list[RangeSetting | EnumSetting]
    def __init__(self, name: str, settings: Sequence[RangeSetting | EnumSetting]) -> None: ...
    def get_setting(self, name: str) -> RangeSetting | EnumSetting | None: ...
    def __opsani_repr__(self) -> dict[str, Any]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> Component: ...

class Description(_Record):
    """What an application consists of, and what can be measured."""

    components: list[Component]
    metrics: list[Metric]
    def __init__(self, components: Sequence[Component] = ..., metrics: Sequence[Metric] = ...) -> None: ...
    def get_component(self, name: str) -> Component | None: ...
    def get_metric(self, name: str) -> Metric | None: ...
    def get_setting(self, name: str) -> RangeSetting | EnumSetting | None: ...
    def __opsani_repr__(self) -> dict[str, Any]: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> Description: ...

class Adjustment(_Record):
    """A change that an optimizer asks for."""

    component_name: str
    setting_name: str
    value: str | float
    def __init__(self, component_name: str, setting_name: str, value: str | float) -> None: ...
    @property
    def selector(self) -> str: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> Adjustment: ...

class Control(_Record):
    """How a command is to be carried out."""

    duration: Duration
    delay: Duration
    warmup: Duration
    settlement: Duration | None
    load: dict[str, Any] | None
    userdata: dict[str, Any] | None
    environment: dict[str, Any] | None
    def __init__(
        self,
        duration: Duration | str | float = ...,
        delay: Duration | str | float = ...,
        warmup: Duration | str | float = ...,
        settlement: Duration | str | float | None = None,
        load: dict[str, Any] | None = None,
        userdata: dict[str, Any] | None = None,
        environment: dict[str, Any] | None = None,
    ) -> None: ...
    def copy(self, *, update: dict[str, Any] | None = None) -> Control: ...

def version() -> str:
    """The version of the engine."""

def forward_logs() -> None:
    """Sends the engine's log records to Python's `logging`, under `servox`; further calls do nothing."""

def validate_file(config_file: str, types: Sequence[type], environment: Mapping[str, str] | None = None) -> int:
    """Checks a servo.yaml, its gaps filled from those variables; gives the number of its documents.

    Raises:
        ConfigError: Everything that is wrong.
    """

def open_servos(config_file: str, types: Sequence[type], environment: Mapping[str, str] | None = None) -> list[Servo]:
    """Puts the servos of a servo.yaml together, its gaps filled from those variables, without starting anything.

    Raises:
        ConfigError: Everything that is wrong.
    """

def read_documents(file: str) -> list[str]:
    """Each document of a YAML file as JSON; none for a file without content.

    Raises:
        ConfigError: It cannot be read, or it is no YAML, with its place.
    """

def environment_values(
    prefix: str, schema: str, environment: Mapping[str, str]
) -> tuple[str, list[tuple[str, str, str]]]:
    """The values that variables give to the fields of a JSON Schema, as a JSON object.

    Args:
        prefix: What the names begin with, such as `SERVO_LOAD_`.
        schema: The JSON Schema, as text.
        environment: The variables.

    Returns:
        The values, and of each variable that cannot be read the path, the variable and why.
    """

def native_connectors() -> list[tuple[str, list[str]]]:
    """The default name and the other identifiers of each native connector."""

def text_to_duration(text: str) -> int:
    """The microseconds of a duration such as `1h30m`.

    Raises:
        ValueError: The text is no duration.
    """

def duration_to_text(micros: int) -> str:
    """The shortest exact text of a number of microseconds."""

def duration_pattern() -> str:
    """The regular expression of a duration, for JSON Schemas."""

def use_instance_handlers() -> None:
    """From now on, connectors may have handlers beside those of their class."""
