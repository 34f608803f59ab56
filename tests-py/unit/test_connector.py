"""How connectors are declared: handlers, names, configuration."""

import asyncio
import gc
from typing import Any

import pydantic
import pytest

import servo
from servo import _handlers, connector
from servo.events import Preposition


@pytest.fixture(autouse=True)
def forget_classes(monkeypatch):
    """The classes of a test are unknown to all others."""
    monkeypatch.setattr(connector, "_connector_subclasses", list(connector._connector_subclasses))


async def run(member, event, preposition="on", *args, **kwargs):
    return await _handlers.run(member, event, preposition, args, kwargs)


def handled(cls):
    return [(str(handler.preposition), handler.event.name) for handler in cls.__event_handlers__]


class Parent(servo.BaseConnector):
    config: servo.BaseConfiguration = None
    said: list = pydantic.Field(default_factory=list)

    @servo.before_event("measure")
    def prepare(self, **kwargs) -> None:
        self.said.append("prepare")

    @servo.on_event()
    async def measure(self, *, metrics: Any = None, control: Any = None) -> Any:
        await asyncio.sleep(0)
        self.said.append("parent")
        return "parent"

    @servo.after_event("measure")
    def tidy(self, results: list[servo.EventResult]) -> None:
        self.said.append(results)


class TestHandlers:
    async def test_every_preposition_runs_its_handlers(self):
        parent = Parent()
        assert handled(Parent) == [("before", "measure"), ("on", "measure"), ("after", "measure")]
        assert await run(parent, "measure", "before") == [None]
        assert await run(parent, "measure", metrics=["a"], control=servo.Control()) == ["parent"]
        assert await run(parent, "measure", "after", ["results"]) == [None]
        assert await run(parent, "adjust", adjustments=[]) == []
        assert parent.said == ["prepare", "parent", ["results"]]

    async def test_handlers_are_inherited(self):
        class Child(Parent):
            @servo.on_event()
            def startup(self) -> Any:
                return "started"

        assert handled(Child) == [*handled(Parent), ("on", "startup")]
        assert await run(Child(), "measure") == ["parent"]
        assert await run(Child(), "startup") == ["started"]
        assert not Parent.responds_to_event("startup")

    async def test_an_override_with_a_decorator_runs_once(self):
        class Child(Parent):
            @servo.on_event()
            def measure(self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()) -> Any:
                return "child"

        assert await run(Child(), "measure") == ["child"]

    async def test_an_override_without_a_decorator_runs_once(self):
        class Child(Parent):
            def measure(self, *, metrics=None, control=None):
                return "child"

        class Grandchild(Child):
            async def measure(self, *, metrics=None, control=None):
                return ["grandchild", super().measure()]

        assert await run(Child(), "measure") == ["child"]
        assert await run(Grandchild(), "measure") == [["grandchild", "child"]]

    async def test_an_override_may_answer_another_event(self):
        class Child(Parent):
            @servo.on_event("startup")
            def measure(self) -> Any:
                return "started"

        assert await run(Child(), "measure") == []
        assert await run(Child(), "startup") == ["started"]

    async def test_a_shared_parent_counts_once(self):
        class Left(Parent):
            pass

        class Right(Parent):
            @servo.on_event("measure")
            def second(self, **kwargs) -> Any:
                return "right"

        class Both(Left, Right):
            pass

        assert await run(Both(), "measure") == ["parent", "right"]

    async def test_handlers_run_in_the_order_they_were_declared(self):
        class Many(servo.BaseConnector):
            config: servo.BaseConfiguration = None

            @servo.on_event("startup")
            async def zulu(self) -> Any:
                await asyncio.sleep(0.01)
                return 1

            @servo.on_event("startup")
            def alpha(self) -> Any:
                return 2

        assert await run(Many(), "startup") == [1, 2]

    async def test_arguments_of_the_decorator_reach_the_handler(self):
        class Extra(servo.BaseConnector):
            config: servo.BaseConfiguration = None

            @servo.on_event("startup", level=1, depth=2)
            def begin(self, **kwargs) -> Any:
                return kwargs["level"], kwargs["depth"]

        assert await run(Extra(), "startup") == [(1, 2)]

    def test_an_unknown_event_is_refused_where_it_is_declared(self):
        with pytest.raises(ValueError, match="Unknown event 'mesure'"):

            class Wrong(servo.BaseConnector):
                @servo.on_event("mesure")
                def measure(self):
                    pass

    def test_handlers_are_found_by_event_and_preposition(self):
        assert [h.preposition for h in Parent.get_event_handlers("measure", Preposition.before)] == [Preposition.before]
        assert len(Parent.get_event_handlers("measure")) == 3
        assert Parent.get_event_handlers("unheard_of") == []
        assert Parent.responds_to_event("measure")

    async def test_what_runs_is_known_while_it_runs(self):
        class Curious(servo.BaseConnector):
            config: servo.BaseConfiguration = None

            @servo.on_event()
            async def startup(self) -> Any:
                await asyncio.sleep(0)
                return servo.current_connector() is self, str(servo.current_event())

            @servo.before_event("startup")
            def first(self) -> None:
                return str(servo.current_event()), servo.current_event().event.name

        member = Curious()
        assert await run(member, "startup") == [(True, "startup")]
        assert await run(member, "startup", "before") == [("before:startup", "startup")]
        assert servo.current_connector() is None
        assert servo.current_event() is None

    @pytest.mark.parametrize("stop", [KeyboardInterrupt("now"), SystemExit(3)])
    async def test_a_handler_does_not_end_the_process(self, stop):
        class Rude(servo.BaseConnector):
            config: servo.BaseConfiguration = None

            @servo.on_event()
            def startup(self) -> Any:
                raise stop

        with pytest.raises(servo.EventError, match="a handler of 'startup' raised") as error:
            await run(Rude(), "startup")
        assert error.value.__cause__ is stop

    async def test_a_cancellation_that_is_swallowed_counts(self):
        class Stubborn(servo.BaseConnector):
            config: servo.BaseConfiguration = None

            @servo.on_event()
            async def startup(self) -> Any:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    return "done anyway"

        task = asyncio.create_task(run(Stubborn(), "startup"))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("class_name", "expected"),
    [
        ("KubernetesConnector", "kubernetes"),
        ("KubeMetricsConnector", "kube_metrics"),
        ("CamelCaseConnector", "camel_case"),
        ("ACRONYMConnector", "acronym"),
        ("ConnectorThing", "thing"),
        ("AWSConnector", "aws"),
        ("HTTPServerConnector", "h_t_t_p_server"),
        ("Foo2BarConnector", "foo2_bar"),
        ("DataDog", "data_dog"),
        ("Connector", None),
    ],
)
def test_the_default_name_comes_from_the_class(class_name, expected):
    cls = type(class_name, (servo.BaseConnector,), {"__module__": __name__})
    assert cls.__default_name__ == expected
    gc.collect()


class Target(servo.BaseConfiguration):
    url: str
    rate: int = 10


class PingConfiguration(servo.BaseConfiguration):
    target: Target
    every: servo.Duration = "5s"
    metric: servo.Metric = servo.Metric("ping", servo.Unit.milliseconds)
    notes: list[str] = pydantic.Field(default_factory=list)


class PingConnector(servo.BaseConnector):
    config: PingConfiguration
    count: int = 0


class TestConfiguration:
    def test_plain_data_becomes_the_declared_model(self):
        ping = PingConnector(config={"target": {"url": "http://localhost", "rate": "20"}, "every": "1m"})
        assert isinstance(ping.config, PingConfiguration)
        assert ping.config.target.rate == 20
        assert ping.config.every == servo.Duration("1m")
        assert type(PingConfiguration(target={"url": "x"}).every) is servo.Duration
        assert ping.name == "ping"
        assert PingConnector.config_model() is PingConfiguration

    def test_a_model_is_taken_as_it_is(self):
        config = PingConfiguration(target=Target(url="x"))
        assert PingConnector(name="other", config=config).config == config

    def test_unknown_keys_are_refused_at_every_depth(self):
        for wrong in ({"target": {"url": "x"}, "evry": "1s"}, {"target": {"url": "x", "port": 1}}):
            with pytest.raises(pydantic.ValidationError):
                PingConfiguration(**wrong)

    def test_assignments_are_checked(self):
        config = PingConfiguration(target={"url": "x"})
        config.every = "2m"
        assert config.every == servo.Duration(120)
        with pytest.raises(pydantic.ValidationError):
            config.every = "soon"

    def test_attributes_of_a_connector_may_change(self):
        ping = PingConnector(config={"target": {"url": "x"}})
        ping.count += 1
        assert ping.count == 1
        assert PingConnector(config={"target": {"url": "x"}}).count == 0

    def test_connectors_are_equal_to_themselves_alone(self):
        one, two = (PingConnector(config={"target": {"url": "x"}}) for _ in range(2))
        assert one == one
        assert one != two
        assert len({one, two}) == 2

    def test_the_name_is_the_key_of_the_file(self):
        assert PingConnector(name="my_ping", config={"target": {"url": "x"}}).name == "my_ping"

    def test_every_class_is_known(self):
        assert PingConnector in connector.connector_types()


class TestPaths:
    def test_a_dotted_path_is_imported(self):
        assert connector.import_connector("servo.connector.BaseConnector") is servo.BaseConnector

    @pytest.mark.parametrize(
        ("path", "error", "message"),
        [
            ("no_such_module.X", ModuleNotFoundError, "No module named 'no_such_module'"),
            ("servo.connector.Nothing", ImportError, "module 'servo.connector' has no attribute 'Nothing'"),
            ("servo.types.Metric", TypeError, "servo.types.Metric is not a Connector subclass"),
        ],
    )
    def test_what_is_no_connector(self, path, error, message):
        with pytest.raises(error, match=message):
            connector.import_connector(path)
