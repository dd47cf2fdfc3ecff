"""The power fails on the way of a configuration: what was said to be on the card is there, and it ends as it should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_service.remote.desired import Desired
from tests.firmware_service.remote.test_remote_configuration import CARD, GOOD, SICK, Room
from tests.support.disk import SmallDisk
from tests.support.power import power_disk, there


@dataclass(frozen=True)
class Cut:
    """A moment at which the power fails."""

    step: str
    reached: bytes
    there: Mapping[Path, bytes]


def live(disk: SmallDisk, room: Room, body: str) -> list[Cut]:
    """All the way with this configuration, seen at each step."""
    cuts: list[Cut] = []

    def seen(step: str) -> bool:
        cuts.append(Cut(step, disk.reached(), there(room.root)))
        return False

    room.cut_at = seen
    wanted(room, body)
    room.cut_at = lambda _step: False
    return cuts


def wanted(room: Room, body: str) -> None:
    """The machine starts, and the hub wants this, as it still does after a power cut."""
    configurator = room.start()
    configurator.want(Desired(3, body))
    room.settle(configurator)


STEPS = ("report kept", "check", "report trying", "report trying", "before restart", "after restart")


@pytest.mark.parametrize(
    ("body", "runs", "more"),
    [(GOOD, GOOD, ("report kept",)), (SICK, CARD, ("before restart", "after restart", "report refused"))],
    ids=["kept", "taken back"],
)
def test_the_power_fails_at_each_step(body: str, runs: str, more: tuple[str, ...]) -> None:
    with power_disk() as disk:
        room = Room(disk.folder)
        disk.settle()
        cuts = live(disk, room, body)
        assert [cut.step for cut in cuts] == [*STEPS, *more]
        for cut in cuts:
            disk.cut(cut.reached)
            assert there(room.root) == cut.there, f"{cut.step}: all of it is on the card"
            wanted(room, body)
            assert room.runs == runs, cut.step
            assert room.file.read_text(encoding="utf-8") == runs, cut.step
            assert room.reports[-1]["status"] == ("kept" if body == GOOD else "refused"), cut.step
