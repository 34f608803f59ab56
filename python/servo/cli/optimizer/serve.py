"""``servo optimizer serve``: the local optimizer for servos elsewhere."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options

if TYPE_CHECKING:
    from servo._core import OptimizerServer

PATIENCE = 15.0
"""Seconds that an orderly end may take before the process ends without it."""

STUDIES = {"servox": 30, "servox.optimizer.server": 20, "servox.optimizer.local": 30}
"""The levels of the engine that tell what a view would show: how studies end, and what is wrong with them."""

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def serve(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Option(
            "--file",
            "-f",
            metavar="FILE",
            envvar="SERVO_OPTIMIZER_FILE",
            help="The applications, their tokens and goals.",
        ),
    ] = Path("optimizer.yaml"),
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            envvar="SERVO_OPTIMIZER_LISTEN",
            help="Where to listen, in place of the file's `listen`; port 0 takes a free one.",
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            envvar="SERVO_OPTIMIZER_STORAGE",
            show_envvar=True,
            help="Where studies are kept, in place of the file's `storage`. A password belongs in the variable.",
        ),
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Speak plain HTTP where other machines can reach it; tokens can be read."),
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Check the file and what it names, and do not serve.")] = False,
) -> None:
    """Serve the local optimizer over HTTP, to many applications at once.

    Servos of this project and of ServoX 25.3 name the server in `optimizer.base_url`. Each application has its own
    token, goal and study; all studies are kept in one storage, and go on when the server is started again.

    SIGTERM and SIGINT end the server in order: requests under way have ten seconds, and the exit code is 0. A second
    signal ends it at once.
    """
    from servo.cli.errors import engine_errors
    from servo.cli.logs import configure_logging, forward_engine
    from servo.cli.session import core, run_async

    options: Options = context.obj
    if not file.exists():
        raise typer.BadParameter(f"File '{file}' does not exist.", param_hint="'--file' / '-f'")
    configure_logging(options, STUDIES)
    core()
    forward_engine(options)
    from servo._core import OptimizerServer

    with engine_errors():
        server = OptimizerServer(str(file), listen, storage, insecure)
        if check:
            typer.echo(f"√ Valid configuration in {file}")
            return
        with Signals(server):
            run_async(_serve(server))


async def _serve(server: OptimizerServer) -> None:
    url, applications, storage = await server.bind()
    typer.echo(f"listening on {url}")
    typer.echo(f"applications: {applications}")
    typer.echo(f"storage: {storage}")
    await server.serve()


class Signals:
    """The first signal asks the server to end, the second one ends the process.

    Args:
        server: The server.
    """

    def __init__(self, server: OptimizerServer) -> None:
        self._server = server
        self._deadline: threading.Timer | None = None
        self._former: dict[int, Any] = {}

    def __enter__(self) -> None:
        for name in SIGNALS:
            number = getattr(signal, name, None)
            if number is not None:
                self._former[number] = signal.signal(number, self._handle)

    def __exit__(self, *_: object) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._deadline is not None:
            os._exit(128 + number)
        # A search strategy that hangs must not keep the process.
        self._deadline = threading.Timer(PATIENCE, os._exit, [1])
        self._deadline.daemon = True
        self._deadline.start()
        self._server.stop()
