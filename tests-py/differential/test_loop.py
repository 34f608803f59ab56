"""Agents say to one scripted optimizer what ServoX says, but for what docs/migrating.md explains.

The transcript of one cycle is also compared with the one that the reference of the protocol gives.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import pytest
from explained import OWN, PEER, compare, major
from loop.lines import conversation, lines
from loop.run import Run, run
from loop.scripts import CYCLE, SCRIPTS

SECRETS = ("s3cr3t-t0ken", "cl13nt-s3cr3t", "tok-1", "Yy0xOmNsMTNudC1zM2NyM3Q")
pytestmark = pytest.mark.timeout(600)
pythons = pytest.mark.parametrize("python", OWN, ids=lambda python: f"pydantic{major(python)}")


@functools.cache
def played(python: str, name: str) -> Run:
    """A script, played with the agent of a Python."""
    with tempfile.TemporaryDirectory() as folder:
        return run(python, SCRIPTS[name], Path(folder))


def same(expected: object, found: object, pydantic: int) -> bool:
    return expected == found


@pythons
@pytest.mark.parametrize("name", SCRIPTS)
def test_an_agent_says_the_same(name, python):
    peer, own = played(PEER, name), played(python, name)
    assert peer.asked, peer.log[-4_000:]
    expected, found = lines(peer.asked), lines(own.asked)
    if SCRIPTS[name].ends:
        # ServoX ends where the run goes on here.
        assert found["order"][: len(expected["order"])] == expected["order"]
        found = {label: value for label, value in found.items() if label in expected} | {"order": expected["order"]}
    unexplained, stale = compare(name, expected, found, major(python), same)
    assert not unexplained, "\n".join([f"{len(unexplained)} of {len(expected)} lines differ", *unexplained])
    assert stale == [], "in differences.toml, and no longer different"


def test_servox_says_what_the_reference_says():
    said = conversation([asked.message for asked in played(PEER, "loop_cycle").asked])
    assert said == conversation([each["request"] for each in CYCLE])


@pythons
@pytest.mark.parametrize("name", SCRIPTS)
def test_an_agent_ends_in_order(name, python):
    own = played(python, name)
    assert own.code == 0, own.log[-4_000:]
    assert own.asked[-1].message["event"] == "GOODBYE"
    assert own.asked[-1].message["param"] == {"reason": SCRIPTS[name].signal.name}


@pythons
@pytest.mark.parametrize("name", SCRIPTS)
def test_no_secret_is_logged(name, python):
    log = played(python, name).log
    assert len(log) > 100
    assert [secret for secret in SECRETS if secret in log] == []
