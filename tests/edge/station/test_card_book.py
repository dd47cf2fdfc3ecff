"""What a station keeps of revoked cards: real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cards import Card, CardError, CardFault, CardKind
from edge.revocation import TOPIC, RevocationError, revoke
from edge.sign import new_key
from edge.station.card_book import FILE, CardBook
from edge.station.notices import Notices
from edge.station.order_book import OrderBook
from edge.station.site_notices import SiteNotices
from hardware.host.link import Link, LinkSettings
from tests.support.cards import HUB, KEY, text


def notice(*numbers: str, version: int = 1, key: bytes = KEY) -> bytes:
    return revoke(numbers, version, key, "CARDS").encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / FILE


def refusal(book: CardBook, card: str) -> CardFault:
    with pytest.raises(CardError) as caught:
        book.read(card)
    return caught.value.reason


def test_a_revoked_card_counts_no_more_and_another_does(file: Path) -> None:
    book = CardBook(file, [HUB])
    assert book.read(text(number="1")) == Card(CardKind.TASK, "CHECK", "1")
    assert book.take(notice("1"))
    assert refusal(book, text(number="1")) is CardFault.REVOKED
    assert book.read(text(number="2")).number == "2"


def test_it_is_kept_over_a_start_and_over_a_new_key(file: Path) -> None:
    book = CardBook(file, [HUB])
    book.take(notice("1", version=3))
    assert book.unwritten
    book.write()
    assert not book.unwritten
    assert refusal(CardBook(file, [HUB]), text(number="1")) is CardFault.REVOKED
    assert CardBook(file, []).version == 3


def test_versions_only_rise(file: Path) -> None:
    book = CardBook(file, [HUB])
    book.take(notice("1", version=3))
    assert not book.take(notice("1", version=3))
    for older in (notice(version=2), notice("2", version=3)):
        with pytest.raises(RevocationError, match="was taken before"):
            book.take(older)
    assert book.take(notice(version=4))
    assert book.read(text(number="1")).number == "1"


def test_a_forged_list_changes_nothing(file: Path) -> None:
    book = CardBook(file, [HUB])
    with pytest.raises(RevocationError, match="does not fit"):
        book.take(notice("1", key=new_key()))
    assert (book.version, book.unwritten) == (0, False)
    assert book.read(text(number="1")).number == "1"


def test_a_forged_card_is_refused_before_it_is_looked_up(file: Path) -> None:
    book = CardBook(file, [HUB])
    book.take(notice("1"))
    assert refusal(book, text(number="1").replace("CHECK", "USE")) is CardFault.BAD_SIGNATURE


def test_a_damaged_file_is_told_and_mended_by_the_next_list(file: Path) -> None:
    file.write_bytes(b"{")
    book = CardBook(file, [HUB])
    assert book.problem is not None
    assert FILE in book.problem
    book.take(notice("1"))
    book.write()
    assert CardBook(file, [HUB]).problem is None


class Station:
    """The part of a station that hears notices."""

    def __init__(self, file: Path) -> None:
        self.book = CardBook(file, [HUB])
        self.link = Link(LinkSettings("127.0.0.1", 1, "OR-01"))
        self.notices = Notices()
        self.site = SiteNotices(OrderBook(None), self.link, self.notices, report=lambda _: None, cards=self.book)

    def hear(self, payload: bytes) -> None:
        assert self.site.on_message(TOPIC, payload)
        self.site.work()


@pytest.fixture
def station(file: Path) -> Iterator[Station]:
    file.parent.mkdir(exist_ok=True)
    made = Station(file)
    yield made
    made.link.close()


def test_a_list_of_the_hub_is_taken_and_written(station: Station, file: Path) -> None:
    station.hear(b"")
    station.hear(notice("1"))
    assert station.notices.texts == ()
    assert CardBook(file, [HUB]).version == 1


def test_a_forged_list_is_told_until_a_good_one_comes(station: Station) -> None:
    station.hear(notice("1", key=new_key()))
    assert "a list of revoked cards is not taken" in "".join(station.notices.texts)
    station.hear(notice("1"))
    assert station.notices.texts == ()


def test_a_card_that_cannot_be_written_is_told(file: Path) -> None:
    station = Station(file.parent / "none" / FILE)
    station.hear(notice("1"))
    assert "only until a restart" in "".join(station.notices.texts)
    assert refusal(station.book, text(number="1")) is CardFault.REVOKED
    station.link.close()


def test_a_damaged_file_is_a_notice(file: Path) -> None:
    file.write_bytes(b"{")
    station = Station(file)
    assert FILE in "".join(station.notices.texts)
    station.hear(notice("1"))
    assert station.notices.texts == ()
    station.link.close()
