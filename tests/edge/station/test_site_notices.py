"""What the station makes of notices: real files; the link is not needed for what is heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge import wire
from edge.catalog.notices import MOST_BYTES
from edge.station.notices import Notices
from edge.station.order_book import FILE, OrderBook
from edge.station.site_notices import REPORTS_AN_HOUR, SiteNotices, shown
from hardware.host.link import Link, LinkSettings
from tests.edge.test_wire import EPOCH, draft, validator
from tests.support.orders import AUTHORITIES, payload


class Station:
    """The part of a station that hears notices."""

    def __init__(self, folder: Path, *, authorities: bool = True) -> None:
        self.file = folder / FILE
        self.book = OrderBook(self.file, AUTHORITIES if authorities else ())
        self.link = Link(LinkSettings("127.0.0.1", 1, "OR-01"))
        self.notices = Notices()
        self.reports: list[Mapping[str, Any]] = []
        self.site = SiteNotices(self.book, self.link, self.notices, report=self._report)

    def _report(self, body: Mapping[str, Any]) -> None:
        line = draft(wire.Kind.STATION, dict(body)).encode(EPOCH, 1, None)
        validator("event").validate(wire.Event.decode(line).data)
        self.reports.append(body["change"])

    def hear(self, ident: str, sent: bytes) -> None:
        assert self.site.on_message(wire.ORDERS.replace("+", ident), sent)
        self.site.work()

    def whats(self) -> list[str]:
        return [each["what"] for each in self.reports]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.link.close()


def test_an_order_is_taken_written_and_told_once(station: Station, tmp_path: Path) -> None:
    for _ in range(3):
        station.hear("R-1", payload())
    station.site.work()
    assert station.reports == [{"what": "order_taken", "id": "R-1", "version": 1, "withdrawn": False}]
    again = Station(tmp_path)
    again.hear("R-1", payload())
    assert again.reports == []
    assert again.site.stats_json() == {
        "known": 1,
        "withdrawn": 0,
        "refused": 0,
        "authorities": [each.name for each in AUTHORITIES],
    }
    again.link.close()


def test_other_topics_are_nobody_s_orders(station: Station) -> None:
    for topic in (wire.HUB_PRESENCE, wire.topic("OR-01", "ack"), "udi/site/rules/R-1"):
        assert not station.site.on_message(topic, payload())
    assert station.book.notices == {}


def test_an_empty_message_ends_nothing_here(station: Station) -> None:
    station.hear("R-1", payload())
    station.hear("R-1", b"")
    assert list(station.book.notices) == ["R-1"]
    assert station.notices.texts == ()


def test_a_refusal_is_said_until_the_right_notice_stands_there(station: Station) -> None:
    station.hear("R-1", payload(by=("quality",)))
    station.hear("R-2", payload("R-2", by=("stranger",)))
    assert "R-1 is not taken: signed by quality alone" in station.notices.texts[0]
    assert "and 1 more" in station.notices.texts[0]
    station.hear("R-1", payload())
    station.hear("R-2", b"")
    assert station.notices.texts == ()
    assert station.whats() == ["order_refused", "order_refused", "order_taken"]


def test_the_same_refused_notice_is_reported_once(station: Station, tmp_path: Path) -> None:
    for _ in range(3):
        station.hear("R-1", b"forged")
    assert station.reports == [
        {"what": "order_refused", "id": "R-1", "version": None, "why": station.reports[0]["why"]}
    ]
    again = Station(tmp_path)
    again.hear("R-1", b"forged")
    assert again.reports == []
    assert "not taken" in again.notices.texts[0]
    again.link.close()


def test_a_flood_of_forged_notices_fills_no_journal_and_no_card(station: Station) -> None:
    for number in range(5 * REPORTS_AN_HOUR):
        station.hear(f"R-{number}", b"forged %d" % number)
    assert len(station.reports) == REPORTS_AN_HOUR
    assert station.site.stats_json()["refused"] == 5 * REPORTS_AN_HOUR
    assert len(station.file.read_bytes().splitlines()) == REPORTS_AN_HOUR
    station.hear("R-1", payload())
    assert station.whats()[-1] == "order_taken"


HOSTILE = {
    "long name": ("R" * 60_000, payload()),
    "name with a line break": ("R\n1 level=ERROR", payload()),
    "name in other letters": ("召回\u2028", payload()),
    "name with a NUL": ("R\x00", payload()),
    "another order's notice": ("R-2", payload()),
    "version of any size": ("R-1", b'{"version":%s}' % (b"9" * 4000)),
    "version that is none": ("R-1", b'{"version":true}'),
    "negative version": ("R-1", b'{"version":-1}'),
    "long signer": ("R-1", payload().replace(b'"quality"', b'"%s"' % (b"q" * 20_000))),
    "long signer in other letters": ("R-1", payload().replace(b'"quality"', b'"%s"' % (b"\\ud800" * 4000))),
    "huge": ("R-1", b" " * MOST_BYTES + payload()),
    "deep": ("R-1", b"[" * 30_000),
    "no UTF-8": ("R-1", b"\xff\xfe"),
}


@pytest.mark.parametrize(("ident", "sent"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_notices_are_reported_in_an_event_of_the_schema(station: Station, ident: str, sent: bytes) -> None:
    station.hear(ident, sent)
    assert station.whats() == ["order_refused"]
    assert station.book.notices == {}
    assert station.reports[0]["id"] == shown(ident)
    assert "\n" not in station.notices.texts[0]


def test_a_card_that_does_not_take_it_is_said_and_tried_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.station.site_notices.RETRY_NS", 0)
    station.file.symlink_to("/dev/full")
    station.hear("R-1", payload())
    assert list(station.book.notices) == ["R-1"], "in force"
    assert "only until a restart" in station.notices.texts[0]
    assert station.reports == []
    station.file.unlink()
    station.site.work()
    assert station.notices.texts == ()
    assert station.whats() == ["order_taken"]


def test_a_damaged_file_is_said(station: Station, tmp_path: Path) -> None:
    station.hear("R-1", payload())
    station.file.write_bytes(b"rubbish\n" + station.file.read_bytes())
    again = Station(tmp_path)
    assert "1 of 2 lines" in again.notices.texts[0]
    again.hear("R-2", payload("R-2"))
    assert "1 of 2 lines" in again.notices.texts[0], "a person has not seen it yet"
    again.link.close()


def test_without_authorities_it_says_what_to_do(tmp_path: Path) -> None:
    station = Station(tmp_path, authorities=False)
    station.hear("R-1", payload())
    assert "put the site's into station.toml" in station.notices.texts[0]
    assert station.whats() == ["order_refused"]
    assert station.site.stats_json()["authorities"] == []
    station.link.close()
