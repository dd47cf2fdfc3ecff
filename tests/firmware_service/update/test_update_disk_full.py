"""A card that is full at any write of an update: what runs is whole, people are told, and with room it goes on."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import itertools
import math
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from firmware_service.update.fetching import FetchError, FolderSource, Source, WebSource
from firmware_service.update.guard import MOST_RESTARTS, Guard
from firmware_service.update.slots import AGENT
from tests.support.file_server import serving
from tests.support.full import NEVER, TOLD, Card, Full
from tests.support.nights import ALWAYS, Night
from tests.support.updates import LOOK_S, Bench, tree

PARTS = 4


def live(night: Night, full: Full, *, good: bool, patience: int = 40) -> None:
    """Go on with an update, agent and guard in turn, to its end or so many rounds after the disk refused a write."""
    bench, newest = night.bench, night.bench.releases.made[-1].version
    for _ in range(60):
        before, patience = full.refused, patience - (full.refused > 0)
        with full.disk():
            told = night.tick(LOOK_S)
        assert bench.whole()
        assert (TOLD in told) or full.refused == before, told
        state = bench.state
        if state.phase in ("trial", "rollback"):
            bench.units(restarts=0 if good or bench.current != newest else MOST_RESTARTS)
            bench.later(LOOK_S)
            bench.facts(journal=True)
            guarded(bench, full, Guard.watch)
        elif state.phase == "idle" and newest in (state.committed, state.failure and state.failure.version):
            return
        if patience == 0:
            return


def guarded(bench: Bench, full: Full, what: Callable[[Guard], bool]) -> None:
    """The guard's look; a disk that refuses ends it with a line and status 1, see its command line."""
    with full.disk(), contextlib.suppress(OSError):
        what(bench.guard())
    assert bench.whole()


def is_through(bench: Bench, *, good: bool) -> None:
    state = bench.state
    assert (state.phase, state.committed, bench.current) == ("idle", *2 * ("1.2.0" if good else "1.1.0",))
    assert good or (state.failure is not None and state.failure.version == "1.2.0")
    assert {path.name for path in bench.places.slots.iterdir()} == {state.committed, state.previous}
    assert not list(bench.root.rglob("*.part"))


def goes_through(night: Night, full: Full, *, good: bool) -> bool:
    """Whether there was such a write; what must hold when it was refused is asserted."""
    bench = night.bench
    live(night, full, good=good, patience=4)
    if not full.refused:
        is_through(bench, good=good)
        return False
    bench.reboot("boot-1", asked=True)
    guarded(bench, full, Guard.boot)
    full.at = NEVER
    night.updater.ask()
    live(night, full, good=good)
    is_through(bench, good=good)
    return True


LASTS = pytest.mark.parametrize("lasts", [1, math.inf], ids=["one write is refused", "every write from then on"])


@LASTS
@pytest.mark.parametrize("part", range(PARTS))
def test_at_each_write_on_the_way_to_a_good_release(device: Bench, tmp_path: Path, part: int, lasts: float) -> None:
    writes = range(part + 1, 1000, PARTS)
    assert first_that_is_none(device, tmp_path, writes, lasts, good=True) > 120, "an update has about 130"


@LASTS
def test_at_each_write_on_the_way_back_from_a_bad_one(trial: Bench, tmp_path: Path, lasts: float) -> None:
    assert first_that_is_none(trial, tmp_path, range(1, 1000), lasts, good=False) >= 20, "a return has 19"


def first_that_is_none(device: Bench, folder: Path, writes: Iterable[int], lasts: float, *, good: bool) -> int:
    """Refuse one write after the other, each on a device of its own; gives the first that does not come."""
    for at in writes:
        bench = device.copy(folder / str(at) / "device")
        goes_on = goes_through(Night(bench, window=ALWAYS), Full(at, lasts), good=good)
        shutil.rmtree(folder / str(at))
        if not goes_on:
            return at
    raise AssertionError("no end")


@pytest.mark.parametrize("served", [False, True], ids=["from a stick", "from a server"])
def test_a_full_card_is_not_blamed_on_where_it_comes_from(tmp_path: Path, *, served: bool) -> None:
    stick, data = tmp_path / "stick", b"layer" * 100_000
    stick.mkdir()
    (stick / "blob").write_bytes(data)
    full = Full(3)
    with serving(stick) as server:
        source: Source = WebSource(server.url) if served else FolderSource(stick)
        fetched = source.fetch("blob", tmp_path / "blob", hashlib.sha256(data).hexdigest(), len(data))
        with full.disk(), pytest.raises(OSError, match="No space left on device") as error:
            list(fetched)
    assert not isinstance(error.value, FetchError)
    assert error.value.filename == str(tmp_path / "blob.part")


def test_on_a_real_card_that_is_full_a_page_later_each_time(device: Bench, tmp_path: Path) -> None:
    page, refused = os.sysconf("SC_PAGE_SIZE"), 0
    for pages in itertools.count(1):
        with Card(tmp_path / str(pages) / "device") as card:
            bench = device.copy(card.folder)
            night = Night(bench, window=ALWAYS)
            card.leave(pages * page)
            told = [night.tick(60.0) for _ in range(8)]
            assert bench.whole()
            if bench.state.phase == "trial":
                break
            refused += 1
            assert TOLD in told[-1], told
            assert "No space left on device" in told[-1]
            card.leave(None)
            night.updater.ask()
            live(night, Full(NEVER), good=True)
            is_through(bench, good=True)
    assert refused > 10, "an update takes more than a few pages"


# What becomes of the slot that is kept, from which what did not change is taken.
DAMAGE: Mapping[str, Callable[[Path], object]] = {
    "a byte of what is patched": lambda slot: flip(slot / "site-packages/app.py"),
    "a byte of what is taken as it is": lambda slot: flip(slot / "site-packages/dep/__init__.py"),
    "half of a file": lambda slot: os.truncate(slot / "site-packages/app.py", 100),
    "a file that is empty": lambda slot: os.truncate(slot / "site-packages/dep/__init__.py", 0),
    "a file that is lost": lambda slot: (slot / "bin/udi-station").unlink(),
    "a link that leads elsewhere": lambda slot: relink(slot / "site-packages/app-link", "dep"),
    "a link that leads out": lambda slot: relink(slot / "site-packages/deps-link", "/etc/passwd"),
    "a folder in the place of a file": lambda slot: fold(slot / "bin/udi-station"),
    "another mode": lambda slot: (slot / "bin/udi-station").chmod(0o644),
    "a list of a layer that is no text": lambda slot: (slot / "layers/app").write_bytes(b"\xff\n"),
    "a list of a layer with a name too many": lambda slot: add(slot / "layers/deps", "no/such/file\n"),
    "a list of a layer that is empty": lambda slot: os.truncate(slot / "layers/app", 0),
    "its manifest": lambda slot: flip(slot / "manifest.json"),
    "its list": lambda slot: (slot / "hashes").unlink(),
    "all of it": shutil.rmtree,
}


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def fold(file: Path) -> None:
    file.unlink()
    file.mkdir()


def relink(link: Path, to: str) -> None:
    link.unlink()
    link.symlink_to(to)


def add(file: Path, text: str) -> None:
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")


@pytest.mark.parametrize("phase", ["fetch", "verify", "install", "swap"])
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_nothing_is_taken_from_a_damaged_slot(
    device: Bench, tmp_path: Path, damage: Callable[[Path], object], phase: str
) -> None:
    device.driver().begin(device.releases.made[-1])
    while device.state.phase != phase:
        device.driver().advance(device.releases)
    damage(device.places.slots / "1.1.0")
    for _ in range(20):
        if device.state.phase in AGENT:
            device.driver().advance(device.releases)
    assert device.state.phase == "trial"
    assert device.whole()
    blank = Bench(tmp_path / "blank", device.releases)
    blank.prepare()
    blank.live()
    assert tree(device.places.slots / "1.2.0") == tree(blank.places.slots / "1.2.0")


@pytest.mark.parametrize(
    "lost", ["site-packages/app.py", "site-packages/dep/__init__.py", "manifest.json", "layers/app"]
)
def test_what_the_card_cannot_read_any_more_comes_whole(
    device: Bench, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    def read(file: Any, *args: Any, **options: Any) -> Any:
        if not isinstance(file, int) and Path(file) == device.places.slots / "1.1.0" / lost:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(file))
        return real(file, *args, **options)

    real = io.open
    monkeypatch.setattr(io, "open", read)
    device.swap()
    assert device.state.phase == "trial"
    assert device.whole()
