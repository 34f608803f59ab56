"""Publish and subscribe between connectors, within one process and one event loop.

A `Publisher` puts a `Message` into a `Channel` of an `Exchange`; each `Subscriber` whose selector matches the name of
the channel gets it, in the order of publication. `Mixin` brings all of it to connectors.

Everything belongs to the thread of the loop on which the exchange was started; other threads use
`loop.call_soon_threadsafe` or `asyncio.run_coroutine_threadsafe`.
"""

from __future__ import annotations

from servo.pubsub.channels import Channel as Channel
from servo.pubsub.channels import ChannelName as ChannelName
from servo.pubsub.exchange import Exchange as Exchange
from servo.pubsub.messages import ByteStream as ByteStream
from servo.pubsub.messages import Message as Message
from servo.pubsub.messages import MessageContent as MessageContent
from servo.pubsub.messages import Metadata as Metadata
from servo.pubsub.messages import MimeTypes as MimeTypes
from servo.pubsub.mixin import Mixin as Mixin
from servo.pubsub.publishers import Publisher as Publisher
from servo.pubsub.queues import Overflow as Overflow
from servo.pubsub.scope import current_message as current_message
from servo.pubsub.subscribers import Callback as Callback
from servo.pubsub.subscribers import Subscriber as Subscriber
from servo.pubsub.subscriptions import BaseSubscription as BaseSubscription
from servo.pubsub.subscriptions import Selector as Selector
from servo.pubsub.subscriptions import Subscription as Subscription
from servo.pubsub.transformers import Aggregator as Aggregator
from servo.pubsub.transformers import AggregatorCallback as AggregatorCallback
from servo.pubsub.transformers import Filter as Filter
from servo.pubsub.transformers import Splitter as Splitter
from servo.pubsub.transformers import SplitterCallback as SplitterCallback
from servo.pubsub.transformers import Transformer as Transformer
from servo.pubsub.transformers import TransformerCallback as TransformerCallback

__all__ = [
    "Aggregator",
    "BaseSubscription",
    "Callback",
    "Channel",
    "Exchange",
    "Filter",
    "Message",
    "Metadata",
    "Mixin",
    "Publisher",
    "Splitter",
    "Subscriber",
    "Subscription",
    "Transformer",
]
