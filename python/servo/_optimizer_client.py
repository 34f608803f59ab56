"""The client of a remote optimizer: a thin view of the engine's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from servo import errors
from servo._core import OptimizerClient as _Engine

if TYPE_CHECKING:
    from servo.configuration import AppdynamicsOptimizer, CommonConfiguration, OpsaniOptimizer

__all__ = [
    "OptimizerAccessError",
    "OptimizerClient",
    "OptimizerConnectionError",
    "OptimizerError",
    "OptimizerReplyError",
    "OptimizerStatusError",
    "client_for",
]


class OptimizerError(errors.ServoError):
    """A message did not get through to a remote optimizer. No text of it holds a secret.

    Args:
        message: What went wrong, where, and what to do.
        reason: A short word for programs: `configuration`, `connect`, `tls`, `timeout`, `interrupted`, `status`,
            `invalid-reply`, `too-large` or `credentials`.
        status_code: The HTTP status of the answer, where there was one.
        body: The beginning of the answer's body, 4 KiB at most.
        retryable: Whether the same message may get through later.
        retry_after: How many seconds the service asks to wait.
    """

    def __init__(
        self,
        message: str = "",
        reason: str | None = None,
        *,
        status_code: int | None = None,
        body: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(message, reason, **kwargs)
        self.status_code = status_code
        self.body = body
        self.retryable = retryable
        self.retry_after = retry_after

    @property
    def detail(self) -> Any:
        """`detail` of a JSON body; None where there is none."""
        try:
            content = json.loads(self.body or "")
        except ValueError:
            return None
        return content.get("detail") if isinstance(content, dict) else None


class OptimizerAccessError(OptimizerError):
    """What is configured cannot work, or there is no token."""


class OptimizerConnectionError(OptimizerError):
    """There was no answer: no connection, none that is trusted, none in time, or one that was lost."""


class OptimizerStatusError(OptimizerError):
    """The service, or its token endpoint, answered with another status than 2xx."""


class OptimizerReplyError(OptimizerError):
    """The answer, or the message, is not what the protocol says, or larger than allowed."""


class OptimizerClient:
    """Posts messages to one optimizer. Made by `client_for`.

    It connects with the first message. Clients of equal network settings share their connections to a service.

    Args:
        optimizer: The keys of `optimizer:`, secrets in clear text.
        settings: The keys of `settings:`.

    Raises:
        OptimizerAccessError: What is configured cannot work.
    """

    def __init__(self, optimizer: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self._engine = _Engine(json.dumps(dict(optimizer)), json.dumps(dict(settings)))

    @property
    def id(self) -> str:
        """What the servo is called at the service."""
        return self._engine.id

    async def post(
        self,
        event: str,
        param: dict[str, Any] | None,
        servo_uid: str | None = None,
        *,
        retry: bool = True,
        context: str = "__default__",
    ) -> dict[str, Any]:
        """Posts a message. Cancelling the awaiting task ends the request.

        Args:
            event: What it is about, such as `WHATS_NEXT`.
            param: Depends on the event; NaN and infinity are sent as null.
            servo_uid: The identity of the servo, where one is configured.
            retry: Whether what may pass is waited out, within the limits of the context.
            context: Which limits of `settings.backoff`; those of `__default__` for a context without its own.

        Returns:
            The JSON of the reply.

        Raises:
            OptimizerError: It did not get through.
            TypeError: The param cannot be written as JSON.
            RuntimeError: The client is closed.
        """
        return await self._engine.post(str(event), param, servo_uid, retry=retry, context=str(context))

    async def request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        max_time: float | None = None,
        max_tries: int | None = 1,
    ) -> dict[str, Any]:
        """Makes another request than a message, with the same authentication and bounds.

        Args:
            method: Such as `GET`.
            path: Behind the URL of the optimizer.
            body: What is sent as JSON.
            max_time: For how many seconds it is tried; no limit unless given.
            max_tries: How often it is tried; None for no limit.

        Returns:
            The JSON of the answer.

        Raises:
            OptimizerError: It did not get through.
            TypeError: The body cannot be written as JSON.
            RuntimeError: The client is closed.
        """
        return await self._engine.request(method, path, body, max_time=max_time, max_tries=max_tries)

    async def close(self) -> None:
        """Lets go of the connections. What is under way goes on."""
        self._engine.close()

    aclose = close

    async def __aenter__(self) -> OptimizerClient:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"OptimizerClient({self.id!r})"


def client_for(
    optimizer: OpsaniOptimizer | AppdynamicsOptimizer, settings: CommonConfiguration | None = None
) -> OptimizerClient:
    """The client of a configured optimizer. Nothing is connected before the first message.

    Args:
        optimizer: The configuration of the optimizer, as it is now.
        settings: How it is reached; the defaults unless given.

    Raises:
        RuntimeError: The optimizer is not one at a service.
        OptimizerAccessError: What is configured cannot work.
    """
    from servo.configuration import AppdynamicsOptimizer, OpsaniOptimizer

    if isinstance(optimizer, AppdynamicsOptimizer):
        names = ["optimizer_id", "tenant_id", "base_url", "client_id", "client_secret", "connection_file", "token"]
        # What follows from the others is computed again when they change.
        names += [name for name in ("url", "token_url") if name not in optimizer._computed]
    elif isinstance(optimizer, OpsaniOptimizer):
        names = ["id", "token", "base_url", "url"]
    else:
        raise RuntimeError(f"Unable to construct api_client from Optimizer type {type(optimizer).__name__}")
    keys = {name: _plain(getattr(optimizer, name)) for name in names}
    return OptimizerClient({name: value for name, value in keys.items() if value is not None}, _settings(settings))


def _plain(value: Any) -> Any:
    reveal = getattr(value, "get_secret_value", None)
    if reveal is not None:
        return reveal()
    return None if value is None else str(value)


def _settings(settings: CommonConfiguration | None) -> dict[str, Any]:
    """The keys of `settings:` that are not unset."""
    if settings is None:
        return {}
    backoff = {
        name: {
            "max_time": None if limits.max_time is None else str(limits.max_time),
            "max_tries": limits.max_tries,
        }
        for name, limits in settings.backoff.__root__.items()
    }
    proxies: Any = settings.proxies
    if isinstance(proxies, Mapping):
        proxies = {str(pattern): _plain(url) for pattern, url in proxies.items()}
    timeouts = settings.timeouts and {
        name: None if (value := getattr(settings.timeouts, name)) is None else str(value)
        for name in ("connect", "read", "write", "pool")
    }
    verify = settings.ssl_verify
    keys = {
        "backoff": backoff,
        "proxies": proxies if proxies is None or isinstance(proxies, dict) else str(proxies),
        "timeouts": timeouts,
        "ssl_verify": verify if verify is None or isinstance(verify, bool) else str(verify),
    }
    return {name: value for name, value in keys.items() if value is not None}
