"""Questions on stdout with answers from stdin, of people at a terminal or of scripts through a pipe."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

import typer

__all__ = ["ask", "confirm"]

T = TypeVar("T")


def ask(
    question: str,
    read: Callable[[str], T],
    *,
    default: str | None = None,
    shown: str | None = None,
    hidden: bool = False,
) -> T:
    """Ask until there is an answer.

    Args:
        question: The question, without what follows it.
        read: What an answer means. A `ValueError` is told, and the question comes again.
        default: What an empty answer stands for; without it the question comes again.
        shown: How the default is shown; as it is unless given.
        hidden: Whether a terminal does not show what is typed.

    Raises:
        typer.Abort: There are no more answers.
    """
    hint = default if shown is None else shown
    text = f"{question} [{hint}]: " if default is not None else f"{question}: "
    while True:
        answer = _line(text, hidden=hidden)
        if not answer and default is None:
            continue
        if not answer and not sys.stdin.isatty():
            # Nobody's Enter ended the line.
            typer.echo()
        try:
            return read(answer or default or "")
        except ValueError as error:
            typer.echo(f"Error: {error}")


def confirm(question: str) -> bool:
    """Ask a question that is answered by yes or no; nothing stands for no.

    Raises:
        typer.Abort: There are no more answers.
    """
    while True:
        answer = _line(f"{question} [y/N]: ").strip().lower()
        if answer in ("y", "yes"):
            return True
        if answer in ("n", "no", ""):
            return False
        typer.echo("Error: invalid input")


def _line(text: str, *, hidden: bool = False) -> str:
    """One line of stdin.

    Raises:
        typer.Abort: There is none.
    """
    sys.stdout.flush()
    try:
        if hidden and sys.stdin.isatty():
            from getpass import getpass

            return getpass(text)
        typer.echo(text, nl=False)
        sys.stdout.flush()
        _await_answer()
        return input()
    except EOFError:
        raise typer.Abort from None
    except KeyboardInterrupt:
        # What comes next begins a line.
        typer.echo()
        raise


def _await_answer() -> None:
    """Wait until a line was typed, or a signal came.

    A read that begins just when Ctrl-C is pressed would not notice it before the next line.
    """
    if sys.platform == "win32" or not sys.stdin.isatty() or threading.current_thread() is not threading.main_thread():
        return
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        select.select([sys.stdin, woken], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(wake)
