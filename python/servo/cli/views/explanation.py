"""Why a trial was made, how it was judged, and what was learnt from it."""

from __future__ import annotations

from typing import Any

from servo.cli.views.figures import change, figure
from servo.cli.views.table import plain_table
from servo.cli.views.trials import kind_of, time_of

STATES = {
    "running": "it is under way, or the servo ended during it",
    "complete": "it was measured, and every constraint is met",
    "infeasible": "a constraint is broken, or a connector refused the values",
    "inconclusive": "it was measured, but what the goal or a constraint needs is missing",
    "failed": "it could not be adjusted or measured",
    "stale": "the servo ended during it",
    "cancelled": "it was given up on request",
}


def explanation(study: dict[str, Any], trial: dict[str, Any]) -> dict[str, Any]:
    """Everything there is to say about a trial, in words and figures.

    Args:
        study: The study, as `_core.StudySource.read` gives it.
        trial: One of its trials.

    Returns:
        `study`, `storage`, `trial`, `why`, `settings`, `goal`, `constraints`, `verdict`, `learnt` and `verification`.
    """
    base = study.get("baseline") or {}
    was = study.get("settings") or {}
    return {
        "study": study["study"],
        "storage": study["storage"],
        "trial": trial,
        "why": _why(study, trial),
        "settings": [
            {"name": name, "value": value, "baseline": was.get(name)} for name, value in trial["assignment"].items()
        ],
        "goal": {"name": study["goal_name"], "value": trial["goal"], "baseline": base.get("goal")},
        "constraints": _constraints(study, trial),
        "verdict": f"{trial['state']}: {trial['reason'] or STATES.get(trial['state'], '')}",
        "learnt": _learnt(study, trial),
        "verification": _verification(study, trial),
    }


def explanation_lines(told: dict[str, Any]) -> list[str]:
    """The lines of an explanation."""
    trial, goal = told["trial"], told["goal"]
    took = time_of(trial)
    began = f"{trial['started'][:19].replace('T', ' ')} UTC" + (f", took {took}" if took else "")
    lines = [f"trial {trial['number']} of study {told['study']} in {told['storage']}, {began}", ""]
    rows = [("why", told["why"])]
    settings = plain_table(
        ["SETTING", "VALUE", "BASELINE"],
        [
            (one["name"], str(one["value"]), "same" if one["baseline"] == one["value"] else str(one["baseline"]))
            for one in told["settings"]
        ],
    )
    rows.append(("settings", "\n".join(settings)))
    changed = "" if kind_of(trial) == "baseline" else change(goal["value"], goal["baseline"])
    against = f", {changed} against the baseline ({figure(goal['baseline'])})" if changed else ""
    rows.append(("goal", f"{goal['name']} {figure(goal['value'])}{against}"))
    if trial["metrics"]:
        rows.append(("metrics", ", ".join(f"{name} {figure(value)}" for name, value in trial["metrics"].items())))
    rows += [("constraint", _constraint(one)) for one in told["constraints"]]
    rows += [("verdict", told["verdict"]), ("learnt", told["learnt"]), ("verification", told["verification"])]
    return lines + [line for name, text in rows if text for line in _labelled(name, text)]


def _labelled(name: str, text: str) -> list[str]:
    return [f"{name if at == 0 else '':<14}{line}".rstrip() for at, line in enumerate(text.splitlines())]


def _constraint(one: dict[str, Any]) -> str:
    figures = (
        "" if one["left"] is None or one["right"] is None else f": {figure(one['left'])} against {figure(one['right'])}"
    )
    met = {True: "met", False: "not met", None: "not known"}[one["met"]]
    by = f" by {figure(one['violation'])}" if one["met"] is False and one["violation"] is not None else ""
    return f"{one['name']}, {one['condition']}{figures}, {met}{by}"


def _constraints(study: dict[str, Any], trial: dict[str, Any]) -> list[dict[str, Any]]:
    violations = trial.get("violations") or {}
    if checks := trial.get("checks"):
        return [check | {"violation": violations.get(check["name"])} for check in checks]
    # A trial of an older version, or one without a measurement.
    found = []
    for text in study.get("constraints") or []:
        name, _, condition = text.partition(": ")
        violation = violations.get(name)
        met = None if violation is None else violation <= 0
        found.append(
            {"name": name, "condition": condition, "left": None, "right": None, "met": met, "violation": violation}
        )
    return found


def _why(study: dict[str, Any], trial: dict[str, Any]) -> str:
    kind, origin = kind_of(trial), trial.get("origin") or {}
    by, sampler, of = origin.get("by"), origin.get("sampler"), origin.get("of")
    if kind == "baseline":
        return "the baseline: the settings the application came with, measured before anything is changed"
    if kind == "verify baseline":
        return "verification: the baseline once more, to compare the best configuration with"
    if kind == "verify best":
        which = "the best configuration" if of is None else f"trial {of}"
        return f"verification: {which} once more, to see whether its result repeats"
    if by == "approach":
        return "one of the first steps, which stay near the baseline and change one setting"
    if by == "retry":
        return f"trial {of} with these settings was interrupted; it is tried once more"
    if by == "sampler":
        seen = sum(1 for other in study["trials"] if other["number"] < trial["number"] and _teaches(other))
        return f"proposed by the sampler {sampler}, which knew {seen} trials then"
    return "a configuration of the search; who proposed it was not written down"


def _teaches(trial: dict[str, Any]) -> bool:
    return (
        trial["state"] in ("complete", "infeasible")
        and trial["goal"] is not None
        and kind_of(trial) in ("baseline", "search")
    )


def _learnt(study: dict[str, Any], trial: dict[str, Any]) -> str:
    if _teaches(trial):
        broken = [name for name, value in (trial.get("violations") or {}).items() if value is not None and value > 0]
        what = f", and that it breaks {', '.join(broken)}" if broken else ""
        sampler = (trial.get("origin") or {}).get("sampler")
        whom = f"the sampler {sampler}" if sampler else "the sampler"
        text = f"{whom} was told {study['goal_name']} {figure(trial['goal'])}{what}"
        if (study.get("best") or {}).get("trial") == trial["number"]:
            text += "; it is the best trial of the study"
        return text
    if trial["state"] == "running":
        return "nothing yet"
    if kind_of(trial).startswith("verify"):
        return "nothing for the search: it is the proof at the end"
    return "nothing: only trials with figures that can be judged are told to the sampler"


def _verification(study: dict[str, Any], trial: dict[str, Any]) -> str:
    goals = {other["number"]: other["goal"] for other in study["trials"]}
    lines = []
    for proof in study.get("proofs") or []:
        if trial["number"] not in (proof["of"], proof["trial"]):
            continue
        again = f"{study['goal_name']} {figure(goals.get(proof['trial']))}"
        base = proof["baseline"]
        if base is not None:
            again += f" against {figure(goals.get(base))} of the baseline in trial {base}"
        came = "the improvement repeats" if proof["repeats"] else "the improvement does not repeat: it is not claimed"
        lines.append(f"trial {proof['of']} was measured again in trial {proof['trial']}: {again}; {came}")
    return "\n".join(lines)
