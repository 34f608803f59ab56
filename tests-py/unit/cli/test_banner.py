"""What `servo run` shows first."""

import random
import re
import sys
from types import SimpleNamespace

import pytest

from servo.cli import banner
from servo.cli.options import options_of


class Terminal:
    """A stream that keeps what is written, and is a terminal or not."""

    def __init__(self, isatty=True):
        self.text = ""
        self.isatty = lambda: isatty

    def write(self, text):
        self.text += text

    def flush(self): ...


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Shows the banner of a configuration, and gives what stderr got."""

    def show(text="optimizer: {id: a/b, token: t}\n", names=("web",), tty=True, width=200, color=True, **variables):
        for name in ("CI", "NO_COLOR", "SERVO_UID", "OPSANI_BASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"TERM": "xterm", "SERVO_BANNER": ""} | variables).items():
            monkeypatch.setenv(name, value)
        stream = Terminal(tty)
        file = tmp_path / "servo.yaml"
        file.write_text(text)
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(banner, "_terminal_width", lambda: width)
        servos = [SimpleNamespace(name=name, optimizer="a/b") for name in names]
        banner.show_banner(options_of({"config_file": file, "no_color": not color}), servos)
        return stream.text

    return show


def test_the_facts_stand_below_the_word(shown, tmp_path):
    text = shown(color=False, SERVO_BANNER_FONT="slant")
    word, facts = text.split("v0", 1)
    assert word.splitlines()[0] == "   _____                      _  __"
    number, _, rest = facts.partition('"')
    assert re.fullmatch(r"\.\d+\.\d+\S* ", number)
    assert rest.startswith('ollyander" initialized\n\nconnectors:  ')
    lines = rest.splitlines()
    assert re.search(r"connectors:  .*\bwait-\d", lines[2])
    assert lines[3:] == [
        f"config file: {tmp_path / 'servo.yaml'}",
        "servo UID:   None",
        "optimizer:   a/b",
        "base url:    https://api.opsani.com",
        "",
    ]


def test_what_the_document_says_is_told(shown):
    text = shown(
        "name: other\n---\nname: web\nservo_uid: u1\n"
        "optimizer: {id: a/b, token: t, base_url: 'http://there'}\nsettings: {proxies: 'http://p'}\n",
        color=False,
    )
    assert 'servo UID:   u1\noptimizer:   a/b\nbase url:    http://there\nproxies:     "http://p"\n\n' in text


def test_of_several_servos_the_number_is_told(shown):
    text = shown(names=("web", "db"), color=False)
    assert "servos:      2\n\n" in text
    assert "optimizer:" not in text


@pytest.mark.parametrize(
    "variables",
    [{"tty": False}, {"TERM": "dumb"}, {"CI": "true"}, *({"SERVO_BANNER": off} for off in ("0", "False", "OFF", "no"))],
)
def test_there_are_places_without_a_banner(shown, variables):
    assert shown(**variables) == ""


def test_without_colour_there_is_none(shown):
    assert "\x1b" not in shown(color=False, SERVO_BANNER_COLOR="red")
    assert "\x1b[31m" in shown(SERVO_BANNER_COLOR="red")
    assert "\x1b[34m" in shown(SERVO_BANNER_COLOR="Blue")


def test_a_rainbow_has_many_colours(shown):
    random.seed(3)
    word = shown(SERVO_BANNER_COLOR="rainbow").split("initialized")[0]
    assert len(set(re.findall(r"\x1b\[3\dm", word))) == 6


def test_what_is_unknown_is_told_and_replaced(shown):
    text = shown(SERVO_BANNER_FONT="nix", SERVO_BANNER_COLOR="pink")
    assert text.count("warning:") == 2
    assert "warning: SERVO_BANNER_FONT: there is no font 'nix'; another one is taken\n" in text
    assert "warning: SERVO_BANNER_COLOR: 'PINK' is not one of RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, RAINBOW;" in text
    assert "initialized" in text


@pytest.mark.parametrize("font", banner.FONTS)
def test_the_word_fits(shown, font):
    for width in (80, 30):
        word = shown(color=False, width=width, SERVO_BANNER_FONT=font).split("\n\nv")[0]
        assert max(map(len, word.splitlines())) <= width
    narrow = shown(color=False, width=10, SERVO_BANNER_FONT=font)
    assert narrow.startswith("\nv")
