"""What the guard makes of a damaged disk: ``current`` names a whole slot, and the state says which one is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.updates import Bench


def _point(device: Bench, text: str) -> Bench:
    device.places.current.unlink()
    device.places.current.symlink_to(text)
    return device


def _forget(device: Bench) -> None:
    for file in (device.places.current, device.places.slots_file):
        file.unlink()


def _forget_and_unname(device: Bench, version: str) -> None:
    _forget(device)
    (device.places.slots / version).rename(device.places.slots / f"{version}.part")


# What became of the disk while the machine was off, and what runs then.
MENDED: dict[str, tuple[Callable[[Bench], object], str]] = {
    "nothing": (lambda _: None, "1.1.0"),
    "current names nothing": (lambda device: _point(device, "slots/9.9.9"), "1.1.0"),
    "current is lost": (lambda device: device.places.current.unlink(), "1.1.0"),
    "a file of the kept slot is lost": (lambda device: (device.root / "opt/udi/current/hashes").unlink(), "1.0.0"),
    "state and link are lost": (_forget, "1.1.0"),
    "state and link are lost, and a slot that was to go is still whole": (
        lambda device: _forget_and_unname(device, "1.1.0"),
        "1.0.0",
    ),
    "state is broken, current names nothing": (
        lambda device: (_point(device, "slots/9.9.9"), device.places.slots_file.write_text('{"sche')),
        "1.1.0",
    ),
    "state is of a later schema, current names nothing": (
        lambda device: (_point(device, "slots/9.9.9"), device.places.slots_file.write_text('{"schema": 2}')),
        "1.1.0",
    ),
    "state lacks what it should say, current names nothing": (
        lambda device: (_point(device, "slots/9.9.9"), device.places.slots_file.write_text('{"schema": 1}')),
        "1.1.0",
    ),
}


@pytest.mark.parametrize(("damage", "runs"), MENDED.values(), ids=MENDED.keys())
def test_boot_mends_current(device: Bench, damage: Callable[[Bench], object], runs: str) -> None:
    damage(device)
    device.reboot("boot-1")
    assert device.guard().boot()
    assert device.current == runs
    assert device.whole()
    if device.places.slots_file.exists() and b"previous" in device.places.slots_file.read_bytes():
        assert device.state.committed == runs, "the state says what is true"
        assert device.state.previous == ("1.0.0" if runs == "1.1.0" else None)
        assert device.state.floor == 2, "an older one is not installed all the same"


@pytest.mark.parametrize("phase", ["fetch", "verify", "install", "swap"])
def test_an_update_under_way_begins_anew_from_what_boot_mended_to(device: Bench, phase: str) -> None:
    driver = device.driver()
    driver.begin(device.releases.made[-1])
    while device.state.phase != phase:
        driver.advance(device.releases)
    (device.places.slots / "1.1.0/bin/udi-station").unlink()
    device.reboot("boot-1")
    assert device.guard().boot()
    assert (device.current, device.state.committed, device.state.phase) == ("1.0.0", "1.0.0", "cleanup")
    device.install("1.2.0")
    assert device.whole()


def test_boot_mends_to_a_slot_that_was_never_tried_when_there_is_no_other(device: Bench) -> None:
    driver = device.driver()
    driver.begin(device.releases.made[-1])
    while device.state.phase != "swap":
        driver.advance(device.releases)
    device.lose("1.0.0")
    (device.places.slots / "1.1.0/bin/udi-station").unlink()
    device.reboot("boot-1")
    assert device.guard().boot()
    assert device.current == "1.2.0"
    device.live()
    assert device.state.committed == "1.2.0"
    assert device.whole()


def test_a_slot_that_boot_lost_comes_again(device: Bench) -> None:
    device.live()
    assert device.state.committed == "1.2.0"
    (device.places.slots / "1.2.0/bin/udi-station").unlink()
    device.reboot("boot-1")
    assert device.guard().boot()
    assert device.state.committed == device.current == "1.1.0"
    device.install("1.2.0")
    assert device.whole()


def test_what_boot_could_not_write_down_it_writes_at_the_next(device: Bench) -> None:
    (device.root / "opt/udi/current/hashes").unlink()
    before = device.places.slots_file.read_bytes()
    part = device.places.slots_file.with_name("slots.json.part")
    part.mkdir()
    with pytest.raises(OSError, match="slots"):
        device.guard().boot()
    assert device.current == "1.0.0", "the link is mended before anything is written"
    assert device.places.slots_file.read_bytes() == before
    part.rmdir()
    device.reboot("boot-1")
    assert device.guard().boot()
    assert device.state.committed == "1.0.0"


@pytest.mark.parametrize("at_boot", [False, True])
@pytest.mark.parametrize(
    ("lost", "to", "said"),
    [
        (("1.1.0",), "1.0.0", "asked to"),
        (("1.0.0",), "1.1.0", "asked to"),
        (("1.0.0", "1.1.0"), "1.2.0", "no other slot is whole, it stays"),
        (("1.1.0", "1.2.0"), "1.0.0", "not what was installed"),
        (("1.0.0", "1.1.0", "1.2.0"), "1.1.0", "not what was installed"),
    ],
)
def test_a_return_is_to_a_slot_that_is_whole(
    trial: Bench, lost: tuple[str, ...], to: str, said: str, *, at_boot: bool
) -> None:
    trial.lose(*lost)
    trial.reboot("boot-1")
    assert trial.guard().boot() if at_boot else trial.guard().watch()
    state = trial.state
    assert (trial.current, state.committed, state.phase) == (to, to, "cleanup")
    assert state.previous == ("1.0.0" if to == "1.1.0" else None)
    assert state.failure is not None
    assert said in state.failure.reason
    assert state.refused == {}
    assert state.floor == 2
    assert trial.whole() is (to not in lost)


def test_a_return_by_hand_to_a_damaged_slot_stays(device: Bench) -> None:
    device.lose("1.0.0")
    device.go_back()
    state = device.state
    assert (device.current, state.committed, state.previous, state.refused) == ("1.1.0", "1.1.0", None, {})
    assert state.failure is not None
    assert state.failure.reason == "asked for by hand; no other slot is whole, it stays"


@pytest.mark.parametrize("lost", ["manifest.json", "hashes", "bin/udi-station"])
def test_a_new_slot_that_was_damaged_before_the_swap_comes_again(device: Bench, lost: str) -> None:
    driver = device.driver()
    driver.begin(device.releases.made[-1])
    while device.state.phase != "swap":
        driver.advance(device.releases)
    (device.places.slots / "1.2.0" / lost).write_bytes(b"\0" * 10)
    assert driver.advance(device.releases) == "cleanup"
    assert device.current == "1.1.0"
    device.install("1.2.0")
    assert device.whole()
