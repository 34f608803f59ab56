"""Looks at what the servos of an assembly do, and has it shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servo.cli.places import Places
    from servo.cli.session import Assembly
    from servo.cli.views.state import State, View


class Watch:
    """Shows what the servos of an assembly do.

    Args:
        assembly: The servos.
        view: What shows them.
        alone: Whether there is one servo, which is shown at every look: the time that has gone by is part of its view.
            Of several those are shown that have changed.
        polls: Whether optimizers are asked for commands.
        places: Who waits for the end of a servo.
    """

    def __init__(self, assembly: Assembly, view: View, alone: bool, polls: bool, places: Places | None = None) -> None:
        self._assembly = assembly
        self._view = view
        self._alone = alone
        self._polls = polls
        self._places = places
        self._last: tuple[str, State] | None = None

    def look(self) -> None:
        """Show what has changed since the last look."""
        from servo.cli.views.state import Note, State

        changes = json.loads(self._assembly.drain())
        if self._places is not None:
            self._places.look(changes)
        for change in changes:
            name, state = change["name"], State.of(change["state"])
            if not self._polls and state.phase not in ("starting", "stopping", "done"):
                state = replace(state, phase="idle")
            self._last = name, state
            notes = [Note.of(raw) for raw in change["notes"]]
            if change.get("ended") == "failed" and not self._alone:
                # The others go on: whoever looks at the end alone would learn of it too late.
                notes.append(Note(f"error: {str(change['reason']).partition(chr(10))[0]}"))
            self._view.update(name, state, notes)
        if self._alone and not changes and self._last is not None:
            self._view.update(*self._last, [])
