"""Checks one by one: what a result means, in which order they run, what filters and halting do."""

import asyncio
import re
from typing import Iterable, Tuple

from report import attempt, plain, problem, show

import servo
from servo import BaseChecks, BaseConfiguration, Check, CheckFilter, CheckHandler
from servo.checks import CheckError, create_checks_from_iterable


class Configuration(BaseConfiguration):
    items: list = ["a", "b"]


class First(BaseChecks):
    config: Configuration

    @servo.check("Base one", tags=["t1"])
    async def check_one(self) -> bool:
        return True

    @servo.require("Base two", id="two")
    def check_two(self) -> bool:
        return False

    @servo.warn("Warn three")
    def check_three(self) -> bool:
        return False


class Second(First):
    @servo.check("Sub four", tags=["t1", "t2"])
    def check_four(self) -> bool:
        return False

    def check_five(self) -> Check:
        return Check(name="Five", success=True)

    @servo.require("Sub two", id="two")
    def check_two(self) -> bool:
        return True

    @servo.check("Sub six")
    async def check_six(self) -> str:
        return "ok"


async def run(label, kind, **options):
    try:
        show(label, [[check.name, check.id, check.success] for check in await kind.run(Configuration(), **options)])
    except Exception as error:
        show(label, problem(error))


async def one(label, kind, **options):
    try:
        check = await kind(Configuration()).run_one(**options)
        show(f"one {label}", [check.name, check.id, check.success])
    except Exception as error:
        show(f"one {label}", [problem(error), type(error.__cause__).__name__])


async def results():
    values = {
        "True": True, "None": None, "False": False, "empty": "", "text": "x", "pair": (True, "m"), "pair without": (False, None),
        "lax pair": ("yes", "m"), "single": (True,), "triple": (True, "a", 1), "number": 1, "list": [True, "m"], "error": ValueError("boom"),
        "silent error": ValueError(), "check error": CheckError("bad", hint="h", remedy=print), "assertion": AssertionError("aa"),
    }
    for label, value in values.items():
        def handler(value=value):
            return value

        def raising(value=value):
            raise value

        for how, function in (("gives", handler), ("raises", raising)):
            if how == "gives" or isinstance(value, Exception):
                check = await Check.run("N", handler=function)
                show(f"{how} {label}", [check.success, check.message, type(check.exception).__name__, check.hint, bool(check.remedy), check.runtime is not None])
    check = await Check.run("Name {item} {self}", handler=lambda item: True, args=["it"])
    show("template", [check.name, check.success])
    check = await Check.run("Name {foo}", handler=lambda item: True, args=["it"])
    show("no template", [check.name, check.success, check.message, check.run_at, check.runtime])
    show("template without arguments", (await Check.run("Name {foo}", handler=lambda: True)).name)


async def runs():
    for kind in (First, Second):
        for halt_on in (None, "warning", "common", "critical"):
            await run(f"{kind.__name__} halts on {halt_on}", kind, halt_on=halt_on)
    filters = {
        "a name": {"name": "Sub four"}, "names": {"name": ["Sub four", "Base one"]}, "a pattern": {"name": re.compile("^Sub")}, "an id": {"id": "two"},
        "ids": {"id": ("check_six", "two")}, "tags": {"tags": ["t2"]}, "no tags": {"tags": set()}, "alone": {"name": "Sub six", "exclusive": True},
        "several alone": {"name": ["Sub six"], "exclusive": True}, "both": {"tags": ["t1"], "name": "Base one"}, "slashes": {"name": "/Sub/"}, "nothing": {"id": "nope"},
    }
    for label, wanted in filters.items():
        await run(f"filter {label}", Second, matching=CheckFilter(**wanted))
    await run("filter behind a requirement", First, matching=CheckFilter(name="Warn three"))
    await one("by id", First, id="check_one")
    await one("behind a requirement", First, id="check_three")
    await one("in spite of it", First, id="check_three", skip_requirements=True)
    await one("unknown", First, id="zzz")
    await one("nothing", First)
    await one("too much", First, id="a", name="b")
    await one("a number", First, id=3)


def method(body, annotation, *parameters):
    names = {"Check": Check, "body": body}
    exec(f"def check_it(self{''.join(', ' + one for one in parameters)}){f' -> {annotation}' if annotation else ''}: return body()", names)
    return names["check_it"]


async def wrong():
    check = Check(name="x", success=True)
    for label, methods in {
        "name": {"foo": method(lambda: check, "Check")}, "result": {"check_it": method(lambda: check, "int")}, "no annotation": {"check_it": method(lambda: check, "")},
        "parameter": {"check_it": method(lambda: check, "Check", "x")}, "text": {"check_it": method(lambda: check, "'Check'")}, "run_": {"run_it": method(lambda: check, "Check")},
        "a lie": {"check_it": method(lambda: True, "Check")}, "private": {"_it": method(lambda: True, "int")}, "anything": {"check_it": method(lambda: check, "Check", "*args", "**kwargs")},
    }.items():
        await run(f"method {label}", type("Bad", (BaseChecks,), {"__module__": __name__, **methods}))


class Many(BaseChecks):
    config: Configuration

    @servo.check("First")
    def check_first(self) -> bool:
        return True

    @servo.multicheck("Item {item} is {item[0]}", description="d", tags=["m"], severity="warning")
    async def check_items(self) -> Tuple[Iterable, CheckHandler]:
        async def handler(item) -> str:
            if item == "b":
                raise RuntimeError("no b")
            return f"is {item}"

        return self.config.items, handler

    @servo.check("Last")
    def check_last(self) -> bool:
        return True


class Nameless(BaseChecks):
    config: Configuration

    @servo.multicheck("Item {item.foo}")
    async def check_items(self) -> Tuple[Iterable, CheckHandler]:
        return ["a"], lambda item: True


async def several():
    await run("several", Many)
    await run("several by id", Many, matching=CheckFilter(id="check_items_item_1"))
    await run("several by name", Many, matching=CheckFilter(name="Item b is b"))
    await run("several by tag", Many, matching=CheckFilter(tags=["m"]))
    await one("of several", Many, id="check_items_item_0")
    show("several methods", sorted(await Many(Configuration()).check_items()))
    await run("several without a name", Nameless)
    made = create_checks_from_iterable(lambda item: item != "b", ["a", "b"])
    await run("made of a list", made)
    await run("made of a list with others", create_checks_from_iterable(lambda item: f"is {item}", range(2), base_class=First), halt_on=None)


for severity in servo.ErrorSeverity:
    for success in (None, True, False):
        check = Check(name="a", severity=severity, success=success)
        show(f"{severity} {success}", [check.passed, check.failed, check.critical, check.warning])
for name in ["a {b} c", "{", "{a} {b}", "}", "{}", "{{a}}"]:
    show(f"escaped {name}", Check(name=name).escaped_name)
for label, fields in {"upper": ["A"], "underscore": ["a_b"], "spaces": [" a "], "long": ["a" * 33], "empty": [""], "text": "abc"}.items():
    attempt(f"tag {label}", lambda fields=fields: plain(Check(name="a", tags=fields).tags))
for success in ["yes", "no", 1, "maybe"]:
    attempt(f"success {success}", lambda success=success: Check(name="a", success=success).success)
asyncio.run(results())
asyncio.run(runs())
asyncio.run(wrong())
asyncio.run(several())
