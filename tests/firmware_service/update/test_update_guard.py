"""The guard: what ends a trial, what does not, and what it is as a process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from firmware_service.update import guard
from firmware_service.update.guard import MOST_FAILURES, MOST_RESTARTS, MOST_STARTS, UNITS
from firmware_service.update.slots import Before, SlotsError
from tests.support.updates import LOOK_S, TRIAL_S, Bench


def is_back(device: Bench, said: str, *, restarts: int) -> None:
    """On the version before, and so often a restart was asked for: its own and, where it ran, that of the return."""
    state = device.state
    asked = device.root / "asked"
    assert (asked.read_text(encoding="utf-8").count("restart") if asked.exists() else 0) == restarts
    assert (device.current, state.committed, state.phase) == ("1.1.0", "1.1.0", "cleanup")
    assert state.failure is not None
    assert said in state.failure.reason
    assert device.whole()


def test_after_three_starts_without_being_well_it_is_taken_back(trial: Bench) -> None:
    for start in range(2, MOST_STARTS + 1):
        trial.reboot(f"boot-{start}", asked=True)
        assert trial.guard().boot()
        assert trial.state.trial is not None
        assert trial.state.trial.starts == start
    trial.reboot("boot-last", asked=True)
    assert trial.guard().boot()
    is_back(trial, f"started {MOST_STARTS} times", restarts=1)


def test_a_reboot_that_was_asked_for_is_a_start_and_the_time_begins_anew(trial: Bench) -> None:
    trial.look()
    trial.reboot("boot-1", asked=True)
    assert trial.guard().boot()
    trial.look()
    trial.look()
    assert trial.state.phase == "trial", "well for one look of this boot"
    trial.look()
    assert trial.state.committed == "1.2.0"


def test_a_reboot_that_nobody_asked_for_ends_it(trial: Bench) -> None:
    trial.reboot("boot-1")
    assert trial.guard().boot()
    is_back(trial, "without being asked to", restarts=1)


def test_a_second_look_at_boot_in_the_same_boot_is_no_start(trial: Bench) -> None:
    trial.reboot("boot-1", asked=True)
    for _ in range(2):
        assert trial.guard().boot()
        assert trial.state.trial is not None
        assert trial.state.trial.starts == 2


def test_a_second_trial_in_the_same_boot_begins_anew(trial: Bench) -> None:
    trial.later(guard.deadline_s(TRIAL_S))
    trial.go_back()
    trial.driver().advance(None)
    trial.swap()
    trial.look()
    assert trial.state.trial is not None
    assert trial.state.trial.starts == 1
    for _ in range(3):
        trial.look()
    assert trial.state.committed == "1.2.0"


def test_being_asked_counts_for_the_next_reboot_only(trial: Bench) -> None:
    trial.reboot("boot-1", asked=True)
    assert trial.guard().boot()
    trial.reboot("boot-2")
    assert trial.guard().boot()
    is_back(trial, "without being asked to", restarts=1)


def test_power_that_fails_between_the_swap_and_the_first_start_ends_nothing(device: Bench) -> None:
    device.swap()
    device.reboot("boot-1")
    assert device.guard().boot()
    assert device.state.phase == "trial"
    assert device.current == "1.2.0"


@pytest.mark.parametrize("restarts", range(MOST_RESTARTS + 2))
def test_so_many_restarts_by_systemd(trial: Bench, restarts: int) -> None:
    trial.units(restarts=restarts)
    trial.facts(journal=True)
    trial.guard().watch()
    if restarts < MOST_RESTARTS:
        assert trial.state.phase == "trial"
    else:
        is_back(trial, f"restarted {restarts} times", restarts=2)


def test_a_restart_begins_the_time_anew(trial: Bench) -> None:
    for restarts in (0, 1, 2):
        for _ in range(2):
            trial.later(LOOK_S)
            trial.units(restarts=restarts)
            trial.facts(journal=True)
            trial.guard().watch()
        assert trial.state.phase == "trial"


def test_one_that_comes_and_goes_is_taken_back_in_the_end(trial: Bench) -> None:
    looks = 0
    while trial.state.phase == "trial":
        looks += 1
        trial.look(good=looks % 2 == 0)
    is_back(trial, "not well in time", restarts=2)
    assert looks * LOOK_S >= guard.deadline_s(TRIAL_S)


def test_a_systemd_that_does_not_answer_keeps_nothing(trial: Bench) -> None:
    trial.systemctl.write_text(f"#!/bin/sh\ncat {trial.root}/units\nexit 1\n", encoding="ascii")
    while trial.state.phase == "trial":
        trial.look()
    is_back(trial, "is not ready", restarts=1)


# Facts before the swap, facts of the trial, whether it is kept.
FACTS = {
    "broker offline before and now": ({"broker": False}, {"broker": False}, True),
    "broker offline before, online now": ({"broker": False}, {"broker": True}, True),
    "broker online before and now": ({"broker": True}, {"broker": True}, True),
    "broker online before, offline now": ({"broker": True}, {"broker": False}, False),
    "a fact that is not told any more": ({"broker": True, "journal": True}, {"journal": True}, False),
    "nothing known before": ({}, {}, True),
}


@pytest.mark.parametrize(("before", "now", "good"), FACTS.values(), ids=FACTS.keys())
def test_what_was_well_before_is_asked_of_it(
    device: Bench, before: dict[str, bool], now: dict[str, bool], *, good: bool
) -> None:
    device.swap(Before(UNITS[:1], before))
    while device.state.phase == "trial":
        device.later(LOOK_S)
        device.facts(**now)
        device.guard().watch()
    assert device.state.committed == ("1.2.0" if good else "1.1.0")
    assert (device.state.failure is None) == good


def _health(device: Bench, **changed: object) -> str:
    told = {"schema": 1, "version": device.current, "mono_s": device.mono_s(), "facts": {"journal": True}}
    return json.dumps({**told, **changed})


# What health.json says at each look.
HEALTH: dict[str, Callable[[Bench], str]] = {
    "of another version": lambda device: _health(device, version="1.1.0"),
    "stale": lambda device: _health(device, mono_s=device.mono_s() - guard.FRESH_S - 1),
    "of a later moment": lambda device: _health(device, mono_s=device.mono_s() + 1),
    "without a time": lambda device: _health(device, mono_s=None),
    "facts that are no object": lambda device: _health(device, facts=["journal"]),
    "not true but like it": lambda device: _health(device, facts={"journal": 1}),
    "half of it": lambda device: _health(device)[:20],
    "a list": lambda _: "[]",
}


@pytest.mark.parametrize("health", HEALTH.values(), ids=HEALTH.keys())
def test_facts_that_do_not_count(trial: Bench, health: Callable[[Bench], str]) -> None:
    while trial.state.phase == "trial":
        trial.later(LOOK_S)
        (trial.places.run / "health.json").write_text(health(trial), encoding="utf-8")
        trial.guard().watch()
    is_back(trial, "journal", restarts=2)


def _flip(device: Bench) -> None:
    file = device.places.slots / "1.2.0/site-packages/app.py"
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)


def test_the_list_of_a_slot_has_one_form(device: Bench) -> None:
    """A guard reads lists that an agent before it or after it wrote."""
    slot = device.places.slots / "1.1.0"
    lines = (slot / "hashes").read_text(encoding="utf-8").splitlines()
    for kind, name, data in (
        ("x", "bin/udi-station", b"#!/bin/sh\necho 1.1.0\n"),
        ("f", "systemd/udi-station.service", b"[Unit]\n"),
        ("l", "site-packages/app-link", b"app.py"),
    ):
        assert f"{hashlib.sha256(data).hexdigest()} {kind} {name}" in lines
    files = {path.relative_to(slot).as_posix() for path in slot.rglob("*") if path.is_symlink() or path.is_file()}
    assert {line.split(" ", 2)[2] for line in lines} == files - {"hashes"}


# What became of a new slot before its first start.
DAMAGE: dict[str, Callable[[Bench], object]] = {
    "a flipped byte": _flip,
    "a lost file": lambda device: (device.places.slots / "1.2.0/bin/udi-station").unlink(),
    "not executable": lambda device: (device.places.slots / "1.2.0/bin/udi-station").chmod(0o644),
    "a lost list": lambda device: (device.places.slots / "1.2.0/hashes").unlink(),
    "a lost slot": lambda device: (device.places.slots / "1.2.0").rename(device.root / "lost"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
@pytest.mark.parametrize("at_boot", [False, True])
def test_a_damaged_slot_is_not_started(device: Bench, damage: Callable[[Bench], object], *, at_boot: bool) -> None:
    device.swap()
    damage(device)
    if at_boot:
        device.reboot("boot-1")
        assert device.guard().boot()
    else:
        device.guard().watch()
    is_back(device, "not what was installed", restarts=0 if at_boot else 1)


@pytest.mark.parametrize(
    "state", ["", "[]", '{"schema": 2, "phase": "trial"}', '{"schema": 1}', '{"schema": 1, "phase": 3}']
)
def test_a_state_that_is_not_understood_is_left_alone(device: Bench, state: str) -> None:
    device.places.slots_file.write_text(state, encoding="ascii")
    assert not device.guard().watch()
    assert device.guard().boot(), "current names a complete slot"
    assert device.places.slots_file.read_text(encoding="ascii") == state


def test_three_failures_of_one_version_refuse_it_until_a_newer_one_is_kept(device: Bench) -> None:
    for count in range(1, MOST_FAILURES + 1):
        assert "1.2.0" not in device.state.refused
        device.swap()
        while device.state.phase == "trial":
            device.look(good=False)
        assert device.state.failure is not None
        assert device.state.failure.count == count
        device.driver().advance(None)
    assert "not well in time" in device.state.refused["1.2.0"]
    device.releases.add("1.3.0")
    device.install("1.3.0")
    assert device.state.refused == {}
    assert device.state.failure is None


def test_failures_of_different_versions_are_not_added_up(device: Bench) -> None:
    for version in ("1.2.0", "1.3.0"):
        if version != "1.2.0":
            device.releases.add(version)
        device.swap()
        while device.state.phase == "trial":
            device.look(good=False)
        assert device.state.failure is not None
        assert (device.state.failure.version, device.state.failure.count) == (version, 1)
        device.driver().advance(None)


def test_a_return_by_hand_from_a_trial_counts_as_a_failure(trial: Bench) -> None:
    trial.go_back()
    is_back(trial, "asked for by hand", restarts=2)
    assert trial.state.previous == "1.0.0"


def test_a_return_by_hand_to_the_one_before_refuses_the_one_that_was_kept(device: Bench) -> None:
    device.go_back()
    state = device.state
    assert (device.current, state.committed, state.previous) == ("1.0.0", "1.0.0", None)
    assert state.refused == {"1.1.0": "asked for by hand"}
    assert state.floor == 2, "an older one is not installed all the same"
    assert "restart" in (device.root / "asked").read_text(encoding="utf-8")
    with pytest.raises(SlotsError, match="expected idle"):
        device.go_back()
    device.driver().advance(None)
    with pytest.raises(SlotsError, match=r"1\.0\.0 is the only slot"):
        device.go_back()
    device.install("1.2.0")


def run(device: Bench, what: str) -> int:
    """The guard as it is on a device: another interpreter, isolated."""
    command = [sys.executable, "-I", guard.__file__, "--root", str(device.root)]
    return subprocess.run([*command, "--systemctl", f"sh {device.systemctl}", what], check=False).returncode


def test_the_command_line(device: Bench) -> None:
    device.swap()
    assert run(device, "watch") == 0
    assert device.state.trial is not None
    assert device.state.trial.starts == 1
    assert run(device, "stop") == 0
    device.reboot("boot-1")
    assert run(device, "boot") == 0
    assert device.state.trial is not None
    assert device.state.trial.starts == 2
    assert run(device, "again") == 2


def test_a_disk_that_refuses_is_told_and_is_no_traceback(device: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    device.swap()
    (device.places.state / "slots.json.part").mkdir()
    for what in ("watch", "boot"):
        assert run(device, what) == 1
        said = capfd.readouterr().err
        assert "guard=disk" in said
        assert "make room on the card" in said
        assert "Traceback" not in said


def test_its_status_says_when_somebody_has_to_look(device: Bench) -> None:
    device.places.slots_file.write_text("{}", encoding="ascii")
    assert run(device, "watch") == 1
    assert run(device, "boot") == 0
    device.places.slots.rename(device.root / "lost")
    assert run(device, "boot") == 1
