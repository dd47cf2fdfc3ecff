"""What the station is told, and what comes of it: whoever restarts while a package lies there, it is presented once."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.station.intake import Intake
from edge.udi.read import Read
from edge.vision.capture import Captured
from edge.vision.eye import Look
from edge.vision.telling import SETTLED_NS, Telling
from hardware.camera import Frame

FRAME_NS = 100_000_000
LUMA = np.zeros((10, 20), np.uint8)
TODAY = date(2026, 11, 26)
NOTHING: tuple[Read, ...] = ()


def captured(t0_ns: int, opening: int = 1) -> Captured:
    return Captured(Frame(LUMA, t0_ns, 1 + t0_ns // FRAME_NS, ""), opening)


def read(number: int, t0_ns: int = 1) -> Read:
    """Of a package with a UDI, or of one with some other code."""
    payload = b"01069012345678921729123110A1\x1d21S%d" % number if number % 2 else b"SHELF-%d" % number
    return Read(payload, "]d2" if number % 2 else "]d1", "camera", t0_ns, corners=((1, 1), (5, 1), (5, 5), (1, 5)))


def types(messages: list[Any]) -> list[str]:
    return [message["type"] for message in messages]


def test_a_sighting_has_places_size_and_number_and_comes_once() -> None:
    telling, look = Telling(), Look((read(1),), changed=True, present=True, light=True)
    light, sighting = telling.looked(captured(5 * FRAME_NS), look)
    assert light == {"schema": 1, "type": "light", "on": True}
    assert (sighting["frame"], sighting["size"], sighting["t0_ns"]) == (6, [20, 10], 5 * FRAME_NS)
    assert Read.from_json(sighting["reads"][0]) == read(1)
    assert telling.looked(captured(6 * FRAME_NS), Look(look.reads, present=True, light=True)) == []
    assert telling.state() == [light, sighting]


def test_an_empty_view_is_told_when_it_is_sure_and_at_once_where_something_lay() -> None:
    telling = Telling()
    told = [(t, types(telling.looked(captured(t), Look()))) for t in range(0, 3 * SETTLED_NS, FRAME_NS)]
    assert [t for t, kinds in told if "sighting" in kinds] == [SETTLED_NS]
    t = 3 * SETTLED_NS
    assert types(telling.looked(captured(t), Look((read(1),), changed=True))) == ["sighting"]
    (gone,) = telling.looked(captured(t + FRAME_NS), Look(changed=True))
    assert gone["reads"] == []


def test_while_something_lies_there_unread_its_absence_is_not_told() -> None:
    telling = Telling()
    for t in range(0, 5 * SETTLED_NS, FRAME_NS):
        assert "sighting" not in types(telling.looked(captured(t), Look(present=True)))
    assert types(telling.state()) == ["light"]


def test_a_package_exchanged_for_one_of_the_same_code_is_told_as_gone_first() -> None:
    telling, first, second = Telling(), read(1, t0_ns=1), read(1, t0_ns=20)
    telling.looked(captured(2), Look((first,), changed=True))
    told = telling.looked(captured(21), Look((second,), changed=True, gone_ns=9))
    assert [(message["t0_ns"], len(message["reads"])) for message in told] == [(9, 0), (21, 1)]
    assert telling.state(1)[1:] == told, "a station that knows the former one"
    assert telling.state(20)[1:] == told[1:], "one that knows it already"
    (gone,) = telling.looked(captured(40), Look((), changed=True, gone_ns=30))
    assert (gone["t0_ns"], gone["reads"]) == (30, [])
    assert telling.state(20)[1:] == [gone]


def test_a_prompt_is_told_and_is_no_part_of_the_state() -> None:
    telling = Telling()
    prompt = telling.looked(captured(9), Look(present=True, prompt=2, light=True))[-1]
    assert prompt == {"schema": 1, "type": "prompt", "number": 2, "t0_ns": 9}
    assert types(telling.state()) == ["light"]


def test_with_another_opening_of_the_camera_nothing_is_known() -> None:
    telling = Telling()
    telling.looked(captured(1), Look((read(1),), changed=True))
    assert types(telling.looked(captured(2, opening=2), Look())) == []
    assert types(telling.state()) == ["light"]
    assert types(telling.looked(captured(3, opening=2), Look((read(1),)))) == ["sighting"], "not changed, but not known"


class World:
    """Camera process and station with a perfect eye that reads with its second look; each may die at any time."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.laid: list[int] = []
        """When each piece was laid there."""
        self.code = 0
        self.lies = False
        self.since = 0
        self.opening = 1
        self.telling = Telling()
        self.last: tuple[Read, ...] = ()
        self.gone_ns: int | None = None
        self.journal: list[list[Read]] = []
        self.known_ns = 0
        self.intake: Intake | None = Intake()
        self.secret = False
        """A piece was exchanged for one of the same code while nobody could notice."""

    def look(self) -> None:
        self.now_ns += FRAME_NS
        self.since = self.since + 1 if self.lies else 0
        reads = (read(self.code, self.now_ns),) if self.lies and self.since > 1 else NOTHING
        gone_ns, self.gone_ns = self.gone_ns, None
        changed = gone_ns is not None or [r.payload for r in reads] != [r.payload for r in self.last]
        self.last = reads if changed else self.last
        look = Look(self.last, changed=changed, present=self.lies, gone_ns=gone_ns)
        self.tell(self.telling.looked(captured(self.now_ns, self.opening), look))
        if self.intake is not None:
            self.intake.tick(self.now_ns)

    def tell(self, messages: list[Any]) -> None:
        for message in messages:
            if message["type"] == "sighting" and self.intake is not None:
                reads = [Read.from_json(each) for each in message["reads"]]
                self.known_ns = max(self.known_ns, *(each.t0_ns for each in reads), 0)
                for presented in self.intake.seen(reads, message["t0_ns"], TODAY):
                    self.journal.append(list(presented.presentation.reads))

    def act(self, what: str) -> None:
        match what:
            case "lay":
                self.lies, self.since, self.code = True, 0, self.code + 1
                self.laid.append(self.now_ns)
            case "exchange" if self.last and self.lies:  # the eye saw it go, and come elsewhere
                self.now_ns += 8 * FRAME_NS
                self.gone_ns = self.now_ns - 8 * FRAME_NS
                self.laid.append(self.now_ns)
            case "take away":
                self.lies = False
            case "wait":
                for _ in range(30):
                    self.look()
            case _:
                self.break_(what)
        self.look()

    def break_(self, what: str) -> None:
        match what:
            case "camera dies":
                self.secret |= self.intake is None
                self.telling, self.since, self.last, self.gone_ns = Telling(), 0, (), None
            case "camera is opened again":
                self.secret |= self.intake is None
                self.opening += 1
                self.since, self.last, self.gone_ns = 0, (), None
            case "station dies":
                self.intake = None
            case "station comes back" if self.intake is None:
                self.intake = Intake()
                newest = self.journal[-1] if self.journal else []
                self.intake.lay(newest, TODAY)
                self.known_ns = max((each.t0_ns for each in newest), default=0)
                self.tell(self.telling.state(self.known_ns))
            case "socket breaks" if self.intake is not None:
                self.tell(self.telling.state(self.known_ns))

    def presented(self) -> list[int]:
        """The number of the piece that each event is of, by the time of its read."""
        return [sum(at < reads[0].t0_ns for at in self.laid) for reads in self.journal]


ACTS = (
    "lay",
    "exchange",
    "take away",
    "camera dies",
    "camera is opened again",
    "station dies",
    "station comes back",
    "socket breaks",
    "wait",
)
HISTORIES = {
    "nobody dies": ["lay", "wait", "take away", "wait", "lay", "wait"],
    "one is exchanged for another of the same lot": ["lay", "wait", "exchange", "wait", "exchange"],
    "the station dies while it lies there": ["lay", "wait", "lay", "wait", "station dies", "wait"],
    "the station dies before it is journaled": ["station dies", "lay", "wait"],
    "the station dies after an exchange": ["lay", "wait", "exchange", "wait", "station dies", "wait"],
    "the station dies, and then it is exchanged": ["lay", "wait", "station dies", "exchange", "wait"],
    "the socket breaks after an exchange": ["lay", "wait", "exchange", "socket breaks", "wait", "socket breaks"],
    "the camera dies while it lies there": ["lay", "wait", "camera dies", "wait"],
    "the camera is opened again": ["lay", "wait", "camera is opened again", "wait"],
    "both die": ["lay", "wait", "station dies", "camera dies", "wait"],
    "it is taken away meanwhile": ["lay", "wait", "camera dies", "take away", "wait", "lay", "wait"],
    "another lies there meanwhile": ["lay", "wait", "station dies", "lay", "wait"],
}


def play(history: list[str]) -> World:
    world = World()
    for what in [*history, "station comes back", "wait"]:
        world.act(what)
    return world


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES.keys())
def test_each_package_is_presented_once_whoever_dies(history: list[str]) -> None:
    world = play(history)
    assert world.presented() == [*range(1, len(world.laid) + 1)]


@given(st.lists(st.sampled_from(ACTS), max_size=25))
def test_none_is_doubled_and_what_still_lies_there_is_not_lost(history: list[str]) -> None:
    world = play(history)
    presented = world.presented()
    assert presented == sorted(set(presented)), "doubled"
    if world.lies and not world.secret:
        assert presented[-1] == len(world.laid), "lost"
