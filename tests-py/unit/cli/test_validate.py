"""``validate``."""

import json


def test_a_valid_file(servo, config):
    config("improve", "keep")
    result = servo("validate")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "√ Valid configuration in servo.yaml\n", "")
    assert json.loads(servo("validate", "-o", "json").stdout) == {
        "file": "servo.yaml",
        "valid": True,
        "documents": 2,
        "problems": [],
    }
    assert servo("validate", "-q").output == ""


def test_an_invalid_file(servo, tmp_path):
    (tmp_path / "broken.yaml").write_text("load:\n  targets: []\n  rate: fast\n")
    for arguments in (["validate", "-f", "broken.yaml"], ["-c", "broken.yaml", "validate"]):
        result = servo(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines() == [
            "X Invalid configuration in broken.yaml",
            "broken.yaml:3:7: load.rate: expected a number, found 'fast'",
            "  did you mean 'rate'?",
        ]
    quiet = servo("validate", "-q", "-f", "broken.yaml")
    assert (quiet.exit_code, quiet.output) == (1, "")


def test_an_invalid_file_as_json(servo, tmp_path):
    (tmp_path / "broken.yaml").write_text("no")
    result = servo("validate", "-f", "broken.yaml", "--output", "json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert result.stderr == ""
    assert found["valid"] is False
    assert found["problems"][0]["line"] == 3


def test_an_unexpected_error_is_a_report_and_not_a_traceback(servo, config, fake, monkeypatch):
    import sys

    config("improve")
    monkeypatch.setattr(sys.modules["servo._core"], "validate_file", lambda *arguments: {}["surprise"])
    result = servo("validate")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "error: unexpected KeyError: 'surprise'"
    assert "issues" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in servo("-l", "debug", "validate").stderr
