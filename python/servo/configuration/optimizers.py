"""`optimizer:` — the service that says what to measure and adjust."""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import pydantic

from servo import _pydantic
from servo.configuration.base import Settings

__all__ = [
    "NAME_REGEX",
    "OPTIMIZER_ID_REGEX",
    "ORGANIZATION_REGEX",
    "AppdynamicsOptimizer",
    "LocalOptimizer",
    "OpsaniOptimizer",
    "OptimizerTypes",
    "SidecarConnectionFile",
]

ORGANIZATION_REGEX = r"(?!-)([A-Za-z0-9-.]{5,50})"
"""The first part of an identifier."""
NAME_REGEX = r"[a-zA-Z\_\-\.0-9]{1,64}"
"""The second part of an identifier."""
OPTIMIZER_ID_REGEX = f"^{ORGANIZATION_REGEX}/{NAME_REGEX}$"
"""An identifier."""

if TYPE_CHECKING:
    _Id = str
    _Url = str
else:
    _Id = _pydantic.matching(OPTIMIZER_ID_REGEX)
    _Url = _pydantic.http_url()

MAX_TOKEN_BYTES = 64 * 1024
CONNECTION_FILE_WAIT = 60.0
"""For how many seconds a connection file that does not exist yet is waited for, outside of an event loop."""


class OpsaniOptimizer(Settings):
    """A service that knows the servo by a token.

    Attributes:
        id: `<organization>/<name>`.
        token: The token; the file of `OPSANI_TOKEN_FILE` is read for one that is not given.
        base_url: Where the service is.
        url: Where the optimizer is; computed from `base_url` and `id` unless given.
    """

    class Config:
        extra = "forbid"
        validate_assignment = True
        validate_all = True

    id: _Id = _pydantic.field(env="OPSANI_OPTIMIZER")
    token: pydantic.SecretStr = _pydantic.field(env="OPSANI_TOKEN")
    base_url: _Url = _pydantic.field("https://api.opsani.com", env="OPSANI_BASE_URL")
    url: _Url | None = _pydantic.field(None, env="OPSANI_URL")

    _organization: str = pydantic.PrivateAttr("")
    _name: str = pydantic.PrivateAttr("")

    @classmethod
    def _environment(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What the environment adds: of the tokens the one in a file goes first.

        Raises:
            pydantic.ValidationError: The file of the token cannot be read.
        """
        import os

        from servo.configuration.environment import values_of

        found = values_of(cls)
        file = os.environ.get("OPSANI_TOKEN_FILE")
        if file and ("token" not in values or values["token"] == ""):
            try:
                with open(file, encoding="utf-8") as opened:
                    found["token"] = opened.read(MAX_TOKEN_BYTES).strip()
            except (OSError, UnicodeDecodeError) as error:
                message = f"expected a file with the token at '{file}' (OPSANI_TOKEN_FILE): {error}"
                raise _pydantic.validation_error(cls.__name__, [("token", message)]) from None
        return found

    def _initialized(self) -> None:
        self._organization, self._name = self.id.split("/", 1)
        base_url = str(self.base_url)
        if base_url.endswith("/"):
            self.__dict__["base_url"] = base_url.rstrip("/")
        if self.url is None:
            _pydantic.set_value(self, "url", self.default_url)

    @property
    def organization(self) -> str:
        """The first part of the identifier."""
        return self._organization

    @property
    def name(self) -> str:
        """The second part of the identifier."""
        return self._name

    @property
    def default_url(self) -> str:
        """Where the optimizer is unless `url` says otherwise."""
        return f"{self.base_url}/accounts/{self.organization}/applications/{self.name}/"


class SidecarConnectionFile(_pydantic.SettingsModel):
    """A file with which a program beside the servo tells how the service is reached.

    Attributes:
        Authorization: The token.
        Endpoint: Where the service is.
        TenantId: The tenant.
    """

    Authorization: pydantic.SecretStr
    Endpoint: _Url
    TenantId: str


_read_elsewhere: contextvars.ContextVar[bool] = contextvars.ContextVar("servox.read_elsewhere", default=False)


@contextlib.contextmanager
def connection_files_read_elsewhere() -> Iterator[None]:
    """Within the block a connection file is neither waited for nor needed: the engine reads and watches it."""
    token = _read_elsewhere.set(True)
    try:
        yield
    finally:
        _read_elsewhere.reset(token)


_CONNECTION_KEYS = ("base_url", "client_id", "client_secret", "tenant_id")


class AppdynamicsOptimizer(Settings):
    """A service that gives out tokens to clients, or one that a connection file tells of.

    Attributes:
        optimizer_id: The optimizer at the service.
        tenant_id: The tenant.
        base_url: Where the service is.
        client_id: The client that asks for tokens.
        client_secret: Its secret.
        connection_file: A file that another program keeps, with the token, the service and the tenant.
        token: A token.
        url: Where the optimizer is; computed unless given.
        token_url: Where tokens are; computed unless given.
    """

    class Config:
        extra = "forbid"
        validate_assignment = True
        validate_all = True

    optimizer_id: str = _pydantic.field(env="APPD_OPTIMIZER_ID")
    tenant_id: str | None = _pydantic.field(None, env="APPD_TENANT_ID")
    base_url: _Url | None = _pydantic.field(None, env="APPD_BASE_URL")
    client_id: str | None = _pydantic.field(None, env="APPD_CLIENT_ID")
    client_secret: pydantic.SecretStr | None = _pydantic.field(None, env="APPD_CLIENT_SECRET")
    connection_file: str | None = _pydantic.field(None, env="APPD_CONNECTION_FILE")
    token: pydantic.SecretStr | None = _pydantic.field(None, env="APPD_TOKEN")
    url: _Url | None = _pydantic.field(None, env="APPD_URL")
    token_url: _Url | None = _pydantic.field(None, env="APPD_TOKEN_URL")

    # The URLs that are not the user's, and follow the file.
    _computed: Any = pydantic.PrivateAttr(default_factory=set)

    def _initialized(self) -> None:
        self._computed = {name for name in ("url", "token_url") if getattr(self, name) is None}
        if self.connection_file:
            if _read_elsewhere.get():
                with contextlib.suppress(OSError, ValueError):
                    self.load_connection_file()
            else:
                self._await_connection_file()
            return
        if any(getattr(self, name) is None for name in _CONNECTION_KEYS):
            raise ValueError(
                "AppdynamicsOptimizer must be configured with a connection file or specify base_url, client_id, "
                "client_secret, and tenant_id"
            )
        self.__dict__["base_url"] = str(self.base_url).rstrip("/")
        self._compute_urls()

    def _await_connection_file(self) -> None:
        deadline = time.monotonic() + (0 if _in_event_loop() else CONNECTION_FILE_WAIT)
        pause = 0.1
        while True:
            try:
                return self.load_connection_file()
            except FileNotFoundError as error:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ValueError(f"expected a connection file at '{self.connection_file}', found none") from error
                time.sleep(min(pause, left))
                pause = min(pause * 2, 5)

    def load_connection_file(self) -> None:
        """Reads the connection file, and computes the URLs that depend on it again.

        Raises:
            ValueError: No file is configured, or it is no YAML.
            FileNotFoundError: It does not exist.
            pydantic.ValidationError: It lacks a key.
        """
        from servo._core import read_documents

        if not self.connection_file:
            raise ValueError("Unable to load connection file, no file specified")
        if not Path(self.connection_file).exists():
            raise FileNotFoundError(2, "No such file or directory", self.connection_file)
        import json

        documents = read_documents(self.connection_file)
        read = SidecarConnectionFile.parse_obj(json.loads(documents[0]) if documents else {})
        _pydantic.set_value(self, "token", read.Authorization)
        _pydantic.set_value(self, "base_url", str(read.Endpoint).rstrip("/"))
        _pydantic.set_value(self, "tenant_id", read.TenantId)
        self._compute_urls()

    def _compute_urls(self) -> None:
        computed = {
            "url": f"{self.base_url}/rest/optimize/co/v1/optimizers/{self.optimizer_id}/",
            "token_url": f"{self.base_url}/auth/{self.tenant_id}/default/oauth2/token",
        }
        for name in self._computed:
            _pydantic.set_value(self, name, computed[name])

    @property
    def id(self) -> str:
        """The tenant and the optimizer, for people."""
        return f"{self.tenant_id} - {self.optimizer_id}"

    @property
    def name(self) -> str:
        """The optimizer at the service."""
        return self.optimizer_id


def _in_event_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class LocalOptimizer(Settings):
    """The optimizer inside of the servo.

    Attributes:
        local: What it does; the engine checks it.
    """

    class Config:
        extra = "forbid"

    local: dict[str, Any]

    if _pydantic.MAJOR == 1:

        @classmethod
        def validate(cls, value: Any) -> Any:
            """The optimizer of a mapping with `local`; of others the other optimizers speak."""
            if not isinstance(value, cls) and not (isinstance(value, dict) and "local" in value):
                raise _pydantic.silent_mismatch(cls)
            return super().validate(value)

    @property
    def id(self) -> str:
        """`local`."""
        return "local"

    @property
    def name(self) -> str:
        """`local`."""
        return "local"


OptimizerTypes = Union[AppdynamicsOptimizer, OpsaniOptimizer, LocalOptimizer]  # noqa: UP007 (a typing union, as it was)
"""Any of the optimizers."""
