"""What a servo is: its fields, its names, its bus, its context."""

import asyncio
import importlib
import json

import pytest

import servo

CONFIG = {"optimizer": {"id": "example.com/app", "token": "secret"}}


class TestModule:
    def test_the_module_is_itself_and_answers_for_the_package(self):
        module = importlib.import_module("servo.servo")
        assert servo.servo is module
        assert servo.servo.Servo is servo.Servo
        assert servo.servo.BaseConnector is servo.BaseConnector
        assert callable(servo.servo.set_current_command_uid)
        with pytest.raises(AttributeError):
            servo.servo.nothing_of_that_name  # noqa: B018

    def test_names_of_the_package(self):
        for name in ("Servo", "Events", "current_servo", "current_command_uid"):
            assert getattr(servo, name) is getattr(servo.servo, name)

    def test_the_events(self):
        names = ["attach", "detach", "startup", "shutdown", "metrics", "components"]
        names += ["measure", "check", "describe", "adjust", "promote"]
        assert [str(event) for event in servo.Events] == names
        assert [event.name for event in servo.events.get_events()[:11]] == names

    def test_metadata(self):
        assert servo.Servo.__default_name__ == "servo"
        assert servo.Servo.full_name == "Servo"
        assert str(servo.Servo.version) == servo.__version__
        assert servo.Servo.description == "Continuous Optimization Orchestrator"


class TestConstruction:
    def test_members_share_a_bus(self, make):
        one = make("one", "two")
        assert one.__connectors__ == [*one.connectors, one]
        assert all(member.__connectors__ is one.__connectors__ for member in one.connectors)
        assert one.all_connectors == [one, *one.connectors]
        assert not one.is_running

    def test_connectors_stay_the_same_objects(self, noted):
        given = [noted(name="one", config={})]
        one = servo.Servo(config=CONFIG, connectors=given)
        assert one.connectors[0] is given[0]
        assert one.connectors is not given
        assert given[0].optimizer is one.config.optimizer
        assert given[0]._global_config is one.config.settings
        assert one.optimizer is one.config.optimizer

    def test_a_bus_can_be_given(self, noted):
        member = noted(name="one", config={})
        bus = [member]
        one = servo.Servo(config=CONFIG, connectors=[member], __connectors__=bus)
        assert one.__connectors__ is bus
        assert bus == [member, one]

    def test_without_connectors(self):
        one = servo.Servo(config=CONFIG)
        assert one.connectors == []
        assert one.routes == {}
        assert one.__connectors__ == [one]

    def test_only_connectors_are_taken(self):
        with pytest.raises(TypeError, match="expected connectors, found 5"):
            servo.Servo(config=CONFIG, connectors=[5])

    @pytest.mark.parametrize(
        ("config", "kwargs", "name"),
        [
            (CONFIG, {}, "example.com/app"),
            ({**CONFIG, "name": "mine"}, {}, "mine"),
            ({**CONFIG, "name": "mine"}, {"name": "other"}, "other"),
            ({"optimizer": {"local": {}}}, {}, "local"),
        ],
    )
    def test_the_name(self, config, kwargs, name):
        assert servo.Servo(config=config, **kwargs).name == name

    def test_the_name_can_be_changed(self):
        one = servo.Servo(config=CONFIG)
        one.name = "another"
        assert one.name == "another"
        assert one.get_connector("another") is one

    def test_lists_are_not_shared(self):
        one, two = servo.Servo(config=CONFIG), servo.Servo(config=CONFIG)
        assert one.connectors is not two.connectors
        assert one.__connectors__ is not two.__connectors__


class TestLookup:
    def test_by_name(self, make):
        one = make("one", "two")
        first, second = one.connectors
        assert one.get_connector("two") is second
        assert one.get_connector("local") is one
        assert one.get_connector("three") is None
        assert one.get_connector(["two", "one"]) == [first, second]
        assert one.connectors_named(["one", "local"]) == [one, first]
        assert one.connectors_named("one") == [first]


class TestDispatch:
    async def test_all_members_answer(self, make):
        one = make("one", "two")
        results = await one.dispatch_event("metrics")
        assert [result.value[0].name for result in results] == ["one", "two"]
        results = await one.dispatch_event(servo.Events.metrics, include=["two"])
        assert [result.connector for result in results] == [one.connectors[1]]
        assert (await one.dispatch_event("metrics", first=True)).value[0].name == "one"

    async def test_it_is_the_same_dispatch_as_that_of_a_connector(self, make):
        one = make("one")
        async with one.dispatch_event("metrics") as dispatch:
            pass
        assert dispatch.done
        assert dispatch.success
        assert len(dispatch.results) == 1

    async def test_attach_and_detach_reach_everyone(self, make, noted):
        one = make("one", "two")
        await one.attach(one)
        await one.detach(one)
        assert noted.notes == ["one:attach", "two:attach", "one:detach", "two:detach"]


class TestContext:
    async def test_handlers_know_their_servo(self, noted):
        seen = []

        class Curious(noted):
            @servo.before_event("startup")
            async def before(self) -> None:
                seen.append((servo.current_servo(), servo.current_connector(), str(servo.current_event())))

            @servo.on_event()
            async def startup(self) -> None:
                async def inner():
                    seen.append((servo.current_servo(), servo.current_connector(), str(servo.current_event())))

                await asyncio.create_task(inner())

        member = Curious(name="one", config={})
        one = servo.Servo(config=CONFIG, connectors=[member])
        await one.dispatch_event("startup")
        assert seen == [(one, member, "before:startup"), (one, member, "startup")]
        assert servo.current_servo() is None
        assert servo.current_connector() is None

    async def test_a_handler_of_the_servo_itself(self):
        seen = []

        class Own(servo.Servo):
            @servo.on_event()
            async def promote(self) -> None:
                seen.append((servo.current_servo(), servo.current_connector()))

        one = Own(config=CONFIG)
        await one.dispatch_event("promote")
        assert seen == [(one, None)]

    async def test_servos_at_the_same_time(self, make, noted):
        seen = []

        class Curious(noted):
            @servo.on_event()
            async def promote(self) -> None:
                for _ in range(3):
                    await asyncio.sleep(0)
                    seen.append(servo.current_servo() is self.mine)

        class Loose(Curious):
            class Config:
                extra = "allow"

        members = [Loose(name=f"con{n}", config={}) for n in range(5)]
        servos = [servo.Servo(config=CONFIG, connectors=[member]) for member in members]
        for one, member in zip(servos, members, strict=True):
            member.mine = one
        await asyncio.gather(*[one.dispatch_event("promote") for one in servos])
        assert seen == [True] * 15

    def test_current(self, make):
        one = make()
        with one.current() as found:
            assert found is servo.current_servo() is one
            assert servo.ServoError("x").servo is one
        assert servo.current_servo() is None

    def test_the_command(self):
        from servo.servo import set_current_command_uid

        assert servo.current_command_uid() is None
        set_current_command_uid("c-1")
        assert servo.current_command_uid() == "c-1"
        set_current_command_uid(None)


class TestHandlersOfStandardEvents:
    @pytest.mark.parametrize(
        ("event", "text"),
        [
            ("startup", "(self) -> 'None'"),
            ("attach", "(self, servo_: 'Servo') -> 'None'"),
            ("metrics", "(self) -> 'list[servo.types.Metric]'"),
            ("components", "(self) -> 'list[servo.types.Component]'"),
        ],
    )
    def test_signatures(self, event, text):
        found = servo.events.get_event(event)
        assert str(found.signature) == text
        assert found.module == "servo.servo"

    def test_the_signatures_of_the_work(self):
        of = {name: servo.events.get_event(name).signature for name in ("measure", "describe", "adjust", "check")}
        assert list(of["measure"].parameters) == ["self", "metrics", "control"]
        assert of["measure"].parameters["control"].kind.name == "KEYWORD_ONLY"
        assert of["adjust"].parameters["adjustments"].annotation == "list[servo.types.Adjustment]"
        assert of["describe"].parameters["control"].default == servo.Control()
        assert of["check"].parameters["halt_on"].default is servo.ErrorSeverity.critical
        assert of["measure"].return_annotation == "servo.types.Measurement"

    def test_messages(self):
        expected = {
            'invalid event handler "adjust": incompatible return type annotation "<class \'dict\'>" in callable '
            'signature "(self, *args, **kwargs) -> dict", expected "servo.types.Description"': self.adjust,
            'invalid event handler "startup": encountered unexpected parameter "invalid" in callable signature '
            '"(self, invalid, /) -> None", expected "(self) -> \'None\'"': self.startup,
            'invalid event handler "startup": encountered unexpected parameters "another and invalid" in callable '
            'signature "(self, invalid: str, another: int) -> None", expected "(self) -> \'None\'"': self.startup_two,
            'invalid event handler "startup": incompatible return type annotation "<class \'inspect._empty\'>" in '
            'callable signature "(self)", expected "None"': self.startup_open,
        }
        for text, declare in expected.items():
            with pytest.raises(TypeError) as caught:
                declare()
            assert str(caught.value) == text

    def adjust(self):
        @servo.on_event()
        async def adjust(self, *args, **kwargs) -> dict: ...

    def startup(self):
        @servo.on_event()
        async def startup(self, invalid, /) -> None: ...

    def startup_two(self):
        @servo.on_event()
        async def startup(self, invalid: str, another: int) -> None: ...

    def startup_open(self):
        @servo.on_event()
        async def startup(self): ...

    def test_annotations_that_fit(self):
        @servo.on_event("measure")
        async def optional(
            self, *, metrics: list[str] | None = None, control: servo.Control = servo.Control()
        ) -> servo.Measurement: ...

        @servo.on_event("measure")
        async def quoted(
            self, *, metrics: "list[str]", control: "servo.Control" = servo.Control()
        ) -> "servo.Measurement": ...

        @servo.on_event("adjust")
        async def turned(self, control: servo.Control, adjustments: list[servo.Adjustment]) -> servo.Description: ...

        @servo.on_event("check")
        async def checks(
            self,
            matching: "servo.checks.CheckFilter | None",
            halt_on: servo.ErrorSeverity | None = servo.ErrorSeverity.critical,
        ) -> list["servo.checks.Check"]: ...

        @servo.on_event("attach")
        async def attach(self, servo_: "servo.Servo") -> None: ...

    def test_a_wider_type_than_none_is_refused(self):
        with pytest.raises(TypeError, match='parameter "metrics" of callable signature'):

            @servo.on_event("measure")
            async def measure(self, *, metrics: list[str] | int, control: servo.Control) -> servo.Measurement: ...

    async def test_the_engine_gives_arguments_by_name(self, noted):
        from servo import _handlers

        class Turned(noted):
            @servo.on_event()
            async def adjust(self, control: servo.Control, adjustments: list[servo.Adjustment]) -> servo.Description:
                return (control, adjustments)

        member, control = Turned(name="one", config={}), servo.Control()
        for args, kwargs in (([[1], control], {}), ([[1]], {"control": control}), ([], {"adjustments": [1]})):
            kwargs.setdefault("control", control)
            if len(args) == 2:
                kwargs.pop("control")
            assert await _handlers.run(member, "adjust", "on", tuple(args), kwargs) == [(control, [1])]


class TestSchema:
    def test_of_the_connectors(self, make, noted):
        schema = make("one", "two").top_level_schema()
        assert schema["title"] == "Servo Schema"
        assert list(schema["definitions"]) == ["NotedConfiguration"]
        assert "rate" in schema["definitions"]["NotedConfiguration"]["properties"]

    def test_of_all(self, make):
        schema = json.loads(make().top_level_schema_json(all=True))
        assert {"NotedConfiguration", "BaseServoConfiguration"} <= schema["definitions"].keys()

    def test_asking_for_it_changes_no_schema_of_a_class(self, make):
        model = servo.BaseServoConfiguration
        before = json.dumps(model.schema(), default=sorted)
        make().top_level_schema(all=True)
        assert "definitions" in model.schema()
        assert json.dumps(model.schema(), default=sorted) == before

    def test_of_several_classes_of_one_name(self, make, noted):
        def another():
            class NotedConfiguration(servo.BaseConfiguration):
                limit: int = 1

            class OtherConnector(servo.BaseConnector):
                config: NotedConfiguration

            return OtherConnector(name="other", config={})

        one = servo.Servo(config=CONFIG, connectors=[noted(name="one", config={}), another()])
        shown = one.top_level_schema()["definitions"]
        assert len(shown) == 2
        assert all("NotedConfiguration" in name for name in shown)
