import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.client import MQTTv5
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hardware.host.link_client import read_publish
from hardware.host.link_types import Message

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300)


def packed(topic: str, mid: int | None, properties: Properties, payload: bytes) -> bytes:
    name = topic.encode()
    number = b"" if mid is None else mid.to_bytes(2, "big")
    extra: bytes = properties.pack()  # type: ignore[no-untyped-call]
    return len(name).to_bytes(2, "big") + name + number + extra + payload


def full() -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.PayloadFormatIndicator = 1
    properties.MessageExpiryInterval = 77
    properties.TopicAlias = 5
    properties.ContentType = "json"
    properties.ResponseTopic = "a/b"
    properties.CorrelationData = b"12"
    properties.SubscriptionIdentifier = [200_000]
    properties.UserProperty = [("count", "3"), ("epoch", "e" * 200)]
    return properties


@given(topic=TEXT, mid=st.integers(1, 65_535) | st.none(), pairs=st.lists(st.tuples(TEXT, TEXT)), payload=st.binary())
def test_what_paho_reads_is_read(topic: str, mid: int | None, pairs: list[tuple[str, str]], payload: bytes) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    if pairs:
        properties.UserProperty = pairs
    head = 0x30 if mid is None else 0x33
    body = packed(topic, mid, properties, payload)
    theirs = _packet.decode_publish(head, body, MQTTv5)
    assert read_publish(head, body, five=True) == Message(
        theirs.topic.decode(), bytes(theirs.payload), theirs.retain, dict(pairs), theirs.mid, theirs.qos
    )


def test_the_other_properties_are_passed_over() -> None:
    message = read_publish(0x32, packed("t", 9, full(), b"x"), five=True)
    assert message == Message("t", b"x", False, {"count": "3", "epoch": "e" * 200}, 9, 1)


def test_version_3_has_no_properties() -> None:
    assert read_publish(0x30, b"\x00\x01t\x00x", five=False) == Message("t", b"\x00x", False, {}, 0, 0)


def test_a_packet_that_breaks_off_is_malformed() -> None:
    whole = packed("topic", 9, full(), b"")
    for size in range(len(whole)):
        with pytest.raises(MalformedPacket):
            read_publish(0x32, whole[:size], five=True)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\x00\x01t\x02\x7f\x00", "none of a PUBLISH"),
        (b"\x00\x01t\xff\xff\xff\xff", "more than four bytes"),
        (b"\x00\x01\xff\x00", "cannot be read"),
        (b"\x00\x01t\x06\x26\x00\x01a\x00\x01b", "break off"),
    ],
)
def test_what_cannot_be_a_message_is_malformed(body: bytes, why: str) -> None:
    with pytest.raises(MalformedPacket, match=why):
        read_publish(0x30, body, five=True)
