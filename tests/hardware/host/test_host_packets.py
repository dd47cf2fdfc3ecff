import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.client import MQTTv5, MQTTv311
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hardware.host.link_types import Message
from hardware.host.packets import Malformed, pack_variable, read_puback, read_publish, split_packet

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
        with pytest.raises(Malformed):
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
    with pytest.raises(Malformed, match=why):
        read_publish(0x30, body, five=True)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary() | st.just(b"x" * 200) | st.just(b"y" * 20_000))))
def test_packets_are_split_wherever_their_bytes_come_apart(packets: list[tuple[int, bytes]]) -> None:
    stream = b"".join(bytes([head]) + pack_variable(len(body)) + body for head, body in packets)
    found, at = [], 0
    while (packet := split_packet(stream, at)) is not None:
        found.append(packet[:2])
        at = packet[2]
    assert (found, at) == (packets, len(stream))
    if packets:
        last = len(stream) - len(packets[-1][1]) - 1 - len(pack_variable(len(packets[-1][1])))
        for end in {last, last + 1, last + 2, len(stream) - 1} - {len(stream)}:
            assert split_packet(stream[:end], last) is None


def test_a_length_of_five_bytes_is_malformed() -> None:
    with pytest.raises(Malformed, match="more than four bytes"):
        split_packet(b"\x40\xff\xff\xff\xff\x01", 0)


@pytest.mark.parametrize(
    ("body", "five", "found"),
    [
        (b"\x01\x02", True, (258, 0)),
        (b"\x01\x02\x10", True, (258, 0x10)),
        (b"\x01\x02\x97\x00", True, (258, 0x97)),
        (b"\x01\x02", False, (258, 0)),
    ],
)
def test_the_answer_to_a_publication(body: bytes, *, five: bool, found: tuple[int, int]) -> None:
    assert read_puback(body, five=five) == found
    theirs = _packet.decode_puback(0x40, body, MQTTv5 if five else MQTTv311)
    assert found == (theirs.mid, theirs.reason.value)


@pytest.mark.parametrize("body", [b"", b"\x01"])
def test_an_answer_that_breaks_off_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed, match="breaks off"):
        read_puback(body, five=True)
