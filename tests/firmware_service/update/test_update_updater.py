"""Who decides when: looks, ring, window, an open case, and somebody who asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from firmware_service.release.manifest import JournalSchema
from firmware_service.update.trust import ForgedError, SourceError, TrustError
from tests.support.nights import NOON, Night
from tests.support.updates import Bench, Releases


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path / "device", Releases(tmp_path / "releases"))
    made.prepare()
    made.releases.add("1.0.0")
    made.install("1.0.0")
    return made


def test_by_day_it_comes_and_in_the_window_it_is_tried(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench)
    assert night.hours(3) == "verify", "fetched, and no more"
    assert bench.current == "1.0.0"
    assert night.hours(12) == "trial"
    assert bench.current == "1.1.0"


def test_an_open_case_is_never_disturbed_and_nobody_can_ask_for_it(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench, open_case=True)
    night.updater.ask()
    assert night.hours(20) == "verify"
    night.open_case = False
    assert night.hours(0.5) == "trial", "it was asked for: no window is waited for"


def test_somebody_who_asks_waits_for_no_ring_and_no_window(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench, ring=5)
    assert night.hours(2) == "idle"
    assert "waits" in night.updater.told
    night.updater.ask()
    assert night.hours(0.5) == "trial"
    assert not night.updater.asked


def test_what_was_seen_without_a_time_of_day_waits_from_when_there_is_one(bench: Bench) -> None:
    bench.releases.add("2.0.0")
    night = Night(bench, ring=1, at=NOON - timedelta(days=90), quality="floor")
    night.hours(1)
    night.at, night.quality = NOON, "ntp"
    night.hours(6)
    assert "h more for its ring" in night.updater.told
    assert bench.state.target is None


@pytest.mark.parametrize(("ring", "days"), [(0, 0), (1, 1), (3, 3)])
def test_a_ring_waits_so_many_days_and_over_restarts(bench: Bench, ring: int, days: int) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench, ring=ring)
    for _ in range(days):
        assert night.hours(23) == "idle"
        night = Night(bench, ring=ring, at=night.at)
    assert night.hours(24 if days == 0 else 4 + days) != "idle"


def test_at_night_by_a_clock_that_nobody_vouches_for_nothing_happens(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    assert Night(bench, quality="floor").hours(24) == "verify"


TROUBLES = {
    "a server that is away": SourceError("no answer"),
    "a forged repository": ForgedError("not signed by who may"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_what_goes_wrong_is_told_and_tried_again(bench: Bench, trouble: TrustError) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench, broken=trouble)
    assert night.hours(6) == "idle"
    assert type(trouble).__name__ in str(night.updater.status()["told"])
    assert 4 <= night.looks <= 13, "about once an hour"
    night.broken = None
    assert night.hours(24) == "trial"


def test_a_fetch_that_breaks_off_goes_on(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench)
    night.updater.tick(0.0)
    assert bench.state.phase == "fetch"
    night.broken = SourceError("pulled out")
    assert night.hours(1) == "fetch"
    night.broken = None
    assert night.hours(1) == "verify"


def test_a_release_that_the_repository_has_no_more_gives_way_to_the_next(bench: Bench) -> None:
    bench.releases.add("1.1.0", deps="2")
    night = Night(bench)
    night.tick()
    assert bench.state.phase == "fetch"
    for layer in bench.releases.made[-1].layers:
        (bench.releases.folder / layer.sha256).unlink()
    night.tick()
    assert "no such file" in night.updater.told
    bench.releases.add("1.2.0", deps="3")
    night.hours(2)
    assert (bench.state.target, bench.state.phase) == ("1.2.0", "verify")


def test_nowhere_to_look_is_told(bench: Bench) -> None:
    night = Night(bench, here=False)
    night.hours(1)
    assert "nowhere to look" in night.updater.told
    assert night.looks == 0


def test_what_cannot_be_installed_is_said_and_not_begun(bench: Bench) -> None:
    bench.releases.add("1.1.0", journal=JournalSchema(9, 9))
    night = Night(bench)
    assert night.hours(24) == "idle"
    assert "could not open the journal" in night.updater.told
    assert bench.current == "1.0.0"


def test_a_release_that_failed_three_times_pauses_until_there_is_a_newer_one(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench)
    for _ in range(6):
        night.hours(24)
        while bench.state.phase in ("trial", "rollback"):
            bench.look(good=False)
    told = night.updater.status()
    assert told["committed"] == "1.0.0"
    assert "1.1.0" in told["refused"]
    assert told["paused"] is True
    assert "1.1.0: not well in time" in str(told["failure"])
    bench.releases.add("1.2.0")
    night.hours(24)
    while bench.state.phase == "trial":
        bench.look()
    night.hours(1)
    assert night.updater.status()["committed"] == "1.2.0"
    assert night.updater.status()["paused"] is False


def test_ten_releases_in_a_row(bench: Bench) -> None:
    night = Night(bench)
    for number in range(1, 11):
        bench.releases.add(f"1.{number}.0", deps=str(number // 4))
        night.hours(24)
        while bench.state.phase == "trial":
            bench.look()
        night.hours(0.5)
        assert bench.state.committed == bench.current == f"1.{number}.0"
        assert bench.whole()
        assert len(list(bench.places.slots.iterdir())) == 2, "the one that is kept, and the one before"


def test_a_release_that_failed_is_tried_again_a_day_later(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench, at=datetime.now().astimezone())
    night.updater.ask()
    night.hours(0.5)
    while bench.state.phase in ("trial", "rollback"):
        bench.look(good=False)
    assert night.hours(10) == "idle"
    assert "tried again tomorrow" in night.updater.told
    night.hours(20)
    assert bench.state.target == "1.1.0"


def test_a_release_after_one_that_failed_waits_for_nothing(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench, at=datetime.now().astimezone())
    night.updater.ask()
    night.hours(0.5)
    bench.go_back()
    bench.releases.add("1.2.0")
    night.hours(2)
    assert bench.state.target == "1.2.0"


def test_the_guard_follows_what_is_kept_and_never_what_is_tried(bench: Bench) -> None:
    """Beside the slots, where no release can break it."""
    guard = bench.root / "opt/udi/guard/guard.py"
    bench.releases.add("1.1.0", guard="# 1.1.0\n")
    night = Night(bench)
    night.updater.ask()
    assert night.hours(0.5) == "trial"
    assert not guard.exists()
    while bench.state.phase == "trial":
        bench.look()
    night.hours(0.1)
    assert guard.read_text(encoding="ascii") == "# 1.1.0\n"


def test_a_kept_slot_whose_manifest_is_damaged_hinders_nothing(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    (bench.places.slots / "1.0.0/manifest.json").write_bytes(b"\0" * 100)
    night = Night(bench)
    night.updater.ask()
    assert night.hours(0.5) == "trial"
    assert bench.whole()


def test_a_lost_state_beside_a_damaged_manifest_is_found_empty(bench: Bench) -> None:
    (bench.places.slots / "1.0.0/manifest.json").write_bytes(b"\0" * 100)
    bench.places.slots_file.unlink()
    assert bench.state.committed is None
    assert bench.current == "1.0.0", "and what runs goes on"


def test_a_state_of_a_later_version_is_told_and_ends_nothing(bench: Bench) -> None:
    bench.places.slots_file.write_text('{"schema": 2}', encoding="ascii")
    night = Night(bench)
    night.updater.tick(0.0)
    assert "a later version's" in night.updater.status()["told"]


def test_a_disk_that_refuses_is_tried_again(bench: Bench) -> None:
    bench.releases.add("1.1.0")
    night = Night(bench)
    work = bench.places.state / "update"
    work.write_text("in the way", encoding="ascii")
    night.updater.tick(0.0)
    assert night.updater.told.startswith("not now: ")
    work.unlink()
    night.updater.tick(60.0)
    assert bench.state.phase == "fetch"
