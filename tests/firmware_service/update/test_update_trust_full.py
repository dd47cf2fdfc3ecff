"""A card that is full, or loses its power, while the repository is looked at: the next look goes on."""

from __future__ import annotations

import itertools
import math
import os
import random
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path

import pytest

from firmware_service.places import Places
from firmware_service.update.fetching import FolderSource
from firmware_service.update.updater import AGAIN_S, Updater, Wish
from firmware_service.update.window import Window
from hardware.host.clock import ClockReading
from tests.support.full import TOLD, Card, Full
from tests.support.power import before_each_call, power_disk
from tests.support.releases import CHANNEL, NOW, Device, Maker
from tests.support.updates import Bench, Releases

WISH = Wish(CHANNEL, 1, Window(time.min, time.max))
"""A day after others: a look is all that is done now."""
SEEN = "1.1.0 waits 24 h more for its ring"


@dataclass(frozen=True)
class Sticks:
    """Two copies of a repository; the later one has another release and another root."""

    root: bytes
    early: Path
    late: Path


@pytest.fixture(scope="module")
def sticks(tmp_path_factory: pytest.TempPathFactory) -> Sticks:
    folder = tmp_path_factory.mktemp("sticks")
    maker = Maker(folder)
    root = maker.init()
    maker.issue("1.0.0", 1)
    early = maker.copy(folder / "early")
    maker.repository.rotate_root([maker.keys.public("root-4")], [maker.keys.public("root-1").keyid], NOW)
    maker.sign("root-1", "root-2", "root-4")
    maker.publish()
    maker.issue("1.1.0", 2)
    return Sticks(root, early, maker.copy(folder / "late"))


@dataclass
class Looking:
    """A device that looks at one stick after the other."""

    folder: Path
    sticks: Sticks
    stick: Path = field(init=False)
    updater: Updater = field(init=False)
    _now_s: float = 0.0

    def __post_init__(self) -> None:
        bench = Bench(self.folder, Releases(self.folder.with_name(f"{self.folder.name}-none")))
        device = Device(Places(self.folder), self.sticks.root)
        reading = ClockReading(NOW, "ntp", "boot", 0)
        self.updater = Updater(
            device.places,
            WISH,
            bench.driver(),
            lambda: device.trust(FolderSource(self.stick)),
            lambda: reading,
            lambda: False,
            random.Random(1),  # noqa: S311
        )

    def look(self, stick: Path, *, asked: bool = False) -> str:
        """At this stick, a while later; gives what it tells."""
        self.stick = stick
        if asked:
            self.updater.ask()
            self.updater.asked = False  # the look at once, not the update
        self.updater.tick(self._now_s)
        self._now_s += AGAIN_S
        return self.updater.told

    def seen_both(self) -> None:
        assert "1.0.0 waits" in self.look(self.sticks.early)
        assert self.look(self.sticks.late, asked=True) == SEEN

    def files(self) -> list[str]:
        trust = Places(self.folder).trust
        return sorted(path.relative_to(trust).as_posix() for path in trust.rglob("*"))


@pytest.fixture(scope="module")
def untroubled(sticks: Sticks, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What is kept by a device that always had room."""
    looking = Looking(tmp_path_factory.mktemp("untroubled") / "device", sticks)
    looking.seen_both()
    return looking.files()


@pytest.mark.parametrize("known", [False, True], ids=["a new device", "one that knows the former root"])
@pytest.mark.parametrize("lasts", [1, math.inf], ids=["one write is refused", "every write from then on"])
def test_at_each_write_of_a_look(
    sticks: Sticks, untroubled: list[str], tmp_path: Path, lasts: float, *, known: bool
) -> None:
    for at in itertools.count(1):
        looking, full = Looking(tmp_path / str(at), sticks), Full(at, lasts)
        if known:
            looking.look(sticks.early)
        with full.disk():
            told = looking.look(sticks.late, asked=known)
        if not full.refused:
            break
        assert TOLD in told, f"write {at}: {told}"
        assert "No space left on device" in told
        assert looking.look(sticks.late) == SEEN, f"write {at}"
        assert looking.files() == untroubled
    assert told == SEEN
    assert at > 12, "a look has 13 writes and more"


def test_on_a_real_card_that_is_full_a_page_later_each_time(
    sticks: Sticks, untroubled: list[str], tmp_path: Path
) -> None:
    page, refused = os.sysconf("SC_PAGE_SIZE"), 0
    for pages in itertools.count(1):
        with Card(tmp_path / str(pages) / "device") as card:
            looking = Looking(card.folder, sticks)
            card.leave(pages * page)
            told = looking.look(sticks.late)
            if told == SEEN:
                break
            refused += 1
            assert TOLD in told
            assert "No space left on device" in told
            card.leave(None)
            assert looking.look(sticks.late) == SEEN
            assert looking.files() == untroubled
    assert refused > 3, "what a look keeps takes more than a few pages"


def test_the_power_fails_before_each_call_of_a_look(sticks: Sticks, untroubled: list[str]) -> None:
    with power_disk() as disk:
        looking = Looking(disk.folder, sticks)
        assert "1.0.0 waits" in looking.look(sticks.early)
        disk.settle()
        cuts: dict[bytes, str] = {}
        with before_each_call(lambda name: cuts.setdefault(disk.reached(), f"{len(cuts)}, before {name}")):
            assert looking.look(sticks.late, asked=True) == SEEN
        done = disk.reached()
        for reached, at in cuts.items():
            disk.cut(reached)
            assert looking.look(sticks.late, asked=True) == SEEN, at
            assert looking.files() == untroubled, at
        assert len(cuts) > 5, "each of the files is flushed"
        disk.cut(done)
        told = looking.look(sticks.early, asked=True)
        assert "StaleError: older than what this device has seen" in told, "it is not forgotten with the power"
