"""``servo schema``: what a configuration may say, as JSON Schema."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options
from servo.cli.output import TargetOption, target_of

if TYPE_CHECKING:
    from servo.connector import BaseConnector

__all__ = ["editor_schema", "schema"]

FORMS = ("json", "dict", "text", "html")


def schema(
    context: typer.Context,
    connector: Annotated[
        str | None, typer.Argument(metavar="CONNECTOR", help="A connector: its name, its class or a dotted path.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", metavar="FORM", help="Form of the schema: json, dict or text. [default: json]"),
    ] = None,
    top_level: Annotated[
        bool, typer.Option("--top-level", help="The definitions of the connectors' parts, and nothing else.")
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="All installed connectors, not only those of the configuration.")
    ] = False,
    editor: Annotated[
        bool, typer.Option("--editor", help="For editors: without the names of variables, with all that is accepted.")
    ] = False,
    output: TargetOption = None,
) -> None:
    """Show what a configuration may say, as JSON Schema.

    Without a configuration file, and with --all, it is that of all installed connectors.
    """
    from servo.cli.errors import CommandError
    from servo.cli.logs import configure_logging
    from servo.configuration.schema import connector_schema, definitions_schema, document_schema

    options: Options = context.obj
    target = target_of(options, form, output, FORMS, default="json", other_names={name: name for name in FORMS})
    configure_logging(options)
    found: dict[str, Any]
    if connector is not None and not top_level:
        found = connector_schema(_connector_class(options, connector), for_editors=editor)
    else:
        what = "all connectors or a single servo" if top_level else "a single servo"
        routes, explicit = _routes(options, f"error: schema can only be outputted for {what}", every=every)
        if top_level:
            found = definitions_schema(routes, every=every)
        else:
            found = document_schema(routes, required=explicit and not editor, for_editors=editor)
    if target.form == "html":
        raise CommandError("error: not yet implemented")
    text = _as_text(found, target.form)
    lexers = {"dict": "python", "json": "json"}
    # Files end where ServoX ends them.
    target.write(text if target.path is None else text.rstrip("\n"), lexers.get(target.form))


def editor_schema(routes: Mapping[str, type[BaseConnector]] | None = None) -> dict[str, object]:
    """The JSON Schema of documents for editors, of draft 7: no word that is not standard, all that a servo accepts.

    Args:
        routes: The connector class of each key; all installed connectors under their default names unless given.
    """
    from servo.configuration.schema import document_schema

    return document_schema(_installed() if routes is None else routes, for_editors=True)


def _installed() -> dict[str, Any]:
    from servo.connector import load_all
    from servo.connector.routes import _default_routes

    load_all()
    return _default_routes()


def _as_text(found: dict[str, Any], form: str) -> str:
    if form == "dict":
        from servo.cli.views.literal import literal

        # The names of variables are a set.
        return literal(_with_sets(found)) + "\n\n"
    if form == "text":
        from servo.cli.views.outline import outline
        from servo.cli.views.table import terminal_width

        return outline(found, terminal_width())
    import json

    return json.dumps(found, indent=2, ensure_ascii=False) + "\n\n"


def _with_sets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: set(inner) if key == "env_names" and isinstance(inner, list) else _with_sets(inner)
            for key, inner in value.items()
        }
    return [_with_sets(item) for item in value] if isinstance(value, list) else value


def _connector_class(options: Options, identifier: str) -> Any:
    from servo.cli.session import connector_types, hint_of
    from servo.connector.identifiers import _connector_class_from_string

    # The servo is one of the classes.
    importlib.import_module("servo.servo")
    types = connector_types(options.config_file)
    why = ""
    try:
        found = _connector_class_from_string(identifier)
    except Exception as error:
        # Whatever a module does when it is imported.
        found, why = None, f" ({error or type(error).__name__})"
    if found is None and not why:
        found = _class_in_file(options, identifier)
    if found is None:
        if not why:
            why = hint_of(identifier, sorted(_names(types)))
        message = f"no Connector type found for key '{identifier}'{why}"
        raise typer.BadParameter(message, param_hint="'[CONNECTOR]'")
    return found


def _class_in_file(options: Options, identifier: str) -> Any:
    """The class that a configuration has under a key, or that is called so and is named by its dotted path there."""
    from servo.configuration.derived import _create_config_model
    from servo.connector.identifiers import _connector_class_from_string

    if not options.config_file.exists():
        return None
    with contextlib.suppress(ValueError):
        # What is wrong with the file is told by `servo validate`.
        for document in _documents(options):
            with contextlib.suppress(TypeError, ValueError):
                _, routes = _create_config_model(config=document.content)
                if identifier in routes:
                    return routes[identifier]
    return _connector_class_from_string(identifier)


def _names(types: list[Any]) -> set[str]:
    from servo.cli.session import core

    return {cls.__default_name__ for cls in types if cls.__default_name__} | {
        name for name, _ in core().native_connectors()
    }


def _routes(options: Options, several: str, *, every: bool) -> tuple[Mapping[str, Any], bool]:
    """The connectors of the selected servo, and whether its document names them; those installed without a file.

    Raises:
        CommandError: There are several servos, or the file is no YAML, or it names no connector that there is.
        typer.BadParameter: The file that was asked for does not exist, or there is no servo of that name.
    """
    from servo.cli.errors import CommandError, engine_errors
    from servo.cli.session import connector_types, named, require_file
    from servo.configuration.derived import _create_config_model

    connector_types(options.config_file)
    if every or not (options.config_file.exists() or _was_asked_for(options)):
        return _installed(), False
    require_file(options.config_file)
    with engine_errors():
        documents = _documents(options)
    chosen = named(documents, options.names)
    if len(chosen) != 1:
        raise CommandError(several)
    try:
        model, routes = _create_config_model(config=chosen[0].content)
    except (TypeError, ValueError) as error:
        raise CommandError(f"error: {options.config_file.name}: {error}") from error
    return routes, model.__routes_required__


def _was_asked_for(options: Options) -> bool:
    from pathlib import Path

    return options.config_file != Path("servo.yaml").resolve()


class _Document:
    """A document as it is written, valid or not."""

    def __init__(self, content: Any, *, alone: bool) -> None:
        import os

        self.content: dict[str, Any] = content if isinstance(content, dict) else {}
        optimizer = self.content.get("optimizer")
        keys = optimizer if isinstance(optimizer, dict) else {}
        name = self.content.get("name") or (os.environ.get("SERVO_NAME") if alone else None)
        self.name = str(
            name or keys.get("id") or keys.get("optimizer_id") or os.environ.get("OPSANI_OPTIMIZER") or "servo"
        )


def _documents(options: Options) -> Any:
    import json

    from servo._core import read_documents

    texts = read_documents(str(options.config_file)) or ["{}"]
    return [_Document(json.loads(text), alone=len(texts) == 1) for text in texts]
