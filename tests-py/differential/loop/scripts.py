"""What optimizers say to agents in the tests."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from .run import Script

# The transcript of the protocol's reference: requests and replies.
CYCLE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "cycle.json").read_text(encoding="utf-8"))
SLEEP = {"cmd": "SLEEP", "param": {"duration": 60, "data": {"status": "idle", "reason": "nothing to do"}}}
CLIENT = "optimizer_id: o-1, tenant_id: t-1, base_url: '{url}', client_id: c-1, client_secret: cl13nt-s3cr3t"


def describe(**more: Any) -> dict[str, Any]:
    """A DESCRIBE command."""
    return {"cmd": "DESCRIBE", "param": {}} | more


def measure(
    uid: str, metrics: Any = ("throughput", "error_rate"), duration: Any = 0, **userdata: Any
) -> dict[str, Any]:
    """A MEASURE command; its user data says what is to go wrong."""
    control = {"duration": duration, "userdata": userdata} if userdata else {"duration": duration}
    metrics = metrics if isinstance(metrics, dict) else list(metrics)
    return {"cmd": "MEASURE", "cmd_uid": uid, "param": {"metrics": metrics, "control": control}}


def adjust(uid: str, settings: dict[str, Any], **userdata: Any) -> dict[str, Any]:
    """An ADJUST command of the component `web`."""
    values = {name: {"value": value} for name, value in settings.items()}
    state = {"application": {"components": {"web": {"settings": values}}}}
    control = {"userdata": userdata} if userdata else {}
    return {"cmd": "ADJUST", "cmd_uid": uid, "param": {"state": state, "control": control}}


SCRIPTS: dict[str, Script] = {
    "loop_cycle": Script(commands=tuple(each["reply"] for each in CYCLE if each["request"]["event"] == "WHATS_NEXT")),
    "loop_results": Script(
        commands=(
            describe(cmd_uid=5),
            describe(),
            describe(cmd_uid="d-1", param={"control": {}}),
            measure("scalars", scalars="yes"),
            measure("nothing", nothing="yes"),
            measure("object", {"throughput": {"unit": "rpm"}}),
            measure("aborted", on="EventAbortedError", message="SLO violation(s) observed: …", why="slo-violation"),
            measure("failed", on="MeasurementFailedError", message="no data"),
            measure("failed-reason", on="MeasurementFailedError", message="no data", why="unstable"),
            measure("event-error", on="EventError", message="something else"),
            measure("before", before="MeasurementFailedError", message="not now", why="too-early"),
            measure("before-aborted", before="EventAbortedError", message="not at all"),
            measure("after", after="MeasurementFailedError", message="came too late"),
            measure("after-aborted", after="EventAbortedError", message="gone", why="slo-violation"),
            adjust("adjusted", {"cpu": 2, "replicas": 4.0}),
            adjust("text", {"gc": "zgc"}),
            adjust("unknown", {"bogus": 1}),
            adjust("rejected", {"cpu": 3.5}),
            adjust("failed-adjust", {"cpu": 2}, on="AdjustmentFailedError", message="no such pod", why="start-failed"),
            adjust("after-adjust", {"cpu": 2}, after="AdjustmentRejectedError", message="took it back"),
            {"cmd": "SLEEP", "param": {"duration": "100ms", "data": {"status": "idle", "reason": "a while"}}},
            describe(cmd_uid="odd"),
            SLEEP,
        ),
        answers=(("'cmd_uid': 'odd'", {"status": "unexpected-event", "reason": "Out of order event; ignoring"}),),
    ),
    "loop_several": Script(
        commands=(
            describe(cmd_uid="d"),
            measure("m"),
            measure("failed", on="MeasurementFailedError", message="no data"),
            adjust("a", {"cpu": 2}),
            SLEEP,
        ),
        connectors=("demo", "second"),
    ),
    "loop_cancel": Script(
        commands=(measure("m", duration=10), SLEEP),
        answers=(("'progress'", {"status": "cancel", "reason": "user cancelled"}),),
        ends=True,
    ),
    "loop_crash": Script(
        commands=(
            describe(cmd_uid="d"),
            measure("crash", on="ConnectorError", message="not foreseen"),
            SLEEP,
        ),
        ends=True,
    ),
    "loop_sigint": Script(
        commands=(SLEEP,),
        optimizer="{{id: dev.example.com/app-1, token: X-SF-Token s3cr3t-t0ken, base_url: '{url}/'}}",
        signal=signal.SIGINT,
    ),
    "loop_sighup": Script(
        commands=(SLEEP,),
        optimizer="{{id: dev.example.com/app-1, token: Bearer s3cr3t-t0ken, url: '{url}/elsewhere'}}",
        signal=signal.SIGHUP,
    ),
    "loop_sigusr1": Script(
        commands=(describe(cmd_uid="d"), SLEEP),
        optimizer="{{optimizer_id: o-1, connection_file: '{file}'}}",
        signal=signal.SIGUSR1,
    ),
    "loop_oauth": Script(commands=(describe(cmd_uid="d"), SLEEP), optimizer=f"{{{{{CLIENT}}}}}"),
}
