"""A limit of servos that run at a time."""

import asyncio

from servo.cli.places import Places


async def test_a_place_is_free_when_a_servo_has_ended():
    places = Places(1)
    assert await places.permits("web", "connect")
    waiting = asyncio.ensure_future(places.permits("db", "connect"))
    await asyncio.sleep(0)
    assert not waiting.done()
    # Whoever has a place keeps it: for each command, and to connect anew.
    assert await places.permits("web", "poll")
    assert await places.permits("web", "connect")
    places.look([{"name": "web", "ended": None}, {"name": "other", "ended": "failed"}])
    await asyncio.sleep(0)
    assert not waiting.done()
    places.look([{"name": "web", "ended": "finished"}])
    assert await asyncio.wait_for(waiting, 60)


async def test_others_may_refuse_what_has_its_place():
    asked = []

    async def permits(name, step):
        asked.append((name, step))
        return False

    places = Places(1, permits)
    assert not await places.permits("web", "connect")
    assert asked == [("web", "connect")]


async def test_a_servo_that_is_interrupted_while_it_waits_takes_no_place():
    places = Places(1)
    await places.permits("web", "connect")
    waiting = asyncio.ensure_future(places.permits("db", "connect"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    places.look([{"name": "db", "ended": "interrupted"}, {"name": "web", "ended": "finished"}])
    assert await asyncio.wait_for(places.permits("queue", "connect"), 60)
