"""Configuration classes and how they are written out."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from servo.migrate.model import Hit, Severity
from servo.migrate.project import Project
from servo.migrate.python import ROOM
from servo.migrate.python.reading import PythonFile

_CONFIGURATIONS = frozenset({"config", "configuration", "cfg", "settings", "optimizer", "optimizer_config"})


@ROOM.rule(
    "python-secrets-written",
    Severity.changed,
    "configuration-classes",
    "`.json()` and `.yaml()` write secrets",
    what="`.{name}()` of a configuration writes asterisks in place of secrets; ServoX wrote them in clear text.",
    action="Pass `show_secrets=True` where the text is read again.",
)
def secrets_written(file: PythonFile, project: Project) -> Iterator[Hit]:
    for call in file.nodes(ast.Call):
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in ("json", "yaml"):
            continue
        subject = function.value
        name = subject.attr if isinstance(subject, ast.Attribute) else getattr(subject, "id", "")
        shows = any(keyword.arg in ("show_secrets", None) for keyword in call.keywords)
        if name in _CONFIGURATIONS and not shows:
            yield Hit(file.offset(call), {"name": function.attr})


@ROOM.rule(
    "python-field-env",
    Severity.changed,
    "environment",
    "`env=` of a field",
    what="`env=` of a field is read, behind SERVO_<KEY>_<FIELD>; ServoX dropped it in a servo.yaml.",
    action="Check that those variables are not set to something else where the servo runs.",
)
def field_env(file: PythonFile, project: Project) -> Iterator[Hit]:
    for cls in file.classes:
        for statement in cls.body:
            value = getattr(statement, "value", None)
            if isinstance(value, ast.Call) and file.dotted(value.func).endswith(
                ("pydantic.Field", "pydantic.fields.Field")
            ):
                yield from (Hit(file.offset(keyword)) for keyword in value.keywords if keyword.arg == "env")


@ROOM.rule(
    "python-settings-error",
    Severity.changed,
    "environment",
    "`SettingsError`",
    what="Variables that cannot be read are a ValidationError, which is a ValueError; `SettingsError` is not raised.",
    action="Catch `ValueError`.",
)
def settings_error(file: PythonFile, project: Project) -> Iterator[Hit]:
    for handler in file.nodes(ast.ExceptHandler):
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(file.dotted(kind).endswith(".SettingsError") for kind in kinds):
            yield Hit(file.offset(handler))


@ROOM.rule(
    "python-import-errors-of-connectors",
    Severity.changed,
    "connectors",
    "a dotted path that cannot be imported",
    what="A connector that cannot be imported is a ValueError; `{name}` does not come out of the assembly any more.",
    action="Catch `ValueError`, too.",
)
def import_errors_of_connectors(file: PythonFile, project: Project) -> Iterator[Hit]:
    for attempt in file.nodes(ast.Try):
        inside = [node for statement in attempt.body for node in ast.walk(statement) if isinstance(node, ast.Attribute)]
        if not any(node.attr in ("assemble", "_routes_for_connectors_descriptor") for node in inside):
            continue
        for handler in attempt.handlers:
            kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
            names = [kind.id for kind in kinds if isinstance(kind, ast.Name)]
            found = [name for name in names if name in ("ModuleNotFoundError", "ImportError", "AttributeError")]
            if found and not {"ValueError", "Exception", "BaseException"} & set(names):
                yield Hit(file.offset(handler), {"name": found[0]})
