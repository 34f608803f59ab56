"""A connector for ServoX and for servox-rs alike: an application that is a function of two settings.

What it is asked for goes to the file `SHOP_LOG` names, one line each; where it stands is the last adjustment there.
"""

import asyncio
import datetime
import json
import os

import servo


class ShopConfiguration(servo.BaseConfiguration):
    """Where the application stands when it is started."""

    workers: int = 8


class ShopConnector(servo.BaseConnector):
    """Workers cost money and shorten the latency; the fast collector shortens it further."""

    config: ShopConfiguration

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        """What there is to set and to measure."""
        tell("describe")
        return self.description()

    @servo.on_event()
    async def measure(
        self,
        *,
        metrics: list[str] = None,  # noqa: RUF013 - ServoX takes no other annotation
        control: servo.Control = servo.Control(),
    ) -> servo.Measurement:
        """A pure function of the settings; takes the time that it is asked to."""
        tell("measure", workers=stand()["workers"], gc=stand()["gc"])
        seconds = control.duration.total_seconds()
        for part in range(1, 5):
            await asyncio.sleep(seconds / 4)
            self.logger.info("measuring", progress=part * 25.0)
        workers, factor = stand()["workers"], 0.5 if stand()["gc"] == "fast" else 1.0
        now = datetime.datetime.now(datetime.UTC)
        cost = servo.DataPoint(COST, now, workers * 0.5)
        latency = servo.TimeSeries(LATENCY, [servo.DataPoint(LATENCY, now, 240.0 * factor / workers)])
        by_type = os.environ.get("SHOP_READINGS") == "points"
        second = servo.DataPoint(LATENCY, now, 240.0 * factor / workers) if by_type else latency
        first = cost if by_type else servo.TimeSeries(COST, [cost])
        return servo.Measurement(readings=[first, second])

    @servo.on_event()
    async def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        """Stands where it is told to, and says so."""
        wanted = {adjustment.setting_name: adjustment.value for adjustment in adjustments}
        state = stand()
        new = {"workers": int(float(wanted.get("workers", state["workers"]))), "gc": wanted.get("gc", state["gc"])}
        tell("adjust", **new)
        return self.description()

    def description(self):
        """The two settings and the two metrics."""
        state = stand()
        workers = servo.RangeSetting(name="workers", min=1, max=8, step=1, value=state["workers"])
        collector = servo.EnumSetting(name="gc", values=["slow", "fast"], value=state["gc"])
        component = servo.Component(name="web", settings=[workers, collector])
        return servo.Description(components=[component], metrics=[COST, LATENCY])


COST = servo.Metric(name="cost", unit=servo.Unit.float)
LATENCY = servo.Metric(name="p95", unit=servo.Unit.milliseconds)


def tell(event, **what):
    """Write down what was asked for."""
    with open(os.environ["SHOP_LOG"], "a", encoding="utf-8") as log:
        log.write(json.dumps({"event": event, **what}) + "\n")


def stand():
    """Where the application stands: it outlives the servo."""
    state = {"workers": 8, "gc": "slow"}
    try:
        with open(os.environ["SHOP_LOG"], encoding="utf-8") as log:
            for line in log:
                told = json.loads(line)
                if told["event"] == "adjust":
                    state = {"workers": told["workers"], "gc": told["gc"]}
    except FileNotFoundError:
        pass
    return state
