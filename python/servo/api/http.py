"""How a servo reaches an optimizer at a service."""

from __future__ import annotations

import shlex
import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo._optimizer_client import OptimizerClient
    from servo.configuration import AppdynamicsOptimizer, CommonConfiguration, OpsaniOptimizer

__all__ = ["USER_AGENT", "get_api_client_for_optimizer", "is_fatal_status_code", "redacted_to_curl", "user_agent"]

USER_AGENT = "github.com/opsani/servox"
"""How agents of this kind name themselves."""

_SECRET = frozenset({"authorization", "proxy-authorization", "x-sf-token", "cookie"})
_REDACTED = "[REDACTED]"


def user_agent() -> str:
    """How this agent names itself, with its version."""
    import servo

    return f"{USER_AGENT} v{servo.__version__}"


def is_fatal_status_code(error: Exception) -> bool:
    """Whether an error is an answer that will be the same when the request is made again.

    Args:
        error: With a `status_code`, or with a `response` that has one; any other is not fatal.
    """
    from servo._core import is_retryable_status

    response = getattr(error, "response", None)
    code = getattr(error, "status_code", None) if response is None else getattr(response, "status_code", None)
    if not isinstance(code, int) or is_retryable_status(code):
        return False
    from loguru import logger

    reason = getattr(response, "reason_phrase", None) or getattr(error, "reason", None)
    logger.error("Giving up on non-retryable HTTP status code {} ({}) ", code, reason)
    return True


def redacted_to_curl(request: Any) -> str:
    """A `curl` command for a request, without the secrets in its headers and the password in its URL.

    Args:
        request: With `method`, `url`, `headers` and `content`, such as `httpx.Request`.
    """
    words = ["curl", "-X", str(request.method)]
    for name, value in dict(request.headers).items():
        if str(name).lower() in _SECRET:
            kept = str(name).lower() == "authorization" and str(value).startswith("Bearer ")
            value = f"Bearer {_REDACTED}" if kept else _REDACTED
        words += ["-H", f"{name}: {value}"]
    body = request.content
    if body:
        words += ["-d", body.decode(errors="replace") if isinstance(body, bytes) else str(body)]
    words.append(_without_user(str(request.url)))
    return shlex.join(words)


def _without_user(url: str) -> str:
    """The URL without the user and the password in it."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def get_api_client_for_optimizer(
    optimizer: OpsaniOptimizer | AppdynamicsOptimizer, settings: CommonConfiguration | None = None
) -> OptimizerClient:
    """The client of a configured optimizer.

    Args:
        optimizer: The configuration of the optimizer.
        settings: How it is reached; the defaults unless given.

    Raises:
        RuntimeError: The optimizer is not one at a service.
        servo.errors.ServoError: What is configured cannot work.
    """
    from servo._optimizer_client import client_for

    return client_for(optimizer, settings)
