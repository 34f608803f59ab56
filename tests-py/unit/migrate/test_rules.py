"""Each rule finds its example, and leaves alone what is close to it."""

import importlib.util
import re
from pathlib import Path

import pytest

from servo._core import ConfigError, validate_file
from servo.migrate import RULES, plan, rule_named, scan
from servo.migrate.model import Room, Severity

_SPEC = importlib.util.spec_from_file_location("migrate_examples", Path(__file__).with_name("examples.py"))
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
EXAMPLES, files_of = _MODULE.EXAMPLES, _MODULE.files_of


def test_each_rule_has_an_example():
    assert list(EXAMPLES) == [rule.id for rule in RULES]


@pytest.mark.parametrize("rule", EXAMPLES)
def test_it_finds_its_example(rule, found):
    findings = [finding for finding in found(files_of(rule, EXAMPLES[rule][0])) if finding.rule.id == rule]
    assert findings
    template = findings[0].rule.what + findings[0].rule.action
    for finding in findings:
        assert finding.line >= 1
        assert finding.column >= 1
        # Every name in the texts has been filled in, by something other than an ellipsis.
        assert (finding.what + finding.action).count("\N{HORIZONTAL ELLIPSIS}") == template.count(
            "\N{HORIZONTAL ELLIPSIS}"
        )


@pytest.mark.parametrize("rule", EXAMPLES)
def test_it_finds_nothing_in_what_is_right(rule, project):
    report = scan(project(files_of(rule, EXAMPLES[rule][1])))
    assert [finding.what for finding in report.findings if finding.rule.id == rule] == []
    assert report.unread == ()


@pytest.mark.parametrize("rule", [rule.id for rule in RULES if rule.fixes and rule.id != "command-poetry-run"])
def test_what_a_rule_puts_right_is_right(rule, project):
    before = project(files_of(rule, EXAMPLES[rule][0]))
    changes = plan(before)
    assert any(finding.rule.id == rule for change in changes for finding in change.findings)
    after = before.with_texts({change.path: change.after for change in changes})
    assert rule not in {finding.rule.id for finding in scan(after).findings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_its_texts_are_sentences(rule):
    what, action = rule.texts()
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", rule.id)
    assert rule.area in Room.areas
    for text in (what, action):
        # `{instead}` is a sentence of its own.
        assert text[-1] in ".\N{HORIZONTAL ELLIPSIS}"
        assert "\n" not in text
        assert len(text) < 220


def test_names_are_unique():
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert rule_named("yaml-tag").severity is Severity.blocker
    assert rule_named("nothing") is None


def test_places_are_those_of_the_text(found):
    (finding,) = [
        finding
        for finding in found({"servo.yaml": "optimizer:\n  id: example.com/shop\n  token: 0123\nwait: {}\n"})
        if finding.rule.id == "yaml-unquoted-text"
    ]
    assert (finding.path, finding.line, finding.column) == (Path("servo.yaml"), 3, 10)


def test_columns_count_characters(found):
    text = "import servo\nx = 'äöü'; servo.Duration('5m or so')\r\n"
    (finding,) = [one for one in found({"a.py": text}) if one.rule.id == "python-duration-text"]
    assert (finding.line, finding.column) == (2, 27)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM ghcr.io/opsani/servox:v25.3.0 AS base\n", [1]),
        ("FROM --platform=linux/amd64 opsani/servox\n", [1]),
        ('IMAGE ?= "opsani/servox:edge"\nrun:\n\tdocker run -it opsani/servox run\n', [1, 3]),
        ("see https://github.com/opsani/servox/releases\ngit clone https://github.com/opsani/servox\n", []),
        ("FROM example.com/opsani/servox-of-ours\n", []),
    ],
)
def test_images(found, text, lines):
    assert [one.line for one in found({"Dockerfile": text}) if one.rule.id == "command-servox-image"] == lines


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("servo run --check\n", ["run"]),
        ("/usr/local/bin/servo -c x.yaml --log-level DEBUG \\\n  run --no-poll\n", ["run"]),
        ('CMD ["servo", "-n", "shop", "run"]\n', ["run"]),
        (
            "kubectl exec deploy/servo -- servo show metrics | head; servo list && servo config\n",
            ["show", "list", "config"],
        ),
        ("SERVO_ARGS='servo generate --force'\nx=$(servo version -s)\n", ["generate", "version"]),
        ("cd servo && ls servo run.sh\n", []),
        ("import servo\nservo.run()\nservomotor run\n# servo run\n", []),
        ("python -m servo validate -f x.yaml\n", ["validate"]),
    ],
)
def test_command_lines(project, text, commands):
    assert [one.command for one in project({"run.sh": text}).command_lines] == commands


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("import servo\nservo.License.APACHE2\n", "Write `apache2`."),
        ("from servo.events import Preposition\nPreposition.BEFORE\n", "Write `before`."),
        (
            "import servo\nservo.toml\n",
            "Look for what took its place in the guide, or write what you need of it yourself.",
        ),
        ("import servo\nservo.pubsub.signal\n", "Write `import signal`."),
        ("from servo.runner import Duration\n", "Write `servo.Duration`."),
        ("from servo.errors import Optional, lru_cache\n", "Write `from functools import lru_cache`."),
        ("from servo.checks import multichek\n", "Write `multicheck` if that is meant."),
    ],
)
def test_names_that_are_not_there(found, text, action):
    assert action in [one.action for one in found({"a.py": text}) if one.rule.id == "python-missing-name"]


def test_documents_within_a_configmap(project):
    text = "data:\n  note: x\n  servo.yaml: |\n    optimizer: {id: example.com/shop, token: x}\n    wait:\n  other: y\n"
    before = project({"map.yaml": text, "template.yaml": text.replace("wait:", "{{ range . }}")})
    report = scan(before)
    places = {(one.path.name, one.line, one.column) for one in report.findings if one.rule.id == "yaml-empty-part"}
    assert places == {("map.yaml", 5, 5)}
    assert [(one.path.name, one.why) for one in report.unread] == [
        ("template.yaml", "it is a template, which is no YAML")
    ]
    (change,) = plan(before)
    assert change.after.text == text.replace("wait:", "wait: {}")


KEPT = ["0", "4711", "-7", "1.5", "0.25", "18446744073709551615", "'0123'", "1e5", "text"]
OTHERS = ["0123", "1_000", "+5", "0x1F", "1:30", "1.10", "1.0e+5", "-0", "yes", "off", "9" * 20]


@pytest.mark.parametrize("written", KEPT + OTHERS)
def test_texts_that_need_quotes(found, written):
    text = f"name: {written}\noptimizer: {{id: example.com/shop, token: x}}\nwait: {{measure_enabled: false}}\n"
    told = "yaml-unquoted-text" in {finding.rule.id for finding in found({"servo.yaml": text})}
    assert told is (written in OTHERS)
    # The engine says the same.
    if told:
        with pytest.raises(ConfigError, match="quote it"):
            validate_file("servo.yaml", [], content=text.encode())
    else:
        assert validate_file("servo.yaml", [], content=text.encode()) == 1
