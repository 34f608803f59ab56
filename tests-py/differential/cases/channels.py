"""Publish and subscribe: exchanges, channels, messages, patterns, connectors."""

import asyncio
import re

from report import attempt, attempted, show

import servo
from servo import BaseConfiguration, BaseConnector, Channel, Exchange, Message


async def settle():
    for _ in range(20):
        await asyncio.sleep(0.005)


class Talker(BaseConnector):
    heard: list = []

    async def on_message(self, message: Message, channel: Channel) -> None:
        self.heard.append([channel.name, message.text])


def messages():
    text = Message(text="hello")
    show("text", [text.text, text.content_type, text.content])
    data = Message(json={"a": 1})
    show("json", [data.json(), data.content_type, data.text])
    raw = Message(content=b"\x00\x01", content_type="application/octet-stream")
    show("bytes", [list(raw.content), raw.content_type])
    attempt("yaml", lambda: [Message(yaml={"a": [1]}).text, Message(yaml={"a": [1]}).content_type])
    attempt("empty", lambda: Message())
    attempt("two contents", lambda: Message(text="a", json={}).text)
    attempt("created", lambda: text.created_at is not None)


async def main():
    exchange = Exchange()
    show("exchange", [exchange.running, [channel.name for channel in exchange.channels]])
    channel = exchange.create_channel("metrics.web", description="Figures")
    show("channel", [channel.name, channel.description, channel.exchange is exchange, channel.closed, str(channel).split(" created")[0]])
    attempt("twice", exchange.create_channel, "metrics.web")
    attempt("wrong name", exchange.create_channel, "no spaces please")
    show("get", [exchange.get_channel("metrics.web") is channel, exchange.get_channel("nope")])
    exchange.start()
    show("running", exchange.running)
    heard = []

    async def hear(message, channel) -> None:
        heard.append([channel.name, message.text])

    exact = exchange.create_subscriber("metrics.web", callback=hear)
    everything = []
    exchange.create_subscriber("metrics.*", callback=lambda message, channel: everything.append(message.text))
    pattern = []
    exchange.create_subscriber(re.compile(r"metrics\..*"), callback=lambda message, channel: pattern.append(message.text))
    await channel.publish(Message(text="one"))
    await exchange.publish(Message(text="two"), channel)
    await exchange.publish(Message(text="three"), "metrics.web")
    await settle()
    show("heard", heard)
    show("heard by wildcard", everything)
    show("heard by pattern", pattern)
    exact.cancel()
    await channel.publish(Message(text="four"))
    await settle()
    show("after it was cancelled", [len(heard), exact.cancelled, everything[-1]])

    publisher = exchange.create_publisher("metrics.web")
    await publisher(Message(text="five"))
    await settle()
    show("published by calling", everything[-1])
    exchange.add_transformer(servo.Filter(lambda message, channel: None if message.text == "secret" else message))
    await channel.publish(Message(text="secret"))
    await channel.publish(Message(text="open"))
    await settle()
    show("filtered", everything[-2:])
    show("transformers", len(exchange.transformers))
    exchange.remove_transformer(exchange.transformers[0])
    show("repr", repr(exchange).split("queue_size")[0].replace(str(exchange.channels), ""))

    iterated = []
    short = exchange.create_channel("short")

    async def follow():
        async with exchange.subscribe("short") as subscriber:
            async for message, _ in subscriber:
                iterated.append(message.text)
                if message.text == "end":
                    subscriber.stop()

    task = asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    await short.publish(Message(text="begin"))
    await short.publish(Message(text="end"))
    await asyncio.wait_for(task, 2)
    await short.close()
    show("iterated", [iterated, short.closed])
    await attempted("publish on a closed channel", short.publish(Message(text="late")))

    bus = Talker(config=BaseConfiguration(), pubsub_exchange=exchange)
    other = Talker(name="other", config=BaseConfiguration(), pubsub_exchange=exchange)

    @other.subscribe("orders")
    async def orders(message, channel) -> None:
        heard.append(["orders", message.text])

    @bus.publish("orders", every="20ms")
    async def announce(publisher) -> None:
        await publisher(Message(text="tea"))

    await asyncio.sleep(0.15)
    show("between connectors", ["orders", "tea"] in heard)
    bus.cancel_publishers()
    other.cancel_subscribers()
    async with bus.publish("orders") as publish:
        await publish(Message(text="coffee"))
    await exchange.shutdown()
    show("stopped", exchange.running)


messages()
asyncio.run(main())
