"""Checks of connectors: classes of checks, requirements, filters, several at once."""

import asyncio
import re
from typing import Iterable, List, Optional, Tuple

from report import attempt, attempted, plain, show

import servo
from servo import (
    BaseChecks,
    BaseConfiguration,
    BaseConnector,
    Check,
    CheckFilter,
    CheckHandler,
    CheckHandlerResult,
    ErrorSeverity,
)
from servo.checks import CheckHelpers, create_checks_from_iterable


class Configuration(BaseConfiguration):
    reachable: bool = True
    volumes: List[str] = ["a", "b"]


class ShopChecks(BaseChecks):
    config: Configuration

    @servo.require("Connect to the shop", tags=["network", "startup"])
    async def check_connection(self) -> None:
        if not self.config.reachable:
            raise ConnectionError("no route to the shop")

    @servo.check("Read the prices", description="Reads all prices", id="prices")
    def check_prices(self) -> Tuple[bool, str]:
        return True, "42 prices"

    @servo.warn("Enough staff")
    async def check_staff(self) -> bool:
        return False

    @servo.check("Text")
    def check_text(self) -> str:
        return "told"

    @servo.multicheck("Volume {item} is mounted")
    async def check_volumes(self) -> Tuple[Iterable, CheckHandler]:
        def is_mounted(volume) -> bool:
            return volume == "a"

        return self.config.volumes, is_mounted


def told(check):
    return [check.name, check.id, check.description, check.severity.value, plain(sorted(check.tags or [])), check.success, check.message,
            check.exception and type(check.exception).__name__, check.passed, check.failed, check.critical, check.warning]


async def run(label, config, **kwargs):
    try:
        show(label, [told(check) for check in await ShopChecks.run(config, **kwargs)])
    except Exception as error:
        show(label, repr(error))


async def main():
    await run("all", Configuration())
    await run("unreachable", Configuration(reachable=False))
    await run("unreachable, on to the end", Configuration(reachable=False), halt_on=None)
    await run("by name", Configuration(), matching=CheckFilter(name="Text"))
    await run("by names", Configuration(), matching=CheckFilter(name=["Text", "Enough staff"]))
    await run("by pattern", Configuration(), matching=CheckFilter(name=re.compile("Vol.*")))
    await run("by id", Configuration(), matching=CheckFilter(id="check_text"))
    await run("by tag", Configuration(), matching=CheckFilter(tags=["startup"]))
    await run("by the unknown", Configuration(), matching=CheckFilter(name="nope"))
    await run("halting at a warning", Configuration(), halt_on=ErrorSeverity.warning)
    checks = ShopChecks(Configuration())
    await attempted("one", one(checks))
    await attempted("all of an object", everything(checks))


async def one(checks):
    return told(await checks.run_one(id="check_text"))


async def everything(checks):
    return [check.name for check in await checks.run_all()]


asyncio.run(main())

show("check", str(Check(name="A", success=True)).split(" ")[0])
check = Check(name="Reach", description="x", severity="warning", tags=["a"], success=False, message="m")
show("fields", told(check))
show("id is stable", [Check(name="Reach").id == Check(name="Reach").id, len(Check(name="Reach").id), Check(name="Reach").id])
attempt("failed of an error", lambda: told(Check(name="x", success=False, exception=ValueError("v"))))
attempt("unknown severity", lambda: Check(name="x", severity="fatal"))
attempt("wrong tag", lambda: Check(name="x", tags=["Not Valid!"]))
attempt("nameless", Check)
for given in [True, "text", (True, "text"), (False, "no"), None, ValueError("x")]:
    def handler(given=given) -> CheckHandlerResult:
        if isinstance(given, Exception):
            raise given
        return given

    attempt(f"run {given!r}", lambda handler=handler: told(asyncio.run(Check.run("A", handler=handler))))
show("filter", [CheckFilter().any, CheckFilter().empty, CheckFilter(name="a").any, bool(CheckFilter(tags=["x"]).empty)])
attempt("filter matches", lambda: [CheckFilter(name="a").matches(Check(name="a")), CheckFilter(tags=["x"]).matches(Check(name="a")), CheckFilter(id=["a"]).matches(Check(name="a", id="a"))])
attempt("filter repr", lambda: repr(CheckFilter(name="a", tags=["b"])))


def refused(label, function):
    def declare():
        type("RefusedChecks", (BaseChecks,), {"__module__": __name__, "check_it": servo.check("It")(function)})
        return "accepted"

    attempt(label, declare)


async def wrong_return(self) -> int: ...
refused("wrong return", wrong_return)
async def more(self, more: int) -> bool: ...
refused("more parameters", more)
async def fine(self) -> bool: ...
refused("fine", fine)
async def optional(self) -> Optional[bool]: ...
refused("optional", optional)


def misnamed():
    class Misnamed(BaseChecks):
        def is_fine(self) -> bool:
            return True

    return Misnamed(BaseConfiguration())


attempt("method without a name", misnamed)


def from_list():
    Created = create_checks_from_iterable(lambda item: Check(name=f"Item {item}", success=True), ["a", "b"])
    return [check.name for check in asyncio.run(Created.run(BaseConfiguration()))]


attempt("created from a list", from_list)
show("helpers", hasattr(CheckHelpers, "process_checks"))


class ShopConnector(BaseConnector):
    config: Configuration

    @servo.on_event()
    async def check(self, matching: Optional[CheckFilter], halt_on: Optional[ErrorSeverity] = ErrorSeverity.critical) -> List[Check]:
        return await ShopChecks.run(self.config, matching=matching, halt_on=halt_on)


async def dispatched():
    shop = ShopConnector(config={"reachable": False})
    results = await shop.dispatch_event("check", None, halt_on=None)
    show("dispatched", [told(check)[:6] for result in results for check in result.value])


asyncio.run(dispatched())
