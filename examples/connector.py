"""A connector in Python: tunes how zlib compresses a text. Run it with
`servo -c connector.yaml run` in this folder."""

import asyncio
import datetime
import time
import zlib

import servo

TEXT = b"".join(b"%d bottles of beer on the wall, %x of them green\n" % (n, n * n) for n in range(20_000))


class ZipConnector(servo.BaseConnector):
    level: int = 9

    @servo.on_event()
    def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        level = servo.RangeSetting(name="level", min=1, max=9, step=1, value=self.level)
        metrics = [servo.Metric("time", servo.Unit.milliseconds), servo.Metric("ratio", servo.Unit.percentage)]
        return servo.Description(components=[servo.Component("zip", [level])], metrics=metrics)

    @servo.on_event()
    async def measure(
        self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        started = time.perf_counter()
        packed = await asyncio.to_thread(zlib.compress, TEXT, self.level)
        values = [(time.perf_counter() - started) * 1_000, 100 * len(packed) / len(TEXT)]
        now = datetime.datetime.now(datetime.UTC)
        known = self.describe().metrics
        return servo.Measurement(readings=[servo.DataPoint(m, now, v) for m, v in zip(known, values, strict=True)])

    @servo.on_event()
    def adjust(
        self, adjustments: list[servo.Adjustment], control: servo.Control = servo.Control()
    ) -> servo.Description:
        for adjustment in adjustments:
            if adjustment.selector == "zip.level":
                self.level = int(adjustment.value)
        return self.describe()
