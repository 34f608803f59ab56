"""Each script prints here what it prints under ServoX, but for what docs/migrating.md explains."""

import importlib.util
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("differential_comparison", HERE / "conftest.py")
comparison = importlib.util.module_from_spec(spec)
spec.loader.exec_module(comparison)

MISSING = "(no such line)"


@pytest.mark.parametrize("case", comparison.CASES)
def test_a_script_prints_the_same(case, own, tmp_path):
    folders = {python: tmp_path / str(place) for place, python in enumerate((comparison.PEER, own))}
    for folder in folders.values():
        folder.mkdir()
    expected, noise = comparison.printed(comparison.PEER, case, folders[comparison.PEER])
    assert "ended" not in expected, f"the script does not run under ServoX:\n{noise}"
    assert expected, "the script prints nothing"
    found, noise = comparison.printed(own, case, folders[own])
    major = comparison.major(own)
    unexplained = [
        f"{label}\n   ServoX: {expected.get(label, MISSING)}\n   ours:   {found.get(label, MISSING)}"
        for label in [*expected, *(label for label in found if label not in expected)]
        if expected.get(label, MISSING) != found.get(label, MISSING)
        and not any(row.explains(case, label, major) for row in comparison.differences())
    ]
    assert not unexplained, "\n".join([f"{len(unexplained)} of {len(expected)} lines differ", *unexplained, noise])
    # What is explained and no longer differs is to be struck from the list.
    stale = [
        row.label
        for row in comparison.differences()
        if row.case == case
        and major in row.pydantic
        and not any(
            row.explains(case, label, major) and expected.get(label, MISSING) != found.get(label, MISSING)
            for label in expected | found
        )
    ]
    assert stale == [], "listed as different in differences.toml, and the same"


def test_every_difference_is_explained_to_users():
    page = re.sub(r"\s+", " ", (comparison.ROOT / "docs" / "migrating.md").read_text(encoding="utf-8"))
    assert [row for row in comparison.differences() if re.sub(r"\s+", " ", row.row) not in page] == []
    assert {row.case for row in comparison.differences()} <= set(comparison.CASES)
