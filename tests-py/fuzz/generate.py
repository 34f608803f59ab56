"""Configurations, durations and quantities, most of them nearly right: what users type, and what slips."""

from __future__ import annotations

import copy
import itertools
import json
import random
from typing import Any

WORDS = """name description servo_uid optimizer connectors no_diagnostics settings checks load wait process local goal
objective metric metrics rate duration target targets backoff __default__ connect max_time max_tries proxies timeouts
ssl_verify id token base_url url halt_on delay unit min max step value pinned values type period span skip"""
SCALARS = """load wait process 5m 1h30m 0 -5s 5 50/1s true yes on null ~ rps ms minimize cost critical GET expo {} []
*a &a http://localhost:1/x https:// http://[::1 example.com/app 1e400 .inf -.nan 0x1F 0o17 1_000 12:30:45 2020-01-01
<< é 漢字 %YAML !!binary !!python/x \ud83d \u202e 'quoted "double | > - ? : , # @ ` \\ load.wait os.system(1)"""
KEYS, TEXTS = WORDS.split(), [*SCALARS.split(), "\x00", " "]
FIELDS = ["description", "rate", "duration", "workers", "endpoints", "named", "mode", "inner", "url", "metrics"]
# The last unit is a long s, which upper case makes an S of.
GOOD_UNITS = ["ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "mm", "y"]
UNITS = GOOD_UNITS * 4 + [
    "M",
    "x",
    "e",
    "",
    " ",
    "mmm",
    "\u017f",
]
DIGITS = ["0", "1", "5", "007", "1.5", ".5", "5.", "0.000000001", "9" * 9]
NUMBERS = DIGITS * 4 + [".", "1.2.3", "9" * 25, "1e3", "1_0", "٣", "-1", "+2"]
EXTREMES: list[Any] = [
    *(
        0,
        -1,
        1,
        2**31,
        2**63,
        2**64,
        -(2**63) - 1,
        10**30,
        0.1,
        -0.0,
        1e-320,
        1e308,
        *map(float, ("inf", "-inf", "nan")),
    ),
    *(True, False, None, "", " ", "5", "5m", "nan", "inf", "1e999", "\x00", "é" * 100),
    *([], {}, [1], {"a": 1}, b"60", b"\xff"),
]


def value(dice: random.Random, depth: int = 0) -> Any:
    """A value of any kind, nested at most five levels."""
    kind = dice.randrange(10)
    if depth < 5 and kind < 2:
        return {key(dice): value(dice, depth + 1) for _ in range(dice.randrange(4))}
    if depth < 5 and kind == 2:
        return [value(dice, depth + 1) for _ in range(dice.randrange(4))]
    if kind < 5:
        found = extreme(dice)
        return found if not isinstance(found, bytes) else found.decode("latin-1")
    if kind == 5:
        return duration(dice)
    return dice.choice(TEXTS)


def extreme(dice: random.Random) -> Any:
    """A value at the edge of its kind; a new one each time, as documents grow by what is put into them."""
    return copy.deepcopy(dice.choice(EXTREMES))


def key(dice: random.Random) -> str:
    """A key, known more often than not."""
    return dice.choice(KEYS) if dice.random() < 0.9 else dice.choice(TEXTS)


def document(dice: random.Random) -> dict[str, Any]:
    """A document as `servo.yaml` has it, with some parts that are not as they should be."""
    right: dict[str, Any] = {
        "name": "shop",
        "optimizer": {"local": {"goal": {"objective": "minimize", "metric": "cost"}}},
        "connectors": ["load", "wait"],
        "load": {"rate": "50/1s", "target": "GET http://localhost:1/"},
        "wait": {"measure_enabled": True},
        "settings": {"backoff": {"__default__": {"max_time": "10m"}}, "timeouts": 5, "ssl_verify": True},
        "checks": {"wait": "5m", "halt_on": "critical"},
    }
    for _ in range(dice.randrange(4)):
        place: Any = right
        while True:
            inner = [item for item in place.values() if isinstance(item, dict) and item]
            if not inner or dice.random() < 0.5:
                break
            place = dice.choice(inner)
        place[key(dice) if dice.random() < 0.5 or not place else dice.choice(list(place))] = value(dice)
    return right


def yaml_text(dice: random.Random) -> str:
    """A text that is often YAML."""
    kind = dice.randrange(12)
    if kind == 0:
        depth = dice.randrange(300)
        return dice.choice(
            ["[" * depth, "{a: " * depth, "".join("  " * n + "a:\n" for n in range(depth)), "- " * depth]
        )
    if kind == 1:
        names = [f"a{n}" for n in range(dice.randrange(2, 12))]
        lines = [f"{names[0]}: &{names[0]} [1, 1, 1]"]
        lines += [f"{one}: &{one} [*{last}, *{last}, *{last}]" for last, one in itertools.pairwise(names)]
        return "\n".join(lines)
    if kind == 2:
        return "".join(dice.choice([*TEXTS, " ", "\n", ": ", "- ", "  "]) for _ in range(dice.randrange(60)))
    texts = [written(dice, document(dice)) for _ in range(1 if dice.random() < 0.9 else dice.randrange(4))]
    text = "\n---\n".join(texts)
    for _ in range(dice.choice([0, 0, 1, 1, 3])):
        place = dice.randrange(len(text) + 1)
        end = place + dice.choice([0, 0, 1, 5, 200])
        text = text[:place] + dice.choice([*TEXTS, "\n", "\t", ":", "  ", ""]) + text[end:]
    return text


def written(dice: random.Random, tree: Any) -> str:
    """A tree as a text: in one line as JSON, which is YAML, or in lines of its own."""
    flow = json.dumps(tree, ensure_ascii=dice.random() < 0.5)
    if dice.random() < 0.5:
        return flow
    return "\n".join(f"{name}: {json.dumps(item)}" for name, item in tree.items())


def fields(dice: random.Random) -> dict[str, Any]:
    """What the configuration class of the fuzz test is made of."""
    right: dict[str, Any] = {"rate": "50/1s", "duration": "5m", "endpoints": [{"url": "http://a", "weight": 1}]}
    for _ in range(dice.randrange(4)):
        right[dice.choice(FIELDS) if dice.random() < 0.9 else key(dice)] = (
            extreme(dice) if dice.random() < 0.4 else value(dice)
        )
    return right


def duration(dice: random.Random) -> str:
    """A text that is often a duration."""
    terms = "".join(dice.choice(NUMBERS) + dice.choice(UNITS) for _ in range(dice.randrange(1, 5)))
    return dice.choice(["", "", "-", "+"]) + terms + dice.choice([*[""] * 8, " ", "\n", "garbage"])


def quantity(dice: random.Random) -> Any:
    """A number, a text of one, or what is none."""
    kind = dice.randrange(4)
    if kind == 0:
        return extreme(dice)
    if kind == 1:
        return dice.choice(NUMBERS) + dice.choice(UNITS)
    if kind == 2:
        return dice.uniform(-(10.0 ** dice.randrange(-300, 300)), 10.0 ** dice.randrange(-300, 300))
    return dice.randrange(-(2 ** dice.randrange(1, 200)), 2 ** dice.randrange(1, 200))
