import datetime

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

import servo
from servo.pubsub import Message, MimeTypes


@pytest.mark.parametrize(
    ("arguments", "content", "content_type"),
    [
        ({"text": "é"}, b"\xc3\xa9", "text/plain"),
        ({"text": ""}, b"", "text/plain"),
        ({"json": {"a": 1}}, b'{"a": 1}', "application/json"),
        ({"json": 0}, b"0", "application/json"),
        ({"yaml": {"a": 1}}, b"a: 1\n", "application/x-yaml"),
        ({"content": b"x", "content_type": "image/png"}, b"x", "image/png"),
        ({"content": "é", "content_type": MimeTypes.text}, b"\xc3\xa9", "text/plain"),
        ({"text": "a", "content_type": "text/html"}, b"a", "text/html"),
    ],
)
def test_content(arguments, content, content_type):
    message = Message(**arguments)
    assert (message.content, message.content_type, message.metadata) == (content, content_type, {})
    assert type(message.content_type) is str
    assert isinstance(message.created_at, datetime.datetime)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"text": 3}, ValueError, "Text Messages can only be created with `str` content: got 'int'"),
        ({"text": "a", "json": 3}, ValueError, "only one argument of content, text, json, or yaml can be given"),
        ({}, pydantic.ValidationError, "none is not an allowed value"),
        ({"json": None}, pydantic.ValidationError, "content_type"),
        ({"content": b"x"}, pydantic.ValidationError, "content_type"),
        ({"content": [1], "content_type": "a"}, pydantic.ValidationError, "byte type expected"),
        ({"text": "a", "metadata": 3}, pydantic.ValidationError, "value is not a valid dict"),
    ],
)
def test_wrong_content(arguments, error, text):
    with pytest.raises(error) as raised:
        Message(**arguments)
    assert text in str(raised.value)


def test_metadata_are_texts_of_the_message_alone():
    given = {"a": 1}
    message = Message(text="a", metadata=given)
    assert message.metadata == {"a": "1"}
    assert given == {"a": 1}
    assert Message(text="a").metadata is not Message(text="a").metadata


def test_accessors():
    message = Message(json={"a": [1, None]})
    assert message.json() == message.yaml() == {"a": [1, None]}
    assert message.text == '{"a": [1, null]}'
    with pytest.raises(UnicodeDecodeError):
        _ = Message(content=b"\xff", content_type="a").text


def test_objects_write_themselves():
    class Model(pydantic.BaseModel):
        a: int = 1

    class Written:
        def json(self):
            return "[1]"

        def yaml(self):
            return "- 2"

    assert Message(json=Model()).json() == {"a": 1}
    assert Message(json=Written()).json() == [1]
    assert Message(yaml=Written()).yaml() == [2]


def test_the_time_is_its_own_and_other_arguments_are_ignored():
    then = datetime.datetime(2000, 1, 1)
    assert Message(text="a", created_at=then, other=1).created_at > then


def test_copies_and_equality():
    message = Message(text="a", metadata={"b": "c"})
    twin = message.copy()
    assert twin == message
    twin.metadata["b"] = "d"
    assert message.metadata == {"b": "c"}
    assert message.copy(update={"content": b"z"}).text == "z"
    assert repr(message) == (
        f"Message(content=b'a', content_type='text/plain', created_at={message.created_at!r}, metadata={{'b': 'c'}})"
    )


def test_messages_are_fields_of_models():
    class Model(pydantic.BaseModel):
        message: servo.Message
        exchange: servo.Exchange

    message, exchange = Message(text="a"), servo.Exchange()
    model = Model(message=message, exchange=exchange)
    assert model.message is message
    assert model.exchange is exchange
    with pytest.raises(pydantic.ValidationError, match="instance of Message expected"):
        Model(message="a", exchange=exchange)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner)))
def test_json_comes_back(value):
    if value is None:
        return
    assert Message(json=value).json() == value
