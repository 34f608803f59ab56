"""Connectors whose checks do what their configuration says."""

import asyncio
import datetime

import servo

rounds = [0]


class ShopConfiguration(servo.BaseConfiguration):
    outcome: str = "pass"
    passes_at: int = 1


class ShopChecks(servo.BaseChecks):
    config: ShopConfiguration

    @servo.require("Connect to the shop", tags=["network"])
    async def check_connection(self) -> str:
        assert self.config.outcome != "away", "the shop is away"
        return "connected"

    @servo.check("Prices are read", id="prices", description="Each of them")
    def check_prices(self) -> tuple[bool, str]:
        rounds[0] += 1
        if self.config.outcome == "fail" or rounds[0] < self.config.passes_at:
            raise servo.checks.CheckError("no <prices> & \x1b[31m", hint="write some", remedy=self._write)
        return True, "42 prices"

    @servo.warn("Enough staff", tags=["people"])
    def check_staff(self) -> tuple[bool, str]:
        return False, "one is ill"

    def _write(self) -> None:
        pass


class ShopConnector(servo.BaseConnector):
    config: ShopConfiguration

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        if self.config.outcome == "refuse":
            raise RuntimeError("the shop is closed")

    @servo.on_event()
    async def check(
        self,
        matching: servo.CheckFilter | None,
        halt_on: servo.ErrorSeverity | None = servo.ErrorSeverity.critical,
    ) -> list[servo.Check]:
        if self.config.outcome == "raise":
            raise KeyError("surprise")
        if self.config.outcome == "nonsense":
            return "fine"
        if self.config.outcome == "hang":
            await asyncio.sleep(600)
        found = await ShopChecks.run(self.config, matching=matching, halt_on=halt_on)
        for check in found:
            check.runtime = servo.Duration(datetime.timedelta(milliseconds=50))
        return found


class SilentConnector(servo.BaseConnector):
    config: servo.BaseConfiguration
