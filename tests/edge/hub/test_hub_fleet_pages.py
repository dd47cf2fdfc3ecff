"""The pages of the machines, and that the command says the same."""

from __future__ import annotations

import html
import json
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette

from edge import wire
from edge.hub.cli import main
from edge.hub.fleet import archives, asking, machines, overview
from edge.hub.fleet.cli import KINDS as ASKED_KINDS
from edge.hub.fleet.words import CHECKS, CLOCKS, CONFIGURATIONS, HEALTH, KINDS, STATUSES
from edge.hub.page import application
from edge.hub.reading import Incoming
from edge.hub.stations import store_status
from edge.hub.store import Store
from edge.sign import new_key
from firmware_service.checks.every import examine
from firmware_service.checks.finding import STATES
from firmware_service.checks.look import take_look
from firmware_service.health import read_health, retained
from firmware_service.places import Places
from tests.edge.hub.test_hub_questions import get_from

NOW = datetime.now(UTC)
KEY = new_key()
FAULT = {
    "check": "rtc",
    "state": "fail",
    "value": "1.9 V",
    "zh": "时钟电池",
    "en": "clock battery",
    "expected": "a battery above 2.5 V",
    "todo": "换电池 / fit a new battery",
}


class Site:
    """A store with machines in it, and the pages of it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.app: Starlette = application(store, lambda: NOW, folder)

    def says(self, station: str, what: str, told: dict[str, Any], ago: timedelta = timedelta()) -> None:
        with self.store.begin() as connection:
            machines.note(connection, station, what, json.dumps({"schema": 1, **told}), wire.iso(NOW - ago))

    def want(self, station: str) -> int:
        with self.store.begin() as connection:
            return asking.want(connection, station, "a = 1\n", NOW, by="it", key=KEY)

    def ask(self, station: str, kind: str = "diagnostics") -> str:
        with self.store.begin() as connection:
            return asking.ask(connection, station, kind, {}, at=NOW, expires=NOW + timedelta(hours=1))

    def get(self, path: str) -> str:
        status, _, text = get_from(self.app, path)
        assert status == 200, text
        return text

    def cells(self, path: str = "/machines") -> list[list[str]]:
        """The rows of the first table, as text."""
        reader = _Table()
        reader.feed(self.get(path))
        return [[cell.strip() for cell in row] for row in reader.rows]


class _Table(HTMLParser):
    """Texts of table cells."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._within = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._within = True

    def handle_endtag(self, tag: str) -> None:
        self._within = self._within and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._within:
            self.rows[-1][-1] += data


@pytest.fixture
def site(store: Store, tmp_path: Path) -> Site:
    return Site(store, tmp_path / "diagnostics")


def test_a_row_for_each_machine(site: Site) -> None:
    rev = site.want("OR-03")
    site.want("NEW-1")
    certificate = {"check": "certificate", "state": "ok", "value": 311}
    site.says("OR-03", "health", {"version": "1.4.0", "clock": "ntp", "state": "fail", "checks": [certificate, FAULT]})
    update = {"phase": "trial", "target": "1.5.0", "told": "1.5.0 is on trial"}
    site.says("OR-03", "reported", {"rev": rev, "status": "kept", "errors": [], "update": update})
    site.says("OR-04", "health", {"version": "1.4.0", "clock": "none", "checks": []}, ago=timedelta(hours=2))
    back = {"phase": "rollback", "target": "1.5.0"}
    refused = {"rev": 7, "status": "refused", "errors": ["panel.ready: 99"], "update": back}
    site.says("OR-04", "reported", refused, timedelta(hours=2))
    head, new, good, silent = site.cells()
    assert [cell.split()[0] for cell in head] == ["站点", "健康", "最近消息", "版本", "配置", "证书剩余天数", "时钟"]
    assert new[0] == "NEW-1"
    assert "never" in new[2]
    assert good[0] == "OR-03"
    assert "故障" in good[1]
    assert "clock battery: 1.9 V" in good[1]
    assert "silent" not in good[2]
    assert good[3].startswith("1.4.0")
    assert "1.5.0 试用中" in good[3]
    assert good[4].startswith(f"{rev} / {rev} 已采用")
    assert (good[5], good[6]) == ("311", "NTP")
    assert "失联 silent" in silent[2]
    assert silent[4].startswith("7 / – 已拒绝")
    assert silent[3] == "1.4.0"
    assert silent[6] == "无 none"


def test_one_machine_with_everything(site: Site) -> None:
    site.want("OR-03")
    site.says("OR-03", "health", {"checks": [{"check": "broker", "state": "ok", "value": "connected"}, FAULT]})
    site.says("OR-03", "reported", {"rev": 1, "status": "refused", "errors": ["panel.ready: 99"]})
    done, waits = site.ask("OR-03"), site.ask("OR-03", "restart")
    site.ask("OR-04", "reboot")
    file = archives.keep(site.folder, "OR-03", done, b"archive")
    with site.store.begin() as connection:
        asking.answered(connection, done, "successful", "7 bytes are at the hub", wire.iso(NOW))
    text = site.get("/machine/OR-03")
    assert text.index("clock battery") < text.index("消息服务器"), "the worst first"
    for shown in (
        "fit a new battery",
        "a battery above 2.5 V",
        "panel.ready: 99",
        "7 bytes are at the hub",
        "重启程序",
    ):
        assert shown in text, shown
    assert text.count(html.escape(str(file))) == 2, "beside its command, and among what came"
    assert "重启机器" not in text, "another's command"
    assert waits not in text
    assert "/station/OR-03" not in text, "nothing came from its station yet: there is no such page"
    assert '<a href="/machines">' in site.get("/")


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "\x1b[2J\x1b]0;x\x07",
    "\u202egnp",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_a_machine_says_does_no_harm(site: Site, evil: str) -> None:
    finding = dict.fromkeys(FAULT, evil)
    site.says("OR-03", "health", {"version": evil, "clock": evil, "checks": [finding, {**finding, "state": "fail"}]})
    update = dict.fromkeys(("phase", "target", "failure", "told"), evil) | {"phase": "trial"}
    site.says("OR-03", "reported", {"rev": evil, "status": evil, "errors": [evil], "update": update})
    command = site.ask("OR-03")
    with site.store.begin() as connection:
        asking.answered(connection, command, "executing", evil, wire.iso(NOW))
    tags = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert [name for name, _ in attrs if name.startswith("on")] == []

    for path in ("/machines", "/machine/OR-03"):
        text = site.get(path)
        Tags().feed(text)
        assert {"script", "img"} & tags == set()
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "{{" not in evil or evil in text


NONSENSE: dict[str, Any] = {
    "nothing": {},
    "checks that are none": {"checks": "many"},
    "checks of anything": {"checks": [1, None, "x", [], {}, {"check": ["a"], "state": {}, "value": {"deep": [1]}}]},
    "a state nobody knows": {"checks": [{"check": "rtc", "state": "superb"}]},
    "a certificate for ever": {"checks": [{"check": "certificate", "state": "ok", "value": 10**400}]},
    "a certificate of truth": {"checks": [{"check": "certificate", "state": "ok", "value": True}]},
    "numbers for texts": {"version": 1.5, "clock": 7},
    "an endless text": {"version": "9" * 15_000},
    "endless checks": {"checks": [{"state": "fail"}] * 900},
}


@pytest.mark.parametrize("told", NONSENSE.values(), ids=NONSENSE.keys())
@pytest.mark.parametrize("what", ["health", "reported"])
def test_nonsense_is_shown_as_what_it_is(site: Site, told: dict[str, Any], what: str) -> None:
    site.says("OR-03", what, told | {"update": told, "errors": told, "rev": told})
    for path in ("/machines", "/machine/OR-03"):
        assert len(site.get(path)) < 20_000


def test_a_real_machine(site: Site, tmp_path: Path) -> None:
    told = json.loads(retained(read_health(take_look(Places(tmp_path)))))
    site.says("OR-03", "health", told)
    [row] = site.cells()[1:]
    assert row[3] == told["version"]
    with site.store.read() as connection:
        [found] = overview.rows(connection, site.folder, NOW)
    assert len(found.findings) == len(told["checks"])
    assert found.state == told["state"]


@pytest.mark.parametrize("path", ["/machine/NOBODY", "/machine/<script>", "/machine/../etc"])
def test_an_unknown_machine(site: Site, path: str) -> None:
    status, _, text = get_from(site.app, path)
    assert status == 404
    assert "<script>" not in text


def test_a_station_and_its_machine_lead_to_each_other_where_both_are_known(site: Site) -> None:
    status = wire.Status("b6", "ready", wire.iso(NOW), "1.4.0", "9f2c41d07be3a1c4", 0, 100, ())
    for station in ("OR-03", "OR-04", "OR-05"):
        with site.store.begin() as connection:
            store_status(connection, Incoming(wire.topic(station, "status"), status.encode(), {}), wire.iso(NOW))
    site.says("OR-03", "health", {"checks": []})
    site.want("OR-04")
    site.want("NEW-1")
    for station, known in {"OR-03": True, "OR-04": True, "OR-05": False}.items():
        assert (f'href="/machine/{station}"' in site.get(f"/station/{station}")) == known, station
    for machine, known in {"OR-03": True, "OR-04": True, "NEW-1": False}.items():
        assert (f'href="/station/{machine}"' in site.get(f"/machine/{machine}")) == known, machine


def test_an_empty_site(site: Site) -> None:
    assert "No machine has reported yet" in site.get("/machines")


def test_silence_is_counted_from_the_last_new_word(site: Site) -> None:
    """What stands at the broker comes again with each connection of the hub: a dead machine must not look alive."""
    long_ago, word = timedelta(days=3), {"at": "2026-11-20T08:00:00Z", "checks": []}
    site.says("OR-03", "health", word, ago=long_ago)
    site.says("OR-03", "health", word)
    with site.store.read() as connection:
        [row] = overview.rows(connection, site.folder, NOW)
    assert row.silent
    assert not row.well
    assert row.heard == wire.iso(NOW - long_ago)
    site.says("OR-03", "health", {**word, "at": "2026-11-23T08:00:00Z"})
    with site.store.read() as connection:
        [row] = overview.rows(connection, site.folder, NOW)
    assert not row.silent


def test_every_code_has_words() -> None:
    looked = examine(take_look(Places()))
    assert {each.check: (each.zh, each.en) for each in looked} == CHECKS
    assert {*STATES} == {*HEALTH} == {*overview.STATES}
    assert {each.replace("-", "_") for each in ASKED_KINDS} == {*KINDS}
    assert {*CONFIGURATIONS} == {"kept", "trying", "refused"}
    assert {*CLOCKS} == {"none", "floor", "rtc", "https", "ntp"}
    assert {*STATUSES} == {"init", "executing", "successful", "failed", "expired"}


class Command:
    """``udi-hub fleet`` on a store that this test fills."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "hub.toml"
        place = folder / "hub.sqlite3"
        self.file.write_text(
            f'[hub]\nstore = "{place}"\n[link]\nhost = "localhost"\nport = 1883\nbench = true\n', encoding="utf-8"
        )
        self.site = Site(Store.open_writer(place), folder / "diagnostics")

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["fleet", *words, "--config", str(self.file)])


def test_the_command_says_the_same(tmp_path: Path) -> None:
    fleet = Command(tmp_path)
    site = fleet.site
    rev = site.want("OR-03")
    site.says("OR-03", "health", {"checks": [FAULT]}, ago=timedelta(hours=1))
    site.says("OR-03", "reported", {"rev": 1, "status": "kept\x1b[2J", "errors": []}, ago=timedelta(hours=1))
    command = site.ask("OR-03")
    file = archives.keep(site.folder, "OR-03", command, b"archive")
    site.store.close()
    shown = fleet("status")
    assert shown.exit_code == 1
    assert f"(wanted: {rev}) SILENT" in shown.output
    assert "\x1b" not in shown.output
    assert str(file) in shown.output
    [told] = json.loads(fleet("status", "--json").output)
    assert (told["station"], told["silent"], told["wanted"]) == ("OR-03", True, rev)
    assert [each["file"] for each in told["archives"]] == [str(file)]
    assert f"-> {file}" in fleet("commands").output
    assert json.loads(fleet("commands", "--json").output)[0]["file"] == str(file)
