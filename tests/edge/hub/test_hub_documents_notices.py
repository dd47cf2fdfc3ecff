"""What the hub says of documents to a broker that forgets, and to one that remembers too much."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from edge import wire
from edge.document_notices import read_notice
from edge.documents import Document
from edge.hub.documents.keeping import close, keep
from edge.hub.documents.notices import AT_ONCE, ENDED, LOOK_NS, PREFIX, DocumentNotices, Signer
from edge.hub.store import Store
from tests.support.documents import AUTHORITY, BY, KEY, document, line, payload

START = datetime(2026, 11, 26, 8, tzinfo=UTC)
AT = wire.iso(START)

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


class Hub:
    """The part of a hub that speaks of documents, and the broker's retained messages."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = START
        self.mono_ns = 0
        self.broker: dict[str, bytes] = {}
        self.notices = DocumentNotices(store, Signer(BY, KEY), lambda: self.now)
        self.connect()

    def connect(self) -> None:
        self.notices.begin(self.mono_ns)
        for topic, kept in self.broker.items():
            self.notices.heard(topic, kept)

    def keep(self, *found: Document) -> None:
        with self.store.begin() as connection:
            for said in found:
                keep(connection, said, "d.csv", AT)

    def look(self) -> list[str]:
        """Some time goes by; gives of which documents the hub spoke."""
        self.mono_ns += LOOK_NS
        said = list(self.notices.due(self.mono_ns))
        for topic, sent in said:
            if sent == ENDED:
                del self.broker[topic]
            else:
                self.broker[topic] = sent
            self.notices.heard(topic, sent)
        return [topic.removeprefix(PREFIX) for topic, _ in said]


@pytest.fixture
def hub(store: Store) -> Hub:
    return Hub(store)


def test_what_is_imported_is_told_once_and_signed(hub: Hub) -> None:
    assert hub.look() == []
    hub.keep(document(), document("PO-2"))
    assert hub.look() == ["PO-1", "PO-2"]
    assert hub.look() == []
    notice = read_notice(hub.broker[PREFIX + "PO-1"], "PO-1")
    notice.demand_signed((AUTHORITY,))
    assert notice.said == document()
    hub.keep(document("PO-1", line(quantity=11)))
    assert hub.look() == ["PO-1"]
    assert read_notice(hub.broker[PREFIX + "PO-1"], "PO-1").said.version == 2


def test_a_broker_that_forgot_is_told_again_and_one_that_did_not_is_left_alone(hub: Hub) -> None:
    hub.keep(document(), document("PO-2"))
    hub.look()
    hub.connect()
    assert hub.look() == []
    del hub.broker[PREFIX + "PO-2"]
    hub.connect()
    assert hub.look() == ["PO-2"]


def test_what_somebody_else_wrote_there_is_told_over(hub: Hub) -> None:
    hub.keep(document())
    hub.look()
    for strange in (b"{}", b"\xff", payload(document(version=9))):
        hub.notices.heard(PREFIX + "PO-1", strange)
        assert hub.look() == ["PO-1"]


def test_what_is_over_goes_from_the_broker(hub: Hub) -> None:
    hub.keep(document(expires=date(2026, 11, 26)), document("PO-2"))
    hub.broker[PREFIX + "FOREIGN"] = payload(document("FOREIGN"))
    hub.connect()
    hub.look()
    hub.now += timedelta(days=1)
    with hub.store.begin() as connection:
        close(connection, "PO-2", AT)
    assert sorted(hub.look()) == ["PO-1", "PO-2"]
    assert list(hub.broker) == [PREFIX + "FOREIGN"], "what this store does not know is not for it to end"
    hub.connect()
    assert hub.look() == []
    hub.broker[PREFIX + "PO-2"] = payload(document("PO-2"))
    hub.connect()
    assert hub.look() == ["PO-2"], "a hub that was away when it ended says so later"


def test_many_are_told_in_steps(hub: Hub) -> None:
    hub.keep(*(document(f"PO-{number}") for number in range(AT_ONCE + 1)))
    assert [len(hub.look()) for _ in range(3)] == [AT_ONCE, 1, 0]


def test_one_that_cannot_be_told_holds_up_no_other(hub: Hub) -> None:
    serials = tuple(f"{number * 7919 % 10007:09}{number * 104729 % 99991:07}" for number in range(9_000))
    hub.keep(document("PO-1", line(quantity=len(serials), serials=serials)), document("PO-2"))
    assert hub.look() == ["PO-2"]
    assert hub.look() == []
