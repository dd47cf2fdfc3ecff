import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_service.remote.configuration import DEADLINE_S, TRIAL_S, Configurator
from firmware_service.remote.desired import Desired

CARD, GOOD, BAD, SICK = "card", "good", "bad", "sick"
"""What a file can be: the card's, one that runs, one that the station refuses, one that does not get well."""


class PowerCut(Exception):  # noqa: N818 - what it is
    """The machine goes down here."""


@dataclass
class Room:
    """A machine with a station that reads its file when it is restarted."""

    root: Path
    now_s: float = 0.0
    runs: str = CARD
    restarts: int = 0
    open_case: bool = False
    cut_at: Callable[[str], bool] = lambda _step: False
    reports: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file.write_text(CARD, encoding="utf-8")
        self.file.chmod(0o640)

    @property
    def file(self) -> Path:
        return self.root / "station.toml"

    def check(self, file: Path) -> list[str]:
        self._at("check")
        return ["panel.ready = 99: expected a pin"] if file.read_text(encoding="utf-8").startswith(BAD) else []

    def restart(self) -> None:
        self._at("before restart")
        self.runs = self.file.read_text(encoding="utf-8")
        self.restarts += 1
        self._at("after restart")

    def well(self) -> bool:
        return not self.runs.startswith(SICK)

    def busy(self) -> bool:
        return self.open_case

    def report(self, told: dict[str, Any]) -> None:
        self.reports.append(told)
        self._at(f"report {told['status']}")

    def start(self) -> Configurator:
        """Also after a power cut: the machine starts with the file that is there."""
        self.runs = self.file.read_text(encoding="utf-8")
        return Configurator(self.root / "state", self.file, self, self.report, lambda: self.now_s)

    def settle(self, configurator: Configurator) -> None:
        for _ in range(int(2 * DEADLINE_S)):
            configurator.tick()
            self.now_s += 1.0

    def _at(self, step: str) -> None:
        if self.cut_at(step):
            self.cut_at = lambda _step: False
            raise PowerCut(step)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_good_one_is_tried_and_kept(room: Room) -> None:
    configurator = room.start()
    configurator.want(Desired(3, GOOD))
    room.settle(configurator)
    assert (room.runs, room.restarts) == (GOOD, 1)
    assert [each["status"] for each in room.reports] == ["kept", "trying", "trying", "kept"]
    assert room.reports[-1] == {"schema": 1, "rev": 3, "status": "kept", "kept": 3, "errors": []}
    assert stat.S_IMODE(room.file.stat().st_mode) == 0o640, "the station still reads it"
    assert room.file.stat().st_uid == os.getuid()


def test_a_wrong_one_never_reaches_the_station(room: Room) -> None:
    configurator = room.start()
    configurator.want(Desired(3, BAD))
    room.settle(configurator)
    assert (room.runs, room.restarts) == (CARD, 0)
    expected = {"rev": 3, "status": "refused", "kept": 0, "errors": ["panel.ready = 99: expected a pin"]}
    assert room.reports[-1] == {"schema": 1, **expected}


def test_one_that_does_not_get_well_is_taken_back(room: Room) -> None:
    configurator = room.start()
    configurator.want(Desired(3, SICK))
    for _ in range(int(DEADLINE_S) - 1):
        configurator.tick()
        room.now_s += 1.0
    assert room.runs == SICK
    room.settle(configurator)
    assert (room.runs, room.restarts) == (CARD, 2)
    assert room.reports[-1]["status"] == "refused"
    assert "not well for 30 s within 180 s" in room.reports[-1]["errors"][0]


def test_well_means_without_a_break(room: Room) -> None:
    configurator = room.start()
    configurator.want(Desired(3, GOOD))
    for second in range(int(DEADLINE_S) - 5):
        room.runs = SICK if second % int(TRIAL_S - 5) == 0 else GOOD
        configurator.tick()
        room.now_s += 1.0
    assert room.reports[-1]["status"] == "trying"


def test_nothing_is_disturbed_in_an_open_case(room: Room) -> None:
    room.open_case = True
    configurator = room.start()
    configurator.want(Desired(3, GOOD))
    room.settle(configurator)
    assert room.restarts == 0
    room.open_case = False
    room.settle(configurator)
    assert room.runs == GOOD


def test_what_was_looked_at_before_is_nothing_new(room: Room) -> None:
    configurator = room.start()
    for desired in (Desired(3, BAD), Desired(3, GOOD), Desired(2, GOOD)):
        configurator.want(desired)
        room.settle(configurator)
    assert room.runs == CARD
    configurator.want(Desired(4, GOOD))
    room.settle(configurator)
    assert room.runs == GOOD
    again = room.start()
    again.want(Desired(4, SICK))
    room.settle(again)
    assert room.runs == GOOD, "also after a start"


def test_one_that_takes_the_machine_down_is_not_tried_for_ever(room: Room) -> None:
    configurator = room.start()
    configurator.want(Desired(3, GOOD))
    for _ in range(2):
        room.cut_at = lambda step: step == "after restart"
        with pytest.raises(PowerCut):
            room.settle(configurator)
        configurator = room.start()
    room.settle(configurator)
    assert room.runs == CARD
    assert "went down 2 times" in room.reports[-1]["errors"][0]


def test_a_state_that_cannot_be_read_changes_nothing(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    (room.root / "state").mkdir()
    (room.root / "state/configuration.json").write_bytes(b"\0" * 40)
    room.settle(room.start())
    assert (room.runs, room.restarts) == (CARD, 0)
    assert "cannot be read" in caplog.text


STEPS = ("check", "before restart", "after restart", "report trying", "report kept", "report refused")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    bodies=st.lists(st.sampled_from([GOOD, BAD, SICK]), min_size=1, max_size=4),
    cuts=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2)), max_size=4),
)
def test_after_any_power_cuts_the_last_good_one_runs(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], cuts: list[tuple[str, int]]
) -> None:
    room = Room(tmp_path_factory.mktemp("room"))
    configurator = room.start()
    for number, kind in enumerate(bodies, start=1):
        desired = Desired(number, f"{kind} {number}")
        left = [cuts[number - 1]] if number <= len(cuts) else []
        for step, passes in left:
            seen = [passes]

            def due(at: str, step: str = step, seen: list[int] = seen) -> bool:
                seen[0] -= at == step
                return seen[0] < 0

            room.cut_at = due
        for _ in range(3):
            try:
                configurator.want(desired)  # retained: it comes again after every start
                room.settle(configurator)
                break
            except PowerCut:
                configurator = room.start()
    room.cut_at = lambda _step: False
    room.settle(configurator)
    goods = [number for number, kind in enumerate(bodies, start=1) if kind == GOOD]
    assert room.runs == (f"{GOOD} {goods[-1]}" if goods else CARD)
    assert room.file.read_text(encoding="utf-8") == room.runs
