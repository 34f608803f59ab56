"""A study: what it is about, its best configuration, how far it is."""

from __future__ import annotations

from collections import Counter
from typing import Any

from servo.cli.views.figures import figure, percent, settings
from servo.cli.views.result import comparison, verification
from servo.cli.views.table import plain_table


def heading(study: dict[str, Any]) -> str:
    """What is searched, and where that is written down."""
    goal = study.get("goal")
    name = "" if study["goal_name"] in ("goal", goal) else f" ({study['goal_name']})"
    wanted = f": {study['direction']} {goal}{name}" if goal and study.get("direction") else ""
    return f"study {study['study']} in {study['storage']}{wanted}"


def tally(study: dict[str, Any]) -> str:
    """How many trials there are of each state, and which is the best."""
    trials = study["trials"]
    if not trials:
        return "no trials yet"
    counted = Counter(str(trial["state"]) for trial in trials)
    states = ", ".join(f"{count} {state}" for state, count in counted.items())
    return f"{len(trials)} trials: {states}; {verdict(study)}"


def verdict(study: dict[str, Any]) -> str:
    """The best configuration in a few words."""
    best, baseline = study.get("best"), study.get("baseline")
    if best is None:
        if baseline is None:
            return "the baseline was not measured yet"
        return f"nothing is better than the baseline ({study['goal_name']} {figure(baseline['goal'])})"
    changed = study.get("change_percent")
    by = "" if changed is None else f" ({percent(changed)})"
    again = (study.get("verification") or {}).get("best") or best
    verified = "verified" if study.get("verified") else "not verified"
    return f"best: trial {best['trial']}, {study['goal_name']} {figure(again['goal'])}{by}, {verified}"


def best_lines(study: dict[str, Any]) -> list[str]:
    """The best configuration, and what it is better than."""
    lines = [heading(study), *(f"constraint {text}" for text in study.get("constraints") or []), ""]
    best, baseline = study.get("best"), study.get("baseline")
    if best is not None and baseline is not None:
        before, after = baseline["assignment"], best["assignment"]
        rows = [(name, str(before.get(name, "")), str(value)) for name, value in after.items()]
        lines += [*plain_table(["SETTING", "BASELINE", "BEST"], rows), ""]
        lines += [*comparison("MEASURED", study, baseline, best), ""]
        again = verification(study)
        lines += [*again, ""] if again else []
    elif baseline is not None:
        lines += [f"baseline: {settings(baseline['assignment'])}", ""]
    return [*lines, verdict(study)]
