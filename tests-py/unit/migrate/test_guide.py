"""The rules and docs/migrating.md are about the same."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from servo.migrate import RULES
from servo.migrate.requirements.rules import NEEDED

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "migrating.md"
GUIDE = PAGE.read_text(encoding="utf-8")
UNCOVERED = tomllib.loads(Path(__file__).with_name("uncovered.toml").read_text(encoding="utf-8"))
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def rows() -> dict[str, list[str]]:
    """The first cells of the tables of each section, by its anchor."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in FENCE.sub("", GUIDE).splitlines():
        if line.startswith("#"):
            title = line.lstrip("#").strip().lower()
            section = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
            found[section] = []
        elif line.startswith("|") and not re.match(
            r"^\|[-|\s]*\|$|^\| (ServoX|File|Service of ServoX|Finding) \|", line
        ):
            found[section].append(re.split(r"(?<!\\)\|", line)[1].strip())
    return found


ROWS = rows()
PARTS = {"getting-there", "for-operators", "for-authors-of-connectors", "for-programs"}
ABOUT_THE_COMMAND = {"migrating-from-servox", "servo-migrate", "step-by-step"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_its_row(rule):
    assert rule.section in ROWS
    if rule.row:
        assert len([row for row in ROWS[rule.section] if row.startswith(rule.row)]) == 1, ROWS[rule.section]


def test_rows_without_a_rule_have_a_reason():
    named = {section: [rule.row for rule in RULES if rule.section == section and rule.row] for section in ROWS}
    without = {
        section
        for section, cells in ROWS.items()
        if any(not any(cell.startswith(row) for row in named[section]) for cell in cells)
    }
    missing = sorted(without - UNCOVERED.keys() - ABOUT_THE_COMMAND)
    assert missing == [], "say in uncovered.toml why no rule is about their rows, or write rules"


def test_reasons_are_for_sections_that_are_there():
    assert UNCOVERED.keys() <= ROWS.keys()
    assert all(len(reason) > 10 for reason in UNCOVERED.values())


def test_the_guide_has_every_section_in_its_contents():
    contents = GUIDE.partition("\n## ")[0]
    sections = [section for section in ROWS if section not in PARTS | ABOUT_THE_COMMAND | {"a-server-of-your-own"}]
    assert [section for section in sections if f"(#{section})" not in contents] == []


TABLE = re.compile(r"(?P<head>^\| ServoX \| Now \| What to do \|\n\|[-|]+\|\n)(?P<rows>(?:\|.*\n)+)", re.MULTILINE)


def ordered(match: re.Match[str]) -> str:
    """A table with the rows first that ask for something."""
    lines = match["rows"].splitlines(keepends=True)
    return match["head"] + "".join(sorted(lines, key=lambda line: line.rstrip().endswith("| \N{EN DASH} |")))


def test_rows_that_ask_for_something_come_first():
    wanted = TABLE.sub(ordered, GUIDE)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(wanted, encoding="utf-8")
        return
    assert wanted == GUIDE, "run this test with UPDATE_SNAPSHOTS=1, which puts them in order"


def test_the_requirements_are_those_of_the_package():
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    needed = {}
    for one in dependencies:
        match = re.match(r"([\w-]+)>=([\d.]+)", one)
        assert match, one
        needed[match[1]] = match[2]
    assert needed == NEEDED
