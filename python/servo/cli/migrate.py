"""``servo migrate``: what becomes of a project that was made for ServoX?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servo.cli.options import Options
from servo.cli.output import FormOption, Target, TargetOption, is_terminal, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from servo.migrate import Change, Project


def migrate(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files and folders to look at; without any, the current folder."),
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Put right what is mechanical, after a diff and a question.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before --fix changes files.")] = False,
    list_rules: Annotated[bool, typer.Option("--list-rules", help="Show what is looked for.")] = False,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="ID", help="Tell more about one rule.", autocompletion=lambda: rule_ids()),
    ] = None,
    form: FormOption = None,
    output: TargetOption = None,
) -> None:
    """Say what becomes of a project that was made for ServoX, and put right what is mechanical.

    Reads configurations, connectors, requirements, scripts, images and variables; runs none of them, and needs no
    network. Exits with 1 if there is a blocker: something that does not work until it is changed.
    """
    options: Options = context.obj
    target = target_of(options, form, output)
    if list_rules or explain is not None:
        _tell_rules(target, explain)
        return
    if fix and diff:
        raise typer.BadParameter("--fix and --diff exclude each other", param_hint="'--fix'")
    if yes and not fix:
        raise typer.BadParameter("it is for --fix", param_hint="'--yes' / '-y'")
    if fix and not yes and target.form != "table":
        raise typer.BadParameter(f"with '{target.form}' nothing can be asked: add --yes", param_hint="'--fix'")
    from servo.migrate import open_project, plan, scan

    project = open_project(_roots(paths or [], options))
    changes = plan(project) if fix or diff else []
    if diff:
        _show_diff(target, changes)
    elif fix:
        project = _apply(project, changes, target, ask=not yes)
    report = scan(project)
    if not diff:
        _show_report(target, project, changes)
    raise typer.Exit(1 if any(finding.rule.severity == "blocker" for finding in report.findings) else 0)


def rule_ids() -> list[str]:
    """The names of the rules, for completion."""
    from servo.migrate import RULES

    return [rule.id for rule in RULES]


def _roots(paths: list[Path], options: Options) -> list[Path]:
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"Path '{path}' does not exist.", param_hint="'[PATH]...'")
    named = options.config_file
    # The default is a part of the current folder, or of no concern.
    if named != Path("servo.yaml").resolve():
        # Variables of a project often name a path in its container.
        if not named.exists() and os.environ.get("SERVO_CONFIG_FILE"):
            return paths or [Path()]
        if not named.exists():
            raise typer.BadParameter(f"File '{named}' does not exist.", param_hint="'--config-file' / '-c'")
        return [*(paths or [Path()]), named]
    return paths or [Path()]


def _tell_rules(target: Target, explain: str | None) -> None:
    from servo.cli.views import migration
    from servo.migrate import RULES, rule_named

    if explain is None:
        if target.form == "table":
            target.write(migration.rules_text(RULES, _width(target)))
        else:
            target.write_data({"rules": [migration.rule_data(rule) for rule in RULES]})
        return
    rule = rule_named(explain)
    if rule is None:
        from difflib import get_close_matches

        near = get_close_matches(explain, rule_ids(), 1)
        hint = f", did you mean '{near[0]}'?" if near else "; --list-rules shows all"
        raise typer.BadParameter(f"there is no rule '{explain}'{hint}", param_hint="'--explain'")
    if target.form == "table":
        target.write(migration.rule_text(rule, _width(target)))
    else:
        target.write_data(migration.rule_data(rule))


def _show_diff(target: Target, changes: Sequence[Change]) -> None:
    from servo.cli.views import migration

    if target.form != "table":
        target.write_data({"changes": [migration.change_data(change) for change in changes]})
    else:
        target.write(migration.diff_text(changes, _colored(target)))


def _show_report(target: Target, project: Project, changes: Sequence[Change]) -> None:
    from servo.cli.views import migration
    from servo.migrate import scan

    report = scan(project)
    if target.form != "table":
        data = migration.report_data(report)
        if changes:
            data["changes"] = [migration.change_data(change) for change in changes]
        target.write_data(data)
    else:
        target.write(migration.report_text(report, _width(target), _colored(target)))


def _apply(project: Project, changes: Sequence[Change], target: Target, *, ask: bool) -> Project:
    """Writes the changes, and gives the project with them."""
    from servo.cli.errors import CommandError
    from servo.cli.views import migration
    from servo.migrate import write
    from servo.migrate.fixing import ChangedMeanwhileError, originals

    told = target.form == "table" and target.path is None
    if not changes:
        if told:
            typer.echo("There is nothing that --fix can put right.\n")
        return project
    if told or ask:
        typer.echo(migration.diff_text(changes, _colored(target)), nl=False)
        typer.echo(migration.originals_text(originals(changes), _width(target)))
    if ask and not typer.confirm("Apply these changes?", err=True):
        raise typer.Abort
    failed: list[str] = []
    written: dict[Path, object] = {}
    for change in changes:
        try:
            write(change)
            written[change.path] = change.after
        except (OSError, ChangedMeanwhileError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            failed.append(f"{change.path}: not changed: {reason}")
    if failed:
        raise CommandError([*failed, f"{len(written)} of {len(changes)} files were changed."], 1)
    if told:
        typer.echo(f"Changed {migration.counted(len(changes), 'file')}.\n")
    return project.with_texts({change.path: change.after for change in changes})


def _colored(target: Target) -> bool:
    return target.color and target.path is None and is_terminal()


def _width(target: Target) -> int | None:
    from servo.cli.views.table import terminal_width

    return terminal_width() if target.path is None else None
