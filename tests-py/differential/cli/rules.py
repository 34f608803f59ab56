"""How the outcomes of two servos are compared, and which differences are expected.

What `common` does holds for every command line. A rule holds for the command lines that name it: each of these must
differ without it, so a rule that is no longer true fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from .run import Outcome

Change = Callable[[Outcome], Outcome]

VERSIONS = re.compile(r"(?<![\d.])(25\.3\.0|0\.1\.0)(?![\d.])(?P<pad> (?= ))?")
HINTS = re.compile(r"( \((?:\w+Error: .*?|known: [^)]*|Possible options: [^)]*)\))*(\.? Did you mean [^?]*\?)?$")
BUNDLED = {"kube_metrics", "kubernetes", "opsani_dev", "prometheus", "scripts", "vegeta", "load", "process", "wait"}
BUNDLED_CLASSES = {"KubeMetrics", "Kubernetes", "OpsaniDev", "Prometheus", "Scripts", "Vegeta", "Load", "Process"}
BUNDLED_CLASSES |= {"Wait"}


@dataclass(frozen=True)
class Rule:
    """A difference that is expected."""

    reason: str
    """Why it is there."""
    change: Change
    """Takes it out of an outcome."""
    row: str | None = None
    """The text of docs/migrating.md that tells of it; None where there is nothing to tell."""
    chance: bool = False
    """Whether it is there in some runs only."""


def common(outcome: Outcome) -> Outcome:
    """What is compared of any outcome.

    - The numbers of versions are one word.
    - Of stderr: the lines of a usage error, which is all that it has with exit code 2. Behind the text of ServoX ours
      may tell the names there are, and give a hint. Logs and warnings of libraries are no results.
    """
    return replace(
        outcome,
        out=_versions(outcome.out, outcome.own),
        err=_usage(outcome.err) if outcome.code == 2 else "",
        files={name: _versions(text, outcome.own) for name, text in outcome.files.items()},
    )


def _versions(text: str, own: bool) -> str:
    def one(match: re.Match[str]) -> str:
        # Columns keep their width.
        return "<vers>" + ("" if own else match["pad"] or "")

    return VERSIONS.sub(one, text)


def _usage(text: str) -> str:
    lines = text.splitlines()
    begin = next((at for at, line in enumerate(lines) if line.startswith("Usage: ")), 0)
    told = "\n".join(line for line in lines[begin:] if not line.startswith("Hint: "))
    return HINTS.sub("", told).rstrip()


def _each(change: Callable[[str], str], *, own: bool | None = None) -> Change:
    """A change of stdout; of one side alone where `own` says which."""
    return lambda outcome: outcome if own not in (None, outcome.own) else replace(outcome, out=change(outcome.out))


def _columns(text: str) -> str:
    """The text with two spaces between cells and none before the first: columns of other widths are the same."""
    return "\n".join(re.sub(r" {2,}", "  ", line).strip() for line in text.split("\n"))


def _without_bundled(text: str) -> str:
    head, *rows = text.splitlines()
    kept = sorted(row for row in rows if row and row.split()[0] not in BUNDLED)
    return _columns("\n".join([head, *kept, ""]))


def _without_bundled_classes(text: str) -> str:
    lines, label = [], ""
    head, *rows = text.splitlines()
    for row in rows:
        cells = re.split(r" {2,}", row.strip())
        label = cells[0] if len(cells) > 1 else label
        if cells[-1] not in BUNDLED_CLASSES:
            lines.append(f"{label}  {cells[-1]}".strip())
    return "\n".join([_columns(head), *lines, ""])


def _last_table(text: str) -> str:
    """The last of several tables, below everything before the first of them."""
    head = next((line for line in text.splitlines() if re.match(r"(COMPONENT|CONNECTOR)  ", line)), None)
    if head is None:
        return text
    before, *tables = text.split(head)
    return before + head + tables[-1]


def _everywhere(change: Callable[[str], str], *, own: bool | None = None) -> Change:
    """A change of stdout and of files."""

    def apply(outcome: Outcome) -> Outcome:
        if own not in (None, outcome.own):
            return outcome
        return replace(
            outcome, out=change(outcome.out), files={name: change(text) for name, text in outcome.files.items()}
        )

    return apply


def _generated(text: str) -> str:
    """A generated configuration without its optimizer and comments; the keys of a single document in their order."""
    body, told = re.fullmatch(r"(.*?)((?:\n?Generated [^\n]*\n)*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    body, questions = re.sub(r"^(.*\[y/N\]: )?", "", body), re.match(r"(.*\[y/N\]: )?", body)
    documents = [one for one in yaml.safe_load_all(body) if one is not None]
    for document in documents:
        document.pop("optimizer", None)
    files = [line for line in told.splitlines() if line and not line.endswith(".schema.json")]
    dumped = yaml.safe_dump_all(documents, sort_keys=len(documents) > 1)
    return "\n".join([questions[0] if questions else "", dumped, *files])


RULES = {
    "masked secrets": Rule(
        "secrets are not shown",
        _everywhere(lambda text: re.sub(r"""(token['"]?: )['"]?(?:t-1|\*{10})['"]?""", r"\1<token>", text)),
        "`config` prints tokens and secrets in clear text",
    ),
    "documents apart": Rule(
        "several servos are several documents of YAML",
        _each(lambda text: text.replace("---\n", ""), own=True),
        "`config` of several servos writes documents without `---`",
    ),
    "moment": Rule(
        "a ConfigMap tells when it was made",
        _each(lambda text: re.sub(r"configured_at: '[^']*'", "configured_at: <now>", text)),
    ),
    "variables that are read": Rule(
        "ServoX tells of variables that it does not read",
        _everywhere(lambda text: text.replace("SERVO_METER_", "METER_"), own=True),
    ),
    "generated text": Rule(
        "generated files have comments and another optimizer; what stands in them is compared",
        _everywhere(_generated),
        "generated YAML has no comments",
    ),
    "what is added": Rule(
        "of a file that is appended to the rest is not shown again",
        _each(lambda text: "\n".join(sorted(filter(None, text.split("---\n")[-1].split("\n"))))),
        "the bytes that are there stay",
    ),
    "generated by init": Rule(
        "without a choice all connectors are generated, and other ones come with ServoX",
        _each(lambda text: text[: text.rindex("[y/N]: ")]),
    ),
    "local optimizer offered": Rule(
        "no service is needed",
        _each(lambda text: text.replace(" [local]", ""), own=True),
        "an empty answer is the local optimizer",
    ),
    "servos at once": Rule(
        "whose checks end first is chance", _each(lambda text: "\n".join(sorted(text.splitlines()))), chance=True
    ),
    "spelling": Rule(
        "two words are the wrong way round",
        lambda outcome: replace(outcome, err=outcome.err.replace("active the in", "active in the")),
    ),
    "local without an optimizer": Rule(
        "there is an optimizer that needs no configuration",
        lambda outcome: replace(outcome, code=1, out="") if outcome.own else outcome,
        "without `optimizer` and variables that name one, an error",
    ),
    "own metadata": Rule(
        "homepage and maturity of the servo are ours",
        _each(
            lambda text: _columns(
                text.replace("https://opsani.com/", "<home>")
                .replace("https://github.com/servox-rs/servox-rs", "<home>")
                .replace("Experimental", "Robust")
            )
        ),
    ),
    "bundled connectors": Rule(
        "other connectors come with ServoX, in an order that changes from run to run",
        _each(_without_bundled),
        "`connectors` lists in an order that changes",
    ),
    "bundled handlers": Rule("other connectors come with ServoX", _each(_without_bundled_classes)),
    "cumulative tables": Rule(
        "ServoX prints the table again for every connector that answers, each time with one more",
        _each(_last_table, own=False),
        "`show components` and `adjust` print their table again for each connector that answers",
    ),
}
"""Every difference that is expected, by name."""


def differing(peer: Outcome, own: Outcome, rules: tuple[str, ...]) -> list[str]:
    """What differs when the rules have been applied, as lines for people."""
    sides = [common(peer), common(own)]
    for name in rules:
        sides = [RULES[name].change(side) for side in sides]
    one, other = sides
    found = []
    if one.code != other.code:
        found.append(f"exit code: ServoX {one.code}, ours {other.code}\n{own.err[-2_000:]}")
    for part, expected, told in [
        ("stdout", one.out, other.out),
        ("stderr", one.err, other.err),
        *((name, one.files[name], other.files[name]) for name in one.files),
    ]:
        if expected != told:
            found.append(f"{part}\n--- ServoX\n{expected}\n--- ours\n{told}")
    return found


GUIDE = Path(__file__).parents[3] / "docs" / "migrating.md"
