import json
import subprocess
from datetime import timedelta
from typing import Any

import pytest

from edge.catalog.folder import merge
from edge.catalog.importing import import_into, update
from edge.catalog.product import Pack
from tests.support.records import BASE_DAY, daily, full, record
from tests.support.site import ROOT, Site, command, udi, wait_for

pytestmark = pytest.mark.journey

SALE = "06901234567892"


def _catalogue(site: Site, name: str) -> dict[str, Any]:
    words = [*command("edge.cli"), "status", "--json", "--run-dir", str(site.station_home(name))]
    told = json.loads(subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout)
    found: dict[str, Any] = told["catalogue"]
    return found


def test_a_running_station_takes_a_newer_catalogue_without_a_restart(site: Site) -> None:
    folder = site.folder / "catalogue"
    import_into(full(record(1)), folder, None)
    terminal = site.prepare("OR-01", extra=f'\n[catalogue]\nfolder = "{folder}"\n')
    station = site.start_station("OR-01")
    terminal.send(udi("S1"))
    station.wait_shown(1)
    before = _catalogue(site, "OR-01")
    assert (before["release"], before["rows"], before["age_days"] >= 0) == (BASE_DAY.isoformat(), 3, True)
    packs = (Pack("16901234567899", "箱", 10, SALE),)
    update(daily(1, record(2, sale_unit=SALE, nhsa_codes=("C0101010010101000001",), packs=packs)), folder, None)
    next_day = (BASE_DAY + timedelta(days=1)).isoformat()
    wait_for(lambda: _catalogue(site, "OR-01")["release"] == next_day, "the newer catalogue")
    terminal.send(udi("S2"))
    station.wait_shown(2)
    overlaid = _catalogue(site, "OR-01")["digest"]
    merge(folder, None)
    wait_for(lambda: _catalogue(site, "OR-01")["digest"] != overlaid, "the merged catalogue")
    terminal.send(udi("S3"))
    station.wait_shown(3)
    assert station.shown() == ["ACCEPTED"] * 3
    scans = [line for line in station.logs if " udi=" in line]
    assert ["unknown_di@hub" in line for line in scans] == [True, False, False]
    assert station.stop() == 0
