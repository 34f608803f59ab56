"""A connector for both, which does what each command of a script wants to see."""

import datetime
from typing import List

import servo

START = datetime.datetime(2025, 3, 3, 12, 0, tzinfo=datetime.timezone.utc)


async def report(self, seconds):
    progress = servo.DurationProgress(servo.Duration(seconds))
    # The line of the lambda is in the transcript, too.



    await progress.watch(lambda p: self.logger.info(p.annotate("measuring", prefix=False), progress=p.progress), every=servo.Duration("2s"))


class DemoConnector(servo.BaseConnector):
    """One component; `userdata` of a command says what goes wrong."""

    config: servo.BaseConfiguration
    cpu: float = 1.0
    replicas: int = 2

    @servo.on_event()
    async def attach(self, servo_: servo.Servo) -> None:
        if self.name == "second":
            self.telemetry["second.version"] = "2.0"
            self.telemetry["second.place"] = "here"

    @servo.on_event()
    async def startup(self) -> None:
        self.telemetry["second.late"] = "not sent"

    @servo.before_event("measure")
    async def before_measure(self, *, metrics: List[str] = None, control: servo.Control = servo.Control()) -> None:
        self.fail("before", control)

    @servo.after_event("measure")
    async def after_measure(self, results: List[servo.EventResult]) -> None:
        self.fail("after", servo.Control(userdata=self.asked))

    @servo.after_event("adjust")
    async def after_adjust(self, results: List[servo.EventResult]) -> None:
        self.fail("after", servo.Control(userdata=self.asked))

    @servo.on_event()
    async def describe(self, control: servo.Control = servo.Control()) -> servo.Description:
        self.fail("on", control)
        return self.description(metrics=[THROUGHPUT, ERRORS, servo.Metric("saturation", servo.Unit.float)])

    @servo.on_event()
    async def measure(
        self, *, metrics: List[str] = None, control: servo.Control = servo.Control()
    ) -> servo.Measurement:
        self.asked = self.told(control)
        if self.name == "second":
            gauge = servo.DataPoint(servo.Metric("gauge", servo.Unit.milliseconds), START, 7.25)
            return servo.Measurement(readings=[gauge], annotations={"source": "second", "more": "2"})
        self.fail("on", control)
        if "scalars" in self.asked:
            points = [servo.DataPoint(THROUGHPUT, START, 1200.5), servo.DataPoint(ERRORS, START, 0.25)]
            return servo.Measurement(readings=points)
        if "nothing" in self.asked:
            return servo.Measurement(readings=[])
        if control.duration:
            await report(self, control.duration)
        series = [
            servo.TimeSeries(metric, [
                servo.DataPoint(metric, START + datetime.timedelta(seconds=60 * at), value)
                for at, value in enumerate(values)
            ])
            for metric, values in ((THROUGHPUT, [1200.0, 1210.5, 1190.0]), (ERRORS, [0.0, 0.5, 0.25]))
        ]
        return servo.Measurement(readings=series, annotations={"source": "demo"})

    @servo.on_event()
    async def adjust(self, adjustments: List[servo.Adjustment], control: servo.Control = servo.Control()) -> servo.Description:
        self.asked = self.told(control)
        if self.name == "second":
            return servo.Description()
        self.fail("on", control)
        for adjustment in adjustments:
            if adjustment.selector == "web.cpu":
                if adjustment.value > 3:
                    raise servo.AdjustmentRejectedError("insufficient cpu: pod unschedulable", reason="unschedulable")
                self.cpu = adjustment.value
            if adjustment.selector == "web.replicas":
                self.replicas = int(adjustment.value)
        return self.description(metrics=[])

    asked: dict = {}

    def told(self, control):
        return {key: value for key, value in (control.userdata.dict() if control.userdata else {}).items() if value}

    def fail(self, where, control):
        told = self.told(control)
        wanted = told.get(where)
        if wanted and self.name != "second":
            kind = getattr(servo, wanted)
            raise kind(told.get("message", ""), reason=told.get("why"))

    def description(self, metrics):
        name = "web" if self.name != "second" else "db"
        settings = [
            servo.CPU(min=0.25, max=4.0, step=0.125, value=self.cpu),
            servo.Memory(min=0.5, max=8.0, step=0.5, value=2.0, pinned=True),
            servo.Replicas(min=1, max=5, step=1, value=self.replicas),
            servo.EnumSetting(name="gc", values=["g1", "zgc"], value="g1"),
        ]
        return servo.Description(components=[servo.Component(name, settings=settings)], metrics=metrics)


THROUGHPUT = servo.Metric("throughput", servo.Unit.requests_per_minute)
ERRORS = servo.Metric("error_rate", servo.Unit.percentage)
