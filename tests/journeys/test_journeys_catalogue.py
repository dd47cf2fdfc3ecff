import base64
import json
import signal
import socket
import subprocess
import time
from datetime import timedelta
from typing import Any

import pytest

from edge.catalog.folder import merge
from edge.catalog.importing import import_into, update
from edge.catalog.product import Pack
from tests.support.catalogues import AUTHORITY, SIGNER
from tests.support.records import BASE_DAY, daily, full, record
from tests.support.site import ROOT, Site, command, udi, wait_for

pytestmark = pytest.mark.journey

SALE = "06901234567892"


def _status(site: Site, name: str) -> Any:
    words = [*command("edge.cli"), "status", "--json", "--run-dir", str(site.station_home(name))]
    return json.loads(subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout)


def _catalogue(site: Site, name: str) -> Any:
    return _status(site, name)["catalogue"]


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


FETCHING = """
[catalogue]
folder = "{folder}"

[[authority]]
name = "{name}"
public_key = "{key}"
may = ["catalogue"]
"""


def _offer(site: Site) -> None:
    """The hub, started anew, offers the folder ``offered``."""
    site.stop_hub()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with site.hub_file.open("a", encoding="utf-8") as file:
        file.write(
            f'\n[files]\nfolder = "{site.folder / "offered"}"\naddress = "http://127.0.0.1:{port}/files/"\n'
            f'listen = "127.0.0.1"\nport = {port}\nbench = true\n'
        )
    site.start_hub()


def _fetching(site: Site, name: str) -> str:
    key = base64.b64encode(AUTHORITY.public_key).decode()
    return FETCHING.format(folder=site.station_home(name) / "catalogue", name=AUTHORITY.name, key=key)


def _release(site: Site, name: str) -> str | None:
    found = _catalogue(site, name)
    return None if found is None else str(found["release"])


def test_a_catalogue_of_the_hub_reaches_stations_that_are_there_and_that_come_later(site: Site) -> None:
    offered = site.folder / "offered"
    _offer(site)
    terminal = site.prepare("OR-01", extra=_fetching(site, "OR-01"))
    station = site.start_station("OR-01")
    assert _catalogue(site, "OR-01") is None
    terminal.send(udi("S1"))
    station.wait_shown(1)
    import_into(full(record(1)), offered, SIGNER)
    wait_for(lambda: _release(site, "OR-01") == BASE_DAY.isoformat(), "the base")
    began = time.monotonic()
    update(daily(1, record(2, sale_unit=SALE)), offered, SIGNER)
    next_day = (BASE_DAY + timedelta(days=1)).isoformat()
    wait_for(lambda: _release(site, "OR-01") == next_day, "the overlay")
    assert time.monotonic() - began < 10
    terminal.send(udi("S2"))
    station.wait_shown(2)
    scans = [line for line in station.logs if " udi=" in line]
    assert ["unknown_di@hub" in line for line in scans] == [True, False]
    site.prepare("OR-02", extra=_fetching(site, "OR-02"))
    site.start_station("OR-02")
    wait_for(lambda: _release(site, "OR-02") == next_day, "the catalogue at a station that came later")
    assert station.stop() == 0


def test_a_catalogue_that_nobody_signed_stays_out_and_the_former_survives_a_kill(site: Site) -> None:
    offered = site.folder / "offered"
    _offer(site)
    site.prepare("OR-01", extra=_fetching(site, "OR-01"))
    station = site.start_station("OR-01")
    import_into(full(record(1)), offered, SIGNER)
    wait_for(lambda: _release(site, "OR-01") == BASE_DAY.isoformat(), "the base")
    update(daily(1, record(2, sale_unit=SALE)), offered, None)
    station.wait_log("the offered catalogue is not taken")
    station.stop(signal.SIGKILL)
    site.start_station("OR-01")
    assert _release(site, "OR-01") == BASE_DAY.isoformat()
    problem = "is not signed"
    wait_for(lambda: problem in str(_status(site, "OR-01")["catalogue_fetch"]["problem"]), "the refusal in the status")
