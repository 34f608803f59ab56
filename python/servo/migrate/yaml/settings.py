"""The parts of a document that say how the optimizer is reached and how checks run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.yaml import ROOM
from servo.migrate.yaml.reading import Document, entries_of, text_of

_SERVICE_KEYS = frozenset({"id", "optimizer_id", "connection_file", "url", "base_url"})
_OPTIMIZER_VARIABLE = re.compile(r"\b(OPSANI_OPTIMIZER|APPD_OPTIMIZER_ID|SERVO_OPTIMIZER)\b")


@ROOM.rule(
    "yaml-ssl-verify",
    Severity.changed,
    "optimizers-at-a-service",
    "`ssl_verify` unset",
    what="Certificates of the optimizer are verified now: without `settings.ssl_verify` ServoX accepted any.",
    action="Nothing where its certificate is of a public authority; else name the file of yours with `ssl_verify`.",
)
def ssl_verify(document: Document, project: Project) -> Iterator[Hit]:
    if entries_of(document.at("optimizer")).keys() & _SERVICE_KEYS and document.at("settings", "ssl_verify") is None:
        yield Hit(document.key_at("optimizer").start_mark.index)


@ROOM.rule(
    "yaml-ssl-verify-false",
    Severity.advice,
    "optimizers-at-a-service",
    "`ssl_verify` unset",
    what="`ssl_verify: false` verifies no certificate, which a warning says at each start now.",
    action="Name the file of your authority in its place.",
)
def ssl_verify_false(document: Document, project: Project) -> Iterator[Hit]:
    text = text_of(document.at("settings", "ssl_verify"))
    if text is not None and text.lower() in ("false", "no", "off"):
        yield Hit(document.key_at("settings", "ssl_verify").start_mark.index)


@ROOM.rule(
    "yaml-timeouts",
    Severity.changed,
    "optimizers-at-a-service",
    "no time-outs, and `timeouts`",
    what="`settings.timeouts` takes effect now; with ServoX it made every request fail.",
    action="Check that the times are what you want: without it they are 10 s for the connection, 60 s for the rest.",
)
def timeouts(document: Document, project: Project) -> Iterator[Hit]:
    if document.at("settings", "timeouts") is not None:
        yield Hit(document.key_at("settings", "timeouts").start_mark.index)


@ROOM.rule(
    "yaml-pool-timeout",
    Severity.changed,
    "optimizers-at-a-service",
    "`pool` is the wait",
    what="`timeouts.pool` is the wait for one's turn among all servos of the process now.",
    action="Leave it out, or give it at least the time of a few requests.",
)
def pool_timeout(document: Document, project: Project) -> Iterator[Hit]:
    if document.at("settings", "timeouts", "pool") is not None:
        yield Hit(document.key_at("settings", "timeouts", "pool").start_mark.index)


@ROOM.rule(
    "yaml-partial-backoff",
    Severity.changed,
    "configuration-classes",
    "a partial `settings.backoff`",
    what="`settings.backoff` without '{context}' has its default; with ServoX that was missing, and requests failed.",
    action="Write '{context}' with what you want if that is not the default.",
)
def partial_backoff(document: Document, project: Project) -> Iterator[Hit]:
    backoff = document.at("settings", "backoff")
    if isinstance(backoff, yaml.MappingNode):
        for context in ("__default__", "connect"):
            if context not in entries_of(backoff):
                yield Hit(document.key_at("settings", "backoff").start_mark.index, {"context": context})


@ROOM.rule(
    "yaml-halt-on-warning",
    Severity.advice,
    "checks",
    "`halt_on: warning`",
    what="`halt_on: warning` is `halt_on: common`, for warnings never fail.",
    action="Write `common`.",
)
def halt_on_warning(document: Document, project: Project) -> Iterator[Hit]:
    if text_of(document.at("checks", "halt_on")) == "warning":
        yield Hit(document.at("checks", "halt_on").start_mark.index)


@ROOM.rule(
    "yaml-checks-wait-zero",
    Severity.defect,
    "servo-and-assembly",
    "`checks.wait:",
    what="`checks.wait` of zero gives up after the first failure; ServoX waited for the delay before it did.",
    action="Give it a time where failures need one to go away.",
)
def checks_wait_zero(document: Document, project: Project) -> Iterator[Hit]:
    text = text_of(document.at("checks", "wait"))
    if text is not None and re.fullmatch(r"0+(\.0+)?[a-z]*", text):
        yield Hit(document.at("checks", "wait").start_mark.index)


@ROOM.rule(
    "yaml-checks-connectors",
    Severity.changed,
    "servo-and-assembly",
    "`checks.connectors` names connectors",
    what="`checks.connectors` selects what is checked now; with ServoX all connectors were checked.",
    action="List all that must be ready before the servo runs.",
)
def checks_connectors(document: Document, project: Project) -> Iterator[Hit]:
    node = document.at("checks", "connectors")
    if isinstance(node, yaml.SequenceNode) and node.value:
        yield Hit(document.key_at("checks", "connectors").start_mark.index)


@ROOM.rule(
    "yaml-diagnostics",
    Severity.changed,
    "telemetry-and-diagnostics",
    "`no_diagnostics: false` ends",
    what="`no_diagnostics: false` lets the service ask for configuration and log lines; ServoX ended after the start.",
    action="Remove it unless you want that; secrets are not sent.",
)
def diagnostics(document: Document, project: Project) -> Iterator[Hit]:
    text = text_of(document.at("no_diagnostics"))
    if text is not None and text.lower() in ("false", "no", "off", "0"):
        yield Hit(document.key_at("no_diagnostics").start_mark.index)


@ROOM.rule(
    "yaml-no-optimizer",
    Severity.changed,
    "servoyaml",
    "without `optimizer` and variables",
    what="Without an optimizer in file or environment the servo has the local one; with ServoX that was an error.",
    action="Write `optimizer`, or set OPSANI_OPTIMIZER and OPSANI_TOKEN where the servo runs.",
)
def no_optimizer(document: Document, project: Project) -> Iterator[Hit]:
    if entries_of(document.at("optimizer")) or document.siblings > 1:
        return
    if not any(_OPTIMIZER_VARIABLE.search(source.text) for source, _ in project.sources if source.path.suffix != ".py"):
        yield Hit(document.node.start_mark.index)


@ROOM.rule(
    "yaml-generated-optimizer",
    Severity.defect,
    "commands",
    "`generate` and `init` write",
    what="The optimizer is the placeholder that `servo generate` of ServoX wrote; it goes before the environment.",
    action="Write your optimizer in its place, or remove the part and set OPSANI_OPTIMIZER and OPSANI_TOKEN.",
)
def generated_optimizer(document: Document, project: Project) -> Iterator[Hit]:
    text = text_of(document.at("optimizer", "id")) or ""
    url = text_of(document.at("optimizer", "url")) or ""
    if text.startswith("generated-id.test") or "/generated-id.test/" in url:
        yield Hit(document.key_at("optimizer").start_mark.index)
