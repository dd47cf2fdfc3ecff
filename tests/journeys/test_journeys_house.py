from __future__ import annotations

import json
import subprocess
from datetime import date

import pytest

from edge.catalog.site_build import Sources, build_site
from tests.support.site import ROOT, Site, command, udi

pytestmark = pytest.mark.journey

EXTRA = """house_code = {{ prefix = "HV", length = [1, 12] }}

[catalogue]
tables = "{tables}"
"""


def test_a_house_code_goes_from_the_scanner_to_a_trace_of_its_serial(site: Site) -> None:
    source, tables = site.folder / "house.csv", site.folder / "site.sqlite3"
    source.write_text("院内码,产品标识,批号,序列号,有效期至\nHV1,06901234567892,A1,S1,2029-12-31\n", encoding="utf-8")
    build_site(tables, Sources(house_codes=source), today=date(2026, 11, 26))
    terminal = site.prepare("OR-01", extra=EXTRA.format(tables=tables))
    station = site.start_station("OR-01")
    for count, payload in enumerate([b"]C0HV1", b"]C0HV2", udi("S1")], start=1):
        terminal.send(payload)
        station.wait_shown(count)
    assert station.shown() == ["ACCEPTED", "REDO", "ACCEPTED"]
    site.wait_delivered(station.recorded())
    words = [*command("edge.hub.cli"), "trace", "--config", str(site.hub_file), "--serial", "S1", "--json"]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, cwd=ROOT).stdout)
    assert [row["trace_key"] for row in found] == ["GS1|06901234567892|S|S1"] * 2
    assert station.stop() == 0
