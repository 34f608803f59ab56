"""The client of remote optimizers, as `Servo` uses it."""

import asyncio
import json
import types

import pytest

from servo import api, errors
from servo._optimizer_client import (
    OptimizerAccessError,
    OptimizerConnectionError,
    OptimizerError,
    OptimizerReplyError,
    OptimizerStatusError,
    client_for,
)
from servo.configuration import AppdynamicsOptimizer, CommonConfiguration, LocalOptimizer, OpsaniOptimizer

TOKEN = "s3cr3t-t0ken"


def opsani(url, **more):
    return OpsaniOptimizer(id="dev.example.com/app-1", token=TOKEN, base_url=url, **more)


def tries(number, **more):
    return CommonConfiguration(backoff={"__default__": {"max_tries": number}}, **more)


async def test_a_message_and_its_reply(service):
    service.answer = lambda request: (200, {"cmd": "SLEEP", "param": {"duration": 60, "list": [1, 2.5, None, "ä"]}})
    client = api.get_api_client_for_optimizer(opsani(service.url), CommonConfiguration())
    reply = await client.post(api.Events.whats_next, {"load": float("nan"), "n": [1, "ä"]}, "uid-1")
    assert reply == {"cmd": "SLEEP", "param": {"duration": 60, "list": [1, 2.5, None, "ä"]}}
    (request,) = service.requests
    assert request["path"] == "/accounts/dev.example.com/applications/app-1/servo"
    assert json.loads(request["body"]) == {
        "event": "WHATS_NEXT",
        "param": {"load": None, "n": [1, "ä"]},
        "servo_uid": "uid-1",
    }
    assert request["headers"]["authorization"] == f"bearer {TOKEN}"
    assert request["headers"]["user-agent"] == api.user_agent()
    assert client.id == "dev.example.com/app-1"
    await client.close()
    with pytest.raises(RuntimeError, match="closed"):
        await client.post("HELLO", None)


async def test_clients_of_a_service_share_connections(service):
    clients = [client_for(opsani(f"{service.url}/{number}"), tries(1)) for number in range(50)]
    assert service.connections == 0
    for client in clients:
        await client.post("HELLO", None)
    assert len({request["path"] for request in service.requests}) == 50
    assert service.connections == 1


async def test_sidecar_and_client_credentials(service, tmp_path):
    file = tmp_path / "connection.yaml"
    file.write_text(f"Authorization: Bearer from-file\nEndpoint: {service.url}/\nTenantId: t-1\n")
    client = client_for(AppdynamicsOptimizer(optimizer_id="o-1", connection_file=str(file)))
    await client.post("HELLO", None)
    assert service.requests[-1]["path"] == "/rest/optimize/co/v1/optimizers/o-1/servo"
    assert service.requests[-1]["headers"]["authorization"] == "bearer from-file"
    service.answer = lambda request: (200, {"access_token": "tok-1", "expires_in": 3600})
    client = client_for(
        AppdynamicsOptimizer(
            optimizer_id="o-1", tenant_id="t-1", base_url=service.url, client_id="c", client_secret="secret-of-c"
        )
    )
    await client.post("HELLO", None)
    paths = [request["path"] for request in service.requests[1:]]
    assert paths == ["/auth/t-1/default/oauth2/token", "/rest/optimize/co/v1/optimizers/o-1/servo"]
    assert service.requests[-1]["headers"]["authorization"] == "bearer tok-1"


async def test_other_optimizers_have_no_client():
    with pytest.raises(RuntimeError, match=r"^Unable to construct api_client from Optimizer type LocalOptimizer$"):
        client_for(LocalOptimizer(local={}))


async def test_a_status_is_raised_with_what_the_service_says(service):
    service.answer = lambda request: (410, {"detail": "unexpected servo_uid", "echo": TOKEN})
    with pytest.raises(OptimizerStatusError) as caught:
        await client_for(opsani(service.url)).post("HELLO", None)
    error = caught.value
    assert (error.status_code, error.reason, error.retryable) == (410, "status", False)
    assert error.detail == "unexpected servo_uid"
    assert TOKEN not in f"{error} {error!r} {error.body} {vars(error)}"
    assert isinstance(error, errors.ServoError)
    assert api.is_fatal_status_code(error)
    assert len(service.requests) == 1


async def test_tries_are_those_of_the_context(service):
    service.answer = lambda request: (503, {})
    settings = CommonConfiguration(backoff={"__default__": {"max_tries": 2}, "connect": {"max_tries": 3}})
    client = client_for(opsani(service.url), settings)
    for options, count in [({}, 2), ({"context": "connect"}, 3), ({"context": "other"}, 2), ({"retry": False}, 1)]:
        service.requests.clear()
        with pytest.raises(OptimizerStatusError) as caught:
            await client.post("HELLO", None, **options)
        assert len(service.requests) == count, options
        assert caught.value.retryable


async def test_other_failures(service, free_port):
    with pytest.raises(OptimizerConnectionError) as caught:
        await client_for(opsani(f"http://127.0.0.1:{free_port}"), tries(1)).post("HELLO", None)
    assert (caught.value.reason, caught.value.status_code, caught.value.body) == ("connect", None, None)
    service.answer = lambda request: (200, b"<html>")
    with pytest.raises(OptimizerReplyError, match="expected a JSON object") as caught:
        await client_for(opsani(service.url)).post("HELLO", None)
    assert (caught.value.reason, caught.value.body) == ("invalid-reply", "<html>")
    with pytest.raises(TypeError, match="the param of HELLO cannot be written as JSON"):
        await client_for(opsani(service.url)).post("HELLO", {"x": object()})
    settings = CommonConfiguration(proxies={"all://a:b:c": None})
    with pytest.raises(OptimizerAccessError, match="expected a pattern") as caught:
        await client_for(opsani(service.url), settings).post("HELLO", None)
    assert caught.value.reason == "configuration"


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def test_a_cancelled_task_ends_its_request():
    asked, gone = asyncio.Event(), asyncio.Event()

    async def never_answer(reader, writer):
        await reader.readuntil(b"}")
        asked.set()
        # Until the other side closes the connection.
        await reader.read()
        gone.set()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    task = asyncio.create_task(client_for(opsani(url)).post("HELLO", None))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(gone.wait(), 30)
    server.close()


async def test_settings_reach_the_engine(service):
    settings = CommonConfiguration(
        timeouts={"connect": "2s", "read": 1.5}, ssl_verify=False, proxies={"all://elsewhere": "http://127.0.0.1:9"}
    )
    assert await client_for(opsani(service.url), settings).post("HELLO", None) == {"status": "ok"}


def test_a_curl_command_has_no_secrets():
    request = types.SimpleNamespace(
        method="POST",
        url="http://me:hunter2@localhost/servo",
        headers={"authorization": f"Bearer {TOKEN}", "X-SF-Token": TOKEN, "a": "it's"},
        content=b'{"event": "it\'s"}',
    )
    line = api.redacted_to_curl(request)
    assert line.startswith("curl -X POST -H 'authorization: Bearer [REDACTED]' -H 'X-SF-Token: [REDACTED]'")
    assert TOKEN not in line
    assert "hunter2" not in line
    assert line.endswith(" http://localhost/servo")


@pytest.mark.parametrize(
    ("status", "fatal"),
    [(302, True), (400, True), (401, True), (410, True), (404, False), (429, False), (500, False), (503, False)],
)
def test_which_statuses_are_fatal(status, fatal):
    assert api.is_fatal_status_code(OptimizerError("x", status_code=status)) is fatal
    error = RuntimeError("like that of httpx")
    error.response = types.SimpleNamespace(status_code=status, reason_phrase="Reason")
    assert api.is_fatal_status_code(error) is fatal
    assert not api.is_fatal_status_code(RuntimeError("without a status"))


async def test_content_that_is_nested_in_itself_is_an_error(service):
    client = client_for(opsani(service.url), tries(1))
    itself = {}
    itself["a"] = [itself]
    with pytest.raises(TypeError, match=r"cannot be written as JSON: .*nested more than 127 levels deep"):
        await client.post("MEASUREMENT", itself)
    deep = {}
    for _ in range(126):
        deep = {"a": deep}
    await client.post("MEASUREMENT", deep)
    with pytest.raises(TypeError, match="levels deep"):
        await client.post("MEASUREMENT", {"a": {"a": deep}})
    assert len(service.requests) == 1
