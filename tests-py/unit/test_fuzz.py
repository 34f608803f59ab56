"""A few hundred of the inputs that `make fuzz` tries, the same each time."""

import importlib
import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"


@pytest.fixture(scope="module")
def targets():
    """The module with what is tried."""
    sys.path.insert(0, str(FUZZ))
    try:
        return importlib.import_module("targets")
    finally:
        sys.path.remove(str(FUZZ))


@pytest.mark.parametrize(
    ("target", "count"), [("yaml", 250), ("python", 400), ("durations", 2_000), ("quantities", 300)]
)
def test_each_input_has_an_answer(targets, target, count):
    wrong = {number: targets.tried(target, targets.made(target, 1, number)) for number in range(count)}
    assert {number: text for number, text in wrong.items() if text is not None} == {}


def test_the_inputs_of_a_seed_are_the_same(targets):
    for target in targets.TARGETS:
        assert repr(targets.made(target, 5, 7)) == repr(targets.made(target, 5, 7))
    assert targets.made("yaml", 5, 7) != targets.made("yaml", 6, 7)


def test_an_error_without_a_place_would_be_found(targets, monkeypatch):
    monkeypatch.setattr(targets, "PLACE", targets.re.compile("no such place"))
    assert targets.tried("yaml", "connectors: 5\n").startswith("an error without a place")
