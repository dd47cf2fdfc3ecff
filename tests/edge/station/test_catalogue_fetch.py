"""The fetching of a catalogue from a real file server of a hub."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.catalog.folder import present
from edge.catalog.manifest import MANIFEST, read_manifest
from edge.catalog.offer import Offer
from edge.catalog.store import Catalog
from edge.hub.files import application
from edge.hub.offer import CatalogueOffer
from edge.hub.server import PageServer
from edge.rules.regions import site_rules
from edge.rules.verdict import Now
from edge.sign import Authority, new_key, public_half
from edge.station.catalogue import open_catalogue, open_tables
from edge.station.catalogue_fetch import CatalogueFetch, FetchSettings
from edge.station.config import read_config
from edge.station.knowledge import Knowledge
from edge.station.trouble import troubles
from tests.support.catalogues import AUTHORITY, DI, SIGNER, base, overlay

LATER = date(2026, 6, 1)
MOST_STEPS = 200
AT = datetime(2026, 6, 2, 8, 0, tzinfo=UTC)
STATION = """
[station]
id = "OR-03"
organisation = { id = "H1", role = "hospital" }
place = "OR-03"
home_task = "CHECK"

[link]
host = "hub.site"
port = 1883
bench = true

[[scanner]]
kind = "serial"
device = "/dev/null"

"""


class Station:
    """A fetcher whose steps and time the test decides."""

    def __init__(self, folder: Path, *authorities: Authority) -> None:
        self.folder = folder
        self.told: list[Mapping[str, Any]] = []
        self.seconds = 0.0
        settings = FetchSettings(folder, authorities or (AUTHORITY,), None)
        self.fetch = CatalogueFetch(
            settings, time_trusted=lambda: True, report=self.told.append, mono=lambda: self.seconds
        )

    def hear(self, payload: bytes) -> None:
        self.fetch.offered(payload)
        self.fetch.step()

    def work(self) -> None:
        for _ in range(MOST_STEPS):
            if self.fetch.stats_json()["fetching"] is not None:
                self.fetch.step()

    @property
    def said(self) -> list[str]:
        return [each["change"]["what"] for each in self.told]

    def name(self) -> str | None:
        with contextlib.closing(Catalog.open(self.folder, (AUTHORITY,))) as catalog:
            product = catalog.lookup(DI)
            return None if product is None else product.name


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path / "station")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = PageServer(application(folder), socket.create_server(("127.0.0.1", 0)), name="files")
    server.worker.start()
    try:
        yield f"http://127.0.0.1:{server.address[1]}/files/"
    finally:
        server.stop()


def offered(folder: Path, address: str) -> bytes:
    told = CatalogueOffer(folder, address).due(0)
    assert told is not None
    return told[1]


def test_a_base_and_its_overlays_come_one_after_the_other(hub: Path, station: Station) -> None:
    base(hub, "stem", "lens")
    with serving(hub) as address:
        station.hear(offered(hub, address))
        station.work()
        assert station.name() == "stem"
        before = {file.name for file in station.folder.glob("*.sqlite3")}
        overlay(hub, "stem, new model", day=LATER)
        station.hear(offered(hub, address))
        station.work()
    assert station.name() == "stem, new model"
    assert before < {file.name for file in station.folder.glob("*.sqlite3")}
    assert station.said == ["catalogue_installed", "catalogue_installed"]


def test_the_same_offer_again_changes_nothing(hub: Path, station: Station) -> None:
    base(hub, "stem")
    with serving(hub) as address:
        payload = offered(hub, address)
        station.hear(payload)
        station.work()
        stamp = (station.folder / MANIFEST).stat().st_mtime_ns
        station.hear(payload)
        station.work()
    assert (station.folder / MANIFEST).stat().st_mtime_ns == stamp
    assert station.said == ["catalogue_installed"]


def test_a_hub_that_is_away_is_asked_again(hub: Path, station: Station) -> None:
    base(hub, "stem")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    station.hear(offered(hub, f"http://127.0.0.1:{port}/files/"))
    station.fetch.step()
    station.fetch.step()
    assert "could not be fetched" in (station.fetch.problem or "")
    with serving(hub) as address:
        station.seconds += 1000
        station.hear(offered(hub, address))
        station.work()
    assert station.name() == "stem"
    assert station.fetch.problem is None


def test_a_newer_offer_takes_the_place_of_one_that_is_being_fetched(hub: Path, station: Station) -> None:
    base(hub, "stem")
    with serving(hub) as address:
        station.hear(offered(hub, address))
        station.fetch.step()
        base(hub, "stem of June", day=LATER)
        station.hear(offered(hub, address))
        station.work()
    assert station.name() == "stem of June"
    assert {file.name for file in station.folder.glob("*.sqlite3*")} == {
        entry.name for entry in present(station.folder).files
    }


def refused(station: Station, payload: bytes) -> str:
    before = present(station.folder)
    station.hear(payload)
    station.work()
    assert present(station.folder) == before
    assert station.said[-1] == "catalogue_refused"
    return str(station.told[-1]["change"]["why"])


def test_what_nobody_signed_is_refused(hub: Path, station: Station) -> None:
    base(hub, "stem", signer=None)
    assert "is not signed" in refused(station, offered(hub, "http://127.0.0.1:1/"))


def test_a_stranger_signed_it(hub: Path, tmp_path: Path) -> None:
    other = Station(tmp_path / "other", Authority(SIGNER.by, public_half(new_key()), frozenset({"catalogue"})))
    base(hub, "stem")
    assert "does not fit" in refused(other, offered(hub, "http://127.0.0.1:1/"))


def test_whose_word_counts_for_orders_has_none_for_catalogues(hub: Path, tmp_path: Path) -> None:
    other = Station(tmp_path / "other", Authority(SIGNER.by, AUTHORITY.public_key, frozenset({"order"})))
    base(hub, "stem")
    assert "may not sign a catalogue" in refused(other, offered(hub, "http://127.0.0.1:1/"))


def test_an_older_one_is_refused_and_said_once(hub: Path, station: Station) -> None:
    base(station.folder, "stem of June", day=LATER)
    base(hub, "stem")
    payload = offered(hub, "http://127.0.0.1:1/")
    assert "older than" in refused(station, payload)
    station.hear(payload)
    assert station.said == ["catalogue_refused"]
    assert station.name() == "stem of June"


SPOILT = {
    "no JSON": b"catalogue",
    "another schema": b'{"schema":2}',
    "deep": b"[" * 30_000,
    "too long": b" " * 40_000,
    "a manifest that is none": b'{"schema":1,"kind":"catalogue","sha256":"","url":"https://h/","manifest":"[]"}',
    "nowhere to fetch from": b'{"schema":1,"kind":"catalogue","sha256":"","url":"file:///etc/","manifest":"{}"}',
}


@pytest.mark.parametrize("payload", SPOILT.values(), ids=SPOILT.keys())
def test_what_is_no_offer_changes_nothing(station: Station, payload: bytes) -> None:
    base(station.folder, "stem")
    refused(station, payload)
    assert station.name() == "stem"


def test_a_file_with_other_content_never_gets_into_service(hub: Path, station: Station) -> None:
    base(station.folder, "stem of April", day=date(2026, 4, 1))
    manifest = base(hub, "stem")
    file = hub / manifest.files[0].name
    file.write_bytes(file.read_bytes()[:-1] + b"\xff")
    with serving(hub) as address:
        station.hear(offered(hub, address))
        for _ in range(6):
            station.fetch.step()
            station.seconds += 1000
    assert "expected SHA-256" in (station.fetch.problem or "")
    assert station.name() == "stem of April"


def test_a_catalogue_that_was_damaged_here_is_fetched_again(hub: Path, station: Station) -> None:
    base(hub, "stem")
    station.folder.mkdir()
    (station.folder / MANIFEST).write_bytes(b"damaged")
    with serving(hub) as address:
        station.hear(offered(hub, address))
        station.work()
    assert station.name() == "stem"


def test_the_hub_offers_again_what_a_broker_forgot_and_what_changed(hub: Path) -> None:
    second = 1_000_000_000
    offers = CatalogueOffer(hub, "https://hub.site/files/")
    assert offers.due(0) is None
    base(hub, "stem")
    assert offers.due(second) is not None
    assert offers.due(2 * second) is None
    overlay(hub, "stem, new", day=LATER)
    found = offers.due(3 * second)
    assert found is not None
    assert found[1] == Offer(read_manifest(hub, None), "https://hub.site/files/").encode()
    offers.begin()
    assert offers.due(3 * second) == found


def test_a_catalogue_that_cannot_be_used_is_no_reason_not_to_start(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.sqlite3"
    file.write_bytes(b"no database")
    toml = tmp_path / "station.toml"
    toml.write_text(f'{STATION}[catalogue]\nfile = "{file}"\ntables = "{file}"\n', encoding="utf-8")
    config = read_config(toml)
    tables, problem = open_tables(config)
    catalog = open_catalogue(config)
    assert catalog is not None
    known = Knowledge(catalog, site_rules(None, "hospital"), tables, tables_problem=problem)
    assert known.renewed() is known
    assert known.lookup(DI) is None
    assert [text.split(":")[0] for text in known.lacking] == ["tables", "catalogue"]
    assert len(troubles(Now(AT, AT.date(), "ntp"), known.age_days(AT.date()), known.site, known.lacking)) == 2
