"""A process that dies, or a machine without power, at each step of an update: a whole slot runs, finally the right."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_service.update.install import MANIFEST
from tests.support.updates import Bench, in_process, kept_twice, killed_at, steps_of, tree


def _write(step: str) -> tuple[str, ...]:
    """The steps of one durable change."""
    return tuple(f"{step}: {at}" for at in ("before", "written aside", "flushed aside", "renamed", "after"))


def _link(step: str) -> tuple[str, ...]:
    return tuple(f"{step}: link: {at}" for at in ("before", "made aside", "replaced"))


DEPS = ("begin", "layers", "layers/deps", "site-packages", "site-packages/dep", "site-packages/dep/__init__.py")
APP = ("begin", "bin", "bin/udi-station", "layers", "layers/app", "site-packages", "site-packages/app-link")
STEPS = (
    "begin: folder",
    "begin: manifest",
    *_write("idle to fetch"),
    *("fetch: deps piece", "fetch: deps there", "fetch: app piece", "fetch: app there"),
    *_write("fetch to verify"),
    *("verify: deps", "verify: app"),
    *_write("verify to install"),
    *(f"install: deps: {name}" for name in (*DEPS, "site-packages/deps-link")),
    *(f"install: app: {name}" for name in APP),
    *(f"install: app: {name}" for name in ("site-packages/app.py", "systemd", "systemd/udi-station.service")),
    *("install: manifest", "install: hashes", "install: slot written", "install: slot named"),
    *_write("install to swap"),
    *_link("swap"),
    *_write("swap to trial"),
    "swap: wake the guard",
    *_write("start"),
    *("start: restart units", "start: note"),
)
KEPT = (
    *_write("commit"),
    *("cleanup: remove 1.0.0: unname", "cleanup: remove 1.0.0: remove", "cleanup: layers"),
    *_write("cleanup to idle"),
)
RETURNED = (
    *_write("give up"),
    "rollback: begin",
    *_link("rollback"),
    "rollback: restart units",
    *_write("rollback"),
    *("cleanup: remove 1.2.0: unname", "cleanup: remove 1.2.0: remove", "cleanup: layers"),
    *_write("cleanup to idle"),
)


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """It has kept 1.1.0, and 1.0.0 before that; 1.2.0 with other packages is out."""
    made = kept_twice(tmp_path_factory.mktemp("kills"))
    made.releases.add("1.2.0", deps="2")
    return made


@pytest.fixture
def mine(device: Bench, tmp_path: Path) -> Bench:
    return device.copy(tmp_path / "device")


@pytest.mark.parametrize(("good", "steps"), [(True, (*STEPS, *KEPT)), (False, (*STEPS, *RETURNED))])
def test_these_are_all_steps(mine: Bench, tmp_path: Path, *, good: bool, steps: tuple[str, ...]) -> None:
    assert steps_of(lambda at: mine.live(at, good=good), tmp_path / "steps") == list(steps)


def power_comes_back(device: Bench) -> None:
    device.reboot("boot-1")
    assert in_process(lambda at: device.guard(at).boot()) == 0


def is_right(device: Bench, version: str, before: str) -> None:
    assert device.state.committed == device.current == version
    assert device.whole()
    assert sorted(path.name for path in device.places.slots.iterdir()) == sorted([version, before])
    assert device.state.phase == "idle"
    assert not (device.places.state / "update").exists()


@pytest.mark.parametrize("power", [False, True], ids=["process", "power"])
@pytest.mark.parametrize("step", [*STEPS, *KEPT])
def test_killed_on_the_way_to_a_good_release(mine: Bench, step: str, *, power: bool) -> None:
    assert killed_at(step, mine.live)
    assert mine.whole()
    if power:
        power_comes_back(mine)
        assert mine.whole()
    assert in_process(mine.live) == 0
    is_right(mine, "1.2.0", "1.1.0")


@pytest.mark.parametrize("power", [False, True], ids=["process", "power"])
@pytest.mark.parametrize("step", RETURNED)
def test_killed_on_the_way_back_from_a_bad_release(mine: Bench, step: str, *, power: bool) -> None:
    assert killed_at(step, lambda at: mine.live(at, good=False))
    assert mine.whole()
    if power:
        power_comes_back(mine)
        assert mine.whole()
    assert in_process(lambda at: mine.live(at, good=False)) == 0
    is_right(mine, "1.1.0", "1.0.0")
    assert list(mine.state.refused) == ["1.2.0"]


def test_ten_releases_in_a_row_each_killed_once(mine: Bench) -> None:
    steps = [*STEPS, *KEPT]
    for n in range(10):
        version, before = f"2.{n}.0", str(mine.current)
        mine.releases.add(version, deps=str(n // 3))
        assert killed_at(steps[n * 7 + 2], mine.live)
        power_comes_back(mine)
        assert mine.whole()
        assert in_process(mine.live) == 0
        is_right(mine, version, before)


def test_a_slot_is_the_same_however_its_layers_came(mine: Bench, tmp_path: Path) -> None:
    """By patch and from the kept slot, or whole onto a blank device."""
    blank = Bench(tmp_path / "blank", mine.releases)
    blank.prepare()
    for device in (mine, blank):
        device.live()
    slots = [tree(device.places.slots / "1.2.0") for device in (mine, blank)]
    assert slots[0] == slots[1]
    assert MANIFEST in slots[0]
