"""The compiled engine."""

import array
import builtins
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from contextvars import ContextVar
from typing import Any, Self, TypeVar, overload

from servo.events import Event, EventHandler, Preposition
from servo.events.channel import DispatchChannel
from servo.pubsub import Channel, Message, Subscriber
from servo.types.api import Measurement
from servo.types.durations import Duration
from servo.types.enums import Unit
from servo.types.metrics import Metric

class ConfigError(ValueError):
    """A servo.yaml is wrong. The text has a line for each place; `problems` holds them as JSON."""

    problems: str

class StudySource:
    """A study by its name, in a storage. Reading it disturbs nobody.

    Args:
        storage: `sqlite:///path` or `postgresql://user:password@host/database`.
        study: The name of the study; any when absent.

    Raises:
        ValueError: The storage is not of that form.
    """

    def __init__(self, storage: str, study: str | None = None) -> None: ...
    @property
    def servo(self) -> str | None:
        """The servo whose configuration it is from."""
    @property
    def study(self) -> str | None:
        """The name of the study; any when absent."""
    @property
    def storage(self) -> str:
        """Where it is: the path of a file, or the URL of a database without its password."""
    def with_study(self, study: str) -> StudySource:
        """Names another study of the same storage.

        Args:
            study: Its name.

        Returns:
            That study.
        """
    def studies(self) -> str:
        """Lists the studies of the storage.

        Returns:
            JSON: `study`, `name`, `generation` and `created` of each.

        Raises:
            RuntimeError: The storage cannot be read.
        """
    def read(self, generation: int | None = None) -> str:
        """Reads the study with its trials.

        Args:
            generation: Which of the studies of that name; the newest with None.

        Returns:
            JSON.

        Raises:
            LookupError: There is no such study; the text says which there are.
            RuntimeError: The storage cannot be read.
        """

def configured_studies(
    config_file: str, types: list[Any], environment: Mapping[str, str] | None = None
) -> list[StudySource]:
    """The studies of the servos of a servo.yaml that have a local optimizer.

    Args:
        config_file: The path.
        types: Connector classes beside the native ones.
        environment: The variables that fill gaps of the file; none unless given.

    Returns:
        One for each such servo, in the order of the file.

    Raises:
        ConfigError: Everything that is wrong.
    """

class Servo:
    """One servo of a servo.yaml."""

    @property
    def no_diagnostics(self) -> bool:
        """Whether requests for diagnostics are declined. The local optimizer makes none."""
    @property
    def name(self) -> str:
        """The name of the servo."""
    @property
    def view(self) -> Any:
        """The `servo.Servo` that its Python connectors see; None without any."""

    @property
    def optimizer(self) -> str:
        """`local`, or the identifier at a remote service."""
    @property
    def config_file(self) -> str:
        """The path of the file it was read from."""
    @property
    def connectors(self) -> list[tuple[str, str]]:
        """The name and the type of every connector."""
    def run(self) -> Awaitable[str]:
        """Runs until the optimizer has nothing more to ask, or until `interrupt`; gives what came of it as JSON.

        When the awaiting task is cancelled the run is interrupted, and awaited until it has ended in order.

        Raises:
            RuntimeError: It runs already, or there is no event loop, or the study cannot be opened.
        """
    def make_view(self) -> Any:
        """The `servo.Servo` with its connectors, made where there is none because none of them is written in Python."""
    def attach(self) -> Awaitable[None]:
        """Tells the connectors that they have joined the servo. A run that follows does not tell them again.

        Raises:
            EventError: A connector failed.
        """
    def detach(self) -> Awaitable[None]:
        """Tells the connectors that they leave the servo. Each is told; what fails is logged."""
    def interrupt(self, reason: str, within: float | None = None) -> None:
        """Asks the run to end.

        Args:
            reason: Why, for the optimizer.
            within: How many seconds that may take; five unless given.
        """
    def snapshot(self) -> str:
        """What the run is doing, as JSON."""
    def drain(self) -> str:
        """What there is to tell since the last call, as JSON."""
    def report_progress(
        self, connector: str, event: str, percent: float, message: str, line: str | None = None
    ) -> None:
        """Reports how far a connector has come with an event. Never waits: the newest report wins.

        Args:
            connector: The name of the connector.
            event: The name of the event.
            percent: From 0 to 100.
            message: What people should know.
            line: The whole line of the log, for services that show it; the message unless given.
        """

    def describe(self, connectors: list[str] | None = None) -> Awaitable[str]:
        """What the connectors describe, as JSON; of all unless some are named."""
    def measure(
        self, metrics: list[str], connectors: list[str] | None, duration: float, warmup: float
    ) -> Awaitable[str]:
        """Takes one measurement; gives the readings as JSON.

        Args:
            metrics: The names of the metrics; all when empty.
            connectors: The connectors that are asked; all with None.
            duration: How long to measure, in seconds.
            warmup: How long to wait before that, in seconds.
        """
    def adjust(self, adjustments: list[tuple[str, str, str]]) -> Awaitable[str]:
        """Changes settings, given as component, setting and value; gives the state that stands afterwards as JSON."""

class ServoLoop:
    """The loop of one servo that was made in Python: what `servo.runner` is a view of.

    Args:
        partner: Starts tasks: `answer(event, kwargs, command_uid)` gives a list of at most one answer,
            `post(event, param)` the optimizer's reply.
        name: The name of the servo.
        local: What stands under `optimizer.local`, as JSON; None for an optimizer at a service.

    Raises:
        TypeError: `local` is not JSON.
    """

    def __init__(self, partner: Any, name: str, local: str | None) -> None: ...
    def run(self) -> Awaitable[str]:
        """Carries out what the optimizer asks for, until `interrupt` or until it has nothing more to ask.

        Returns:
            What came of it, as JSON.

        Raises:
            RuntimeError: It runs already, or there is no event loop, or the study cannot be opened.
        """
    def exec_command(self) -> Awaitable[str]:
        """Asks for one command, carries it out and reports its result; gives what the optimizer says to that as JSON.

        Raises:
            RuntimeError: It runs already, or there is no event loop, or the optimizer cannot be talked to.
        """
    def interrupt(self, reason: str, within: float) -> None:
        """Asks the loop to end, if it runs: the command at work is cancelled and reported.

        Args:
            reason: Why it is to end.
            within: How many seconds the end of the whole servo may take; the command has its part of them.
        """
    def report_progress(
        self, connector: str, event: str, percent: float, message: str, command_uid: str | None
    ) -> None:
        """Reports how far the command at work has come. Never waits: the newest report wins.

        Args:
            connector: The name of the connector.
            event: The name of the event.
            percent: From 0 to 100.
            message: What people should know.
            command_uid: The command it is about; what is said of another one is dropped.
        """
    def close(self) -> None:
        """Lets go of the study of a local optimizer."""

class Assembly:
    """The servos of a process, side by side.

    Args:
        servos: Those that `run` starts.
        poll: Whether optimizers are asked for commands. Servos that do not ask are started, and stay so until
            `interrupt`.
        permits: Asked with the name of a servo before it does `connect`, and each `poll`. The run of a servo to which
            it says no ends in order, with the reason `declined`.
    """

    def __init__(
        self,
        servos: Sequence[Servo],
        *,
        poll: bool = True,
        permits: Callable[[str, str], Awaitable[bool]] | None = None,
    ) -> None: ...
    def run(self) -> Awaitable[str]:
        """Runs until no servo is left; gives what came of each as JSON, in the order in which they were added: `name`,
        `optimizer`, `ended`, `reason` and `report`.

        A servo that cannot start, or fails, does not end the others. When the awaiting task is cancelled all are
        interrupted, and awaited until they have ended in order.

        Raises:
            RuntimeError: It was run before, or one of the servos runs already, or there is no event loop.
        """
    def add(self, servo: Servo) -> None:
        """Adds a servo; it is started at once where the others run, and else with them.

        Raises:
            RuntimeError: It runs already, or there is no event loop.
        """
    def remove(self, name: str, reason: str) -> Awaitable[int]:
        """Asks the servos of a name to end, and waits until they have; gives how many there were.

        Args:
            name: The name.
            reason: Why, for the optimizer.
        """
    def interrupt(self, reason: str, within: float | None = None) -> None:
        """Asks all servos to end, those that are added from now on as well.

        Args:
            reason: Why, for the optimizers.
            within: How many seconds that may take; five unless given.
        """
    def drain(self) -> str:
        """What has changed since the last call, as JSON: of each servo that did `servo`, which is its place, `name`,
        `state` and `notes`, and of one whose run is over `ended` and `reason`. Servos at rest cost nothing.
        """

_Function = TypeVar("_Function", bound=Callable[..., Any])

class OptimizerClient:
    """The client of one optimizer at a service.

    Args:
        optimizer: What stands under `optimizer` of a servo.yaml, as JSON.
        settings: What stands under `settings`, as JSON.

    Raises:
        servo.errors.ServoError: What is configured cannot work.
    """

    def __init__(self, optimizer: str, settings: str) -> None: ...
    @property
    def id(self) -> str:
        """What the servo is called at the service."""
    def post(
        self,
        event: str,
        param: dict[str, Any] | None,
        servo_uid: str | None = None,
        *,
        retry: bool = True,
        context: str = "__default__",
    ) -> Awaitable[dict[str, Any]]:
        """Posts a message and gives the reply. Cancelling the awaiting task ends the request.

        Args:
            event: The name of the message.
            param: Its content.
            servo_uid: What the service is told with every message.
            retry: Whether it is tried again where that may help.
            context: Whose limits of `settings.backoff` count.

        Raises:
            RuntimeError: The client is closed.
            TypeError: The content cannot be written as JSON.
            servo.errors.ServoError: There is no reply, or it tells of a failure.
        """
    def request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        max_time: float | None = None,
        max_tries: int | None = 1,
    ) -> Awaitable[dict[str, Any]]:
        """Makes another request than a message, and gives the JSON of the answer.

        Args:
            method: Such as `GET`.
            path: Behind the URL of the optimizer.
            body: What is sent as JSON.
            max_time: For how many seconds it is tried; no limit unless given.
            max_tries: How often it is tried; None for no limit.

        Returns:
            The JSON of the answer.
        """

    def close(self) -> None:
        """Lets go of the connections; a closed client posts nothing more. What is under way goes on."""

def is_retryable_status(status: int) -> bool:
    """Whether a request that got this HTTP status may get through later."""

class EventContext:
    """What `servo.current_event()` gives: an event, and whether its handlers run before, on or after it."""

    def __init__(self, event: Event, preposition: Preposition, created_at: datetime.datetime | None = None) -> None: ...
    @staticmethod
    def from_str(event_str: str) -> EventContext | None:
        """The context of a text such as `adjust` or `before:adjust`; None when there is no such event."""
    @property
    def event(self) -> Event:
        """The event."""
    @property
    def preposition(self) -> Preposition:
        """Before, on or after it."""
    @property
    def created_at(self) -> datetime.datetime:
        """When it began: local time without a time zone."""
    def is_before(self) -> bool:
        """Whether its handlers run before the event."""
    def is_on(self) -> bool:
        """Whether its handlers run on the event."""
    def is_after(self) -> bool:
        """Whether its handlers run after the event."""
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
    def event(self) -> Event:
        """The event."""
    @property
    def preposition(self) -> Preposition:
        """Before, on or after it."""
    @property
    def handler(self) -> EventHandler:
        """The handler."""
    @property
    def connector(self) -> Any:
        """The connector whose handler it was, the same object."""
    @property
    def created_at(self) -> datetime.datetime:
        """When it came: local time without a time zone."""
    @property
    def value(self) -> Any:
        """The returned value, or the exception."""
    def dict(self) -> builtins.dict[str, Any]:
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
        owner: Any,
        variable: ContextVar[Any] | None = None,
        alone: bool = False,
        contained: bool = False,
        /,
    ) -> None: ...
    @property
    def event(self) -> Event:
        """The event."""
    @property
    def results(self) -> Any:
        """What came of it; None until it has run."""
    @property
    def cancellation(self) -> ExceptionGroup[Any] | None:
        """Why handlers before the event called it off; None unless they did."""
    @property
    def done(self) -> bool:
        """Whether it runs or has run."""
    @property
    def success(self) -> bool:
        """Whether it has run to its end and there are results."""
    def run(self) -> Self:
        """Runs it, once awaited; gives the results, or the first one.

        Raises:
            RuntimeError: It has run.
        """
    def __call__(self) -> Self: ...
    def __await__(self) -> Generator[Any, Any, Any]: ...
    def send(self, value: Any, /) -> Any:
        """Goes on, as that of a coroutine; gives what the loop is to wait for."""
    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any:
        """Cancels the handlers and waits for them before an exception goes on, as that of a coroutine.

        Args:
            typ: The exception, or its class.
            val: The exception, where the class was given.
            tb: Its traceback.

        Returns:
            What the loop is to wait for.
        """
    def close(self) -> None:
        """Gives the dispatch up: its handlers are cancelled, nobody waits for them."""
    async def __aenter__(self) -> Self:
        """Makes the channel `servo.events.{event}.{id}`, which is there until the dispatch has run."""
    async def __aexit__(self, *error: object) -> None:
        """Runs it, unless that has been done."""
    @property
    def channel(self) -> Channel:
        """The channel.

        Raises:
            AttributeError: Outside of an `async with` block, or of a connector without an exchange.
        """
    @overload
    def subscribe(self) -> AbstractAsyncContextManager[Subscriber]:
        """A subscriber of the channel for an `async with` block."""
    @overload
    def subscribe(self, callback: _Function, /) -> _Function:
        """Has a function called with each message of the channel."""
    def __aiter__(self) -> AsyncIterator[Message]: ...
    @property
    def _owner(self) -> Any: ...
    @property
    def _channel(self) -> DispatchChannel | None: ...
    @_channel.setter
    def _channel(self, channel: DispatchChannel | None) -> None: ...

class _Record:
    """What the value classes of the engine have in common; the methods are those of pydantic 1."""

    def dict(
        self,
        *,
        include: Any = None,
        exclude: Any = None,
        by_alias: bool = False,
        skip_defaults: bool | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
    ) -> builtins.dict[str, Any]:
        """The fields by name, values inside of them as dicts too.

        Args:
            include: The names that are wanted; all unless given.
            exclude: The names that are not.
            by_alias: Without effect.
            skip_defaults: As `exclude_unset`.
            exclude_unset: Leaves out what is None.
            exclude_defaults: Leaves out what is None.
            exclude_none: Leaves out what is None.

        Returns:
            A new dict.
        """
    def json(self, *, indent: int | None = None, sort_keys: bool = False, **kwargs: Any) -> str:
        """The fields as compact JSON.

        Args:
            indent: 2 for a text for people.
            sort_keys: Whether keys are sorted.
            kwargs: The arguments of `dict`.

        Returns:
            The text.

        Raises:
            TypeError: A field cannot be written.
        """
    def copy(self, *, update: builtins.dict[str, Any] | None = None, deep: bool = False, **kwargs: Any) -> Self:
        """A copy.

        Args:
            update: Fields with other values, which are checked.
            deep: Whether what the fields hold is copied too.
            kwargs: Without effect.

        Returns:
            Of the same class.

        Raises:
            pydantic.ValidationError: A value is wrong.
        """
    @classmethod
    def parse_obj(cls, obj: Any) -> Self:
        """The object of a mapping of its fields.

        Args:
            obj: A mapping, or such an object.

        Returns:
            The object.

        Raises:
            pydantic.ValidationError: A field is missing or wrong.
        """
    @classmethod
    def parse_raw(cls, b: str | bytes, **kwargs: Any) -> Self:
        """The object of a JSON text.

        Args:
            b: The text.
            kwargs: Without effect.

        Returns:
            The object.

        Raises:
            ValueError: It is no such JSON.
        """
    @classmethod
    def construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
        """The object of those fields; they are checked all the same."""
    @classmethod
    def schema(cls, **kwargs: Any) -> builtins.dict[str, Any]:
        """The JSON Schema."""

class DataPoint(_Record):
    """One value of a metric at one time. It unpacks as `(time, value)`.

    Args:
        metric: What was measured.
        time: A datetime, its ISO 8601 text, or seconds since 1970, which give a time in UTC. A naive one is local time.
        value: In the unit of the metric.
        kwargs: The fields of subclasses.

    Raises:
        TypeError: An argument is missing.
        pydantic.ValidationError: An argument is wrong.
    """

    metric: Metric
    time: datetime.datetime
    value: float
    def __init__(self, metric: Metric, time: datetime.datetime | str | float, value: float, **kwargs: Any) -> None: ...
    @property
    def unit(self) -> Unit:
        """The unit of the metric."""
    def __getitem__(self, index: int) -> datetime.datetime | float: ...
    def __iter__(self) -> Iterator[Any]: ...

class TimeSeries(_Record):
    """Values of one metric over time, oldest first: a sequence of `DataPoint`.

    Times and values stand in columns: a point takes 16 bytes, and a `DataPoint` is made when one is asked for. Whoever
    takes the list `data_points` has the points as objects from then on, so that the list can be changed.

    Args:
        metric: What was measured.
        data_points: Points of that metric, in any order.
        id: Tells several series of one metric apart.
        annotation: A remark for people.
        metadata: Free form texts.
        kwargs: The fields of subclasses.

    Raises:
        AttributeError: An item has no `time`.
        TypeError: An argument is missing, or some times have a zone and others none.
        pydantic.ValidationError: An argument is wrong.
    """

    metric: Metric
    data_points: list[DataPoint]
    id: str | None
    annotation: str | None
    metadata: builtins.dict[str, str] | None
    def __init__(
        self,
        metric: Metric,
        data_points: Iterable[DataPoint],
        *,
        id: str | None = None,
        annotation: str | None = None,
        metadata: builtins.dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None: ...
    @classmethod
    def from_columns(
        cls,
        metric: Metric,
        times: Iterable[float] | Iterable[datetime.datetime],
        values: Iterable[float],
        **kwargs: Any,
    ) -> Self:
        """A series of two columns of equal length, such as arrays of `array` or numpy.

        Args:
            metric: What was measured.
            times: Seconds since 1970, or datetimes.
            values: Numbers.
            kwargs: The other arguments of the constructor.

        Returns:
            The series; its times are in UTC.

        Raises:
            TypeError: An item is neither a number nor a datetime.
            ValueError: The lengths differ, or a number is no time.
        """
    @classmethod
    def from_pairs(cls, metric: Metric, pairs: Iterable[Sequence[Any]], **kwargs: Any) -> Self:
        """A series of pairs of time and value, such as Prometheus gives them.

        Args:
            metric: What was measured.
            pairs: Each of the seconds since 1970 or a datetime, and of a number or the text of one.
            kwargs: The other arguments of the constructor.

        Returns:
            The series; its times are in UTC.

        Raises:
            TypeError: An item is of another type.
            ValueError: An item is no such pair.
        """
    @property
    def times(self) -> array.array[float]:
        """The times of all points in seconds since 1970."""
    @property
    def values(self) -> array.array[float]:
        """The values of all points."""
    @property
    def min(self) -> DataPoint | None:
        """The point with the smallest value, the earliest of equal ones; None without points."""
    @property
    def max(self) -> DataPoint | None:
        """The point with the greatest value, the earliest of equal ones; None without points."""
    @property
    def timespan(self) -> tuple[datetime.datetime, datetime.datetime] | None:
        """The times of the first and the last point; None without points."""
    @property
    def duration(self) -> Duration | None:
        """The time between the first and the last point; None without points."""
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> DataPoint: ...
    def __iter__(self) -> Iterator[DataPoint]: ...

def measurement_wire(measurement: Measurement, now: float) -> dict[str, Any]:
    """What an optimizer is sent of a measurement.

    Args:
        measurement: The measurement.
        now: Seconds since 1970, what a series without an `id` is called by.

    Returns:
        `metrics` and `annotations`; a metric has one entry of `values` for each series.

    Raises:
        TypeError: It holds something else than readings.
    """

def step_alignment(min: float, max: float, step: float) -> tuple[float, float, float, float, float] | None:
    """What is wrong with a range whose width is no whole number of steps, in decimal arithmetic.

    Args:
        min: The least value.
        max: The greatest value.
        step: The distance of neighbours.

    Returns:
        The width; for `min` the nearest value that fits and the next below; for `max` the nearest and the next above.
        None when nothing is wrong.
    """

def version() -> str:
    """The version of the engine."""

def forward_logs(receiver: Callable[..., object]) -> None:
    """Sends the engine's log records to a function; another call puts another function in its place.

    Nothing is sent before `set_log_levels`.

    Args:
        receiver: Called with the number of the level, the module, the line, the file or None, the message, the time in
            seconds since 1970, and the servo, the connector, the event and the identifier of the command, or None.
    """

def set_log_levels(levels: Sequence[tuple[str, int]]) -> None:
    """Sets from which levels on the engine logs.

    Args:
        levels: The numbers of levels by module, such as `servox` and `servox.optimizer.local`; the longest name counts.
    """

def set_log_form(json: bool) -> None:
    """Sets whether records that Python cannot take are written to stderr as JSON."""

def show_logs() -> None:
    """Shows what waits, in this thread; nothing while another one does, or while a record is shown."""

def flush_logs(within: float) -> None:
    """Shows all that waits, for that many seconds at the most."""

def finish_logs(within: float) -> None:
    """Shows all that waits, for that many seconds at the most, and takes no more."""

def write_logs() -> None:
    """Writes what waits to stderr, without Python."""

def dropped_logs() -> int:
    """How many log records were dropped."""

def validate_file(
    config_file: str,
    types: Sequence[type],
    environment: Mapping[str, str] | None = None,
    content: bytes | None = None,
    offered: Sequence[tuple[str | None, str]] | None = None,
) -> int:
    """Checks a servo.yaml.

    Args:
        config_file: The path.
        types: Connector classes beside the native ones.
        environment: The variables that fill gaps of the file; none unless given.
        content: What the file holds; it is read unless given.
        offered: The keys that documents without `connectors` may have, None for a default name, and what each stands
            for; all connectors unless given.

    Returns:
        The number of documents.

    Raises:
        ConfigError: Everything that is wrong.
        LookupError: A connector that is offered is not known; the text is its identifier.
    """

def effective_documents(
    config_file: str, types: Sequence[type], environment: Mapping[str, str] | None = None
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Reads a servo.yaml as servos read it: checked, and with its gaps filled.

    Args:
        config_file: The path.
        types: Connector classes beside the native ones.
        environment: The variables that fill gaps of the file; none unless given.

    Returns:
        For each document the name of its servo, the document as JSON, and of each value its path, such as `load.rate`
        or `meter.targets[2].url`, and where it is from: `servo.yaml:3:7`, or the name of a variable.

    Raises:
        ConfigError: Everything that is wrong.
    """

def local_optimizer_schema() -> str:
    """The JSON Schema of `optimizer.local`."""

def open_servos(config_file: str, types: Sequence[type], environment: Mapping[str, str] | None = None) -> list[Servo]:
    """Puts the servos of a servo.yaml together, without starting anything.

    Args:
        config_file: The path.
        types: Connector classes beside the native ones.
        environment: The variables that fill gaps of the file; none unless given.

    Returns:
        The servos in the order of the documents.

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

class NativeConnector:
    """A connector of the engine, for a Python assembly."""

    def __new__(cls, kind: str, name: str, config: str) -> NativeConnector:
        """The connector of that type, name and configuration, which is JSON.

        Raises:
            ValueError: There is no such type, or its configuration is wrong.
        """

    @property
    def name(self) -> str:
        """Its name."""
    def handles(self, preposition: str, event: str) -> bool:
        """Whether it handles an event.

        Args:
            preposition: `before`, `on` or `after`.
            event: The event.
        """

    def call(
        self, preposition: str, event: str, arguments: dict[str, Any], results: list[Any], servo: str
    ) -> NativeCall:
        """A call of its handler of an event, to be started.

        Args:
            preposition: `before`, `on` or `after`.
            event: The event.
            arguments: The event's arguments by name.
            results: For `after`, the results of the event.
            servo: The name of the servo.
        """

class NativeCall:
    """A call of a handler of the engine."""

    def start(self) -> Awaitable[Any]:
        """Starts the handler; gives what it answers.

        Raises:
            RuntimeError: It was started already.
            EventError: It failed.
        """

    def progress(self) -> Awaitable[tuple[float, str] | None]:
        """Waits for the next report; gives the percentage and what it says."""

    def cancel(self) -> None:
        """Asks the handler to end."""

def native_metadata(kind: str) -> tuple[str, str, str, str]:
    """What is told of a type: the name of its class, a sentence, its version and its maturity."""

def native_problems(kind: str, config: str) -> list[tuple[list[str | int], str]]:
    """What is wrong with a configuration of a type: the steps to each place, and a sentence.

    Args:
        kind: The name of the type.
        config: The configuration as JSON.
    """

def native_schema(kind: str) -> str:
    """The JSON Schema of the configuration of a type."""

def glob_matches(pattern: str, name: str) -> bool:
    """Whether a shell pattern matches a channel's name.

    Args:
        pattern: With `*`, `?`, `[abc]` and `[!abc]`.
        name: The name.
    """

class SelectorIndex:
    """The subscriptions of an exchange whose selectors are texts, by number."""

    def insert(self, number: int, selector: str) -> str | None:
        """Adds a subscription.

        Args:
            number: The number of the subscription.
            selector: A channel's name or a shell pattern.

        Returns:
            The one name that it selects, or None if it has wildcards.
        """
    def remove(self, number: int) -> bool:
        """Takes a subscription out; gives whether it was there."""
    def find(self, name: str) -> list[int]:
        """The numbers of the subscriptions that a channel's name concerns, ascending."""
    def __len__(self) -> int: ...

class MetricsEndpoint:
    """`/metrics`, `/healthz` and `/readyz`, until it is closed."""

    @property
    def address(self) -> str:
        """Where it listens, as `HOST:PORT`."""
    def close(self) -> Awaitable[None]:
        """Ends it.

        Returns:
            An awaitable that is done when every connection is closed, in less than a second.
        """

def serve_metrics(address: str, servos: int) -> Awaitable[MetricsEndpoint]:
    """Begins to count what the engine does, and serves it over HTTP.

    Args:
        address: `HOST:PORT`; a port of 0 is any that is free.
        servos: How many servos there are going to be: until then the process is not ready.

    Returns:
        What serves it until it is closed.

    Raises:
        RuntimeError: It cannot listen there.
    """

def export_traces() -> bool:
    """Begins to export traces where `OTEL_EXPORTER_OTLP_ENDPOINT` asks for it; gives whether they are exported.

    Raises:
        RuntimeError: It asks for what cannot be had.
    """

def finish_traces(within: float) -> None:
    """Delivers the traces that still wait, and ends their export.

    Args:
        within: The seconds that this may take.
    """

class OptimizerServer:
    """The local optimizer over HTTP."""

    def __new__(
        cls, config_file: str, listen: str | None = None, storage: str | None = None, insecure: bool = False
    ) -> OptimizerServer:
        """The server of a configuration file.

        Args:
            config_file: The path.
            listen: The host and the port to use in place of the file's.
            storage: The storage URL to use in place of the file's.
            insecure: Whether plain HTTP may be spoken where others can reach it, whatever the file says.

        Raises:
            ConfigError: Everything that is wrong with the file.
            RuntimeError: An argument is wrong.
        """
    def bind(self) -> Awaitable[tuple[str, int, str]]:
        """Opens the storage and listens.

        Returns:
            The URL, the number of applications, and the storage without its password.

        Raises:
            RuntimeError: The address, the storage or the certificate cannot be used.
        """
    def serve(self) -> Awaitable[None]:
        """Answers until `stop`."""
    def stop(self) -> None:
        """Asks the server to end in order; it takes about ten seconds at the most."""
