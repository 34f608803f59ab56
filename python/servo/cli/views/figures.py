"""Numbers, times and settings as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

BARS = "▁▂▃▄▅▆▇█"


def figure(value: Any) -> str:
    """A measured number with three digits that count; anything else as text, nothing as a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}"
    size = abs(value)
    if size >= 99.95:
        return f"{value:.0f}"
    if size >= 9.995:
        return f"{value:.1f}".removesuffix(".0")
    if size >= 0.9995:
        return f"{value:.2f}"
    if size < 1e-6:
        return f"{value:.2e}"
    return f"{value:.{2 - math.floor(math.log10(size))}f}"


def percent(change: float) -> str:
    """A change: ``-41 %``, ``+2.5 %``."""
    return f"{change:+.1f} %" if abs(change) < 9.95 else f"{change:+.0f} %"


def change(value: Any, base: Any) -> str:
    """How much a value differs from a base, in percent; nothing where that has no meaning."""
    if not isinstance(value, int | float) or not isinstance(base, int | float) or not base:
        return ""
    return percent((value - base) / abs(base) * 100)


def span(seconds: float) -> str:
    """A span of time: ``42s``, ``1m 05s``, ``2h 03m``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def settings(assignment: Mapping[str, Any], *, short: bool = False) -> str:
    """``component.setting=value …``; short without the component where there is only one."""
    names = short_names(list(assignment)) if short else {name: name for name in assignment}
    return " ".join(f"{names[name]}={value}" for name, value in assignment.items())


def short_names(names: Sequence[str]) -> dict[str, str]:
    """What to call each setting: without its component where all are of one."""
    if len({name.partition(".")[0] for name in names}) == 1:
        return {name: name.partition(".")[2] or name for name in names}
    return {name: name for name in names}


def sparkline(values: Sequence[float], width: int) -> str:
    """The last values as bars, the least and the greatest of them at the ends of the scale."""
    shown = [value for value in values if math.isfinite(value)][-max(width, 1) :]
    if not shown:
        return ""
    least, most = min(shown), max(shown)
    # Halved: the distance of the two greatest numbers there are is still a number.
    height = most / 2 - least / 2
    if height == 0:
        return BARS[0] * len(shown)
    return "".join(BARS[round((value / 2 - least / 2) / height * (len(BARS) - 1))] for value in shown)
