"""The live view of one servo on a terminal."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from servo.cli.views.above import AboveView
from servo.cli.views.figures import change, figure, settings, span, sparkline
from servo.cli.views.lines import PHASES
from servo.cli.views.state import Note, State, trial_number

NOTES = 4
LABELS = 10


class LiveView:
    """Draws phase, progress, the trial under way, the best so far and the curve of the goal, in place.

    Args:
        color: False draws in the terminal's own colour.
    """

    def __init__(self, color: bool = True) -> None:
        self.console = Console(file=sys.stdout, no_color=not color, highlight=False)
        self._live = Live(
            console=self.console,
            auto_refresh=False,
            transient=True,
            redirect_stderr=False,
        )
        self._stderr: TextIO | None = None
        self._began = time.monotonic()
        self._notes: deque[Note] = deque(maxlen=NOTES)
        self._stopping: str | None = None

    def start(self) -> None:
        """Take the terminal."""
        self._live.start()
        # Log records go above the view, unless they go to a file.
        if sys.stderr.isatty():
            self._stderr, sys.stderr = sys.stderr, AboveView(self.console, sys.stderr)

    def update(self, name: str, state: State, notes: list[Note]) -> None:
        """Draw anew."""
        for note in notes:
            if note.warning:
                self.console.print(Text(note.text, style="yellow"))
            else:
                self._notes.append(note)
        self._live.update(self.draw(name, state), refresh=True)

    def stopping(self, reason: str) -> None:
        """Say that the run ends."""
        self._stopping = reason

    def close(self) -> None:
        """Give the terminal back."""
        if self._stderr is not None:
            if isinstance(sys.stderr, AboveView):
                sys.stderr.finish()
            sys.stderr, self._stderr = self._stderr, None
        self._live.stop()
        self.console.show_cursor(True)

    def draw(self, name: str, state: State) -> RenderableType:
        """Everything at this moment."""
        parts: list[RenderableType] = [self._head(name, state)]
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=LABELS, style="dim", no_wrap=True)
        grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        if state.budget:
            grid.add_row("trials", self._progress(state))
        self._command(grid, state)
        self._best(grid, state)
        if state.history:
            width = max(self.console.width - LABELS - 24, 8)
            line = Text(sparkline(state.history, width), style="cyan")
            shown = state.history[-width:]
            line.append(f"  {figure(min(shown))} to {figure(max(shown))}", style="dim")
            grid.add_row(state.goal_name[:LABELS], line)
        for place, note in enumerate(self._notes):
            grid.add_row("" if place else "news", Text(note.text, style="dim"))
        parts.append(grid)
        # Room for the `^C` that a terminal writes behind the last line: one that folds would leave a line of the view.
        return Constrain(Group(*parts), max(self.console.width - 3, 1))

    def _head(self, name: str, state: State) -> Text:
        if self._stopping is not None:
            words = Text(f"stopping ({self._stopping}); Ctrl-C ends at once", style="bold yellow")
        else:
            words = Text(PHASES.get(state.phase, state.phase), style="bold green")
        head = Text(no_wrap=True, overflow="ellipsis").append(name, style="bold").append("  ").append(words)
        return head.append(f"  {span(time.monotonic() - self._began)}", style="dim")

    def _progress(self, state: State) -> RenderableType:
        row = Table.grid(padding=(0, 1))
        row.add_column()
        row.add_column(no_wrap=True)
        width = max(min(self.console.width - LABELS - 16, 40), 4)
        done = min(state.done, state.budget)
        row.add_row(ProgressBar(total=state.budget, completed=done, width=width), f"{done}/{state.budget}")
        return row

    def _command(self, grid: Table, state: State) -> None:
        current, command = state.current, state.command or {}
        percent = command.get("percent")
        told = f" {percent:.0f} %" if isinstance(percent, int | float) else ""
        message = str(command.get("message") or "")
        if current is None:
            if command:
                grid.add_row("now", Text(f"{str(command.get('kind') or '').lower()}{told} {message}".strip()))
            return
        step = str(current.get("step") or "")
        kind = str(current.get("kind") or "").replace("-", " ")
        kind = "" if kind == "search" else kind
        line = " ".join(part for part in (f"trial {current.get('number')}", kind, f"{step}{told}") if part)
        grid.add_row("now", Text(line))
        if isinstance(current.get("assignment"), dict):
            grid.add_row("", Text(settings(current["assignment"], short=True)))
        if message:
            grid.add_row("", Text(message, style="dim"))

    def _best(self, grid: Table, state: State) -> None:
        best, baseline = state.best, state.baseline or {}
        if best is None:
            return
        line = Text(f"trial {trial_number(best)}  ").append(
            f"{state.goal_name} {figure(best.get('goal'))}", style="bold green"
        )
        if trial_number(best) == trial_number(baseline):
            line.append("  (the baseline)", style="dim")
        else:
            line.append(f"  {change(best.get('goal'), baseline.get('goal'))}")
        grid.add_row("best", line)
        if isinstance(best.get("assignment"), dict):
            grid.add_row("", Text(settings(best["assignment"], short=True)))
