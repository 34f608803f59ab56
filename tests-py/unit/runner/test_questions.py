"""A person who is asked before the optimizer is."""

import asyncio
import builtins

import pytest

from servo.runner import ServoRunner, _partner


@pytest.fixture
def person(monkeypatch):
    """Answers questions in order; then there is nobody."""
    asked = []

    def answers(*given):
        left = list(given)

        def read(question):
            asked.append(question)
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr(builtins, "input", read)
        return asked

    return answers


async def test_no_is_no(one, service, person):
    asked = person("n")
    await ServoRunner(one, interactive=True).run()
    assert asked == ["Connect to the optimizer? [y/N]: "]
    assert service.events() == []
    assert not one.is_running


async def test_each_command_is_asked_for(one, service, person, command, monkeypatch, capsys):
    monkeypatch.setattr(_partner, "ASK_AGAIN_SECONDS", 0.01)
    asked = person("y", "y", "no", "yes")
    service.commands["app"] = [command("DESCRIBE"), command("SLEEP", duration=0)]
    runner = ServoRunner(one, interactive=True)
    # Nobody answers in the end.
    await asyncio.wait_for(runner.run(), 60)
    assert service.events() == ["HELLO", "WHATS_NEXT", "DESCRIPTION", "WHATS_NEXT"]
    assert asked[1:] == ["Poll for next command? [y/N]: "] * 4
    assert capsys.readouterr().out == "Sleeping for 1m\n"
    assert not runner.running
    await one.shutdown()
