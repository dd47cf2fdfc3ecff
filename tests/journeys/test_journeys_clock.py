"""A clock that is set while a station runs: each step and each change of quality is an event among the scans."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from edge import wire
from edge.station.journal.store import JournalReader
from tests.support.site import ROOT, Site, udi, wait_for

pytestmark = pytest.mark.journey
MONTHS = 120 * 86_400
"""Seconds; four months."""


def _events(site: Site) -> list[wire.Event]:
    with JournalReader.snapshot(site.station_home("OR-01") / "journal.sqlite3") as reader:
        return [wire.Event.decode(row.line) for row in reader.from_seq(1)]


def _changes(site: Site) -> list[dict[str, Any]]:
    return [event.data["change"] for event in _events(site) if event.kind == "clock"]


def test_steps_and_better_knowledge_are_journaled_between_the_scans(site: Site) -> None:
    terminal = site.prepare("OR-01")
    home = site.station_home("OR-01")
    (home / "root").mkdir()
    station = site.start_station("OR-01", [sys.executable, str(ROOT / "tests/faults/stepped_station.py")])
    terminal.send(udi("S1"))
    station.wait_shown(1)
    (home / "ahead").write_text(str(MONTHS), encoding="ascii")
    wait_for(lambda: len(_changes(site)) == 2, "a step ahead")
    terminal.send(udi("S2"))
    station.wait_shown(2)
    (home / "ahead").write_text("0", encoding="ascii")
    wait_for(lambda: len(_changes(site)) == 3, "a step back")
    synchronized = home / "root/run/systemd/timesync/synchronized"
    synchronized.parent.mkdir(parents=True)
    synchronized.touch()
    wait_for(lambda: len(_changes(site)) == 4, "a better clock")
    site.wait_delivered(station.recorded())
    assert station.stop() == 0
    boot, ahead, back, better = _changes(site)
    assert boot == {"why": "boot", "quality_before": None, "step_ns": None}
    assert (ahead["why"], round(ahead["step_ns"] / 1e9)) == ("step", MONTHS)
    assert (back["why"], round(back["step_ns"] / 1e9)) == ("step", -MONTHS)
    assert better == {"why": "quality", "quality_before": "floor", "step_ns": None}
    clocks = [event.data["clock"] for event in _events(site)]
    assert [clock["mono_ns"] for clock in clocks] == sorted(clock["mono_ns"] for clock in clocks)
    assert clocks[-1]["quality"] == "ntp"
