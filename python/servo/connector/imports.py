"""Modules of connectors that fail while they are imported: where, and with what."""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING

from servo.errors import ServoError

if TYPE_CHECKING:
    from servo.connector.base import BaseConnector

__all__ = ["ConnectorImportError", "explained", "import_module", "one_line", "place_of"]


class ConnectorImportError(ServoError, ImportError):
    """The module of a connector failed while it was imported; `__cause__` is what it raised."""


_failures: list[ConnectorImportError] = []
"""Those that nobody has explained yet; the engine passes their texts on only."""
_MOST = 16


def import_module(name: str) -> ModuleType:
    """A module by its dotted name.

    Raises:
        ModuleNotFoundError: There is none of that name.
        ConnectorImportError: It failed; the text has the place in its file, the class and the text of the error.
    """
    known = _classes()
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise
        _forget(known)
        place = place_of(error, name)
        failure = ConnectorImportError(f"{place}: {one_line(error)}" if place else one_line(error))
        failure.__cause__ = error
        _failures.append(failure)
        del _failures[:-_MOST]
        raise failure from error


def _classes() -> list[type[BaseConnector]]:
    from servo.connector.registry import known_connectors

    return known_connectors()


def _forget(known: list[type[BaseConnector]]) -> None:
    """Forgets the classes of modules that did not come to their end: they would stand for what was asked for."""
    registered = sys.modules["servo.connector"]._connector_subclasses
    for cls in _classes():
        if cls not in known and cls.__module__ not in sys.modules:
            (registered.discard if hasattr(registered, "discard") else registered.remove)(cls)


def one_line(error: BaseException) -> str:
    """The class and the text of an error; a text of several lines becomes one."""
    # The place of a syntax error is told as that of any other.
    told = error.msg if isinstance(error, SyntaxError) else str(error)
    text = " ".join(told.split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def place_of(error: BaseException, module: str) -> str | None:
    """The file and the line where the import of a module went wrong, as far as its authors can mend it.

    Args:
        error: What the module raised.
        module: Its dotted name.

    Returns:
        `file.py:12`, relative to the working directory where the file is within it; None where nobody knows.
    """
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{_short(error.filename)}:{error.lineno}"
    frames = [
        (frame.f_code.co_filename, frame.f_globals.get("__name__"), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if os.path.isabs(frame.f_code.co_filename) and frame.f_globals.get("__name__") != __name__
    ]
    written = [(file, line) for file, _, line in frames if not _is_installed(file)]
    own = written or [(file, line) for file, name, line in frames if name == module]
    return f"{_short(own[-1][0])}:{own[-1][1]}" if own else None


def _is_installed(file: str) -> bool:
    """Whether a file belongs to Python or to something that was installed, this package among it."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    roots = (package, *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")))
    return any(file.startswith(root + os.sep) for root in roots)


def _short(file: str) -> str:
    try:
        relative = os.path.relpath(file)
    except (OSError, ValueError):  # no working directory, or another drive
        return file
    return file if relative.startswith(os.pardir) else relative


@contextmanager
def explained() -> Iterator[None]:
    """Gives an error of the engine the failures of imports meanwhile as its cause, so that tracebacks show them."""
    _failures.clear()
    try:
        yield
    except Exception as error:
        if error.__cause__ is None and _failures and error not in _failures:
            error.__cause__ = _failures[0] if len(_failures) == 1 else ExceptionGroup("imports failed", _failures[:])
        raise
    finally:
        _failures.clear()
