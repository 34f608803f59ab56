"""Components, descriptions, adjustments, control, objectives."""

import json

from report import attempt, show

import servo
from servo import Adjustment, Component, Control, CPU, Description, Metric, RangeSetting, Replicas, UserData
from servo.types import SloCondition, SloInput, TriggerConstraints

web = Component("web", [CPU(min=1.0, max=2.0, value=1.0), Replicas(min=1, max=4, value=2)])
cache = Component(name="cache", settings=[RangeSetting(name="size", min=1, max=9, step=2, unit="MiB")])
show("component", [web.name, [setting.name for setting in web.settings], repr(web.get_setting("cpu")), web.get_setting("x")])
show("component repr", repr(web))
show("component on the wire", web.__opsani_repr__())
attempt("component without settings", lambda: Component("a"))
attempt("component of nothing", lambda: Component())
attempt("component of dicts", lambda: Component("a", [{"name": "cpu"}]))
attempt("component as json", lambda: json.loads(web.json()))

description = Description(components=[web, cache], metrics=[Metric("tp", "rpm"), Metric("raw")])
show("description", [description.get_component("web") == web, description.get_component("x"), repr(description.get_metric("tp"))])
show("settings of it", [repr(description.get_setting("web.cpu")), description.get_setting("web.x"), description.get_setting("x.y")])
attempt("setting without a component", lambda: description.get_setting("cpu"))
show("description repr", repr(description))
show("description on the wire", description.__opsani_repr__())
show("empty description", [repr(Description()), Description().__opsani_repr__(), Description().json()])
attempt("two of one name", lambda: Description(components=[web, Component("web", [])]).__opsani_repr__())
attempt("wrong components", lambda: Description(components="web"))
attempt("extended", lambda: [d.components.extend(cache for cache in [cache]) for d in [Description(components=[web])]])

adjustment = Adjustment(component_name="web", setting_name="cpu", value=1.25)
show("adjustment", [str(adjustment), adjustment.selector, repr(adjustment), adjustment.dict(), adjustment.json()])
for value in [1, 1.0, "1", "1.5", "big", True, 0, -3.5]:
    attempt(f"adjustment to {value!r}", lambda value=value: repr(Adjustment(component_name="a", setting_name="b", value=value).value))
attempt("adjustment to nothing", lambda: Adjustment(component_name="a", setting_name="b", value=None))
attempt("adjustment of nothing", lambda: Adjustment())
attempt("adjustment by position", lambda: Adjustment("web", "cpu", 1))

show("control", [repr(Control()), Control().json(), repr(Control().duration)])
show("control made", repr(Control(duration="5m", delay=30, warmup="1m", settlement="10s", load={"rps": 5})))
show("control past", [repr(Control(past=123).delay), repr(Control(past="1m", delay="1m").delay)])
attempt("control past and delay", lambda: Control(past="1m", delay="2m"))
attempt("control of nothing", lambda: repr(Control(duration=None, delay="", warmup=0)))
attempt("control of unknown keys", lambda: repr(Control(duration=1, bogus=2)))
attempt("control of nonsense", lambda: Control(duration="abc", settlement=[]))
attempt("control parsed", lambda: repr(Control.parse_obj({"duration": 60, "userdata": {"slo": None, "extra": 1}}).userdata))
attempt("control copied", lambda: repr(Control(duration="1m").copy(update={"warmup": 5}).duration))
attempt("control equal", lambda: [Control() == Control(), Control(duration=5) == Control(duration="5s")])


def assign():
    control = Control()
    control.duration = "10m"
    return repr(control.duration)


attempt("control assigned", assign)
attempt("user data", lambda: [UserData(colour="red").colour, UserData().slo])

condition = SloCondition(metric="p95", threshold=5)
show("condition", [str(condition), repr(condition), condition.keep.value, condition.trigger_window])
show("conditions", [str(SloCondition(metric="m", threshold="0.5", keep="above", description="text")), str(SloCondition(metric="m", threshold_metric="n"))])
attempt("both thresholds", lambda: SloCondition(metric="m", threshold=1, threshold_metric="n"))
attempt("no threshold", lambda: SloCondition(metric="m"))
attempt("window too small", lambda: SloCondition(metric="m", threshold=1, trigger_count=2, trigger_window=1))
attempt("count alone", lambda: [SloCondition(metric="m", threshold=1, trigger_count=3).trigger_window])
attempt("unknown key", lambda: SloCondition(metric="m", threshold=1, bogus=1))
attempt("unknown keep", lambda: SloCondition(metric="m", threshold=1, keep="around"))
attempt("hashable", lambda: len({condition, SloCondition(metric="p95", threshold=5)}))
attempt("input", lambda: [str(c) for c in SloInput(conditions=[{"metric": "a", "threshold": 1}, {"metric": "b", "threshold_metric": "a"}]).conditions])
attempt("input twice", lambda: SloInput(conditions=[{"metric": "a", "threshold": 1}, {"metric": "a", "threshold": 1}]))
attempt("input unknown", lambda: SloInput(conditions=[], bogus=1))
attempt("input as json", lambda: json.loads(SloInput(conditions=[{"metric": "a", "threshold": 1}]).json()))
attempt("control with objectives", lambda: repr(Control.parse_obj({"userdata": {"slo": {"conditions": [{"metric": "a", "threshold": 2}]}}}).userdata.slo))
attempt("constraints", lambda: issubclass(TriggerConstraints, int))

show("enums", [str(servo.License.mit), servo.License.mit == "MIT", servo.Maturity.from_str("Stable").name, str(servo.Maturity.robust)])
attempt("licence", servo.License.from_str, "GPL")
attempt("maturity", servo.Maturity.from_str, "Ripe")
show("severities", [[severity.name, severity.value] for severity in servo.ErrorSeverity])
show("version", [str(servo.Version.parse("1.2.3")), servo.Version.parse("1.2.3") == "1.2.3", servo.Version.parse("1.2.3").major])
attempt("wrong version", servo.Version.parse, "x")
