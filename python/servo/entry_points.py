"""What the installed commands call."""

import contextlib
import os
import sys
from typing import NoReturn


def run_cli() -> None:
    """Run the command line and exit the process with its code."""
    from servo import _pending_signals

    _pending_signals.note()
    from servo.dotenv import load_nearest

    # The options of the command line may come from there, too.
    load_nearest()
    from servo.cli import ServoCLI

    # A terminal or a file with a narrow encoding gets a replacement character, not a traceback.
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    try:
        ServoCLI()(prog_name="servo", reports=True)
    except SystemExit as ended:
        _leave(ended.code)
    _leave(0)


def _leave(code: object) -> NoReturn:
    """End the process with that code.

    Threads of the engine outlive a command: one that logs while the interpreter is taken down would abort the process.
    So what the interpreter does at its end is done here, and then the process ends at once.
    """
    if not (code is None or isinstance(code, int)):
        raise SystemExit(code)
    if "servo._core" not in sys.modules:
        _flush()
        raise SystemExit(code)
    import atexit
    import logging

    atexit._run_exitfuncs()
    logging.shutdown()
    _flush()
    os._exit(code or 0)


def _flush() -> None:
    """Writes what is left. Where whoever read a pipe has gone, it goes nowhere, and nothing is said."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(AttributeError, OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
