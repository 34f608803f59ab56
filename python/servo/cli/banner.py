"""What `servo run` shows people at a terminal first: which servo this is, and what it works with."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servo.cli.options import Options
    from servo.cli.session import Servo

WORD = "ServoX"
FONTS = (
    *("slant", "banner3", "bigchief", "cosmic", "speed", "nancyj", "fourtops"),
    *("contessa", "doom", "broadway", "acrobatic", "trek", "eftirobot", "roman"),
)
COLORS = {"RED": 31, "GREEN": 32, "YELLOW": 33, "BLUE": 34, "MAGENTA": 35, "CYAN": 36}
"""Codes of colours that are readable on dark and on light."""
RAINBOW = "RAINBOW"
OFF = ("0", "false", "f", "off", "no", "n", "none")


def show_banner(options: Options, servos: Sequence[Servo]) -> None:
    """Shows the banner on stderr, where that is a terminal and nobody has switched it off.

    Args:
        options: The options of the root.
        servos: The servos that are going to run.
    """
    if not _wanted():
        return
    color = options.color
    lines = [*_word(_terminal_width(), color), "", *_facts(options.config_file, servos, color), ""]
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()


def _wanted() -> bool:
    if os.environ.get("SERVO_BANNER", "").strip().lower() in OFF:
        return False
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def _terminal_width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (AttributeError, OSError, ValueError):
        return 80


def _word(width: int, color: bool) -> Iterator[str]:
    """The lines of the word in large letters; none where the terminal is too narrow for them."""
    from pyfiglet import Figlet, FontNotFound

    wanted = os.environ.get("SERVO_BANNER_FONT")
    fonts = random.sample(FONTS, len(FONTS))
    if wanted:
        fonts.insert(0, wanted)
    for font in fonts:
        try:
            text = Figlet(font=font, width=1000).renderText(WORD)
        except FontNotFound:
            _warn(f"SERVO_BANNER_FONT: there is no font '{font}'")
            continue
        lines = [line.rstrip() for line in text.splitlines()]
        if max(map(len, lines), default=0) <= width:
            paint = _paint() if color else str
            # Not the empty ones around it.
            yield from map(paint, text.strip("\n").splitlines())
            return


def _paint() -> Any:
    """Colours a line as `SERVO_BANNER_COLOR` says, else in one colour or in all of them."""
    wanted = os.environ.get("SERVO_BANNER_COLOR", "").strip().upper()
    if wanted and wanted not in (*COLORS, RAINBOW):
        _warn(f"SERVO_BANNER_COLOR: '{wanted}' is not one of {', '.join([*COLORS, RAINBOW])}")
        wanted = ""
    wanted = wanted or random.choice([RAINBOW, random.choice([*COLORS])])
    if wanted == RAINBOW:
        return lambda line: "".join(_colored(one, random.choice([*COLORS.values()])) for one in line.rstrip())
    return lambda line: _colored(line.rstrip(), COLORS[wanted])


def _colored(text: str, code: int) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if text.strip() else text


def _warn(text: str) -> None:
    sys.stderr.write(f"warning: {text}; another one is taken\n")


def _facts(config_file: Path, servos: Sequence[Servo], color: bool) -> Iterator[str]:
    """The lines below the word."""
    servo = import_module("servo")
    core = import_module("servo._core")
    bold = (lambda text: f"\x1b[1m{text}\x1b[0m") if color else str
    yield f'{bold(f"v{core.version()}")} "{servo.__cryptonym__}" initialized'
    yield ""
    yield f"connectors:  {bold(', '.join(_connectors()))}"
    yield f"config file: {bold(str(config_file))}"
    if len(servos) > 1:
        yield f"servos:      {bold(str(len(servos)))}"
        return
    for only in servos:
        document = _document(config_file, only.name)
        optimizer = document.get("optimizer")
        yield f"servo UID:   {bold(str(document.get('servo_uid') or os.environ.get('SERVO_UID')))}"
        yield f"optimizer:   {bold(only.optimizer)}"
        if only.optimizer != "local":
            url = isinstance(optimizer, dict) and optimizer.get("base_url")
            url = url or os.environ.get("OPSANI_BASE_URL") or "https://api.opsani.com"
            yield f"base url:    {bold(str(url))}"
        settings = document.get("settings")
        if isinstance(settings, dict) and settings.get("proxies"):
            yield f"proxies:     {bold(json.dumps(settings['proxies']))}"


def _connectors() -> list[str]:
    """The connectors that are installed, with their versions."""
    from servo.connector.registry import is_servo, known_connectors
    from servo.utilities.strings import commandify

    core = import_module("servo._core")
    found = {kind: str(core.native_metadata(kind)[2]) for kind, _ in core.native_connectors()}
    for cls in known_connectors():
        if not is_servo(cls):
            found.setdefault(commandify(cls.__default_name__ or cls.__name__), str(cls.version))
    return sorted(f"{name}-{version}" for name, version in found.items())


def _document(config_file: Path, name: str) -> dict[str, Any]:
    """The document of the servo of a name; an empty one where there are several without names."""
    try:
        documents = [json.loads(text) for text in import_module("servo._core").read_documents(str(config_file))]
    except (OSError, ValueError):
        return {}
    found: list[dict[str, Any]] = [one for one in documents if isinstance(one, dict)]
    if len(found) == 1:
        return found[0]
    return next((one for one in found if one.get("name") == name), {})
