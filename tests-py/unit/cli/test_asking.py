"""Questions before a servo connects, and before each command."""

import asyncio
import os
import sys
import threading

import pytest

from servo.cli.questions import Questions


@pytest.fixture
def person(monkeypatch):
    """Puts a pipe in the place of stdin; gives what is written to it."""
    reader, writer = os.pipe()
    with os.fdopen(reader) as stdin, os.fdopen(writer, "w", buffering=1) as pipe:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield pipe


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "servo-questions"]


def answers(step, servos=1, sleep=0.001):
    async def ask():
        with Questions(servos, sleep=sleep) as questions:
            return await asyncio.wait_for(questions.permits("web", step), 60)

    return asyncio.run(ask())


@pytest.mark.parametrize("text", ["y", "Y", "yes", " YES "])
def test_yes(person, capsys, text):
    print(text, file=person)
    assert answers("connect") is True
    assert capsys.readouterr().err == "Connect to the optimizer? [y/N]: "


@pytest.mark.parametrize("text", ["n", "no", ""])
def test_no_to_the_connection(person, capsys, text):
    print(text, file=person)
    assert answers("connect") is False
    assert capsys.readouterr().err == "Connect to the optimizer? [y/N]: Operation aborted.\n"


def test_others_that_are_left_are_told_of(person, capsys):
    print("no", file=person)
    assert answers("connect", servos=2) is False
    assert capsys.readouterr().err.endswith("web: Operation aborted. Use Control-C to exit\n")


def test_no_to_a_command_asks_again(person, capsys):
    person.write("no\nperhaps\nyes\n")
    assert answers("poll") is True
    assert capsys.readouterr().err == (
        "Poll for next command? [y/N]: Sleeping for 0.001s\n"
        "Poll for next command? [y/N]: Error: invalid input\n"
        "Poll for next command? [y/N]: "
    )


def test_the_time_between_is_a_minute(person, capsys):
    async def ask():
        with Questions(1) as questions, pytest.raises(TimeoutError):
            await asyncio.wait_for(questions.permits("web", "poll"), 1)

    print("no", file=person)
    asyncio.run(ask())
    assert capsys.readouterr().err == "Poll for next command? [y/N]: Sleeping for 1m\n"


@pytest.mark.parametrize("step", ["connect", "poll"])
def test_no_more_answers(person, step):
    person.close()
    assert answers(step) is False


def test_an_answer_without_a_line_break_counts(person):
    person.write("y")
    person.close()
    assert answers("connect") is True


def test_one_question_at_a_time_while_everything_else_goes_on(person, capsys):
    async def ask():
        with Questions(2) as questions:
            both = [asyncio.create_task(questions.permits(name, "connect")) for name in ("web", "db")]
            while not capsys.readouterr().err.endswith("web: Connect to the optimizer? [y/N]: "):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert capsys.readouterr().err == ""
            print("y", file=person)
            assert await asyncio.wait_for(both[0], 60) is True
            print("n", file=person)
            assert await asyncio.wait_for(both[1], 60) is False

    asyncio.run(ask())


def test_the_end_of_the_block_ends_the_thread(person, capsys):
    former = threads()

    async def ask():
        with Questions(1) as questions:
            asked = asyncio.create_task(questions.permits("web", "poll"))
            while not capsys.readouterr().err:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            found = [thread for thread in threads() if thread not in former]
        assert await asyncio.wait_for(asked, 60) is False
        assert await asyncio.wait_for(questions.permits("web", "poll"), 60) is False
        return found

    (thread,) = asyncio.run(ask())
    thread.join(60)
    assert not thread.is_alive()


def test_without_a_stdin_there_are_no_answers(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert answers("connect") is False
