"""What `--fix` changes: only what it says, and nothing the second time."""

import difflib
import importlib.util
import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servo.migrate import Project, plan, scan, write
from servo.migrate.diffs import unified
from servo.migrate.fixing import ChangedMeanwhileError, originals
from servo.migrate.source import Source
from servo.migrate.walk import Kind, kind_of

SERVO = "optimizer: {id: example.com/shop, token: t0ps3cret}\n"


def fixed(name: str, text: str) -> str:
    """A file after `--fix`."""
    path = Path(name)
    changes = plan(Project([(Source(path, text), kind_of(path))]))
    return changes[0].after.text if changes else text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("servox", "servox-rs"),
        ("ServoX==25.3.0", "servox-rs"),
        ("servox[all] >= 25 ; python_version > '3.10'  # why", "servox-rs ; python_version > '3.10'  # why"),
        ("git+https://github.com/opsani/servox.git@v25#egg=servox", "servox-rs"),
        ("-e git+https://github.com/opsani/servox#egg=servox", "servox-rs"),
        ("servox @ https://example.com/servox-25.3.0-py3-none-any.whl", "servox-rs"),
        ("servox-rs", "servox-rs"),
        ("servox-webhooks==1", "servox-webhooks==1"),
        ("servox==25.3.0 \\\n    --hash=sha256:abc", "servox==25.3.0 \\\n    --hash=sha256:abc"),
        ("# servox", "# servox"),
        ("servox\nservox-rs", "servox\nservox-rs"),
    ],
)
def test_requirements(before, after):
    assert fixed("requirements.txt", f"httpx\r\n{before}\r\n") == f"httpx\r\n{after}\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '[project]\ndependencies = ["httpx", "servox>=25,<26"]  # x\n',
            '[project]\ndependencies = ["httpx", "servox-rs"]  # x\n',
        ),
        (
            "[project]\ndependencies = [\n  # of the agent\n  'servox',  # it\n]\n",
            "[project]\ndependencies = [\n  # of the agent\n  'servox-rs',  # it\n]\n",
        ),
        (
            '[project.optional-dependencies]\nagent = ["servox"]\n',
            '[project.optional-dependencies]\nagent = ["servox-rs"]\n',
        ),
        ('[dependency-groups]\nagent = [{include-group = "x"}, "servox"]\n', None),
        ('[tool.poetry.dependencies]\nservox = "^25.3"\n', '[tool.poetry.dependencies]\nservox-rs = "*"\n'),
        (
            '[tool.poetry.group.agent.dependencies]\nservox = {git = "https://example.com/servox", branch = "x"}\n',
            '[tool.poetry.group.agent.dependencies]\nservox-rs = "*"\n',
        ),
        ('[tool.poetry]\nname = "servox"\n', '[tool.poetry]\nname = "servox"\n'),
        (
            '[tool.other]\nservox = "1"\ndependencies = ["servox"]\n',
            '[tool.other]\nservox = "1"\ndependencies = ["servox"]\n',
        ),
    ],
)
def test_projects(before, after):
    expected = before.replace('"servox"', '"servox-rs"') if after is None else after
    assert fixed("pyproject.toml", before) == expected


def test_setup_files():
    before = 'from setuptools import setup\nsetup(name="servox", install_requires=["servox>=25", "httpx"])\n'
    assert fixed("setup.py", before) == before.replace('"servox>=25"', '"servox-rs"')
    before = "[metadata]\nname = x\n[options]\ninstall_requires =\n    httpx\n    servox>=25\n"
    before += "[options.extras_require]\na =\n    servox\n"
    after = before.replace("servox>=25", "servox-rs").replace("a =\n    servox", "a =\n    servox-rs")
    assert fixed("setup.cfg", before) == after
    assert fixed("Pipfile", '[packages]\nservox = "*"\n') == '[packages]\nservox-rs = "*"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # The last one counts, as it did.
        ("wait:\n  a: 1 # one\n  b: 2\n  a: 3 # three\n", "wait:\n  b: 2\n  a: 3 # three\n"),
        ("wait:\n  a: 1\n  a: 2\n  a: 3\n", "wait:\n  a: 3\n"),
        ("wait:\n  a:\n    - 1\n    - 2\n  # about a\n  a: 3\n", "wait:\n  # about a\n  a: 3\n"),
        ("wait: {a: 1}\nwait:\n  b: 2\n", "wait:\n  b: 2\n"),
        # Flow mappings, anchors and what shares a line are for people.
        ("wait: {a: 1, a: 2}\n", "wait: {a: 1, a: 2}\n"),
        ("wait:\n  a: &x 1\n  c: *x\n  a: 2\n", "wait:\n  a: &x 1\n  c: *x\n  a: 2\n"),
        ("wait:\n- a: 1\n  a: 2\n", "wait:\n- a: 1\n  a: 2\n"),
    ],
)
def test_duplicate_keys(before, after):
    assert fixed("servo.yaml", SERVO + before) == SERVO + after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("wait:\n", "wait: {}\n"),
        ("wait: # nothing\n", "wait: {} # nothing\n"),
        ("wait: ~\n", "wait: {}\n"),
        ("wait: null\nsettings:\n", "wait: {}\nsettings: {}\n"),
        ("wait: {a: ~}\nname:\n", "wait: {a: ~}\nname:\n"),
        ("wait: {duration: 5m or so}\n", "wait: {duration: 5m}\n"),
        ("wait: {duration: '1h-30m'}\n", "wait: {duration: '1h30m'}\n"),
        ("wait: {duration: soon}\n", "wait: {duration: soon}\n"),
        # It may be a text for a connector that nobody knows.
        ("ours: {duration: 5m or so}\n", "ours: {duration: 5m or so}\n"),
        ("wait: {}\nname: 12\n", "wait: {}\nname: 12\n"),
        ("wait: {}\nname: 012\n", "wait: {}\nname: 012\n"),
        ("wait: {}\nname: yes\n", "wait: {}\nname: yes\n"),
        ('wait: {}\nchecks: {quiet: "off", verbose: 1}\n', 'wait: {}\nchecks: {quiet: "off", verbose: 1}\n'),
    ],
)
def test_values(before, after):
    assert fixed("servo.yaml", SERVO + before) == SERVO + after


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("run.sh", "pip install -U 'servox[x]>=25,<26' httpx\n", "pip install -U 'servox-rs' httpx\n"),
        ("run.sh", "python -m pip install \\\n  servox==25.3.0\n", "python -m pip install \\\n  servox-rs\n"),
        ("run.sh", "poetry add servox@^25\n", None),
        (
            "run.sh",
            "pip uninstall servox && pip install servox-rs\n",
            "pip uninstall servox && pip install servox-rs\n",
        ),
        ("run.sh", "# pip install servox\n", "# pip install servox\n"),
        ("Dockerfile", "FROM opsani/servox\nENTRYPOINT poetry run servo\n", "FROM opsani/servox\nENTRYPOINT servo\n"),
        ("Dockerfile", "FROM python\nENTRYPOINT poetry run servo\n", "FROM python\nENTRYPOINT poetry run servo\n"),
    ],
)
def test_commands(name, before, after):
    assert fixed(name, before) == (before.replace("servox@^25", "servox-rs") if after is None else after)


def test_encodings_and_line_ends_stay(project, folder):
    files = {
        "servo.yaml": b"\xef\xbb\xbf# \xc3\xa4\r\n" + SERVO.encode() + b"wait:\r\nname: 12\n",
        "a.py": "# coding: latin-1\nimport servo\nservo.Duration('5m \xfc')\r\n# \xfc".encode("latin-1"),
    }
    for change in plan(project(files)):
        write(change)
    assert (folder / "servo.yaml").read_bytes() == (
        b"\xef\xbb\xbf# \xc3\xa4\r\n" + SERVO.encode() + b"wait: {}\r\nname: 12\n"
    )
    assert (folder / "a.py").read_bytes() == b"# coding: latin-1\nimport servo\nservo.Duration('5m')\r\n# \xfc"


def test_permissions_and_links_stay(project, folder):
    changes = plan(project({"run.sh": "#!/bin/sh\npip install servox\n"}))
    (folder / "run.sh").chmod(0o750)
    (folder / "real.sh").write_bytes((folder / "run.sh").read_bytes())
    write(changes[0])
    assert stat.S_IMODE((folder / "run.sh").stat().st_mode) == 0o750
    assert [path.name for path in folder.iterdir() if path.name.startswith(".run")] == []


def test_a_link_is_followed(project, folder):
    (folder / "shared").mkdir()
    (folder / "shared" / "real.txt").write_text("servox\n")
    (folder / "requirements.txt").symlink_to("shared/real.txt")
    (change,) = plan(project({}))
    write(change)
    assert (folder / "requirements.txt").is_symlink()
    assert (folder / "shared" / "real.txt").read_text() == "servox-rs\n"


def test_a_file_that_changed_meanwhile_stays(project, folder):
    (change,) = plan(project({"requirements.txt": "servox\n"}))
    (folder / "requirements.txt").write_text("servox\nhttpx\n")
    with pytest.raises(ChangedMeanwhileError, match="left as it is"):
        write(change)
    assert (folder / "requirements.txt").read_text() == "servox\nhttpx\n"


def test_where_the_originals_are(project, folder):
    files = {f"{name}/requirements.txt": "servox\n" for name in ("kept", "touched", "unknown")}
    changes = plan(project(files))
    assert set(originals(changes).values()) == {"nowhere"}
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *identity, *arguments], check=True, env=environment, capture_output=True)

    git("init", "-q")
    git("add", "kept", "touched")
    git("commit", "-q", "-m", "x")
    (folder / "touched" / "requirements.txt").write_text("servox\nhttpx\n")
    found = {path.parent.name: where for path, where in originals(changes).items()}
    assert found == {"kept": "git", "touched": "changed", "unknown": "nowhere"}


def test_diffs_show_no_secret(project):
    text = "optimizer:\n  id: example.com/shop\n  token: 991823\n  url: https://me:p4ss@example.com/\n  token: '5555'\n"
    (change,) = plan(project({"servo.yaml": text}))
    shown = "\n".join(change.diff("servo.yaml"))
    assert "token: [REDACTED]" in shown
    assert "token: '[REDACTED]'" in shown
    assert "://[REDACTED]@example.com" in shown
    assert not any(secret in shown for secret in ("991823", "5555", "p4ss"))


def test_secrets_beside_a_change_are_not_shown(project):
    text = (
        "image: opsani/servox\nenv:\n- name: OPSANI_TOKEN\n  value: s3cr3t-a\n- name: OTHER\n  value: seen\n"
        "data:\n  client_secret: |\n    s3cr3t-b\n\n    s3cr3t-c\n  password:\n    s3cr3t-d\n  note: seen\n"
        "  run: pip install servox\n  api-key: 's3cr3t-e'\n  PASSWORD=s3cr3t-f\n"
    )
    (change,) = plan(project({"agent.sh": text}))
    shown = "\n".join(change.diff("agent.sh"))
    assert "s3cr3t" not in shown
    assert "+  run: pip install servox-rs" in shown
    from servo.migrate.diffs import shown as all_shown

    lines = all_shown(text.splitlines())
    assert "s3cr3t" not in "\n".join(lines)
    assert [line for line in lines if "seen" in line] == ["  value: seen", "  note: seen"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=20),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=20),
)
def test_diffs_are_unified_ones(old, new):
    before, after = "".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new)
    expected = list(difflib.unified_diff(old, new, "a/x", "b/x", lineterm=""))
    assert unified(before, after, "x") == (expected or ["--- a/x", "+++ b/x"])


_SPEC = importlib.util.spec_from_file_location("migrate_examples", Path(__file__).with_name("examples.py"))
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
# Pieces of files, as they stand in the examples and as nobody writes them.
LINES = {
    name: sorted(
        {
            line
            for rule, pair in _MODULE.EXAMPLES.items()
            for example in pair
            for file, text in _MODULE.files_of(rule, example).items()
            if file == name
            for line in text.splitlines(keepends=True)
        }
    )
    for name in ("servo.yaml", "connector.py", "requirements.txt", "run.sh", ".env", "Dockerfile", "pyproject.toml")
}
JUNK = [
    "\n",
    "\t",
    "  ",
    "servox",
    "servo run",
    ": &a [",
    "'",
    '"',
    "ä\n",
    "\\\n",
    "# x\r\n",
    "wait:\r\n",
    "servox==1 ",
    "\x85",
    "5m x",
]


@st.composite
def files(draw):
    """Files of lines that mean something, in an order that does not."""
    names = draw(st.lists(st.sampled_from(sorted(LINES)), min_size=1, max_size=3, unique=True))
    return {
        name: "".join(draw(st.lists(st.sampled_from(LINES[name]) | st.sampled_from(JUNK), max_size=12)))
        for name in names
    }


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_the_second_time_there_is_nothing_to_put_right(texts):
    project = Project([(Source(Path(name), text), kind_of(Path(name))) for name, text in texts.items()])
    changes = plan(project)
    after = project.with_texts({change.path: change.after for change in changes})
    assert plan(after) == []
    report = scan(after)
    assert [finding.rule.id for finding in report.findings if finding.fixable] == []
    assert [one for one in (*report.unread, *project.unread) if "defect of this command" in one.why] == []
    for change in changes:
        # What no edit is about is there as it was: every line that is gone was one of a finding.
        gone = set(change.before.text.splitlines()) - set(change.after.text.splitlines())
        assert len(gone) <= 2 * len(change.findings) + sum(
            len(edit.text) + change.before.text.count("\n") for finding in change.findings for edit in finding.edits
        )


def test_kinds_are_told_by_names():
    kinds = {
        "servo.yml": Kind.yaml,
        "requirements-dev.txt": Kind.requirements,
        "requirements/prod.txt": Kind.requirements,
        "constraints.txt": Kind.requirements,
        "Dockerfile.prod": Kind.shell,
        "prod.Dockerfile": Kind.shell,
        "GNUmakefile": Kind.shell,
        ".env.prod": Kind.environment,
        "uv.lock": Kind.lock,
        "notes.txt": None,
        "servo.json": None,
    }
    assert {name: kind_of(Path(name)) for name in kinds} == kinds
