"""A card that was copied or put back to an earlier day, with real processes: nothing is lost, nothing counts twice."""

from __future__ import annotations

import shutil
import time
from typing import Any

import pytest

from edge import wire
from edge.station.journal.store import JournalReader
from tests.support.site import Running, Site, Terminal, udi, wait_for

pytestmark = pytest.mark.journey
WATCHED_S, MOST_KICKS = 5.0, 16
STATE = ("journal.sqlite3", "journal.sqlite3-wal", "journal.sqlite3-shm")


def _changes(site: Site, name: str, what: str) -> dict[str, dict[str, Any]]:
    """What a station's journal says of the station itself, by event id."""
    with JournalReader.snapshot(site.station_home(name) / STATE[0]) as reader:
        events = [wire.Event.decode(row.line) for row in reader.from_seq(1)]
    found = {event.event_id: event.data["change"] for event in events if event.kind == "station"}
    return {event_id: change for event_id, change in found.items() if change["what"] == what}


def _forks(site: Site, name: str) -> list[str]:
    return [change["why"] for change in _changes(site, name, "epoch_opened").values()]


def _told(site: Site) -> set[str]:
    return {each for name in ("OR-01", "OR-02") for each in _changes(site, name, "duplicate_identity")}


def _scan(station: Running, terminal: Terminal, *serials: str) -> None:
    for serial in serials:
        before = len(station.shown())
        terminal.send(udi(serial))
        station.wait_shown(before + 1)


def _copy(site: Site, source: str, target: str) -> None:
    for name in STATE:
        there = site.station_home(target) / name
        there.unlink(missing_ok=True)
        if (site.station_home(source) / name).exists():
            shutil.copy(site.station_home(source) / name, there)


def _first_life(site: Site, terminal: Terminal, *serials: str) -> set[str]:
    station = site.start_station("OR-01")
    _scan(station, terminal, *serials)
    site.wait_delivered(station.recorded())
    assert station.stop() == 0
    return station.recorded()


def _twin(site: Site) -> Terminal:
    """A second device with the card, the name and the certificate of the first."""
    terminal = site.prepare("OR-02")
    file = site.station_home("OR-02") / "station.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('id = "OR-02"', 'id = "OR-01"'), encoding="utf-8")
    return terminal


@pytest.mark.parametrize("offline", [False, True], ids=["the hub is there", "scans before the hub is there"])
def test_a_card_put_back_to_last_week(offline: bool, site: Site) -> None:
    terminal = site.prepare("OR-01")
    recorded = _first_life(site, terminal, "S1")
    (site.folder / "last-week").mkdir()
    _copy(site, "OR-01", "last-week")
    recorded |= _first_life(site, terminal, "S2", "S3", "S4")
    _copy(site, "last-week", "OR-01")
    if offline:
        site.broker.stop()
    station = site.start_station("OR-01")
    _scan(station, terminal, "S5", "S6")
    if offline:
        site.broker.start()
    held = site.wait_delivered(recorded | station.recorded())
    _scan(station, terminal, "S7")
    held = site.wait_delivered(recorded | station.recorded())
    assert held.doubled == 0
    assert len(held.counted) == 7
    assert station.stop() == 0
    assert _forks(site, "OR-01") == ["fork"], "a new epoch, where all that was unsent stands"


def test_a_copied_card_is_told_and_both_deliver(site: Site) -> None:
    first, second = site.prepare("OR-01"), _twin(site)
    recorded = _first_life(site, first, "S1")
    _copy(site, "OR-01", "OR-02")
    began = time.monotonic()
    stations = [site.start_station("OR-01"), site.start_station("OR-02")]
    _scan(stations[0], first, "A1", "A2", "A3")
    _scan(stations[1], second, "B1", "B2", "B3")
    wait_for(lambda: all(station.recorded() for station in stations), "the scans")
    for station in stations:
        recorded |= station.recorded()
    held = site.wait_delivered(recorded, 60)
    wait_for(lambda: _told(site), "the report", 60)
    site.wait_delivered(_told(site), 60)
    wait_for(lambda: time.monotonic() - began > WATCHED_S, "the time in which kicks are counted")
    assert held.doubled == 0
    assert len(held.counted) == 7
    lost = sum("link=lost" in line for station in stations for line in station.logs)
    assert lost <= MOST_KICKS, "an endless loop has several each second"
    assert len(_told(site)) <= 2, "one an hour for each"
    assert any("another device connects as OR-01" in line for station in stations for line in station.logs)
    for station in stations:
        assert station.stop() == 0
    assert "fork" in _forks(site, "OR-01") + _forks(site, "OR-02")
