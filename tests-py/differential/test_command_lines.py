"""Command lines print what they print with ServoX, but for the differences that cli/rules.py names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from cli.rows import ROWS
from cli.rules import GUIDE, RULES, differing
from cli.run import PEER, Outcome, run
from explained import OWN, major

AT_ONCE = 2
"""How many processes run: the machines that test have few processors."""

Outcomes = dict[tuple[str, str], "Future[Outcome]"]


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[Outcomes]:
    """The outcome of each command line that is tested, with each Python; one run for all tests of it."""
    tests = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    pairs = [(test["python"], test["name"]) for test in tests if test.get("name") in ROWS]
    wanted = dict.fromkeys(pair for python, name in pairs for pair in ((PEER, name), (python, name)))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = {(python, name): pool.submit(run, python, ROWS[name]) for python, name in wanted}
        try:
            yield found
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("python", OWN, ids=lambda python: f"pydantic{major(python)}")
@pytest.mark.parametrize("name", ROWS)
def test_a_command_line_prints_the_same(name: str, python: str, outcomes: Outcomes) -> None:
    peer, own = outcomes[PEER, name].result(), outcomes[python, name].result()
    rules = ROWS[name].rules
    found = differing(peer, own, rules)
    assert not found, "\n".join([f"$ servo {ROWS[name].command}", *found])
    lasting = [one for one in rules if not RULES[one].chance]
    idle = [one for one in lasting if not differing(peer, own, tuple(rule for rule in rules if rule != one))]
    assert idle == [], "named as rules, and no longer different"
    assert "Traceback" not in own.err, own.err


def test_every_rule_is_named_and_told_to_users() -> None:
    guide = re.sub(r"\s+", " ", GUIDE.read_text(encoding="utf-8"))
    assert {name for row in ROWS.values() for name in row.rules} == set(RULES)
    assert [rule.row for rule in RULES.values() if rule.row is not None and rule.row not in guide] == []
