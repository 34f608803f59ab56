"""Files are written whole or not at all."""

import os
import stat

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from servo._whole_files import write_file
from servo.cli.drafts.dotenv import of_service


def test_a_file_is_replaced_with_its_permissions(tmp_path):
    file = tmp_path / "servo.yaml"
    file.write_text("old")
    file.chmod(0o640)
    write_file(file, b"new")
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("new", 0o640)
    write_file(file, b"secret", mode=0o600)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["servo.yaml"]


def test_a_new_file_has_the_permissions_of_new_files(tmp_path):
    (tmp_path / "other").write_text("")
    write_file(tmp_path / "servo.yaml", b"new")
    assert (tmp_path / "servo.yaml").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_link_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "servo.yaml").symlink_to("folder/real.yaml")
    write_file(tmp_path / "servo.yaml", b"new")
    assert (tmp_path / "servo.yaml").is_symlink()
    assert (tmp_path / "folder" / "real.yaml").read_text() == "new"


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_what_fails_leaves_the_old_file(tmp_path, monkeypatch, step):
    file = tmp_path / "servo.yaml"
    file.write_text("old")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        write_file(file, b"new")
    assert (file.read_text(), os.listdir(tmp_path)) == ("old", ["servo.yaml"])


def test_dotenv_has_the_bytes_that_scripts_know():
    assert of_service("dev.opsani.com/servox", "123456789") == (
        b"OPSANI_OPTIMIZER=dev.opsani.com/servox\nOPSANI_TOKEN=123456789\nSERVO_LOG_LEVEL=DEBUG\n"
    )
    assert b"OPSANI_TOKEN=X-SF-Token abc\n" in of_service("dev.opsani.com/servox", "X-SF-Token abc")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_token_is_read_again(token):
    import io

    read = dotenv_values(stream=io.StringIO(of_service("dev.opsani.com/servox", token).decode()))
    assert read["OPSANI_TOKEN"] == token
