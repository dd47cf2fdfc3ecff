"""Health as one object: for a person, for the guard, for the site."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from firmware_service.checks.finding import Finding
from firmware_service.health import (
    DUE_S,
    LOOK_S,
    MOST_BYTES,
    Health,
    HealthReporter,
    as_json,
    concerns,
    facts,
    read_health,
    release_of,
    retained,
    to_text,
)
from firmware_service.places import Places
from hardware.host.board import Board
from tests.support.machine import BOOT, NOW, STATION, WELL, look_of, put


@pytest.fixture
def well(tmp_path: Path) -> Health:
    return read_health(look_of(put(tmp_path, WELL)))


def with_state(health: Health, check: str, state: str) -> Health:
    changed = [
        replace(each, state=state, value="x", todo="做 / do") if each.check == check else each  # type: ignore[arg-type]
        for each in health.findings
    ]
    return replace(health, findings=tuple(changed))


def test_nothing_to_do_when_all_is_well(well: Health) -> None:
    assert concerns(well) == []
    assert well.state == "unknown", "no certificate stands there yet"


@pytest.mark.parametrize("check", [each.check for each in read_health(look_of(Path("/"))).findings])
def test_each_concern_is_said_alone_and_shown_to_a_person(well: Health, check: str) -> None:
    health = with_state(well, check, "warn")
    found = concerns(health)
    assert len(found) == 1
    assert "做 / do" in found[0]
    assert f"    expected {next(each.expected for each in health.findings if each.check == check)}; 做 / do" in to_text(
        health
    )
    assert as_json(health)["concerns"] == found
    assert as_json(health)["state"] == "warn"


def test_the_worst_concern_comes_first(well: Health) -> None:
    found = concerns(with_state(with_state(well, "station", "warn"), "space", "fail"))
    assert ["free space" in found[0], "station" in found[1]] == [True, True]


def test_the_object_names_board_time_and_disk(well: Health) -> None:
    found = as_json(well)
    assert found["schema"] == 1
    assert (found["at"], found["boot"], found["mono_s"]) == (NOW.isoformat(), BOOT, 81.0)
    assert found["board"]["model"] == "Raspberry Pi 5 Model B Rev 1.0"
    assert 0 < found["disk_free"] <= found["disk_total"]
    assert found["reboot_wanted"] is False
    assert set(found["checks"][0]) == {"check", "state", "value", "expected", "zh", "en", "todo"}


FACTS = [
    ("all well", {}, {"station": True, "scanner": True, "camera": True, "broker": True}),
    ("a scanner away", {"missing_readers": ["/dev/serial/by-id/usb-A"]}, {"scanner": False}),
    ("offline", {"link": {"connected": False, "hub_present": False}}, {"broker": False}),
    ("the hub rests", {"link": {"connected": True, "hub_present": False}}, {"broker": True}),
    ("a camera that hangs", {"camera": {"delivers": False}}, {"camera": False}),
    ("a station at fault", {"fault": "disk full"}, {"station": False}),
]


@pytest.mark.parametrize(("told", "wanted"), [row[1:] for row in FACTS], ids=[row[0] for row in FACTS])
def test_what_an_update_is_judged_by(tmp_path: Path, told: dict[str, object], wanted: dict[str, bool]) -> None:
    found = facts(read_health(look_of(put(tmp_path, WELL), station={**STATION, **told})))
    assert set(found) == set(FACTS[0][2])
    assert {name: found[name] for name in wanted} == wanted


def test_a_station_that_is_silent_is_good_at_nothing_configured(tmp_path: Path) -> None:
    assert not any(facts(read_health(look_of(put(tmp_path, WELL), station=None))).values())


def test_the_release_is_the_slot_that_the_code_lies_in(tmp_path: Path) -> None:
    places = Places(tmp_path)
    code = places.slots / "1.4.0/site-packages/firmware_service/health.py"
    assert release_of(code, places) == "1.4.0"
    assert release_of(Path("/usr/lib/python3/health.py"), places) == version("udi-station")


def test_unknown_board_is_said_to_be_unknown(well: Health) -> None:
    text = to_text(replace(well, board=Board(None, None, None, None, None)))
    assert sum(line.endswith(("unknown", "unknown MiB")) for line in text.splitlines()[:3]) == 3


def test_retained_object_has_words_only_where_something_is_wrong(well: Health) -> None:
    found = json.loads(retained(with_state(well, "rtc", "fail")))
    worded = {each["check"] for each in found["checks"] if "todo" in each}
    assert worded == {"rtc"}
    assert len(found["checks"]) == len(well.findings)
    assert len(retained(well)) < 1500


def test_retained_object_stays_small_when_everything_is_wrong(well: Health) -> None:
    def bad(each: Finding) -> Finding:
        state = "fail" if each.check in ("station", "fsync") else "warn"
        return replace(each, state=state, value="v" * 120, todo="换工业级存储卡 / fit a card made for industry")  # type: ignore[arg-type]

    data = retained(replace(well, findings=tuple(bad(each) for each in well.findings)))
    assert len(data) <= MOST_BYTES
    found = json.loads(data)["checks"]
    assert len(found) == len(well.findings)
    assert {each["check"] for each in found if "todo" in each} >= {"station", "fsync"}, "the mildest lose their words"


class Machine:
    """Looks that a test decides on."""

    def __init__(self, health: Health) -> None:
        self.health = health
        self.looks = 0

    def look(self) -> Health:
        self.looks += 1
        return self.health


def test_the_reporter_tells_at_once_then_only_changes_and_what_is_due(well: Health, tmp_path: Path) -> None:
    machine = Machine(well)
    reporter = HealthReporter(machine.look, tmp_path / "run")
    assert reporter.tick(0.0) == retained(well)
    assert reporter.tick(LOOK_S - 1) is None
    assert machine.looks == 1, "not looked before it is time"
    assert reporter.tick(LOOK_S) is None
    assert machine.looks == 2
    machine.health = with_state(well, "broker", "warn")
    assert reporter.tick(2 * LOOK_S) == retained(machine.health)
    assert reporter.tick(3 * LOOK_S) is None
    assert reporter.tick(2 * LOOK_S + DUE_S) is not None


def test_a_value_that_moves_is_no_news(well: Health, tmp_path: Path) -> None:
    machine = Machine(well)
    reporter = HealthReporter(machine.look, tmp_path)
    reporter.tick(0.0)
    machine.health = with_state(well, "temperature", "ok")
    assert reporter.tick(LOOK_S) is None


def test_what_did_not_arrive_is_told_again(well: Health, tmp_path: Path) -> None:
    reporter = HealthReporter(Machine(well).look, tmp_path)
    reporter.tick(0.0)
    reporter.forget()
    assert reporter.tick(LOOK_S) is not None


def test_the_guard_finds_each_look(well: Health, tmp_path: Path) -> None:
    machine = Machine(well)
    reporter = HealthReporter(machine.look, tmp_path / "run")
    reporter.tick(0.0)
    machine.health = replace(well, mono_s=99.0)
    reporter.tick(LOOK_S)
    found = json.loads((tmp_path / "run/health.json").read_bytes())
    assert found == json.loads(json.dumps(as_json(machine.health)))


def test_a_folder_that_cannot_be_written_does_not_end_the_agent(well: Health, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file", encoding="ascii")
    assert HealthReporter(Machine(well).look, tmp_path / "run").tick(0.0) is not None
