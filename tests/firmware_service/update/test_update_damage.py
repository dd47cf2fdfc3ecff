"""A card that damages what came for an update: it comes again, a few times; nobody blames the release at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_service.update.driver import MOST_ROUNDS, RefusedError
from tests.support.nights import ALWAYS, Night
from tests.support.updates import LOOK_S, Bench


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def _other_hash(manifest: Path) -> None:
    """It can be read, and asks for what nobody has."""
    text = manifest.read_text(encoding="ascii")
    sha256 = json.loads(text)["layers"][1]["patches"][0]["sha256"]
    manifest.write_text(text.replace(sha256, sha256[::-1]), encoding="ascii")


# What the card does to a file, told as it is noticed.
DAMAGE: dict[str, Callable[[Path], object]] = {
    "a byte": _flip,
    "half of it": lambda file: os.truncate(file, file.stat().st_size // 2),
    "all that is in it": lambda file: os.truncate(file, 0),
    "the file": Path.unlink,
}


def come(device: Bench, phase: str) -> None:
    """Begin with the newest release and go on until this phase is next."""
    device.driver().begin(device.releases.made[-1])
    go_on(device, phase)


def go_on(device: Bench, phase: str) -> None:
    for _ in range(10):
        if device.state.phase == phase:
            return
        device.driver().advance(device.releases)
    raise AssertionError(f"it is in {device.state.phase}, expected {phase}")


def damage_what_is_taken(device: Bench, damage: Callable[[Path], object] = _flip) -> None:
    """What the next phase takes: of a layer that comes as a patch, or not at all, to install it is its tar."""
    work = device.places.state / "update"
    packed = [path for path in work.iterdir() if not path.suffix and path.name != "rounds"]
    tars = [*work.glob("*.tar")] if device.state.phase == "install" else []
    for file in tars or packed:
        damage(file)


@pytest.mark.parametrize("newest", ["1.2.0", "1.3.0"], ids=["as a patch", "whole"])
@pytest.mark.parametrize("phase", ["verify", "install"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_what_was_damaged_comes_again(device: Bench, damage: Callable[[Path], object], phase: str, newest: str) -> None:
    if newest == "1.3.0":
        device.releases.add("1.3.0", deps="3")  # its patch is made from 1.2.0, which is not here
    come(device, phase)
    damage_what_is_taken(device, damage)
    device.driver().advance(device.releases)
    assert device.state.phase == "fetch"
    device.install(newest)
    assert device.whole()


@pytest.mark.parametrize("phase", ["fetch", "verify", "install"])
@pytest.mark.parametrize("damage", [*DAMAGE.values(), _other_hash], ids=[*DAMAGE.keys(), "a digit of a hash"])
def test_an_update_whose_manifest_was_damaged_begins_anew(
    device: Bench, damage: Callable[[Path], object], phase: str
) -> None:
    come(device, phase)
    damage(device.places.state / "update/manifest.json")
    night = Night(device, window=ALWAYS)
    for _ in range(10):
        night.tick(LOOK_S)
    assert device.state.phase == "trial"
    device.install("1.2.0")
    assert device.whole()


@pytest.mark.parametrize("phase", ["verify", "install"])
def test_a_card_that_damages_it_each_time_gets_no_further_and_stops(device: Bench, phase: str) -> None:
    come(device, phase)
    for _ in range(MOST_ROUNDS - 1):
        damage_what_is_taken(device)
        device.driver().advance(device.releases)
        go_on(device, phase)
    damage_what_is_taken(device)
    with pytest.raises(RefusedError, match=f"1.2.0: .*{MOST_ROUNDS} times: is this card failing"):
        device.driver().advance(device.releases)
    assert device.state.phase == "cleanup"
    assert f"{MOST_ROUNDS} times" in device.state.refused["1.2.0"]
    assert device.current == "1.1.0"
    device.live()
    assert not (device.places.state / "update").exists()
    device.releases.add("1.3.0")
    device.install("1.3.0")
    assert device.whole()


def test_each_release_is_counted_for_itself(device: Bench) -> None:
    come(device, "install")
    for _ in range(MOST_ROUNDS - 1):
        go_on(device, "install")
        damage_what_is_taken(device)
        device.driver().advance(device.releases)
    assert device.state.phase == "fetch"
    device.releases.add("1.3.0")
    come(device, "install")
    damage_what_is_taken(device)
    device.install("1.3.0")
    assert device.whole()
