"""The power fails at each step of an update: what was not flushed is lost, a whole slot runs, finally the right one.

`test_update_kills` ends the process at each step, and the file system keeps what was written. Here only what had
reached the disk is left, see `tests.support.power`. One life goes on, and at each of its steps the disk is put by as it
is; then the machine is switched on with each of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from firmware_service.update.driver import RefusedError
from firmware_service.update.guard import At
from firmware_service.update.slots import SlotsError
from tests.firmware_service.update.test_update_kills import KEPT, RETURNED, STEPS
from tests.support.disk import SmallDisk
from tests.support.power import power_disk
from tests.support.site import wait_for
from tests.support.updates import Bench, kept_twice

MIDDLE = ("written aside", "flushed aside", "renamed", "made aside", "replaced", "slot named")
"""Ends of the names of steps in the middle of a change, which may be lost; before any other step all is on the disk."""
WENT_DOWN = "the machine went down on trial without being asked to"
NEVER_AGAIN = ("fetch to cleanup", "verify to fetch", "install to fetch", "swap to cleanup")
"""Changes for which something was lost that had been said to be there."""


@dataclass(frozen=True)
class Promise:
    """What has to be there whatever happens."""

    state: bytes
    current: str | None
    slots: frozenset[str]

    @classmethod
    def of(cls, bench: Bench) -> Promise:
        named = (path.name for path in bench.places.slots.iterdir() if path.suffix != ".part")
        file = bench.places.slots_file
        return cls(file.read_bytes() if file.exists() else b"", bench.current, frozenset(named))

    def kept_by(self, other: Promise) -> bool:
        return (self.state, self.current) == (other.state, other.current) and self.slots <= other.slots


@dataclass
class Cut:
    """A moment at which the power fails."""

    step: str
    reached: bytes
    kept: tuple[Promise, ...]
    """One of them is kept: before or after the change that is in the middle."""


@dataclass
class Life:
    """What a device does, seen at each of its steps."""

    disk: SmallDisk
    bench: Bench
    cuts: list[Cut] = field(default_factory=list)
    _promised: Promise | None = None

    def at(self, step: str) -> None:
        now = Promise.of(self.bench)
        if self._promised is None or not step.endswith(MIDDLE):
            self._promised = now
        self.cuts.append(Cut(step, self.disk.reached(), (self._promised, now)))


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with power_disk() as made:
        yield made


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """It has kept 1.1.0, and 1.0.0 before that; 1.2.0 with other packages is out."""
    made = kept_twice(tmp_path_factory.mktemp("power"))
    made.releases.add("1.2.0", deps="2")
    return made


@pytest.fixture
def device(stock: Bench, disk: SmallDisk) -> Bench:
    made = stock.copy(disk.folder)
    disk.settle()
    return made


def live_with_cuts(disk: SmallDisk, bench: Bench, work: Callable[[At], object]) -> list[Cut]:
    life = Life(disk, bench)
    work(life.at)
    return life.cuts


def on_again(disk: SmallDisk, bench: Bench, cut: Cut) -> str:
    """Switch it on after this cut, until the guard is through; gives what is wrong."""
    disk.cut(cut.reached)
    found = Promise.of(bench)
    if not any(promise.kept_by(found) for promise in cut.kept):
        return f"expected {' or '.join(map(str, cut.kept))}, found {found}"
    bench.units()
    bench.reboot("boot-9")
    if not bench.guard().boot():
        return "the guard wants somebody to look"
    if not bench.whole():
        return f"current names {bench.current}, which is not whole"
    reason = "" if bench.state.failure is None else bench.state.failure.reason
    return "" if reason in ("", WENT_DOWN) or "not well in time" in reason else f"the release is blamed: {reason}"


def goes_on(bench: Bench, *, good: bool, former: str) -> str:
    """Live to the end; gives what is wrong."""
    steps: list[str] = []
    try:
        bench.live(steps.append, good=good)
    except (RefusedError, SlotsError, OSError) as error:
        return f"it does not go on: {error!r}"
    if again := [change for change in NEVER_AGAIN if f"{change}: after" in steps]:
        return f"it was lost and came again: {again}"
    state, kept = bench.state, "1.2.0" if good else "1.1.0"
    found = (state.committed, bench.current, state.phase, bench.whole(), sorted(_names(bench.places.slots)))
    if found != (kept, kept, "idle", True, [former, kept]):
        return f"it ends with {found}"
    if (bench.places.state / "update").exists():
        return "what it worked with is left"
    return "" if good or list(state.refused) == ["1.2.0"] else f"refused are {state.refused}"


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def wrong_after(disk: SmallDisk, bench: Bench, cuts: list[Cut], *, good: bool, former: str) -> dict[str, str]:
    """What is wrong after which cut. Disks that are the same to the byte go on in the same way."""
    through: set[bytes] = set()
    wrong = {}
    for cut in cuts:
        found = on_again(disk, bench, cut)
        if not found and cut.reached not in through:
            found = goes_on(bench, good=good, former=former)
            through.add(cut.reached)
        if found:
            wrong[cut.step] = found
    return wrong


@pytest.mark.parametrize("good", [True, False], ids=["good release", "bad release"])
def test_the_power_fails_at_each_step(disk: SmallDisk, device: Bench, *, good: bool) -> None:
    cuts = live_with_cuts(disk, device, lambda at: device.live(at, good=good))
    assert list(dict.fromkeys(cut.step for cut in cuts)) == [*STEPS, *(KEPT if good else RETURNED)]
    cuts = cuts if good else _first_and_last_return(cuts)
    assert wrong_after(disk, device, cuts, good=good, former="1.1.0" if good else "1.0.0") == {}


def _first_and_last_return(cuts: list[Cut]) -> list[Cut]:
    """Before the first return all is as with a good release; after the last one the release is refused."""
    first, *_, last = (place for place, cut in enumerate(cuts) if cut.step == RETURNED[0])
    cleaned = next(place for place, cut in enumerate(cuts) if place > first and cut.step == RETURNED[-1])
    return cuts[first : cleaned + 1] + cuts[last:]


def _to_trial(device: Bench, *, asked: bool) -> None:
    device.swap()
    device.guard().watch()
    device.reboot("boot-1", asked=asked)


def _lose_current(device: Bench) -> None:
    (device.places.slots / "1.1.0/bin/udi-station").unlink()
    device.reboot("boot-1")


# What the guard finds at boot, how many steps it takes, and which slot is there beside 1.2.0 in the end.
BOOTS: dict[str, tuple[Callable[[Bench], object], int, str]] = {
    "a trial that goes on": (lambda device: _to_trial(device, asked=True), 6, "1.1.0"),
    "a trial that went down": (lambda device: _to_trial(device, asked=False), 14, "1.1.0"),
    "a slot that lost a file": (_lose_current, 8, "1.0.0"),
}


@pytest.mark.parametrize(("before", "steps", "former"), BOOTS.values(), ids=BOOTS.keys())
def test_the_power_fails_again_while_the_guard_boots(
    disk: SmallDisk, device: Bench, before: Callable[[Bench], object], steps: int, former: str
) -> None:
    before(device)
    disk.settle()
    cuts = live_with_cuts(disk, device, lambda at: device.guard(at).boot())
    assert len(cuts) == steps
    assert wrong_after(disk, device, cuts, good=True, former=former) == {}


def _found(disk: SmallDisk) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in disk.folder.iterdir() if path.is_file()}


def _left(disk: SmallDisk) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What is left of two renamed files and one that was written on, before that one is flushed and after."""
    for path in disk.folder.glob("new"):
        path.unlink()
    for name in ("renamed", "flushed"):
        (disk.folder / name).write_bytes(b"old")
    disk.settle()
    for name in ("renamed", "new"):
        part = disk.folder / f"{name}.part"
        part.write_bytes(b"new")
        part.rename(disk.folder / name)
    with (disk.folder / "flushed").open("ab") as file:
        file.write(b" and new")
        file.flush()
        before = disk.reached()
        os.fsync(file.fileno())
    after = disk.reached()
    disk.cut(before)
    found = _found(disk)
    disk.cut(after)
    return found, _found(disk)


def test_what_is_not_flushed_is_lost(disk: SmallDisk) -> None:
    """Else the tests above could not fail."""
    lost = {"renamed": b"old", "flushed": b"old"}
    empty = {"renamed": b"", "new": b"", "flushed": b"old and new"}
    # A sync of somebody else flushes this disk too, but not each time.
    wait_for(lambda: _left(disk) == (lost, empty), "what was not flushed to be lost")
