"""The checks of a servo."""

import pytest
from loguru import logger

import servo
from servo.checks import Check
from servo.servo import _checks, _optimizer


class Failure(Exception):
    def __init__(self, status_code=None, detail=None):
        super().__init__("no answer")
        self.status_code, self.detail = status_code, detail


class TestConnection:
    async def check(self, one):
        (result,) = await one.dispatch_event("check", servo.CheckFilter(), include=[one])
        (found,) = result.value
        assert found.id == "ffd7e219"
        return found

    async def test_it_succeeds(self, remote):
        one, client = remote
        found = await self.check(one)
        assert found.name == "Opsani API connectivity"
        assert found.success
        assert found.message == "Response status code: 200"
        assert client.messages == [("HELLO", None, "u-1", False, "__default__")]

    async def test_a_status_is_told(self, remote):
        one, client = remote
        client.answers = [Failure(401)]
        found = await self.check(one)
        assert not found.success
        assert found.message == "Response status code: 401"

    async def test_an_error_is_told(self, remote):
        one, client = remote
        client.answers = [Failure()]
        found = await self.check(one)
        assert not found.success
        assert found.message == "no answer"
        assert isinstance(found.exception, Failure)

    async def test_a_servo_that_was_replaced_waits(self, remote, monkeypatch):
        one, client = remote
        waited = []

        async def sleep(seconds):
            waited.append(seconds)

        monkeypatch.setattr(_optimizer.asyncio, "sleep", sleep)
        client.answers = [Failure(410, "unexpected servo_uid")]
        assert not (await self.check(one)).success
        assert waited == [3600]

    @pytest.mark.parametrize("wanted", [{"name": "Opsani API connectivity"}, {"id": ["ffd7e219", "x"]}, {}])
    async def test_it_runs_where_it_is_wanted(self, remote, wanted):
        one, client = remote
        assert [check.id for check in await one.check(servo.CheckFilter(**wanted))] == ["ffd7e219"]
        assert [check.id for check in await one.check(None)] == ["ffd7e219"]
        assert len(client.messages) == 2

    @pytest.mark.parametrize("wanted", [{"name": "another"}, {"id": "x"}, {"tags": ["network"]}])
    async def test_nothing_is_asked_where_it_is_not_wanted(self, remote, wanted):
        one, client = remote
        assert await one.check(servo.CheckFilter(**wanted)) == []
        assert client.messages == []

    async def test_it_tells_how_long_it_took(self, remote):
        found = await self.check(remote[0])
        assert found.run_at >= found.created_at
        assert found.runtime.total_seconds() >= 0

    async def test_the_local_optimizer_is_there(self, make, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        found = await self.check(make())
        assert (found.name, found.success) == ("Local optimizer", True)


@pytest.fixture
def checked(noted):
    """A class whose objects check what `outcomes` says, by their name."""

    class CheckedConnector(noted):
        @servo.on_event()
        async def check(
            self,
            matching: servo.CheckFilter | None,
            halt_on: servo.ErrorSeverity | None = servo.ErrorSeverity.critical,
        ) -> list[Check]:
            type(self).ran.append((self.name, matching, halt_on))
            outcome = type(self).outcomes[self.name].pop(0)
            return [Check(name=f"check of {self.name}", success=outcome, message="m")]

    CheckedConnector.ran = []
    CheckedConnector.outcomes = {}
    return CheckedConnector


@pytest.fixture
def slept(monkeypatch):
    """The pauses, which take no time."""
    pauses = []
    now = [0.0]

    async def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(_checks.asyncio, "sleep", sleep)
    monkeypatch.setattr(_checks.time, "monotonic", lambda: now[0])
    return pauses


def make(cls, *names, **checks):
    config = {"optimizer": {"local": {}}, "checks": checks}
    return servo.Servo(config=config, connectors=[cls(name=name, config={}) for name in names])


class TestCheckServo:
    async def test_all_pass(self, checked, slept):
        checked.outcomes = {"one": [True], "two": [True]}
        assert await make(checked, "one", "two").check_servo()
        assert [name for name, *_ in checked.ran] == ["one", "two"]
        assert slept == []

    async def test_failing_checks_run_again(self, checked, slept):
        checked.outcomes = {"one": [False, False, True]}
        assert await make(checked, "one").check_servo()
        assert slept == [8, 16]

    async def test_how_long_it_goes_on_is_told_once(self, checked, slept):
        told = []
        sink = logger.add(lambda message: told.append(message.record["message"]), level="INFO")
        try:
            checked.outcomes = {"one": [False, False, True]}
            assert await make(checked, "one", wait="5m").check_servo()
        finally:
            logger.remove(sink)
        lines = [line for line in told if line.startswith(("failing", "waiting"))]
        assert lines == [
            "failing checks run again for up to 5m in all. To end sooner: Ctrl-C; a shorter `checks: {wait: …}` in "
            "servo.yaml; or `servo check`, which is one round",
            "waiting for 8 seconds before rerunning failing checks",
            "waiting for 16 seconds before rerunning failing checks",
        ]

    async def test_time_runs_out(self, checked, slept):
        checked.outcomes = {"one": [False] * 10}
        assert not await make(checked, "one", wait="20s", delay="8s").check_servo()
        assert slept == [8, 8, 4]
        assert len(checked.ran) == 4

    @pytest.mark.parametrize("wait", ["0", "0s"])
    async def test_without_time_there_is_one_round_and_no_pause(self, checked, slept, wait):
        checked.outcomes = {"one": [False]}
        assert not await make(checked, "one", wait=wait).check_servo()
        assert slept == []

    async def test_only_what_is_selected_runs(self, checked, slept):
        checked.outcomes = {"one": [True], "two": [False]}
        assert await make(checked, "one", "two", connectors=["one"]).check_servo()
        assert [name for name, *_ in checked.ran] == ["one"]

    async def test_what_is_selected_must_exist(self, checked):
        with pytest.raises(servo.ConnectorNotFoundError, match=r"^no connector found with name\(s\) '\['three'\]'$"):
            await make(checked, "one", connectors=["one", "three"]).check_servo()

    async def test_what_is_selected_must_have_checks(self, noted):
        message = "^no currently assembled connectors respond to the check event$"
        with pytest.raises(servo.EventHandlersNotFoundError, match=message):
            await make(noted, "one", connectors=["one"]).check_servo()
        with pytest.raises(servo.EventHandlersNotFoundError, match=message):
            servo.servo.validate_connectors_respond_to_event([noted(name="one", config={})], "check")

    async def test_filters_are_passed_on(self, checked, slept):
        checked.outcomes = {"one": [True]}
        one = make(checked, "one", name=["/che.*/"], id=["a,b"], tag=["x, y"], halt_on="common")
        assert await one.check_servo()
        ((_, matching, halt_on),) = checked.ran
        assert matching.name.pattern == "che.*"
        assert sorted(matching.id) == ["a", "b"]
        assert sorted(matching.tags) == ["x", "y"]
        assert halt_on == servo.ErrorSeverity.common

    @pytest.mark.parametrize(
        ("given", "yes", "no"),
        [
            (["/^a/"], ["ab"], ["ba"]),
            (["/^a/", "b.c"], ["ab", "b.c"], ["bxc", "b.cd"]),
            (["b", "/c|d/"], ["b", "xd"], ["bb"]),
            (["/"], ["anything"], []),
            (["a", "/"], ["a", "/"], ["b"]),
        ],
    )
    def test_names_and_expressions(self, given, yes, no):
        for wanted, field in (
            (_checks.filter_of(given, None, None), "name"),
            (_checks.filter_of(None, given, None), "id"),
        ):
            for value in (*yes, *no):
                check = Check(**{"name": "n", "id": "i", field: value})
                assert wanted.matches(check) == (value in yes)

    async def test_a_wrong_expression_is_told(self, checked):
        with pytest.raises(servo.ServoError, match=r"^wrong regular expression '/\(/' in a filter of checks: "):
            await make(checked, "one", name=["/(/"]).check_servo()

    async def test_tables_are_printed_where_they_are_wanted(self, checked, slept):
        for options, expected in (({"progressive": False}, 1), ({"progressive": False, "quiet": True}, 0), ({}, 0)):
            checked.outcomes = {"one": [True]}
            printed = []
            assert await make(checked, "one", **options).check_servo(printed.append)
            assert len(printed) == expected
            assert all("one" in text for text in printed)
