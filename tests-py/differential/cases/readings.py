"""Units, metrics, data points, time series, measurements."""

import datetime
import json
from typing import List, Optional

import pydantic
from report import attempt, show

import servo
from servo import DataPoint, Measurement, Metric, TimeSeries, Unit

START = datetime.datetime(2020, 1, 1)
SECOND = datetime.timedelta(seconds=1)

show("units", [[unit.name, unit.value, repr(unit), str(unit)] for unit in Unit])
show("aliases", [Unit.count is Unit.float, Unit.rate.name, Unit("rps").name, Unit("") is Unit.int])
attempt("unknown unit", Unit, "furlongs")
throughput = Metric("throughput", Unit.requests_per_minute)
show("metric", [repr(throughput), str(throughput), throughput.json(), throughput.dict()])
show("metric by keywords", repr(Metric(name="latency", unit="ms")))
show("metric without a unit", [repr(Metric("x")), Metric("x").json()])
show("metrics as keys", [throughput == Metric("throughput", "rpm"), len({throughput, Metric("throughput", "rpm")})])
attempt("nameless metric", lambda: Metric())
attempt("metric of an unknown unit", lambda: Metric("x", unit="bogus"))
attempt("metric parsed", lambda: repr(Metric.parse_obj({"name": "a", "unit": "GiB"})))


class PrometheusLikeMetric(Metric):
    query: Optional[str] = None
    step: servo.Duration = "1m"

    @pydantic.validator("query", pre=True, always=True)
    def default_query(cls, value, values):
        return value or values["name"]

    def check(self):
        return self.query


attempt("metric of one's own", lambda: repr(PrometheusLikeMetric("errors", query="sum(errors)")))
attempt("its default", lambda: PrometheusLikeMetric("errors", unit=Unit.rate).check())
attempt("its json", lambda: json.loads(PrometheusLikeMetric("errors").json()))
attempt("equal to a plain one", lambda: PrometheusLikeMetric("errors") == Metric("errors"))


class Metrics(pydantic.BaseModel):
    metrics: List[PrometheusLikeMetric] = []
    unit: Unit = Unit.float


attempt("metrics in a model", lambda: repr(Metrics(metrics=[{"name": "a", "unit": "rps", "step": "30s"}], unit="%")))
attempt("wrong unit in a model", lambda: Metrics(unit="zz"))
attempt("errors deep in a model", lambda: Metrics(metrics=[{"unit": "rps"}, {"name": "b", "step": "?"}]))

point = DataPoint(throughput, START, 31337.0)
show("point", [str(point), repr(point), point.unit.value, point.metric.name])
show("point unpacked", [list(point), point[0], point[1]])
attempt("point index 2", lambda: point[2])
attempt("point index -1", lambda: point[-1])
attempt("point index text", lambda: point["time"])
attempt("point length", lambda: len(point))
attempt("point of a text", lambda: DataPoint(throughput, "2020-01-02T03:04:05", "5").value)
attempt("point of an epoch", lambda: repr(DataPoint(throughput, 1577836800, 1)))
attempt("point without a value", lambda: DataPoint(throughput, START, None))
attempt("point with a wrong value", lambda: DataPoint(throughput, START, "many"))
attempt("point by keywords", lambda: repr(DataPoint(metric=Metric("a"), time=START, value=1)))
attempt("point as json", lambda: json.loads(point.json()))

points = [DataPoint(throughput, START + SECOND * at, value) for at, value in [(3, 5.0), (0, 7.0), (1, 2.5), (2, 7.0)]]
series = TimeSeries(throughput, points, id="abc", annotation="steady", metadata={"zone": "b"})
show("series", [len(series), [list(item) for item in series], list(series[0]), list(series[-1])])
show("series extremes", [repr(series.min), repr(series.max), series.timespan, repr(series.duration)])
show("series fields", [series.id, series.annotation, series.metadata, series.metric == throughput, bool(series)])
show("series repr", repr(series))
attempt("series slice", lambda: series[0:2])
attempt("series index", lambda: series[99])
attempt("series text index", lambda: series["a"])
empty = TimeSeries(throughput, [])
show("empty series", [len(empty), empty.min, empty.max, empty.timespan, empty.duration, bool(empty), repr(empty)])
attempt("series of dicts", lambda: TimeSeries(throughput, [{"time": START, "value": 1}]))
attempt("series with zones mixed", lambda: TimeSeries(throughput, [*points, DataPoint(throughput, 1577836800, 1)]))
attempt("series as json", lambda: json.loads(TimeSeries(throughput, points[:1]).json()))
attempt("series as dict", lambda: sorted(series.dict()))
attempt("series by keywords", lambda: len(TimeSeries(metric=throughput, data_points=points)))
attempt("series without points", lambda: TimeSeries(throughput))

measurement = Measurement(readings=points, annotations={"note": 5})
show("measurement", [len(measurement), measurement.annotations, repr(measurement[0]), [m.value for m in measurement]])
attempt("measurement index", lambda: measurement["a"])
attempt("mixed readings", lambda: Measurement(readings=[points[0], series]))
attempt("no readings", lambda: Measurement(readings=None))
show("empty measurement", [len(Measurement()), Measurement().json(), repr(Measurement())])
attempt("wire of points", lambda: Measurement(readings=[points[0]]).__opsani_repr__())


def wire_of_series():
    told = Measurement(readings=[series], annotations={"k": "v"}).__opsani_repr__()
    for metric in told["metrics"].values():
        for value in metric["values"]:
            value["id"] = type(value["id"]).__name__
    return told


attempt("wire of series", wire_of_series)
attempt("unequal series", lambda: len(Measurement(readings=[series, TimeSeries(Metric("b"), points[:2])])))


class Report(pydantic.BaseModel):
    reading: servo.Reading
    all: servo.Readings = []

    class Config:
        arbitrary_types_allowed = True


attempt("readings in a model", lambda: [type(Report(reading=point, all=[series]).reading).__name__])
