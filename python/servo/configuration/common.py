"""`settings:` — how the servo reaches its optimizer."""

from __future__ import annotations

import contextlib
import datetime
import enum
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic

from servo import _pydantic
from servo._pydantic import lazy
from servo.configuration.base import AbstractBaseConfiguration
from servo.types.core import Duration

__all__ = [
    "BackoffConfigurations",
    "BackoffContexts",
    "BackoffSettings",
    "CommonConfiguration",
    "ProxyKey",
    "Timeouts",
]


class BackoffContexts(enum.StrEnum):
    """What is tried again with limits of its own."""

    default = "__default__"
    connect = "connect"


class BackoffSettings(AbstractBaseConfiguration):
    """How long and how often a request is tried.

    Attributes:
        max_time: From the first try to the last; unlimited when unset.
        max_tries: Tries in all; unlimited when unset.
    """

    max_time: Duration | None = None
    max_tries: int | None = None


_DEFAULT_BACKOFF: dict[str, dict[str, Any]] = {
    BackoffContexts.default.value: {"max_time": "10m", "max_tries": None},
    BackoffContexts.connect.value: {"max_time": "1h", "max_tries": None},
}


class BackoffConfigurations(_pydantic.SettingsModel):
    """The limits of tries, by context; a mapping."""

    __root__: dict[str, BackoffSettings]

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return iter(self.__root__)

    def __len__(self) -> int:
        return len(self.__root__)

    def __getitem__(self, context: str) -> BackoffSettings:
        settings: BackoffSettings = self.__root__[context]
        return settings

    def get(self, context: str, default: Any = None) -> Any:
        """The limits of a context, or the default."""
        return self.__root__.get(context, default)

    def max_time(self, context: str = BackoffContexts.default) -> float | None:
        """The seconds from the first try to the last in a context, else in the default one; `None` for no limit."""
        limit = self._limits(context).max_time
        return None if limit is None else limit.total_seconds()

    def max_tries(self, context: str = BackoffContexts.default) -> int | None:
        """The tries in all in a context, else in the default one; `None` for no limit."""
        return self._limits(context).max_tries

    def _limits(self, context: str) -> BackoffSettings:
        for name in (str(context), BackoffContexts.default.value):
            if (found := self.get(name)) is not None:
                settings: BackoffSettings = found
                return settings
        with _pydantic.nested():
            return BackoffSettings(**_DEFAULT_BACKOFF[BackoffContexts.default.value])


class Timeouts(AbstractBaseConfiguration):
    """How long the parts of a request may take.

    Args:
        timeout: For each of the parts that are not given: a duration text, seconds or a duration.

    Attributes:
        connect: Until the connection stands.
        read: Until the next bytes are read.
        write: Until the next bytes are written.
        pool: Until a connection of the pool is free.
    """

    connect: Duration | None = None
    read: Duration | None = None
    write: Duration | None = None
    pool: Duration | None = None

    def __init__(self, timeout: Any = None, **parts: Any) -> None:
        if timeout is not None:
            parts = {**dict.fromkeys(("connect", "read", "write", "pool"), timeout), **parts}
        super().__init__(**parts)

    if _pydantic.MAJOR > 1:
        __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]


if TYPE_CHECKING:
    ProxyKey = str
    _Proxies = str | dict[str, str | None]
else:
    ProxyKey = _pydantic.matching("^(https?|all)://")
    _Proxies = _pydantic.one_of(ProxyKey | dict[ProxyKey, _pydantic.http_url() | None])

_WORDS = {"true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0"}


@functools.cache
def _default_backoff() -> BackoffConfigurations:
    with _pydantic.nested():
        backoff: BackoffConfigurations = BackoffConfigurations.parse_obj(_DEFAULT_BACKOFF)
    return backoff


class CommonConfiguration(lazy.LazyDefaults, AbstractBaseConfiguration):
    """How the servo reaches its optimizer.

    Attributes:
        backoff: How long and how often a request is tried, by context; what is given is merged over the defaults.
        proxies: The URL of a proxy, or patterns of URLs with a proxy or `None` for none.
        timeouts: How long the parts of a request may take.
        ssl_verify: Whether certificates are verified, or the file of the authorities to trust. Unset means verified.
    """

    backoff: BackoffConfigurations = _pydantic.field(default_factory=lazy.default(_default_backoff))
    proxies: _Proxies | None = None
    timeouts: Timeouts | None = None
    ssl_verify: bool | pydantic.FilePath | None = None

    @_pydantic.before("backoff")
    def _merge_backoff(cls, value: Any) -> Any:
        if value == []:
            # What pydantic 1 reads as an empty mapping.
            value = {}
        if isinstance(value, dict):
            with _pydantic.nested():
                return {str(getattr(name, "value", name)): item for name, item in {**_DEFAULT_BACKOFF, **value}.items()}
        return value

    @_pydantic.before("proxies")
    def _no_proxies(cls, value: Any) -> Any:
        return {} if value == [] else value

    @_pydantic.before("timeouts")
    def _one_timeout(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | datetime.timedelta):
            return value
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                value = float(value)
        with _pydantic.nested():
            return Timeouts(Duration(value))

    @_pydantic.before("ssl_verify")
    def _existing_file(cls, value: Any) -> Any:
        if not isinstance(value, str | Path) or str(value).lower() in _WORDS:
            return value
        path = Path(value)
        if not path.exists():
            raise ValueError(f'file or directory at path "{path}" does not exist')
        if not path.is_file():
            raise ValueError(f'path "{path}" does not point to a file')
        return path

    @classmethod
    def generate(cls, **kwargs: Any) -> CommonConfiguration | None:
        """Gives None: a new file needs no settings."""
        return None


lazy.share_defaults(CommonConfiguration, backoff=_default_backoff)
