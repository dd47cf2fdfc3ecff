"""Each check alone: what it finds in facts, and in a tree that has nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_service.checks import (
    broker,
    camera,
    catalogue,
    certificate,
    clock,
    flush,
    journal,
    last_scan,
    power,
    reboot,
    rtc,
    scanner,
    space,
    station,
    temperature,
    wear,
)
from firmware_service.checks.every import CHECKS, examine
from firmware_service.checks.finding import BAD, Finding, Topic, worst
from firmware_service.checks.flush import AT_ONCE, DAY_S, FIRST_S, TIMES, FlushMeter, Measured
from firmware_service.checks.look import Look, take_look
from firmware_service.checks.rtc import Rtc
from firmware_service.places import Places
from hardware.host.local import LineServer
from hardware.host.worker import Worker
from tests.support.machine import CONFIGURED, NOW, STATION, WELL, look_of, put
from tests.support.pki import DAY, Authority

MIB = 2**20


def flushed(p99_ms: float) -> Finding:
    return flush.judge(Measured(1.0, p99_ms, 400.0, 200, "2026-11-22T00:00:00+00:00"))


CASES = [
    ("cool", temperature.judge(51.24), "ok", 51.2),
    ("slows down", temperature.judge(80.0), "warn", 80.0),
    ("slows down hard", temperature.judge(85.0), "fail", 85.0),
    ("no sensor", temperature.judge(None), "unknown", None),
    ("power well", power.judge(0), "ok", "0x0"),
    ("undervoltage", power.judge(0x50005), "fail", "undervoltage now"),
    ("undervoltage before", power.judge(0x50000), "warn", "undervoltage since the start"),
    ("throttled before", power.judge(0x40000), "ok", "0x40000"),
    ("throttled", power.judge(0x4), "warn", "throttled"),
    ("hot and capped", power.judge(0xA), "warn", "frequency capped, soft temperature limit"),
    ("no firmware", power.judge(None), "unknown", None),
    ("no time", clock.judge("none"), "fail", "none"),
    ("floor", clock.judge("floor"), "warn", "floor"),
    ("rtc time", clock.judge("rtc"), "ok", "rtc"),
    ("ntp time", clock.judge("ntp"), "ok", "ntp"),
    ("no rtc", rtc.judge(None), "fail", "none"),
    ("i2c rtc", rtc.judge(Rtc(keeps_time=True)), "ok", "present"),
    ("rtc says nothing", rtc.judge(Rtc(keeps_time=None)), "unknown", "present"),
    ("rtc at 2000", rtc.judge(Rtc(keeps_time=False)), "fail", "lost the time"),
    ("rtc charged", rtc.judge(Rtc(True, 3290, 3000)), "ok", "3290 mV, charged"),
    ("rtc primary cell", rtc.judge(Rtc(True, 3000, 0)), "ok", "3000 mV, not charged"),
    ("rtc without battery", rtc.judge(Rtc(True, 12, 0)), "fail", "12 mV"),
    ("wear unknown", wear.judge(None), "unknown", None),
    ("new card", wear.judge(10), "ok", 10),
    ("worn card", wear.judge(80), "warn", 80),
    ("worn out", wear.judge(110), "fail", 110),
    ("fast card", flushed(9.5), "ok", 9.5),
    ("slow card", flushed(100.1), "warn", 100.1),
    ("just still allowed", flushed(150.0), "warn", 150.0),
    ("too slow a card", flushed(150.1), "fail", 150.1),
    ("never measured", flush.judge(None), "unknown", None),
    ("room", space.judge(512 * MIB), "ok", 512),
    ("little room", space.judge(512 * MIB - 1), "warn", 511),
    ("no room", space.judge(63 * MIB), "fail", 63),
    ("station ready", station.judge({"state": "ready", "fault": None}), "ok", "ready"),
    ("station silent", station.judge(None), "fail", "no answer"),
    ("station at fault", station.judge({"state": "fault", "fault": "disk full"}), "fail", "disk full"),
    ("station stops", station.judge({"state": "stopped", "fault": None}), "warn", "stopped"),
    ("no camera meant", camera.judge(configured=False, delivers=None), "ok", "none configured"),
    ("camera well", camera.judge(configured=True, delivers=True), "ok", "delivers"),
    ("camera dead", camera.judge(configured=True, delivers=False), "fail", "no pictures"),
    ("camera unasked", camera.judge(configured=True, delivers=None), "unknown", None),
    ("no scanner meant", scanner.judge([], []), "ok", "none configured"),
    ("scanners there", scanner.judge(["/dev/a", "/dev/b"], []), "ok", 2),
    ("scanner gone", scanner.judge(["/dev/a", "/dev/b"], ["/dev/b", "camera"]), "fail", "/dev/b"),
    ("only the camera is gone", scanner.judge(["/dev/a"], ["camera"]), "ok", 1),
    ("scanner unasked", scanner.judge(["/dev/a"], None), "unknown", None),
    ("few wait", journal.judge(79, 100), "ok", 79),
    ("many wait", journal.judge(80, 100), "warn", 80),
    ("full", journal.judge(100, 100), "fail", 100),
    ("journal unasked", journal.judge(None, None), "unknown", None),
    ("hub there", broker.judge(connected=True, hub=True), "ok", "hub present"),
    ("hub away", broker.judge(connected=True, hub=False), "warn", "hub absent"),
    ("offline", broker.judge(connected=False, hub=False), "warn", "not connected"),
    ("link unasked", broker.judge(connected=None, hub=None), "unknown", None),
    ("certificate lasts", certificate.judge(30), "ok", 30),
    ("certificate ends", certificate.judge(29), "warn", 29),
    ("certificate ended", certificate.judge(-1), "fail", -1),
    ("no certificate", certificate.judge(None), "unknown", None),
    ("no catalogue meant", catalogue.judge(configured=False, answered=True, age_days=None), "ok", "none configured"),
    ("catalogue fresh", catalogue.judge(configured=True, answered=True, age_days=35), "ok", 35),
    ("catalogue old", catalogue.judge(configured=True, answered=True, age_days=36), "warn", 36),
    ("catalogue missing", catalogue.judge(configured=True, answered=True, age_days=None), "warn", "none"),
    ("catalogue unasked", catalogue.judge(configured=True, answered=False, age_days=None), "unknown", None),
    ("used", last_scan.judge(168), "ok", 168),
    ("unused", last_scan.judge(169), "warn", 169),
    ("never used", last_scan.judge(None), "unknown", None),
    ("no reboot", reboot.judge(wanted=False), "ok", "none"),
    ("reboot", reboot.judge(wanted=True), "warn", "the station asks for a reboot"),
]


@pytest.mark.parametrize(("found", "state", "value"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_state_and_value(found: Finding, state: str, value: object) -> None:
    assert (found.state, found.value) == (state, value)
    assert found.zh
    assert found.en
    assert found.expected
    assert bool(found.todo) is (state in BAD), "what is wrong says what to do, and nothing else does"


LIFE = [
    ("eMMC of five years", "0x04 0x02", "0x01", 40),
    ("exceeded", "0x0B 0x01", "0x01", 110),
    ("reserve used up", "0x03 0x01", "0x03", 100),
    ("reserve used up, life not told", "0x00 0x00", "0x03", 100),
    ("not told", "0x00 0x00", "0x00", None),
    ("an SD card", None, None, None),
    ("no numbers", "??", "0x01", None),
    ("no value of the standard", "0xff 0x01", "0x01", 10),
]


@pytest.mark.parametrize(("estimation", "pre_end", "used"), [row[1:] for row in LIFE], ids=[row[0] for row in LIFE])
def test_life_time_of_an_mmc_device(estimation: str | None, pre_end: str | None, used: int | None) -> None:
    assert wear.life_time(estimation, pre_end) == used


def test_wear_of_an_nvme_disk_comes_from_smart(tmp_path: Path) -> None:
    root = put(tmp_path, {"sys/block/nvme0n1/size": "1\n", "sys/block/mmcblk0/device/life_time": "0x02 0x01\n"})
    told = b'{"nvme_smart_health_information_log": {"percentage_used": 91}}'
    assert wear.look_at(look_of(root), {"nvme0n1": told}.get).value == 91
    assert wear.look_at(look_of(root), {"nvme0n1": b"garbage"}.get).value == 20


def test_a_machine_that_is_well(tmp_path: Path) -> None:
    found = examine(look_of(put(tmp_path, WELL)))
    assert {each.check: each.state for each in found if each.state != "ok"} == {"certificate": "unknown"}
    assert len({each.check for each in found}) == len(CHECKS)


def test_an_empty_tree_is_unknown_and_never_raises(tmp_path: Path) -> None:
    found = {each.check: each.state for each in examine(look_of(tmp_path, station=None, configured={}))}
    assert found["temperature"] == found["power"] == found["storage_wear"] == found["fsync"] == "unknown"
    assert found["station"] == found["rtc"] == "fail"


BROKEN = [
    ("no number", {"sys/class/thermal/thermal_zone0/temp": "hot\n"}, temperature.look_at, "unknown"),
    ("no hexadecimal", {"sys/devices/platform/soc/soc:firmware/get_throttled": "?\n"}, power.look_at, "unknown"),
    ("another file", {"var/lib/udi-firmware/flush.json": '{"p99_ms": 1}'}, flush.look_at, "unknown"),
    ("half a file", {"var/lib/udi-firmware/flush.json": '{"p50_ms'}, flush.look_at, "unknown"),
    ("rtc of 2000", {"sys/class/rtc/rtc0/since_epoch": "946684800\n"}, rtc.look_at, "fail"),
    ("wanted", {"run/udi-station/reboot-wanted": ""}, reboot.look_at, "warn"),
]


@pytest.mark.parametrize(("files", "check", "state"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_files_that_say_something_else(
    tmp_path: Path, files: dict[str, str], check: Callable[[Look], Finding], state: str
) -> None:
    assert check(look_of(put(tmp_path, files))).state == state


STATION_CASES = [
    ("last scan by a clock nobody trusts", {}, "floor", last_scan.look_at, "unknown"),
    ("last scan eight days ago", {"last_scan": "2026-11-14T08:00:00Z"}, "ntp", last_scan.look_at, "warn"),
    ("last scan in words", {"last_scan": "yesterday"}, "ntp", last_scan.look_at, "unknown"),
    ("last scan without a zone", {"last_scan": "2026-11-22T08:00:00"}, "ntp", last_scan.look_at, "unknown"),
    ("no last scan", {"last_scan": None}, "ntp", last_scan.look_at, "unknown"),
    ("a camera process that is away", {"camera": {"delivers": False}}, "ntp", camera.look_at, "fail"),
    ("an older station without a camera", {"camera": None}, "ntp", camera.look_at, "unknown"),
    ("a scanner away", {"missing_readers": ["/dev/serial/by-id/usb-A"]}, "ntp", scanner.look_at, "fail"),
]


@pytest.mark.parametrize(
    ("told", "quality", "check", "state"), [row[1:] for row in STATION_CASES], ids=[row[0] for row in STATION_CASES]
)
def test_what_the_station_tells(
    tmp_path: Path, told: dict[str, object], quality: str, check: Callable[[Look], Finding], state: str
) -> None:
    assert check(look_of(tmp_path, quality=quality, station={**STATION, **told})).state == state


def test_the_certificate_that_ends_first_counts(tmp_path: Path) -> None:
    places = Places(tmp_path)
    authority = Authority(tmp_path / "ca", since=NOW - 10 * DAY, until=NOW + 900 * DAY)
    for who, days in (("station", 400), ("agent", 12)):
        made = authority.identity(who, since=NOW - 5 * DAY, until=NOW + days * DAY)
        put(places.identity, {f"{who}/certificate.pem": made.certificate.read_text(encoding="ascii")})
    assert certificate.look_at(look_of(tmp_path)).value == 12
    assert certificate.look_at(look_of(tmp_path, quality="none")).state == "unknown"
    own = authority.identity("elsewhere", since=NOW - 5 * DAY, until=NOW - DAY)
    put(tmp_path, {"etc/udi-station/tls/c.pem": own.certificate.read_text(encoding="ascii")})
    named = {**CONFIGURED, "link": {"tls": {"certificate": "/etc/udi-station/tls/c.pem"}}}
    assert certificate.look_at(look_of(tmp_path, configured=named)).state == "fail"


def test_measuring_writes_and_leaves_nothing(tmp_path: Path) -> None:
    measured = flush.measure(tmp_path, times=20)
    assert 0 < measured.p50_ms <= measured.p99_ms <= measured.most_ms
    assert list(tmp_path.iterdir()) == []
    flush.keep(tmp_path, measured)
    assert flush.kept(tmp_path) == measured


def test_the_meter_measures_once_a_day_and_a_little_at_a_time(tmp_path: Path) -> None:
    meter = FlushMeter(tmp_path)
    assert meter.tick(1000.0) is None
    assert meter.tick(1000.0 + FIRST_S - 1) is None
    assert list(tmp_path.iterdir()) == [], "nothing is written while the machine starts"
    begins = 1000.0 + FIRST_S
    ticks = TIMES // AT_ONCE
    found = [meter.tick(begins + n) for n in range(ticks)]
    assert found[:-1] == [None] * (ticks - 1)
    assert found[-1] == flush.kept(tmp_path)
    assert found[-1] is not None
    assert found[-1].times == TIMES
    assert meter.tick(begins + ticks) is None
    assert [path.name for path in tmp_path.iterdir()] == [flush.FILE], "no rest of a measurement"
    next_day = [meter.tick(begins + ticks - 1 + DAY_S + n) for n in range(ticks)]
    assert next_day[-1] is not None


def test_a_card_that_cannot_be_written_does_not_end_the_agent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    meter = FlushMeter(tmp_path / "away")
    meter.tick(0.0)
    assert meter.tick(FIRST_S) is None
    assert "flush=failed" in caplog.text
    caplog.clear()
    assert meter.tick(FIRST_S + 1) is None
    assert caplog.text == "", "it is tried again the next day"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="away"):
        flush.measure(tmp_path / "away", times=1)


def test_the_worst_state_counts() -> None:
    topic = Topic("x", "某", "x", "y")
    assert worst(()) == "ok"
    assert worst((topic.found("ok", 1), topic.found("unknown", None))) == "unknown"
    assert worst((topic.found("fail", 1), topic.found("warn", 1))) == "fail"


def test_a_look_asks_the_station_and_reads_its_file(tmp_path: Path) -> None:
    places = Places(put(tmp_path, {"etc/udi-station/station.toml": "[camera]\nsource = 'folder'\n"}))
    places.station_run.mkdir(parents=True)
    server = LineServer(places.station_run / "station.sock")

    def answer() -> None:
        for client, request in server.step(0.05):
            server.send(client, {"state": "ready", "asked": request["ask"]})

    worker = Worker("station", answer, on_stop=server.close)
    worker.start()
    try:
        found = take_look(places)
    finally:
        worker.stop()
    assert found.station == {"state": "ready", "asked": "status"}
    assert found.configured == {"camera": {"source": "folder"}}
