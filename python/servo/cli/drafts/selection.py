"""The question which connectors a new configuration is to have, in any terminal and through pipes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer

from servo.cli.drafts.wanted import Wanted, installed, wanted
from servo.cli.prompts import ask

__all__ = ["select"]


def select(usual: Sequence[str]) -> Wanted:
    """Ask for connectors by their numbers or names.

    Args:
        usual: What an empty answer stands for; all of them when empty.

    Raises:
        typer.Abort: There are no more answers.
    """
    known = installed()
    width = max(map(len, known))
    for number, (name, cls) in enumerate(known.items(), 1):
        # No wider than a terminal of 80 columns.
        told = (cls.description or "").split("\n")[0]
        room = 80 - 6 - width - 2
        typer.echo(f"  {number:>2}  {name:<{width}}  {told if len(told) <= room else told[: room - 1] + '…'}".rstrip())

    def read(answer: str) -> Wanted:
        words = [word for word in re.split(r"[\s,]+", answer) if word]
        if words == ["all"]:
            return wanted(list(known))
        names = list(known)
        for at, word in enumerate(words):
            if word.isdecimal():
                if not 1 <= int(word) <= len(names):
                    raise ValueError(f"expected a number from 1 to {len(names)} or a name, found '{word}'")
                words[at] = names[int(word) - 1]
        try:
            return wanted(words)
        except typer.BadParameter as error:
            raise ValueError(error.message) from None

    question = "Which connectors do you want to activate? (numbers or names)"
    return ask(question, read, default=" ".join(usual) or "all")
