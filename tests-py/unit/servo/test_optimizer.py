"""What a servo and its optimizer tell each other."""

import asyncio
import datetime
import os

import pytest

import servo
from servo.errors import UnexpectedCommandIdError
from servo.servo import _optimizer


class Failure(Exception):
    """What a client raises."""

    def __init__(self, status_code=None, *, retryable=False, detail=None):
        super().__init__(f"status {status_code}")
        self.status_code, self.retryable, self.detail = status_code, retryable, detail


class TestConnection:
    async def test_hello_and_goodbye(self, remote):
        one, client = remote
        await one.connect()
        event, param, uid, retry, context = client.messages[0]
        assert (event, uid, retry, context) == ("HELLO", "u-1", True, "connect")
        assert param["telemetry"]["servox.version"] == servo.__version__
        assert param["agent"]
        await one.disconnect("done")
        assert client.messages[1][:2] == ("GOODBYE", {"reason": "done"})
        assert client.closed
        await one.disconnect("again")
        assert len(client.messages) == 2

    async def test_one_try(self, remote):
        one, client = remote
        client.answers = [Failure(503, retryable=True)]
        with pytest.raises(Failure):
            await one.try_connect()
        assert client.messages[0][3] is False
        await one.disconnect("never connected")
        assert len(client.messages) == 1

    async def test_a_greeting_that_fails_leaves_the_servo_down(self, remote, noted):
        one, client = remote
        client.answers = [Failure(401)]
        with pytest.raises(Failure):
            await one.startup()
        assert not one.is_running
        assert noted.notes == []

    async def test_a_farewell_that_fails_is_no_failure(self, remote):
        one, client = remote
        await one.startup()
        client.answers = [Failure(500, retryable=True)]
        await one.shutdown()
        assert not one.is_running

    async def test_a_farewell_ends_in_time(self, remote, monkeypatch):
        one, client = remote
        monkeypatch.setattr(_optimizer, "FAREWELL_SECONDS", 0.01)
        await one.connect()

        async def never(*args, **kwargs):
            await asyncio.sleep(3600)

        monkeypatch.setattr(client, "post", never)
        await asyncio.wait_for(one.disconnect("done"), 30)

    async def test_a_servo_that_was_replaced_waits(self, remote, monkeypatch):
        one, client = remote
        monkeypatch.setattr(_optimizer, "DEPROVISIONING_SECONDS", 0)
        client.answers = [Failure(410, detail="unexpected servo_uid")]
        with pytest.raises(Failure):
            await one.connect()

    async def test_the_next_client_is_a_new_one(self, remote, clients):
        one, client = remote
        await one.startup()
        await one.shutdown()
        assert client.closed
        await one.startup()
        assert len(clients) == 2
        assert clients[1].messages[0][0] == "HELLO"
        await one.shutdown()

    async def test_the_local_optimizer_needs_no_network(self, make, clients):
        one = make("one")
        await one.startup()
        await one.report_progress(operation="MEASUREMENT", progress=1, started_at=datetime.datetime.now(), message="")
        with pytest.raises(RuntimeError, match="the local optimizer is part of the servo"):
            await one.post_event("HELLO", None)
        await one.shutdown()
        assert clients == []

    def test_no_client_is_made_before_it_is_needed(self, noted, clients):
        config = {"optimizer": {"id": "example.com/app", "token": "secret"}}
        servo.Servo(config=config, connectors=[noted(name="one", config={})])
        assert clients == []


class TestMessages:
    async def test_answers(self, remote):
        one, client = remote
        client.answers = [{"status": "ok", "more": 1}, {"cmd": "SLEEP", "param": {"duration": 60}}]
        status = await one.post_event(servo.api.Events.describe, {"a": 1})
        assert status.status == "ok"
        command = await one.post_event("WHATS_NEXT", None)
        assert command.command == servo.api.Commands.sleep
        assert client.messages[0][:4] == ("DESCRIPTION", {"a": 1}, "u-1", True)
        assert client.messages[1][4] == "__default__"

    async def test_errors_come_through(self, remote):
        one, client = remote
        client.answers = [Failure(400)]
        with pytest.raises(Failure):
            await one.post_event("WHATS_NEXT", None)

    async def test_an_unknown_status_is_refused(self, remote):
        one, client = remote
        client.answers = [{"status": "splendid"}]
        with pytest.raises(ValueError, match=r"splendid|not a valid enumeration"):
            await one.post_event("WHATS_NEXT", None)


class TestProgress:
    def request(self, one, **kwargs):
        started = datetime.datetime.now() - datetime.timedelta(seconds=10)
        return one.progress_request(**{"operation": "MEASUREMENT", "progress": 25, "started_at": started, **kwargs})

    def test_the_request(self, make):
        operation, params = self.request(make(), message="hi", command_uid="u1", connector="ignored")
        assert operation == "MEASUREMENT"
        assert params == {"progress": 25.0, "runtime": params["runtime"], "cmd_uid": "u1", "message": "hi"}
        assert isinstance(params["progress"], float)
        assert 10 <= params["runtime"] < 1000
        assert "message" not in self.request(make(), message=None)[1]

    def test_times_with_a_zone(self, make):
        started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=10)
        assert 10 <= self.request(make(), message=None, started_at=started)[1]["runtime"] < 1000

    @pytest.mark.parametrize("value", [None, 5, 1.5, servo.Duration("1m"), datetime.timedelta(1)])
    def test_the_time_that_remains_is_not_sent(self, make, value):
        assert self.request(make(), message=None, time_remaining=value)[1].keys() == {"progress", "runtime", "cmd_uid"}

    def test_the_time_that_remains_is_checked(self, make):
        message = "^Unknown value of type 'str' for parameter 'time_remaining'$"
        with pytest.raises(ValueError, match=message):
            self.request(make(), message=None, time_remaining="5")

    @pytest.mark.parametrize(
        ("answer", "error", "message"),
        [
            ({"status": "ok"}, None, None),
            ({"status": "unexpected-event", "reason": "late"}, servo.UnexpectedEventError, "^late$"),
            ({"status": "cancel", "reason": "stop"}, servo.EventCancelledError, "^stop$"),
            ({"status": "cancel"}, servo.EventCancelledError, "^Command cancelled$"),
            ({"status": "invalid", "reason": "unexpected cmd_uid"}, UnexpectedCommandIdError, "^unexpected cmd_uid$"),
            ({"status": "invalid", "reason": "whatever"}, None, None),
            ({"status": "failed"}, ValueError, '^unknown error status: "failed"$'),
            ({"cmd": "SLEEP", "param": {}}, ValueError, "expected a status in answer to a progress report"),
        ],
    )
    async def test_what_the_optimizer_answers(self, remote, answer, error, message):
        one, client = remote
        client.answers = [answer]
        fields = {"operation": "ADJUSTMENT", "progress": 5, "started_at": datetime.datetime.now(), "message": None}
        report = one.report_progress(**fields, event_context=None, servo=one)
        if error is None:
            await report
        else:
            with pytest.raises(error, match=message):
                await report
        assert client.messages[0][0] == "ADJUSTMENT"


class TestConnectionFile:
    async def test_it_is_read_again_when_it_changes(self, tmp_path, monkeypatch, noted, clients):
        monkeypatch.setattr(_optimizer, "FILE_SECONDS", 0.01)
        file = tmp_path / "connection.yaml"

        def write(token):
            text = f"Authorization: Bearer {token}\nEndpoint: http://localhost:1\nTenantId: t\n"
            other = tmp_path / "new"
            other.write_text(text)
            os.replace(other, file)

        write("a")
        config = {"optimizer": {"optimizer_id": "o", "connection_file": str(file)}}
        one = servo.Servo(config=config)
        first = one._api_client
        task = asyncio.create_task(one.watch_connection_file())
        await asyncio.sleep(0.05)
        file.unlink()
        await asyncio.sleep(0.05)
        write("b")

        async def read():
            while one.config.optimizer.token.get_secret_value() != "Bearer b" or not first.closed:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

        await asyncio.wait_for(read(), 30)
        assert one._api_client is not first
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_without_a_file_there_is_nothing_to_watch(self, remote):
        one, _ = remote
        with pytest.raises(ValueError, match="no connection file"):
            await one.watch_connection_file()
