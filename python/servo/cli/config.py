"""``servo config``: the configuration with what the environment adds."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from servo.cli.options import Options
from servo.cli.output import Target, TargetOption, target_of

if TYPE_CHECKING:
    from servo.configuration.effective import EffectiveDocument

FORMS = ("yaml", "json", "dict", "text", "configmap")
_LEXERS = {"yaml": "yaml", "json": "json", "dict": "python", "configmap": "yaml"}


def config(
    context: typer.Context,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEYS", help="These keys only, or paths such as checks.delay.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", metavar="FORM", help="yaml, json, dict, text or configmap (Kubernetes). [default: yaml]"
        ),
    ] = None,
    output: TargetOption = None,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Write tokens and passwords, not asterisks in their place.")
    ] = False,
    origin: Annotated[
        bool, typer.Option("--origin", help="Tell of each value where it is from; a table unless a form is given.")
    ] = False,
) -> None:
    """Show the configuration as servos use it: the file with what the environment adds.

    What is not set or has its default value is left out, and secrets are masked.
    """
    options: Options = context.obj
    target = target_of(options, form, output, FORMS, default="text" if origin else "yaml", other_names={"text": "text"})
    if origin and target.form in ("dict", "configmap"):
        raise typer.BadParameter(f"not with --format {target.form}", param_hint="'--origin'")
    found = _selected(options)
    for document in found:
        _warn_of_unknown(keys or [], document)
    shown = [(document, _chosen(document.values if show_secrets else document.shown, keys)) for document in found]
    one_by_one = origin or target.form == "text"
    text = _one_by_one(shown, target, origins=origin) if one_by_one else _as_text(shown, target)
    target.write(text, _LEXERS.get(target.form))
    if target.path is None:
        typer.echo()
    elif not show_secrets and any(_chosen(document.values, keys) != values for document, values in shown):
        message = f"warning: secrets are masked in {target.path}; --show-secrets writes a file that a servo can use"
        typer.echo(message, err=True)


def _selected(options: Options) -> list[EffectiveDocument]:
    from servo.cli.errors import CommandError, engine_errors
    from servo.cli.logs import configure_logging
    from servo.cli.session import connector_types, named, require_file
    from servo.cli.validate import short
    from servo.configuration.effective import effective_documents

    require_file(options.config_file)
    configure_logging(options)
    with engine_errors():
        types = connector_types(options.config_file)
        try:
            found = effective_documents(str(short(options.config_file)), types, dict(os.environ))
        except (TypeError, ValueError) as error:
            if hasattr(error, "problems"):
                raise
            raise CommandError(f"error: {short(options.config_file)}: {error}") from error
    return named(found, options.names)


def _as_text(shown: Sequence[tuple[EffectiveDocument, Any]], target: Target) -> str:
    values = [value for _, value in shown]
    one = values[0] if len(values) == 1 else values
    match target.form:
        case "json":
            # Files end where ServoX ends them.
            return json.dumps(one, indent=2, ensure_ascii=False) + ("" if target.path else "\n")
        case "dict":
            from servo.cli.views.literal import literal

            return literal(one) + ("" if target.path else "\n")
        case "configmap":
            from servo.cli.views.configmap import configmap

            texts = []
            for document, value in shown:
                kept = {key: item for key, item in value.items() if key != "optimizer"}
                texts.append(configmap(_yaml(kept), document.routes.items()))
            return ("" if target.path else "\n").join(texts)
        case _:
            return ("---\n" if target.path else "\n---\n").join(map(_yaml, values))


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=True))


def _one_by_one(shown: Sequence[tuple[EffectiveDocument, Any]], target: Target, *, origins: bool) -> str:
    """The values one by one, with where they are from where that was asked for."""
    from servo.cli.output import as_text
    from servo.cli.views.table import table_text, terminal_width
    from servo.configuration.effective import leaves

    if target.form != "text":
        servos = [
            {
                "name": document.name,
                "values": [
                    {"path": path, "value": value, "origin": document.origin(path)} for path, value in leaves(values)
                ],
            }
            for document, values in shown
        ]
        return as_text({"servos": servos}, target.form)
    headings = ("KEY", "VALUE", "ORIGIN")[: 3 if origins else 2]
    texts = []
    for document, values in shown:
        rows = [(path, _cell(value), document.origin(path)) for path, value in leaves(values) if path]
        lines = [row[: len(headings)] for row in rows]
        table = table_text(lines, headings, None if target.path else terminal_width(), numbers=False)
        texts.append(f"{document.name}\n{table}" if len(shown) > 1 else table)
    return "\n".join(texts)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _chosen(values: dict[str, Any], keys: Sequence[str] | None) -> dict[str, Any]:
    """The values of keys, and of paths, in their order; all without one."""
    if not keys:
        return values
    found: dict[str, Any] = {}
    paths = [path for path in (_path(values, key) for key in keys) if path]
    for name, value in values.items():
        inner = [path[1:] for path in paths if path[0] == name]
        if inner:
            found[name] = value if [] in inner else _parts(value, inner)
    return found


def _parts(value: Any, paths: Sequence[list[str]]) -> Any:
    found = {}
    for name, item in value.items():
        inner = [path[1:] for path in paths if path[0] == name]
        if inner:
            found[name] = item if [] in inner else _parts(item, inner)
    return found


def _path(values: Any, key: str) -> list[str]:
    """The steps of a key, or of a path with dots, to what there is; none where there is nothing. Keys may have dots."""
    if not isinstance(values, dict):
        return []
    if key in values:
        return [key]
    for name in values:
        if key.startswith(f"{name}.") and (rest := _path(values[name], key[len(name) + 1 :])):
            return [name, *rest]
    return []


def _warn_of_unknown(keys: Sequence[str], document: EffectiveDocument) -> None:
    from servo.cli.session import hint_of

    for key in keys:
        if key not in document.keys and not _path(document.values, key):
            known = hint_of(key, list(dict.fromkeys([*document.keys, *document.values])))
            typer.echo(f"warning: the configuration of '{document.name}' has no '{key}'{known}", err=True)
