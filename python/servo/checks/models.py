"""What came of one check."""

from __future__ import annotations

import datetime
import hashlib
import inspect
import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Optional, TypeVar

import pydantic

from servo import _pydantic
from servo._pydantic.short_texts import short_text
from servo.logging import Mixin
from servo.types.durations import Duration
from servo.types.enums import ErrorSeverity

__all__ = ["CHECK_SIGNATURE", "Check", "CheckError", "CheckModel", "CheckRunner", "Tag", "id_of_name"]

if TYPE_CHECKING:
    Tag = str
else:
    Tag = short_text("Tag", r"^([0-9a-z\.-])*$", 32)
"""A text of 1 to 32 digits, small letters, dots and dashes."""

Remedy = Callable[[], Any] | Awaitable[Any]

CheckRunner = TypeVar("CheckRunner", bound=Callable[..., Any])
"""A callable that gives a `Check`, or an awaitable of one."""


class CheckConfig:
    """The options of the models of checks."""

    arbitrary_types_allowed = True
    validate_assignment = True


if TYPE_CHECKING:
    _Model = pydantic.BaseModel
else:
    _Model = _pydantic.value_model(CheckConfig, ())

_OF_DICT = ("by_alias", "exclude", "exclude_defaults", "exclude_none", "exclude_unset", "include", "skip_defaults")


class CheckModel(_Model):
    """The base of the models of checks."""

    if TYPE_CHECKING:
        Config: ClassVar[Any]

        def __init__(self, **data: Any) -> None: ...

    def json(self, *, encoder: Callable[[Any], Any] | None = None, **options: Any) -> str:
        """The fields as JSON.

        Args:
            encoder: Turns objects into what can be written.
            options: The arguments of `dict`, and of `json.dumps`.

        Returns:
            The text; an exception is its `repr`, a duration its seconds.

        Raises:
            TypeError: Something cannot be written, such as a remedy.
        """
        fields = self.dict(**{name: options.pop(name) for name in _OF_DICT if name in options})
        return json.dumps(fields, default=encoder or _encoded, **options)


def _encoded(value: Any) -> Any:
    return repr(value) if isinstance(value, Exception) else _pydantic.encoded(value)


class CheckError(RuntimeError):
    """Raised by a check that fails, with what may help.

    Args:
        message: What is wrong; it becomes the message of the check.
        hint: What the user can do about it.
        remedy: What the servo can do about it: a callable or an awaitable.
    """

    def __init__(self, message: str, *, hint: str | None = None, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.remedy = remedy


class _NameError(KeyError, ValueError):
    """A check has no name."""

    def __init__(self, found: str) -> None:
        super().__init__("name")
        self.found = found

    def __str__(self) -> str:
        return f"the name of a check must be a str, found {self.found}"


def id_of_name(name: str) -> str:
    """The identifier of a check that has no other: eight hexadecimal digits."""
    return hashlib.blake2b(name.encode("utf-8"), digest_size=4).hexdigest()


class Check(CheckModel, Mixin):
    """What is checked, and what came of it.

    Attributes:
        name: For people.
        id: Identifies the check; made of the name unless given.
        description: A longer text for people.
        severity: What a failure means.
        tags: For filters.
        success: Whether it passed; None before it has run.
        message: What came of it, for people.
        hint: What the user can do about a failure.
        remedy: What the servo can do about a failure: a callable or an awaitable.
        exception: What was raised.
        created_at: Local time without a zone.
        run_at: When it began; None before, and when its name could not be written.
        runtime: How long it took.

    Raises:
        KeyError: There is no name, or it is no text.
        pydantic.ValidationError: Another field is wrong.
    """

    name: pydantic.StrictStr
    id: pydantic.StrictStr = ""
    description: Optional[pydantic.StrictStr] = None  # noqa: UP045
    severity: ErrorSeverity = ErrorSeverity.common
    tags: Optional[set[Tag]] = None  # noqa: UP045
    success: Optional[bool] = None  # noqa: UP045
    message: Optional[pydantic.StrictStr] = None  # noqa: UP045
    hint: Optional[pydantic.StrictStr] = None  # noqa: UP045
    remedy: Any = None
    exception: Optional[Exception] = None  # noqa: UP045
    created_at: datetime.datetime = pydantic.Field(default_factory=datetime.datetime.now)
    run_at: Optional[datetime.datetime] = None  # noqa: UP045
    runtime: Optional[Duration] = None  # noqa: UP045

    def __init__(self, **data: Any) -> None:
        name = data.get("name")
        if not isinstance(name, str):
            raise _NameError(type(name).__name__ if "name" in data else "nothing")
        if data.get("id") in (None, ""):
            data["id"] = id_of_name(name)
        super().__init__(**data)

    @_pydantic.before("remedy")
    def _callable_or_awaitable(cls, value: Any) -> Any:
        if value is None or callable(value) or inspect.isawaitable(value):
            return value
        raise ValueError(f"{value!r} is not callable and not awaitable")

    @classmethod
    async def run(
        cls,
        name: str,
        *,
        handler: Callable[..., Any],
        description: str | None = None,
        args: Any = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Check:
        """Runs one check.

        Args:
            name: Its name; `{item}` and `{self}` in it are the first of `args`.
            handler: A function, or a coroutine function, that gives one of the results of check handlers.
            description: A longer text for people.
            args: What the handler is called with.
            kwargs: What it is called with by name.

        Returns:
            The check, which has run.
        """
        from servo.checks.handlers import run_check_handler

        check = cls(name=name, description=description)
        await run_check_handler(check, handler, *args, **(kwargs or {}))
        return check

    @property
    def passed(self) -> bool:
        """Whether nothing stands in the way: it succeeded, or is a warning."""
        return bool(self.success) or self.warning

    @property
    def failed(self) -> bool:
        """Whether it did not succeed, or has not run, and is no warning."""
        return not self.passed

    @property
    def critical(self) -> bool:
        """Whether later checks make no sense when it fails."""
        return self.severity == ErrorSeverity.critical

    @property
    def warning(self) -> bool:
        """Whether it is advice only."""
        return self.severity == ErrorSeverity.warning

    @property
    def escaped_name(self) -> str:
        """The name as `str.format` gives it back, with braces in pairs doubled."""
        return re.sub(r"\{(.*?)\}", r"{{\1}}", self.name)

    def __hash__(self) -> int:
        return hash((self.id,))


# Where users find it, and what signatures in errors show.
Check.__module__ = CheckError.__module__ = "servo.checks"

CHECK_SIGNATURE = inspect.Signature(return_annotation=Check)
"""What a method of checks looks like: no parameters, and it gives a `Check`."""
