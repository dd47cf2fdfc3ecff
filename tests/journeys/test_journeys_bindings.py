"""A house code that is bound at one station, known at the other; two stations that bind one code without the hub."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

import pytest
from click.testing import CliRunner

from edge.bindings import page_of
from edge.hub.cli import main
from tests.journeys.test_journeys_tasks import AUTHORITY, NURSE, Desk, act
from tests.support.site import Site, udi, wait_for

pytestmark = pytest.mark.journey

HOUSE = 'house_code = { prefix = "HV", length = [1, 12] }\n'


def hub(site: Site, *words: str) -> Any:
    """What a command of the hub's prints as JSON."""
    done = CliRunner().invoke(main, [*words, "--config", str(site.hub_file), "--json"])
    return json.loads(done.stdout)


def told(site: Site, name: str, code: str) -> list[Any] | None:
    """The row of a code on the station's card, as the hub told it."""
    file = site.station_home(name) / "bindings" / f"{page_of(code)}.json"
    rows = json.loads(file.read_bytes())["bindings"] if file.exists() else []
    return next((row for row in rows if row[0] == code), None)


def read(desk: Desk, code: str) -> str:
    """The light of a house code alone; the same code twice at once would be one trigger."""
    return desk.show(b"]C0" + code.encode(), apart_s=0.4)[0]


def bind(desk: Desk, code: str, serial: str) -> str:
    """The light after the card, a house code and a package."""
    assert desk.show(NURSE, act("BIND")) == ["CONTEXT", "CONTEXT"]
    assert read(desk, code) == "INCOMPLETE"
    return desk.show(udi(serial))[0]


def test_a_house_code_alone_gives_the_udi_that_was_bound_at_any_station(site: Site) -> None:
    key = site.folder / "bindings.key"
    made = CliRunner().invoke(main, ["bindings", "key", "BINDINGS", "--out", str(key)])
    authority = re.search(r"\[\[authority\]\].*?may = .*?\n", made.stdout, re.DOTALL)
    assert authority is not None, made.output
    with site.hub_file.open("a", encoding="utf-8") as file:
        file.write(f'\n[bindings]\nauthority = "BINDINGS"\nkey = "{key}"\n')
    site.stop_hub()
    site.start_hub()
    extra = f"{HOUSE}{AUTHORITY}\n{authority.group()}"
    first, second = (Desk(site, site.prepare(name, task="CHECK", extra=extra), name) for name in ("OR-01", "OR-02"))

    assert read(first, "HV1") == "REDO"
    assert bind(first, "HV1", "S1") == "CHECKED"
    assert read(first, "HV1") == "CHECKED", "at once"
    first.station.stop(signal.SIGKILL)
    first = Desk(site, first.terminal, "OR-01")
    assert read(first, "HV1") == "CHECKED", "after a restart"
    wait_for(lambda: told(site, "OR-02", "HV1") is not None, "the binding on the other station's card")
    assert read(second, "HV1") == "CHECKED"
    assert bind(second, "HV1", "S9") == "STOP", "it is bound already, to another piece"
    site.wait_delivered(first.station.recorded() | second.station.recorded())

    def traced() -> set[str | None]:
        return {row["serial"] for row in hub(site, "trace", "--house-code", "HV1")}

    wait_for(lambda: traced() == {"S1", "S9", None}, "what was refused too: its light comes before it is recorded")
    rows = hub(site, "trace", "--house-code", "HV1")
    assert [row["house_code"] for row in rows if row["task"] == "BIND"] == ["HV1"]

    site.stop_hub()
    assert (bind(first, "HV2", "S2"), bind(second, "HV2", "S3")) == ("CHECKED", "CHECKED")
    assert [read(each, "HV2") for each in (first, second)] == ["CHECKED"] * 2
    site.start_hub()
    for name in ("OR-01", "OR-02"):
        wait_for(lambda: told(site, name, "HV2") == ["HV2", None, None], f"the conflict at {name}")  # noqa: B023
    assert [read(each, "HV2") for each in (first, second)] == ["STOP"] * 2
    found = hub(site, "bindings", "list", "--conflicts")
    assert [(each["house_code"], each["station"], each["conflict"]) for each in found] == [
        ("HV2", "OR-01", True),
        ("HV2", "OR-02", True),
    ]
    words = ["bindings", "end", found[1]["event_id"], "--config", str(site.hub_file)]
    assert CliRunner().invoke(main, words).exit_code == 0
    wait_for(lambda: (told(site, "OR-02", "HV2") or [None, None])[1] is not None, "the end of the conflict")
    assert read(second, "HV2") == "CHECKED"
    assert hub(site, "bindings", "list", "--code", "HV2")[1]["standing"] == "ended"
    for desk in (first, second):
        assert desk.station.stop() == 0
