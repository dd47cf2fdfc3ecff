"""What the tasks knew, read at the next start."""

from __future__ import annotations

import json

import pytest

from edge.rules.verdict import TaskName
from edge.station.tasks.keeping import keep, restore
from edge.station.tasks.said import Document
from edge.station.tasks.state import State
from tests.support.tasks import MOTHER, NURSE, SECOND_NURSE, Table, act, piece

FRESH = State(TaskName.CHECK, TaskName.CHECK, acted_ns=7)
BROKEN = {
    "nothing": None,
    "empty": b"",
    "no text": b"\xff\xfe",
    "no object": b"[1,2]",
    "another version": b'{"version":99}',
    "a part is missing": b'{"version":1,"task":"USE"}',
    "a task of a newer version": keep(FRESH).replace(b'"CHECK"', b'"NEWER"'),
    "cases are none": keep(FRESH).replace(b'"cases":[]', b'"cases":[7]'),
}


@pytest.mark.parametrize("kept", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_understood_is_as_good_as_nothing(kept: bytes | None) -> None:
    step = restore(kept, FRESH)
    assert (step.state, step.effects) == (FRESH, ())


def test_what_was_kept_comes_back_suspended() -> None:
    former = Table().say(NURSE, MOTHER, piece("21S1")).state
    step = restore(keep(former), State(TaskName.USE, TaskName.USE, acted_ns=7))
    (case,) = step.state.cases
    assert (case.suspended, case.who, case.waiting, case.touched_ns) == (True, MOTHER.who, 1, 7)
    assert step.state.operator == NURSE.ident
    assert keep(restore(keep(step.state), FRESH).state) == keep(step.state)


def kit() -> State:
    return Table(TaskName.TRAY).say(NURSE, Document("K-9"), piece("10A1"), act("CLOSE"), SECOND_NURSE).state


def test_a_loaner_kit_comes_back_paused_with_its_counts() -> None:
    former, work = kit().work, restore(keep(kit()), FRESH).state.work
    assert former is not None
    assert work is not None
    assert (work.ident, work.kit, work.tallies, work.paused) == ("K-9", "out", former.tallies, True)


def test_what_was_kept_before_there_were_kits_is_understood() -> None:
    former = Table(TaskName.RECEIVE).say(NURSE, Document("DN-1"), piece("10A1")).state
    work = restore(keep(former).replace(b',"kit":null', b""), FRESH).state.work
    assert work is not None
    assert (work.ident, work.kit) == ("DN-1", None)


def test_a_kit_of_another_kind_is_as_good_as_nothing() -> None:
    step = restore(keep(kit()).replace(b'"kit":"out"', b'"kit":"lent"'), FRESH)
    assert (step.state, step.effects) == (FRESH, ())


def test_a_large_case_stays_small() -> None:
    table = Table().say(NURSE, MOTHER, *(piece(f"21P{number:03}") for number in range(200)))
    assert len(keep(table.state)) < 200 * 100


def test_what_a_version_before_holds_and_readings_kept_is_understood() -> None:
    former = Table(TaskName.RECEIVE).say(NURSE, Document("DN-1"), piece("21S1")).state
    kept = json.loads(keep(former))
    for name in ("held", "shelf"):
        del kept[name]
    for name in ("readings", "short"):
        del kept["work"][name]
    state = restore(json.dumps(kept).encode(), FRESH).state
    assert (state.operator, state.held, state.shelf) == (NURSE.ident, (), ())
    assert state.work is not None
    assert (state.work.ident, state.work.readings, state.work.short) == ("DN-1", (), ())
