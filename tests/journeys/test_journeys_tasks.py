"""Days of work through whole processes: what people show and scan, and the record that the hub has of it in Chinese."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from edge.cards import CardKind
from edge.demo.labels import Label, Symbol
from edge.sign import public_half
from edge.station.context import REPEAT_NS
from edge.station.tasks.use import LOOK_NS
from tests.journeys.test_journeys_camera import Table
from tests.support.cards import HUB, KEY, text
from tests.support.site import ROOT, Running, Site, Terminal, command, udi

pytestmark = pytest.mark.journey

AUTHORITY = f"""
[[authority]]
name = "{HUB.name}"
public_key = "{base64.b64encode(public_half(KEY)).decode()}"
may = ["cards"]
"""
NURSE, SECOND, MOTHER, OTHER = b"]C0N1207", b"]C0N1300", b"]C0ZY20261234", b"]C0ZY20265678"
EXPIRED = b"]d201069012345678921724013110A1\x1d21X9"


def card(kind: CardKind, value: str) -> bytes:
    return b"]Q1" + text(kind, value).encode()


def act(value: str) -> bytes:
    return card(CardKind.ACT, value)


class Desk:
    """One station with its hand scanner."""

    def __init__(self, site: Site, terminal: Terminal, name: str) -> None:
        self.site, self.terminal = site, terminal
        self.station: Running = site.start_station(name)

    def show(self, *payloads: bytes, apart_s: float = 0.0) -> list[str]:
        """Show one thing after the other; the light of each."""
        before = len(self.station.shown())
        for count, payload in enumerate(payloads, start=1):
            time.sleep(apart_s)
            self.terminal.send(payload)
            self.station.wait_shown(before + count)
        return self.station.shown()[before:]

    def press(self, button: str) -> str:
        """Press a button; its light."""
        before = len(self.station.shown())
        assert self.station.process.stdin is not None
        self.station.process.stdin.write(f"!{button}\n".encode())
        self.station.process.stdin.flush()
        self.station.wait_shown(before + 1)
        return self.station.shown()[-1]

    def use(self, payload: bytes) -> list[str]:
        """Check a package, open it, use it."""
        return self.show(payload) + self.show(payload, apart_s=LOOK_NS / 1e9 + 0.1)

    def again(self, payload: bytes) -> list[str]:
        """Show a band, and once more to confirm."""
        return self.show(payload) + self.show(payload, apart_s=REPEAT_NS["scanner"] / 1e9 + 0.1)


def record(site: Site, *words: str) -> str:
    """What the hub says, in Chinese."""
    asked = [*command("edge.hub.cli"), "record", *words, "--config", str(site.hub_file), "--lang", "zh"]
    return subprocess.run(asked, check=True, capture_output=True, cwd=ROOT, text=True).stdout


def case_of(site: Site, serial: str) -> str:
    asked = [*command("edge.hub.cli"), "trace", "--config", str(site.hub_file), "--serial", serial, "--json"]
    rows: list[dict[str, Any]] = json.loads(subprocess.run(asked, check=True, capture_output=True, cwd=ROOT).stdout)
    return str(rows[-1]["case"])


@pytest.fixture
def ward(site: Site) -> Desk:
    return Desk(site, site.prepare("OR-01", task="USE", extra=AUTHORITY), "OR-01")


def test_an_implant_case_with_three_mistakes_is_closed_by_its_form(site: Site, tmp_path: Path) -> None:
    table = Table(site, tmp_path, task="USE", extra=AUTHORITY)
    desk = Desk(site, table.terminal, "OR-01")
    assert desk.show(NURSE, MOTHER) == ["CONTEXT", "CONTEXT"]
    assert desk.show(udi("S1"), udi("S2")) == ["CHECKED", "CHECKED"]
    assert desk.show(EXPIRED) == ["STOP"], "the first mistake: an expired one"
    assert desk.show(OTHER) == ["ASK"], "the second: another patient's band"
    assert desk.show(udi("S3")) == ["CHECKED"]
    assert desk.show(udi("S4")) == ["CHECKED"], "the third: a wrong package, and nobody had asked for it"
    assert desk.press("undo") == "CONTEXT"
    assert desk.show(act("WASTE"), udi("S3"), card(CardKind.REASON, "DROPPED")) == ["CONTEXT", "ACCEPTED", "ACCEPTED"]
    assert desk.use(udi("S5")) == ["CHECKED", "ACCEPTED"]
    assert desk.show(act("SHEET")) == ["CONTEXT"]
    stickers = tuple(
        Symbol(f"(01)06901234567892(17)291231(10)A1(21){each}", "datamatrix") for each in ("S1", "S2", "S5")
    )
    table.lay(Label(("IMPLANT FORM",), stickers))
    table.start_camera()
    try:
        before = len(desk.station.shown())
        desk.station.wait_shown(before + 1)
        assert desk.station.shown()[-1] == "ACCEPTED"
    finally:
        table.kill_camera()
    site.wait_delivered(desk.station.recorded())
    said = record(site, "--case", case_of(site, "S1"))
    for words in ("使用登记", "开封未用", "掉落", "过期", "未用未退: 0", "S1", "S2", "S3", "S5"):
        assert words in said, f"{words}: {said}"
    assert "S4" not in said, "what was taken back is no item of the case"
    assert "20261234" not in said
    assert desk.station.stop() == 0


def test_a_handover_with_an_emergency_number_that_gets_its_patient_later(site: Site, ward: Desk) -> None:
    emergency = card(CardKind.EMERGENCY, "E000007")
    assert ward.show(emergency, udi("S1"), udi("S2")) == ["CONTEXT", "ACCEPTED", "ACCEPTED"]
    assert ward.show(NURSE, SECOND) == ["CONTEXT", "CONTEXT"]
    assert ward.press("undo") == "CONTEXT", "taken back by whoever took over"
    assert ward.again(MOTHER) == ["ASK", "CONTEXT"]
    assert ward.show(act("CLOSE")) == ["CONTEXT"]
    site.wait_delivered(ward.station.recorded())
    said = record(site, "--case", case_of(site, "S1"))
    for words in ("交接班", "补录", "撤销", "E000007", "1300"):
        assert words in said, f"{words}: {said}"
    asked = [*command("edge.hub.cli"), "trace", "--config", str(site.hub_file), "--patient", "--json"]
    found = subprocess.run(asked, check=True, capture_output=True, cwd=ROOT, input=b"20261234")
    assert [row["serial"] for row in json.loads(found.stdout)][:1] == ["S1"], "the emergency is in the patient's trace"
    assert ward.station.stop() == 0


def test_a_power_cut_in_a_case_suspends_it_and_nothing_is_lost(site: Site, ward: Desk) -> None:
    assert ward.show(NURSE, MOTHER, udi("S1")) == ["CONTEXT", "CONTEXT", "CHECKED"]
    ward.station.stop(9)
    (site.station_home("OR-01") / "patient.key").unlink()
    again = Desk(site, ward.terminal, "OR-01")
    assert again.show(udi("S1")) == ["REDO"], "nobody knows whose"
    assert again.show(MOTHER, udi("S1"), apart_s=0.4) == ["CONTEXT", "CHECKED"], "a case of its own"
    site.wait_delivered(ward.station.recorded() | again.station.recorded())
    assert "挂起" in record(site, "open")
    assert again.station.stop() == 0
