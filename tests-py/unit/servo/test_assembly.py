"""Servos of files and documents, and what an assembly does with them."""

import asyncio
import gc

import pytest

import servo
from servo.assembly import _create_config_model, _derive_config_model_for_route, _discover_connectors

LOCAL = {"local": {}}


def remote(n=0):
    return {"id": f"example.com/app{n}", "token": "t"}


async def assemble(*documents, **kwargs):
    return await servo.Assembly.assemble(configs=list(documents), **kwargs)


class TestDocuments:
    async def test_a_servo_for_each(self, noted):
        assembly = await assemble(
            {"optimizer": remote(1), "connectors": ["noted"], "noted": {"rate": 2}},
            {
                "optimizer": remote(2),
                "connectors": {"second_noted": "NotedConnector"},
                "second_noted": {},
                "name": "second",
            },
        )
        first, second = assembly.servos
        assert (first.name, second.name) == ("example.com/app1", "second")
        assert [member.name for member in second.connectors] == ["second_noted"]
        assert first.connectors[0].config.rate == 2
        assert first.connectors[0].config == first.config.noted
        assert first.routes == {"noted": noted}
        assert second.optimizer.id == "example.com/app2"
        assert second.connectors[0].optimizer is second.optimizer
        assert second.connectors[0]._global_config is second.config.settings
        assert first.__connectors__ == [*first.connectors, first]
        assert first.connectors[0].__connectors__ is first.__connectors__
        assert noted.notes == ["noted:attach", "second_noted:attach"]
        assert type(first.config).__name__ == "ServoConfiguration"
        assert assembly.config_file is None

    async def test_each_servo_has_its_own_exchange_and_telemetry(self, noted):
        documents = [{"optimizer": remote(n), "connectors": ["noted"], "noted": {}} for n in range(2)]
        first, second = (await assemble(*documents)).servos
        assert first.pubsub_exchange is first.connectors[0].pubsub_exchange
        assert first.pubsub_exchange is not second.pubsub_exchange
        first.connectors[0].telemetry["noted.version"] = "1"
        assert first.telemetry["noted.version"] == "1"
        assert "noted.version" not in second.telemetry.values

    async def test_connectors_with_a_part_of_the_document_are_active(self, noted):
        (one,) = (await assemble({"optimizer": LOCAL, "noted": {}})).servos
        assert [member.name for member in one.connectors] == ["noted"]
        (one,) = (await assemble({"optimizer": LOCAL})).servos
        assert one.connectors == []
        assert one.__connectors__ == [one]

    @pytest.mark.parametrize("empty", [None, [], {}])
    async def test_an_empty_list_of_connectors_is_none(self, noted, empty):
        (one,) = (await assemble({"optimizer": LOCAL, "connectors": empty, "noted": {}})).servos
        assert [member.name for member in one.connectors] == ["noted"]

    async def test_a_variable_names_the_connectors(self, noted, monkeypatch):
        monkeypatch.setenv("SERVO_CONNECTORS", '{"extra": "noted"}')
        (one,) = (await assemble({"optimizer": LOCAL, "extra": {}})).servos
        assert [member.name for member in one.connectors] == ["extra"]

    async def test_listed_connectors_need_their_part(self, noted):
        with pytest.raises(ValueError, match=r"(?s)noted.*required"):
            await assemble({"optimizer": LOCAL, "connectors": ["noted"]})
        with pytest.raises(ValueError, match="noted"):
            await assemble({"optimizer": LOCAL, "connectors": ["noted"], "noted": None})

    @pytest.mark.parametrize(
        ("connectors", "error", "message"),
        [
            (["missing"], ValueError, 'no connector found for the identifier "missing"'),
            ({"noted": 5}, ValueError, '"5" is not a string or type'),
            ({5: "noted"}, TypeError, 'Connector names must be strings: "5"'),
            ({"a b": "noted"}, ValueError, '"a b" is not a valid connector name'),
            ({"connectors": "noted"}, ValueError, 'Name "connectors" is reserved'),
            (5, ValueError, r"Unexpected type `int`` encountered \(connectors: 5\)"),
        ],
    )
    async def test_wrong_descriptors(self, noted, connectors, error, message):
        with pytest.raises(error, match=message):
            await assemble({"optimizer": LOCAL, "connectors": connectors, "noted": {}})

    async def test_unknown_keys_are_refused(self, noted):
        with pytest.raises(ValueError, match="notted"):
            await assemble({"optimizer": LOCAL, "connectors": ["noted"], "noted": {}, "notted": {}})

    @pytest.mark.parametrize("document", [{}, {"noted": {}}, {"optimizer": None}, {"optimizer": {"id": "x"}}])
    async def test_an_optimizer_is_needed(self, noted, document, monkeypatch):
        for name in ("OPSANI_OPTIMIZER", "OPSANI_TOKEN", "APPD_OPTIMIZER_ID"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(ValueError, match="optimizer"):
            await assemble(document)

    async def test_an_optimizer_from_the_environment(self, noted, monkeypatch):
        monkeypatch.setenv("OPSANI_OPTIMIZER", "example.com/env")
        monkeypatch.setenv("OPSANI_TOKEN", "t")
        (one,) = (await assemble({"noted": {}})).servos
        assert one.name == "example.com/env"

    async def test_something_must_be_given(self):
        with pytest.raises(ValueError, match=r"^cannot assemble with a config file and config objects$"):
            await servo.Assembly.assemble()

    async def test_several_documents_need_optimizers(self, noted):
        message = "^cannot configure a multi-servo assembly without an optimizer specified in each config$"
        for other in ({"noted": {}}, {"optimizer": {}}, None):
            with pytest.raises(ValueError, match=message):
                await assemble({"optimizer": remote()}, other)

    async def test_a_failing_attach_is_raised_in_groups(self, noted):
        noted.fails["noted:attach"] = OSError("no")
        documents = [{"optimizer": remote(n), "noted": {}} for n in range(2)]
        with pytest.raises(ExceptionGroup) as caught:
            await assemble(*documents)
        assert all(isinstance(error, ExceptionGroup) for error in caught.value.exceptions)
        assert caught.group_contains(OSError, match="no")

    async def test_what_was_attached_is_detached_when_another_fails(self, noted):
        noted.fails["bad:attach"] = OSError("no")
        documents = [
            {"optimizer": {"local": {}}, "connectors": {"one": "noted"}, "one": {}},
            {"optimizer": {"local": {}}, "connectors": {"bad": "noted", "two": "noted"}, "bad": {}, "two": {}},
        ]
        with pytest.raises(ExceptionGroup):
            await servo.Assembly.assemble(configs=documents)
        assert sorted(noted.notes) == ["bad:attach", "one:attach", "one:detach", "two:attach", "two:detach"]

    async def test_attach_reaches_handlers_of_every_kind(self, noted):
        seen = []

        class EarlyConnector(servo.BaseConnector):
            config: servo.BaseConfiguration

            @servo.before_event("attach")
            async def early(self, servo_: servo.Servo) -> None:
                seen.append(("before", servo_))

        class OwnConnector(servo.BaseConnector):
            config: servo.BaseConfiguration

            def __init__(self, **kwargs):
                super().__init__(**kwargs)

                async def own(self, servo_: servo.Servo) -> None:
                    seen.append(("own", servo_))

                self.add_event_handler(servo.events.get_event("attach"), servo.Preposition.on, own)

        assembly = await assemble({"optimizer": remote(1), "early": {}}, {"optimizer": remote(2), "own": {}})
        assert sorted(seen, key=lambda item: item[0]) == [("before", assembly.servos[0]), ("own", assembly.servos[1])]

    async def test_a_thousand_servos(self, noted):
        names = ["con0", "con1", "con2"]
        documents = [
            {
                "optimizer": remote(n),
                "connectors": dict.fromkeys(names, "noted"),
                **{name: {"rate": n} for name in names},
            }
            for n in range(1000)
        ]
        assembly = await assemble(*documents)
        assert len({id(type(one.config)) for one in assembly.servos}) == 1
        assert len(noted.notes) == 3000
        for n, one in enumerate(assembly.servos):
            assert one.name == f"example.com/app{n}"
            assert [(member.name, member.config.rate) for member in one.connectors] == [(name, n) for name in names]
        results = await assembly.dispatch_event("metrics", include=["con1"])
        assert len(results) == 1000
        assert [result.connector for result in results] == [one.connectors[1] for one in assembly.servos]


class TestFiles:
    async def assemble(self, path, text):
        path.write_text(text)
        return await servo.Assembly.assemble(config_file=path)

    async def test_several_documents(self, noted, tmp_path):
        text = (
            "optimizer: {id: example.com/one, token: t}\nnoted: {rate: 3}\n"
            "---\noptimizer: {id: example.com/two, token: t}\nconnectors: {second_noted: noted}\nsecond_noted: {}\n"
        )
        assembly = await self.assemble(tmp_path / "servo.yaml", text)
        assert [one.name for one in assembly.servos] == ["example.com/one", "example.com/two"]
        assert assembly.servos[0].config.noted.rate == 3
        assert assembly.config_file == tmp_path / "servo.yaml"

    @pytest.mark.parametrize("text", ["", "# nothing\n"])
    async def test_an_empty_file_is_one_document(self, noted, tmp_path, monkeypatch, text):
        monkeypatch.setenv("OPSANI_OPTIMIZER", "example.com/env")
        monkeypatch.setenv("OPSANI_TOKEN", "t")
        assembly = await self.assemble(tmp_path / "servo.yaml", text)
        assert [one.name for one in assembly.servos] == ["example.com/env"]

    async def test_a_null_document_is_none(self, noted, tmp_path):
        with pytest.raises(ValueError, match="ServoConfiguration expected dict not NoneType"):
            await self.assemble(tmp_path / "servo.yaml", "---\n")

    async def test_a_file_that_is_not_there(self, tmp_path):
        path = tmp_path / "servo.yaml"
        with pytest.raises(FileNotFoundError, match=f"^config file '{path}' does not exist$"):
            await servo.Assembly.assemble(config_file=path)

    async def test_malformed_yaml(self, tmp_path):
        with pytest.raises(ValueError, match=r"servo\.yaml:2"):
            await self.assemble(tmp_path / "servo.yaml", "noted: [\n")

    async def test_documents_go_before_the_file(self, noted, tmp_path):
        path = tmp_path / "servo.yaml"
        assembly = await servo.Assembly.assemble(config_file=path, configs=[{"optimizer": LOCAL, "noted": {}}])
        assert assembly.config_file == path
        assert [one.name for one in assembly.servos] == ["local"]


@pytest.fixture
async def both(noted):
    """An assembly of two servos with a connector each."""
    documents = [
        {"optimizer": LOCAL, "name": name, "connectors": {connector: "noted"}, connector: {}}
        for name, connector in (("left", "one"), ("right", "two"))
    ]
    assembly = await assemble(*documents)
    noted.notes.clear()
    return assembly


class TestLife:
    async def test_servos_start_and_end_together(self, both, noted):
        assert not both.is_running
        await both.startup()
        assert both.is_running
        assert sorted(noted.notes) == ["one:startup", "two:startup"]
        await both.shutdown("done")
        assert not both.is_running
        await both.shutdown()
        await both.startup()
        assert [one.is_running for one in both.servos] == [True, True]
        await both.shutdown()

    async def test_one_that_fails_does_not_stop_the_other(self, both, noted):
        noted.fails["one:startup"] = OSError("no")
        with pytest.raises(ExceptionGroup) as caught:
            await both.startup()
        assert caught.group_contains(OSError, match="no")
        assert [one.is_running for one in both.servos] == [False, True]
        noted.fails["two:shutdown"] = OSError("stuck")
        with pytest.raises(ExceptionGroup):
            await both.shutdown()
        assert not both.is_running

    async def test_several_failures_are_all_told(self, both, noted):
        noted.fails.update({"one:startup": OSError("a"), "two:startup": OSError("b")})
        with pytest.raises(ExceptionGroup) as caught:
            await both.startup()
        assert caught.group_contains(OSError, match="a")
        assert caught.group_contains(OSError, match="b")


class TestDispatch:
    async def test_results_of_all_servos_in_order(self, both):
        results = await both.dispatch_event("metrics")
        assert [result.connector.name for result in results] == ["one", "two"]
        results = await both.dispatch_event("metrics", exclude=["one"], prepositions=servo.Preposition.on)
        assert [result.connector.name for result in results] == ["two"]
        assert await both.dispatch_event("metrics", prepositions=servo.Preposition.after) == []

    async def test_first(self, both):
        assert (await both.dispatch_event("metrics", first=True)).connector.name == "one"
        assert (await both.dispatch_event("metrics", first=True, include=["two"])).connector.name == "two"
        assert await both.dispatch_event("promote", first=True) is None

    async def test_exceptions_as_results(self, both, noted):
        noted.fails["one:startup"] = error = OSError("no")
        with pytest.raises(ExceptionGroup):
            await both.dispatch_event("startup")
        results = await both.dispatch_event("startup", return_exceptions=True)
        assert [result.value for result in results] == [error, None]

    async def test_arguments_reach_the_handlers(self, both, noted):
        await both.dispatch_event("attach", both.servos[0])
        assert sorted(noted.notes) == ["one:attach", "two:attach"]

    async def test_unknown_events(self, both):
        with pytest.raises(KeyError, match="nonsense"):
            await both.dispatch_event("nonsense")


class TestServosAtRunTime:
    def servo(self, noted, name="third"):
        config = {"optimizer": LOCAL, "name": name}
        return servo.Servo(config=config, connectors=[noted(name="three", config={})])

    async def test_one_is_added(self, both, noted):
        third = self.servo(noted)
        await both.add_servo(third)
        assert both.servos[-1] is third
        assert noted.notes == ["three:attach"]
        assert not third.is_running
        with pytest.raises(ValueError, match="'third' is in the assembly"):
            await both.add_servo(third)

    async def test_a_running_assembly_starts_it(self, both, noted):
        await both.startup()
        third = self.servo(noted)
        await both.add_servo(third)
        assert third.is_running
        assert noted.notes[-2:] == ["three:attach", "three:startup"]
        await both.shutdown()

    async def test_one_that_fails_is_not_added(self, both, noted):
        noted.fails["three:attach"] = OSError("no")
        with pytest.raises(ExceptionGroup):
            await both.add_servo(self.servo(noted))
        assert len(both.servos) == 2

    async def test_one_is_removed(self, both, noted):
        left, right = both.servos
        await both.remove_servo(left)
        assert both.servos == [right]
        assert noted.notes == ["one:detach"]
        with pytest.raises(ValueError, match="'left' is not in the assembly"):
            await both.remove_servo(left)

    async def test_a_running_one_is_shut_down(self, both, noted):
        await both.startup()
        left, right = both.servos
        noted.notes.clear()
        await both.remove_servo(left, reason="moved")
        assert noted.notes == ["one:shutdown", "one:detach"]
        assert not left.is_running
        assert right.is_running
        await both.shutdown()

    async def test_it_goes_even_where_that_fails(self, both, noted):
        noted.fails["one:detach"] = OSError("stuck")
        with pytest.raises(ExceptionGroup):
            await both.remove_servo(both.servos[0])
        assert len(both.servos) == 1

    async def test_a_servo_comes_back(self, both, noted):
        await both.startup()
        left = both.servos[0]
        await both.remove_servo(left)
        await both.add_servo(left)
        assert left.is_running
        assert [member.name for member in left.connectors] == ["one"]
        assert noted.notes[-2:] == ["one:attach", "one:startup"]
        # As a runner does it after it lost its optimizer.
        await both.remove_servo(left)
        left.load_connectors()
        await both.add_servo(left)
        assert left.is_running
        assert [member.name for member in left.connectors] == ["one"]
        await both.shutdown()


class TestContext:
    async def test_the_assembly_is_known(self, noted):
        seen = []

        class CuriousConnector(servo.BaseConnector):
            config: servo.BaseConfiguration

            @servo.on_event()
            async def attach(self, servo_: servo.Servo) -> None:
                seen.append((servo.current_assembly(), servo.current_servo() is servo_, servo.ServoError().assembly))

        assert servo.current_assembly() is None
        assembly = await assemble({"optimizer": LOCAL, "curious": {}})
        assert seen == [(assembly, True, assembly)]
        assert servo.current_assembly() is assembly
        assert await asyncio.create_task(asyncio.to_thread(servo.current_assembly)) is assembly

    async def test_each_assembly_is_the_current_one_of_what_it_does(self, noted):
        seen = []

        class CuriousConnector(servo.BaseConnector):
            config: servo.BaseConfiguration

            @servo.on_event()
            async def startup(self) -> None:
                seen.append(servo.current_assembly())

        first = await assemble({"optimizer": LOCAL, "curious": {}})
        second = await assemble({"optimizer": LOCAL, "curious": {}})
        await first.startup()
        await second.startup()
        assert seen == [first, second]
        with first.current():
            assert servo.current_assembly() is first
        await first.shutdown()
        await second.shutdown()


class TestTypes:
    def test_all_types(self, noted):
        assert {noted, servo.Servo} <= servo.Assembly.all_connector_types()
        found = servo.Assembly.all_connector_types()
        found.clear()
        assert noted in _discover_connectors()

    async def test_the_model_of_a_document(self, noted):
        model, routes = _create_config_model(config={"connectors": {"a-b.c": "noted", "two": "noted"}})
        assert routes == {"a-b.c": noted, "two": noted}
        schema = model.schema()
        assert {"a-b.c", "two"} <= set(schema["required"])
        assert _derive_config_model_for_route("two", noted) is _derive_config_model_for_route("two", noted)
        assert issubclass(_derive_config_model_for_route("two", noted), noted.config_model())


class TestGarbageCollector:
    @pytest.mark.parametrize("enabled", [True, False])
    async def test_it_works_as_before(self, enabled):
        wrong = {"optimizer": {"id": "example.com/app", "token": "t"}, "connectors": ["nowhere"]}
        (gc.enable if enabled else gc.disable)()
        try:
            with pytest.raises(ValueError, match="nowhere"):
                await servo.Assembly.assemble(configs=[wrong])
            assert gc.isenabled() is enabled
        finally:
            gc.enable()
