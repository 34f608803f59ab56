"""``servo migrate``: options, forms, questions and exit codes."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PACKAGE = Path(__file__).parents[3] / "python"
SERVO = "optimizer: {id: example.com/shop, token: t0ps3cret}\nsettings: {ssl_verify: true}\n"


@pytest.fixture
def write(folder):
    """Writes a file of the current folder."""
    return lambda name, text: (folder / name).write_text(text)


def test_a_folder_with_nothing_to_do(servo, write):
    write("servo.yaml", SERVO + "wait: {}\n")
    result = servo("migrate")
    assert result.exit_code == 0
    assert result.stdout == "Looked at 1 file: nothing has to be changed.\n"


def test_a_finding_has_its_place_its_reason_and_what_to_do(servo, write):
    write("servo.yaml", SERVO + "wait:\n")
    result = servo("migrate")
    assert result.exit_code == 1
    assert result.stdout == (
        "servo.yaml:3:1  blocker\n"
        "    'wait' has no value: ServoX let that pass, now it is an error.\n"
        "    -> Write `wait: {}`, or remove the key. (--fix does it.)\n"
        "    yaml-empty-part, see migrating.md#servoyaml\n"
        "\n"
        "\n"
        "Looked at 1 file: 1 blocker. 1 can be put right by --fix.\n"
        "The guide: https://github.com/servox-rs/servox-rs/blob/main/docs/migrating.md\n"
    )


def test_only_blockers_fail(servo, write):
    write("run.sh", "servo run --no-poll\n")
    assert servo("migrate").exit_code == 0


def test_the_same_in_several_places_is_told_once(servo, write):
    write("run.sh", "servo run --no-poll\n" * 20)
    stdout = servo("migrate").stdout
    assert stdout.count("command-no-poll") == 1
    assert "also at 2:1, 3:1," in stdout
    assert "and 8 more" in stdout
    assert "20 changes" in stdout


@pytest.mark.parametrize("arguments", [("-f", "json"), ("-o", "json"), ("--format", "yaml"), ("--output", "yaml")])
def test_findings_for_programs(servo, write, arguments):
    write("servo.yaml", SERVO + "wait:\n")
    write("broken.py", "import servo\ndef (\n")
    result = servo("migrate", *arguments)
    assert result.exit_code == 1
    data = json.loads(result.stdout) if "json" in arguments else yaml.safe_load(result.stdout)
    assert list(data) == ["findings", "unread", "summary"]
    assert data["findings"] == [
        {
            "id": "yaml-empty-part",
            "severity": "blocker",
            "file": "servo.yaml",
            "line": 3,
            "column": 1,
            "what": "'wait' has no value: ServoX let that pass, now it is an error.",
            "action": "Write `wait: {}`, or remove the key.",
            "fixable": True,
            "section": "servoyaml",
            "url": "https://github.com/servox-rs/servox-rs/blob/main/docs/migrating.md#servoyaml",
        }
    ]
    assert [(one["file"], one["line"]) for one in data["unread"]] == [("broken.py", 2)]
    assert data["summary"] == {"files": 2, "blocker": 1, "changed": 0, "defect": 0, "advice": 0, "fixable": 1}


def test_findings_in_a_file(servo, write, folder):
    write("servo.yaml", SERVO + "wait:\n")
    result = servo("migrate", "-f", "json", "-o", "found.json")
    assert result.stdout == ""
    assert json.loads((folder / "found.json").read_text())["summary"]["blocker"] == 1


def test_paths_are_looked_at_and_nothing_else(servo, write, folder):
    write("servo.yaml", SERVO + "wait:\n")
    (folder / "other").mkdir()
    write("other/agent.conf", SERVO + "wait:\n")
    assert "other/agent.conf:3:1" in servo("migrate", "other/agent.conf").stdout
    assert "Looked at 0 files" in servo("migrate", "other").stdout
    result = servo("migrate", "other", "nothing")
    assert result.exit_code == 2
    assert "Path 'nothing' does not exist." in result.stderr


@pytest.mark.parametrize("before", [True, False])
def test_a_configuration_of_any_name(servo, write, folder, before):
    (folder / "agent.conf").write_text(SERVO + "wait:\n")
    arguments = ("-c", "agent.conf", "migrate") if before else ("migrate", "-c", "agent.conf")
    assert "agent.conf:3:1" in servo(*arguments).stdout
    assert servo("-c", "nothing.yaml", "migrate").exit_code == 2


def test_a_path_of_the_container_is_no_obstacle(servo, write, monkeypatch):
    monkeypatch.setenv("SERVO_CONFIG_FILE", "/servo/nothing-here.yaml")
    write("servo.yaml", SERVO + "wait:\n")
    assert "servo.yaml:3:1" in servo("migrate").stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--fix", "--diff"), "exclude each other"),
        (("--yes",), "it is for --fix"),
        (("--fix", "-f", "json"), "add --yes"),
        (("-f", "html"), "is not one of"),
        (("--explain", "yaml-tak"), "did you mean 'yaml-tag'?"),
        (("--explain", "zzz"), "--list-rules shows all"),
    ],
)
def test_wrong_use(servo, arguments, text):
    result = servo("migrate", *arguments)
    assert result.exit_code == 2
    assert text in " ".join(result.stderr.split())


def test_rules_are_listed_and_explained(servo):
    from servo.migrate import RULES

    table = servo("migrate", "--list-rules").stdout
    assert table.splitlines()[0].split() == ["ID", "SEVERITY", "--FIX", "WHAT"]
    assert all(rule.id in table for rule in RULES)
    listed = json.loads(servo("migrate", "--list-rules", "-f", "json").stdout)["rules"]
    assert [one["id"] for one in listed] == [rule.id for rule in RULES]
    text = servo("migrate", "--explain", "requirements-servox").stdout
    assert text.startswith("requirements-servox (blocker)\n")
    assert "--fix puts it right." in text
    assert json.loads(servo("migrate", "--explain", "yaml-empty-part", "-o", "json").stdout)["section"] == "servoyaml"


DIFF = """--- a/requirements.txt
+++ b/requirements.txt
@@ -1,2 +1,2 @@
 httpx
-servox>=25
+servox-rs
"""


def test_the_diff_changes_nothing(servo, write, folder):
    write("requirements.txt", "httpx\nservox>=25\n")
    result = servo("migrate", "--diff")
    assert (result.exit_code, result.stdout) == (1, DIFF)
    assert (folder / "requirements.txt").read_text() == "httpx\nservox>=25\n"
    data = json.loads(servo("migrate", "--diff", "-f", "json").stdout)
    assert data == {"changes": [{"file": "requirements.txt", "rules": ["requirements-servox"], "diff": DIFF}]}


def test_changes_are_shown_and_asked_for(servo, write, folder):
    write("requirements.txt", "httpx\nservox>=25\n")
    declined = servo("migrate", "--fix", input="n\n")
    assert declined.exit_code == 1
    assert declined.stdout.startswith(DIFF)
    assert "Not in git; copy them first if you may want them back: requirements.txt" in declined.stdout
    assert "Apply these changes? [y/N]" in declined.stderr
    assert "Aborted" in declined.stderr
    assert (folder / "requirements.txt").read_text() == "httpx\nservox>=25\n"
    assert servo("migrate", "--fix", input="").exit_code == 1
    agreed = servo("migrate", "--fix", input="y\n")
    assert agreed.exit_code == 0
    assert "Changed 1 file." in agreed.stdout
    assert agreed.stdout.endswith("nothing has to be changed.\n")
    assert (folder / "requirements.txt").read_text() == "httpx\nservox-rs\n"


def test_nothing_is_asked_with_yes(servo, write, folder):
    write("requirements.txt", "servox\n")
    result = servo("migrate", "--fix", "--yes", "-f", "json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["findings"] == []
    assert data["changes"][0]["rules"] == ["requirements-servox"]
    assert (folder / "requirements.txt").read_text() == "servox-rs\n"
    assert "nothing that --fix can put right" in servo("migrate", "--fix").stdout
    assert json.loads(servo("migrate", "--diff", "-f", "json").stdout) == {"changes": []}


def test_a_file_that_cannot_be_written_is_told(servo, write, folder, monkeypatch):
    write("requirements.txt", "servox\n")
    write("run.sh", "pip install servox\n")
    from servo import migrate

    written = migrate.write

    def refuse(change):
        if change.path.name == "run.sh":
            raise PermissionError(13, "Permission denied")
        written(change)

    monkeypatch.setattr(migrate, "write", refuse)
    result = servo("migrate", "--fix", "--yes")
    assert result.exit_code == 1
    assert result.stderr == "run.sh: not changed: Permission denied\n1 of 2 files were changed.\n"
    assert (folder / "requirements.txt").read_text() == "servox-rs\n"
    assert (folder / "run.sh").read_text() == "pip install servox\n"


def test_what_cannot_be_read_is_told_and_the_rest_is_looked_at(servo, write, folder):
    write("servo.yaml", "optimizer: {id: a\n")
    write("broken.py", "import servo\nclass\n")
    (folder / "binary.py").write_bytes(b"import servo\n\x00")
    (folder / "latin.yaml").write_bytes(b"optimizer: \xff")
    write("pyproject.toml", "[project\n")
    (folder / "large.yaml").write_text("#" * (1 << 20) + "\noptimizer: {}\n")
    write("deep.yaml", "optimizer: " + "[" * 5000)
    write("chart.yaml", "optimizer:\n  id: {{ .Values.id }}\n{{ if .Values.token }}\n")
    os.mkfifo(folder / "pipe.yaml")
    (folder / "lost.yaml").symlink_to("nowhere")
    write("run.sh", "servo run --no-poll\n")
    result = servo("migrate")
    assert result.exit_code == 0
    assert "command-no-poll" in result.stdout
    unread = result.stdout.partition("Not looked at:\n")[2].partition("\n\n")[0]
    names = re.findall(r"^    ([\w.]+)(?::\d+)?: ", unread, re.MULTILINE)
    expected = [
        "binary.py",
        "broken.py",
        "chart.yaml",
        "deep.yaml",
        "large.yaml",
        "latin.yaml",
        "pyproject.toml",
        "servo.yaml",
    ]
    assert names == expected
    assert "it is a template" in unread
    assert "defect of this command" not in unread


def test_what_is_no_part_of_the_project_is_passed_over(servo, folder):
    for name in (".git", ".venv", "node_modules", "site-packages", "x.egg-info", "named", "__pycache__"):
        (folder / name).mkdir()
        (folder / name / "requirements.txt").write_text("servox\n")
    (folder / "named" / "pyvenv.cfg").write_text("")
    (folder / "loop").symlink_to(folder)
    assert "Looked at 0 files" in servo("migrate").stdout


def test_no_secret_is_shown(servo, shop):
    texts = [servo("migrate", *arguments) for arguments in ((), ("-f", "json"), ("--diff",), ("--fix", "--yes"))]
    shown = "".join(result.stdout + result.stderr for result in texts)
    assert not any(secret in shown for secret in ("8812345", "w4reh0use", "abcdef"))


def test_texts_of_the_project_do_not_steer_the_terminal(servo, write, folder):
    write("servo.yaml", SERVO + '"a\\e[2J\\rb": 1\n"a\\e[2J\\rb": 2\nwait:\n')
    write("x\x1b[2J.py", "import servo\nservo.Duration('5m \x1b[2J')  # \x1b[2J\n")
    shown = "".join(servo("migrate", *arguments).stdout for arguments in ((), ("--diff",), ("--fix", "--yes")))
    assert "\\x1b[2J" in shown
    assert "\x1b" not in shown


def test_nothing_of_the_project_is_run(servo, write, folder):
    write("connector.py", "import servo\nopen('ran', 'w')\n")
    write("setup.py", "import servo\nopen('ran', 'w')\n")
    write("servo.yaml", SERVO + "connectors: [connector.C]\nconnector.C: {}\n")
    servo("migrate")
    assert not (folder / "ran").exists()
    assert "connector" not in sys.modules


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_lines_fit_the_terminal(shop, columns):
    text = on_terminal("migrate", columns=columns, color=True)
    assert "\x1b[31m" in text or "\x1b[1m" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    # Names and places are not broken.
    long = [line for line in plain.splitlines() if len(line) > columns and " " in line.strip()]
    assert [line for line in long if not re.match(r"\S+:\d+:\d+  |The guide:|    \S+, see ", line)] == []
    assert not re.search(r"\x1b\[(38|48);", text)


def test_no_colours_where_none_are_wanted(shop):
    assert "\x1b" not in on_terminal("migrate", "--no-color", columns=80)
    assert "\x1b" not in on_terminal("migrate", "--diff", columns=80, env={"NO_COLOR": "1"})
    assert "\x1b[32m" in on_terminal("migrate", "--diff", columns=80)


def on_terminal(*arguments: str, columns: int, color: bool = True, env: dict[str, str] | None = None) -> str:
    """What the command shows on a terminal."""
    master, slave = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    search = os.pathsep.join(part for part in (str(PACKAGE), os.environ.get("PYTHONPATH")) if part)
    environment |= {"PYTHONPATH": search, "COLUMNS": str(columns), "TERM": "xterm"} | (env or {})
    command = [sys.executable, "-m", "servo", *arguments]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    parts = []
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(master)
    assert process.wait(timeout=60) in (0, 1)
    return b"".join(parts).decode().replace("\r\n", "\n")
