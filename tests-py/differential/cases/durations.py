"""Durations: what they are made of, how they print, where they nest."""

import datetime
from typing import Dict, List, Optional

import pydantic
from report import attempt, show

import servo
from servo.types import Duration
from servo.utilities.duration_str import microseconds_from_duration_str, timedelta_to_duration_str

for given in [0, 1, 5, 120, 1.5, 90.25, True, "5m", "1h30m", "2d4h", "1w", "1mm", "1y", "10.5s4m", "300ms", "5.s", ".5s"]:
    attempt(f"make {given!r}", lambda given=given: repr(Duration(given)))
for given in ["1h 30m", " 5m", "+5s", "0", "-0", "+0", "1500ns", "500ns", "12us", "12µs", "12μs", "3d7h", "36h", "90m90s"]:
    attempt(f"text {given!r}", lambda given=given: (str(Duration(given)), Duration(given).total_seconds()))
for given in ["", "3", "-", "s", ".", "-.", ".s", "+.s", "5 m", "5M", "5x", "1e3s", "abc", "1.2.3s"]:
    attempt(f"refused {given!r}", Duration, given)
for given in [None, [], {}]:
    attempt(f"nothing {given!r}", lambda given=given: repr(Duration(given)))
attempt("keywords", lambda: repr(Duration(hours=10, seconds=25)))
attempt("both", lambda: repr(Duration("1h", minutes=5)))
attempt("sum of all", lambda: repr(Duration(5, seconds=3, hours=1)))
attempt("unknown keyword", Duration, centuries=1)
attempt("not a number", Duration, float("nan"))
attempt("of a timedelta", lambda: repr(Duration(datetime.timedelta(minutes=3))))

five = Duration("5m")
show("equal to texts", [five == "5m", five == "300s", five == 300, five == 300.0, five == datetime.timedelta(minutes=5)])
show("equal to others", [five == None, five == [], five != "5m", five == Duration(300)])  # noqa: E711
show("ordered", [five < Duration("6m"), five >= datetime.timedelta(minutes=5), max(five, Duration("1h")) == "1h"])
attempt("ordered by text", lambda: five < "6m")
attempt("ordered by number", lambda: five < 400)
show("arithmetic", [(five + five).total_seconds(), (five * 2).total_seconds(), five / Duration("1m"), (-five).total_seconds()])
show("more arithmetic", [five // Duration("2m"), (five % Duration("2m")).total_seconds(), (five / 2).total_seconds()])
attempt("plus a number", lambda: five + 60)
show("truth", [bool(Duration(0)), bool(five)])
show("human", [five.human_readable(), f"{five}", f"{five!r}", "%s" % five, str([five])])
show("a timedelta", [isinstance(five, datetime.timedelta), five.seconds, five.days, five.total_seconds()])
show("since", isinstance(Duration.since(datetime.datetime.now() - datetime.timedelta(hours=1)), Duration))
for seconds in [0, 1, 59, 60, 61, 3599, 3600, 5400, 86400, 604800, 2592000, 31536000, 73729440, 0.5, 0.0015, 0.000007]:
    show(f"format {seconds}", [str(Duration(seconds)), timedelta_to_duration_str(datetime.timedelta(seconds=seconds))])
show("not extended", timedelta_to_duration_str(datetime.timedelta(days=40, hours=2)))
show("extended", timedelta_to_duration_str(datetime.timedelta(days=40, hours=2), extended=True))
attempt("microseconds", microseconds_from_duration_str, "1m1ms")
show("negative parsed", servo.timedelta_from_duration_str("-2m3.4s").total_seconds())


class Window(pydantic.BaseModel):
    every: Duration
    limit: Optional[Duration] = None
    steps: List[Duration] = []
    named: Dict[str, Duration] = {}


class Checked(servo.BaseModel):
    wait: Duration = "5m"
    pause: Duration = 0


attempt("in a model", lambda: repr(Window(every="5m", limit=3, steps=["1s", 2, datetime.timedelta(days=1)])))
attempt("in a mapping", lambda: repr(Window(every=1, named={"a": "1h"}).named))
attempt("as a dict", lambda: {key: repr(value) for key, value in Window(every="5m").dict().items()})
for given in ["abc", [], {}, None, "00:10:00", "PT1M"]:
    attempt(f"refused in a model {given!r}", lambda given=given: repr(Window(every=given)))
attempt("bytes in a model", lambda: repr(Window(every=b"60").every))
attempt("defaults are validated", lambda: repr(Checked()))
attempt("checked model as json", lambda: Checked(wait="90s").json())
attempt("checked model as json, indented", lambda: Checked(wait="90s").json(indent=2))


def assign():
    model = Checked()
    model.wait = "1h"
    return repr(model.wait), type(model.wait).__name__


attempt("assignment", assign)


def assign_wrong():
    Checked().wait = "nonsense"


attempt("wrong assignment", assign_wrong)
attempt("schema", lambda: Window.schema()["properties"]["every"])
