from firmware_service.remote.outbox import Outbox


def test_the_newest_of_each_topic_is_said_once_and_again_after_connecting() -> None:
    outbox = Outbox()
    for topic, payload in (("a", b"1"), ("b", b"1"), ("a", b"2"), ("a", b"2")):
        outbox.put(topic, payload)
    assert list(outbox.take()) == [("a", b"2", True), ("b", b"1", True)]
    outbox.put("a", b"2")
    assert list(outbox.take()) == []
    outbox.drop("b")
    outbox.again()
    assert list(outbox.take()) == [("a", b"2", True)]


def test_what_is_said_once_waits_its_turn_and_is_not_said_again() -> None:
    outbox = Outbox()
    assert outbox.put_once("piece", b"1")
    assert not outbox.put_once("piece", b"2"), "the one before it was not said yet"
    outbox.put("a", b"state")
    assert list(outbox.take()) == [("a", b"state", True), ("piece", b"1", False)]
    outbox.again()
    assert list(outbox.take()) == [("a", b"state", True)]
    assert outbox.put_once("piece", b"2")
    assert list(outbox.take()) == [("piece", b"2", False)]


def test_the_same_bytes_twice_are_two_pieces() -> None:
    outbox, piece = Outbox(), b"equal"
    assert outbox.put_once("piece", piece)
    assert not outbox.put_once("piece", piece)
