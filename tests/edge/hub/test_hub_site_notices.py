"""What the hub says to a broker that forgets, is written to by others, or has more than the store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from edge import wire
from edge.hub import recall
from edge.hub.site_notices import AT_ONCE, LOOK_NS, PREFIX, SiteNotices
from edge.hub.store import Store
from tests.support.orders import AUTHORITIES, BOTH, KEYS, order, payload, signed

START = datetime(2026, 11, 24, 8, tzinfo=UTC)
AT = wire.iso(START)


def publish(store: Store, *lots: str, ident: str = "R-1", ends: date | None = None) -> bytes:
    """Publish the next version of an order; gives the notice that has to stand at the broker."""
    with store.begin() as connection:
        kept = recall.draft(connection, order(ident, *lots, ends=ends))
        for each in AUTHORITIES:
            kept = recall.sign_draft(connection, kept, each, KEYS[each.name], AT)
        recall.publish(connection, kept, AUTHORITIES, AT)
        return recall.newest(connection, ident).notice.encode()


class Hub:
    """The part of a hub that speaks of orders, and the broker's retained messages."""

    def __init__(self, store: Store) -> None:
        self.now = START
        self.mono_ns = 0
        self.broker: dict[str, bytes] = {}
        self.site = SiteNotices(store, AUTHORITIES, lambda: self.now)
        self.site.begin(self.mono_ns)

    def connect(self) -> None:
        self.site.begin(self.mono_ns)
        for topic, kept in self.broker.items():
            self.site.heard(topic, kept)

    def write(self, ident: str, sent: bytes) -> None:
        """Somebody writes there, and the hub hears it."""
        self.broker[PREFIX + ident] = sent
        self.site.heard(PREFIX + ident, sent)

    def second(self) -> list[str]:
        """A second goes by; gives what the hub said."""
        self.mono_ns += LOOK_NS
        said = list(self.site.due(self.mono_ns))
        for topic, sent in said:
            self.write(topic.removeprefix(PREFIX), sent)
        return [topic.removeprefix(PREFIX) for topic, _ in said]


@pytest.fixture
def hub(store: Store) -> Hub:
    return Hub(store)


def test_what_is_published_is_said_within_a_second_and_once(store: Store, hub: Hub) -> None:
    assert hub.second() == []
    notice = publish(store, "A1")
    assert hub.second() == ["R-1"]
    assert hub.broker == {PREFIX + "R-1": notice}
    assert hub.second() == []
    newer = publish(store, "A1", "A2")
    assert hub.second() == ["R-1"]
    assert hub.broker == {PREFIX + "R-1": newer}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_draft_is_not_said(store: Store, hub: Hub) -> None:
    with store.begin() as connection:
        recall.draft(connection, order())
    assert hub.second() == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_broker_that_kept_everything_hears_nothing_again(store: Store, hub: Hub) -> None:
    publish(store)
    hub.second()
    hub.connect()
    assert hub.second() == []
    hub.broker.clear()
    hub.connect()
    assert hub.second() == ["R-1"]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_nothing_is_said_before_the_broker_could_say_what_it_has(store: Store, hub: Hub) -> None:
    publish(store)
    hub.site.begin(hub.mono_ns)
    assert list(hub.site.due(hub.mono_ns + LOOK_NS - 1)) == []


FORGED = {"one signature": payload(by=("quality",), version=9), "rubbish": b"x", "older": payload("R-1", "Z9")}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_what_somebody_else_wrote_is_put_right(store: Store, hub: Hub, forged: bytes) -> None:
    for lot in ("A1", "A2"):
        publish(store, lot)
    hub.second()
    right = dict(hub.broker)
    hub.write("R-1", forged)
    assert hub.second() == ["R-1"]
    assert hub.broker == right
    hub.write("R-1", b"")
    assert hub.second() == ["R-1"]
    assert hub.broker == right


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_what_another_hub_published_is_not_undone(store: Store, hub: Hub) -> None:
    publish(store, "A1")
    hub.second()
    newer = publish(store, "A2")
    hub.write("R-1", newer)
    assert hub.second() == []
    assert hub.broker == {PREFIX + "R-1": newer}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_flood_of_strangers_is_looked_at_once(store: Store, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    publish(store)
    for number in range(50):
        hub.write(f"F-{number}", b"forged")
    for _ in range(3):
        hub.second()
    assert len([each for each in caplog.records if "is not from here" in each.message]) == 50
    hub.write("R-1", payload(by=("quality",)))
    assert hub.second() == ["R-1"]


def test_a_store_of_before_takes_over_what_stands_at_the_broker(store: Store, hub: Hub) -> None:
    publish(store, "A1")
    newer = signed(order("R-1", "A1", version=4)).encode()
    unknown = signed(order("R-2", version=3)).encode()
    hub.write("R-1", newer)
    hub.write("R-2", unknown)
    assert hub.second() == []
    with store.read() as connection:
        kept = recall.published(connection)
    assert {ident: each.notice.encode() for ident, each in kept.items()} == {"R-1": newer, "R-2": unknown}
    publish(store, "A9")
    assert hub.second() == ["R-1"]
    with store.read() as connection:
        assert recall.newest(connection, "R-1").said.version == 5


def test_a_draft_gives_way_to_what_was_published_under_its_number(store: Store, hub: Hub) -> None:
    publish(store, "A1")
    with store.begin() as connection:
        kept = recall.draft(connection, order("R-1", "DRAFT"))
        recall.sign_draft(connection, kept, AUTHORITIES[0], KEYS[BOTH[0]], AT)
    newer = signed(order("R-1", "A7", version=2)).encode()
    hub.write("R-1", newer)
    assert hub.second() == []
    with store.read() as connection:
        assert recall.newest(connection, "R-1").notice.encode() == newer


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_the_notice_of_an_order_that_is_over_leaves_the_broker(store: Store, hub: Hub) -> None:
    last = START.date() + timedelta(days=2)
    notice = publish(store, ends=last)
    hub.second()
    hub.now = START + timedelta(days=2)
    assert hub.second() == []
    assert hub.broker == {PREFIX + "R-1": notice}
    hub.now = START + timedelta(days=3)
    assert hub.second() == ["R-1"]
    assert hub.broker == {PREFIX + "R-1": b""}
    assert hub.second() == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_many_are_said_in_portions_so_that_events_go_on(store: Store, hub: Hub) -> None:
    for number in range(AT_ONCE + 5):
        publish(store, ident=f"R-{number}")
    assert len(hub.second()) == AT_ONCE
    hub.mono_ns -= LOOK_NS
    assert len(hub.second()) == 5
