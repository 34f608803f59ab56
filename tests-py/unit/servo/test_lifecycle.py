"""How a servo and its connectors begin and end."""

import asyncio

import pytest

import servo


class TestStartup:
    async def test_connectors_are_started_and_the_exchange_runs(self, make, noted):
        one = make("one", "two")
        await one.startup()
        assert one.is_running
        assert one.pubsub_exchange.running
        assert noted.notes == ["one:startup", "two:startup"]
        with pytest.raises(RuntimeError, match=r"^Cannot start up a servo that is already running$"):
            await one.startup()
        await one.shutdown()

    async def test_a_second_start_while_the_first_one_greets_is_refused(self, make, noted, monkeypatch):
        one = make("one")
        greeting, greeted = asyncio.Event(), asyncio.Event()

        async def connect(servo_):
            greeting.set()
            await greeted.wait()

        monkeypatch.setattr(servo.Servo, "connect", connect)
        first = asyncio.ensure_future(one.startup())
        await greeting.wait()
        with pytest.raises(RuntimeError, match=r"^Cannot start up a servo that is already running$"):
            await one.startup()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        greeted.set()
        await one.startup()
        assert noted.notes == ["one:startup"]
        await one.shutdown()

    async def test_a_failure_undoes_the_start(self, make, noted):
        one = make("one", "two")
        noted.fails["two:startup"] = OSError("no disk")
        with pytest.raises(ExceptionGroup) as caught:
            await one.startup()
        assert caught.group_contains(OSError, match="no disk")
        assert not one.is_running
        assert not one.pubsub_exchange.running
        assert noted.notes[2:] == ["one:shutdown", "two:shutdown"]
        assert [member.name for member in one.connectors] == ["one", "two"]
        # It can be tried again.
        noted.fails.clear()
        await one.startup()
        assert one.is_running
        await one.shutdown()

    async def test_a_failure_while_the_start_is_undone_does_not_hide_the_first(self, make, noted):
        one = make("one")
        noted.fails.update({"one:startup": OSError("first"), "one:shutdown": OSError("{second}")})
        with pytest.raises(ExceptionGroup) as caught:
            await one.startup()
        assert caught.group_contains(OSError, match="first")
        assert not one.is_running

    async def test_a_cancelled_start_is_undone(self, make, noted):
        started = asyncio.Event()

        class Slow(noted):
            async def startup(self):
                self.note("startup")
                started.set()
                await asyncio.sleep(60)

        Slow.notes = []
        one = servo.Servo(config={"optimizer": {"local": {}}}, connectors=[Slow(name="slow", config={})])
        task = asyncio.create_task(one.startup())
        await asyncio.wait_for(started.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not one.is_running
        assert Slow.notes == ["slow:startup", "slow:shutdown"]


class TestShutdown:
    async def test_connectors_are_shut_down_detached_and_removed(self, assembled, noted):
        await assembled.startup()
        members = list(assembled.connectors)
        await assembled.shutdown()
        assert not assembled.is_running
        assert assembled.connectors == []
        assert assembled.__connectors__ == [assembled]
        assert sorted(noted.notes[2:]) == ["one:detach", "one:shutdown", "two:detach", "two:shutdown"]
        assert noted.notes.index("one:shutdown") < noted.notes.index("one:detach")
        for name in ("one", "two"):
            with pytest.raises(AttributeError):
                getattr(assembled.config, name)
        assert [member.__connectors__ for member in members] == [[member] for member in members]
        assert not assembled.pubsub_exchange.running

    async def test_only_what_runs_can_be_shut_down(self, assembled):
        message = "^Cannot shut down a servo that is not running$"
        with pytest.raises(RuntimeError, match=message):
            await assembled.shutdown()
        await assembled.startup()
        await assembled.shutdown()
        with pytest.raises(RuntimeError, match=message):
            await assembled.shutdown()

    async def test_a_second_shutdown_at_the_same_time_is_refused(self, assembled):
        await assembled.startup()
        first, second = await asyncio.gather(assembled.shutdown(), assembled.shutdown(), return_exceptions=True)
        assert first is None
        assert isinstance(second, RuntimeError)
        assert not assembled.is_running

    async def test_failures_are_told_when_everything_is_down(self, assembled, noted):
        await assembled.startup()
        noted.fails.update({"one:shutdown": OSError("a"), "two:shutdown": OSError("b"), "two:detach": OSError("c")})
        with pytest.raises(ExceptionGroup) as caught:
            await assembled.shutdown()
        for text in "abc":
            assert caught.group_contains(OSError, match=text)
        assert not assembled.is_running
        assert assembled.connectors == []
        assert not assembled.pubsub_exchange.running

    async def test_goodbye_is_said_whatever_fails(self, remote, noted):
        one, client = remote
        await one.startup()
        noted.fails["one:shutdown"] = OSError("stuck")
        with pytest.raises(ExceptionGroup):
            await one.shutdown("the end")
        assert client.messages[-1][:2] == ("GOODBYE", {"reason": "the end"})
        assert not one.is_running

    async def test_goodbye_is_said_when_the_shutdown_is_cancelled(self, remote, noted):
        one, client = remote
        waits = asyncio.Event()

        @servo.on_event()
        async def detach(self, servo_: servo.Servo) -> None:
            waits.set()
            await asyncio.sleep(60)

        one.connectors[0].add_event_handler(servo.events.get_event("detach"), servo.Preposition.on, detach)
        await one.startup()
        task = asyncio.create_task(one.shutdown())
        await asyncio.wait_for(waits.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.messages[-1][:2] == ("GOODBYE", {"reason": "unknown"})
        assert not one.is_running
        assert one.connectors == []

    async def test_a_startup_that_fails_says_goodbye(self, remote, noted):
        one, client = remote
        noted.fails["one:startup"] = OSError("no")
        with pytest.raises(ExceptionGroup):
            await one.startup()
        assert [message[0] for message in client.messages] == ["HELLO", "GOODBYE"]


class TestRestart:
    async def test_connectors_of_routes_are_made_anew_with_their_configuration(self, assembled, noted):
        made = []
        for _ in range(3):
            noted.notes.clear()
            await assembled.startup()
            assert [member.name for member in assembled.connectors] == ["one", "two"]
            assert assembled.config.one.rate == assembled.connectors[0].config.rate == 7
            assert assembled.__connectors__ == [*assembled.connectors, assembled]
            assert noted.notes[-2:] == ["one:startup", "two:startup"]
            made.append(assembled.connectors[0])
            await assembled.shutdown()
        assert len(set(made)) == 3
        assert noted.notes[:2] == ["one:attach", "two:attach"]

    async def test_connectors_can_be_loaded_before_the_restart(self, assembled, noted):
        await assembled.startup()
        await assembled.shutdown()
        noted.notes.clear()
        assembled.load_connectors()
        assembled.load_connectors()
        assert [member.name for member in assembled.connectors] == ["one", "two"]
        assert assembled.__connectors__ == [*assembled.connectors, assembled]
        assert noted.notes == []
        await assembled.startup()
        assert noted.notes == ["one:startup", "two:startup"]
        await assembled.shutdown()

    async def test_connectors_that_were_given_come_back_themselves(self, make, noted):
        one = make("one")
        (given,) = one.connectors
        await one.startup()
        await one.shutdown()
        assert one.connectors == []
        await one.startup()
        assert one.connectors == [given]
        assert noted.notes[-2:] == ["one:attach", "one:startup"]
        assert given.__connectors__ is one.__connectors__
        await one.shutdown()

    async def test_what_was_removed_does_not_come_back(self, assembled):
        await assembled.remove_connector("two")
        await assembled.startup()
        await assembled.shutdown()
        await assembled.startup()
        assert [member.name for member in assembled.connectors] == ["one"]
        await assembled.shutdown()

    def test_without_routes_there_is_nothing_to_load(self, make):
        with pytest.raises(RuntimeError, match=r"^No routes configured to load connectors for$"):
            make().load_connectors()


class TestAddConnector:
    async def test_it_joins_the_servo(self, assembled, noted):
        added = noted(name="whatever", config={"rate": 3})
        await assembled.add_connector("third", added)
        assert added.name == "third"
        assert assembled.connectors[-1] is added
        assert added.__connectors__ is assembled.__connectors__
        assert assembled.__connectors__[-1] is assembled
        assert assembled.config.third is added.config
        assert added.optimizer is assembled.config.optimizer
        assert added._global_config is assembled.config.settings
        assert added.pubsub_exchange is assembled.pubsub_exchange
        assert noted.notes == ["third:attach"]
        results = await added.dispatch_event("metrics")
        assert [result.connector.name for result in results] == ["one", "two", "third"]

    async def test_a_running_servo_starts_it(self, assembled, noted):
        await assembled.startup()
        noted.notes.clear()
        await assembled.add_connector("third", noted(config={}))
        assert noted.notes == ["third:attach", "third:startup"]
        await assembled.shutdown()

    @pytest.mark.parametrize("event", ["attach", "startup"])
    async def test_one_that_fails_is_not_added(self, assembled, noted, event):
        await assembled.startup()
        noted.fails[f"third:{event}"] = OSError("no")
        added = noted(config={})
        with pytest.raises(ExceptionGroup):
            await assembled.add_connector("third", added)
        assert added not in assembled.connectors
        assert added not in assembled.__connectors__
        assert not hasattr(assembled.config, "third")
        await assembled.shutdown()

    @pytest.mark.parametrize("name", ["one", "local"])
    async def test_names_are_unique(self, assembled, noted, name):
        message = f"^invalid name: a connector named '{name}' already exists in the servo$"
        with pytest.raises(ValueError, match=message):
            await assembled.add_connector(name, noted(config={}))

    @pytest.mark.parametrize("name", ["x", "a b c", "abc\n", "settings", "optimizer", "connectors", ""])
    async def test_names_are_checked(self, assembled, noted, name):
        with pytest.raises(ValueError, match=r"valid connector name|reserved"):
            await assembled.add_connector(name, noted(config={}))
        assert len(assembled.connectors) == 2

    async def test_only_connectors_are_taken(self, assembled):
        with pytest.raises(TypeError, match="expected a connector"):
            await assembled.add_connector("third", object())


class TestRemoveConnector:
    @pytest.mark.parametrize("by_name", [True, False])
    async def test_it_leaves_the_servo(self, assembled, noted, by_name):
        one, two = assembled.connectors
        exchange = assembled.pubsub_exchange
        await assembled.remove_connector("one" if by_name else one)
        assert noted.notes == ["one:detach"]
        assert assembled.connectors == [two]
        assert assembled.__connectors__ == [two, assembled]
        assert one.__connectors__ == [one]
        assert one.pubsub_exchange is not exchange
        assert not hasattr(assembled.config, "one")

    async def test_a_running_servo_shuts_it_down(self, assembled, noted):
        await assembled.startup()
        noted.notes.clear()
        await assembled.remove_connector("one")
        assert noted.notes == ["one:shutdown", "one:detach"]
        await assembled.shutdown()

    async def test_it_goes_even_where_that_fails(self, assembled, noted):
        noted.fails["one:detach"] = OSError("stuck")
        with pytest.raises(ExceptionGroup):
            await assembled.remove_connector("one")
        assert [member.name for member in assembled.connectors] == ["two"]

    async def test_what_is_not_there_cannot_be_removed(self, assembled, noted):
        message = "^invalid connector: a connector named '{}' does not exist in the servo$"
        with pytest.raises(ValueError, match=message.format("three")):
            await assembled.remove_connector("three")
        # Equal fields are not enough: it is another object.
        with pytest.raises(ValueError, match=message.format("noted")):
            await assembled.remove_connector(noted(config={"rate": 7}))

    async def test_its_repeating_tasks_end(self, assembled):
        one = assembled.get_connector("one")
        task = one.start_repeating_task("tick", "1h", lambda: None)
        await assembled.remove_connector(one)
        with pytest.raises(asyncio.CancelledError):
            await task
