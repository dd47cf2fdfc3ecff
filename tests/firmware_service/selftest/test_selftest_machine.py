"""The steps and their answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.selftest.machine import (
    Answer,
    Found,
    GaveUp,
    Measured,
    Pressed,
    Read,
    SelfTest,
    YesNo,
)
from firmware_service.selftest.reading import Expected
from firmware_service.selftest.result import Where, to_json, to_lines
from firmware_service.selftest.steps import Step, steps_of, wiring_trial

CODE = Expected("GS1 DataMatrix", b"010200000000000810aB1c\x1d21X9z", "]d2")
FACTS: dict[str, Any] = {
    "station": "OR-03",
    "lamps": ["ready", "tick", "cross", "bar", "wrench", "light", "task:USE"],
    "buzzer": "active",
    "buttons": ["ok", "no_code"],
    "camera": True,
    "scanners": [{"name": "/dev/a", "no_read": "NR"}, {"name": "/dev/b", "no_read": None}],
}
RIGHT: dict[str, Answer] = {
    "card": Measured(9.5),
    "clock": Found(well=True),
    "see": YesNo(yes=True),
    "hear": YesNo(yes=True),
    "camera": Found(well=True),
}


def right(step: Step) -> Answer:
    if step.how == "press":
        return Pressed(step.what)
    if step.how == "no_read":
        return Read(step.what, b"", None, "no_read")
    if step.how == "scan":
        assert step.expected is not None
        return Read(step.what, step.expected.payload, step.expected.symbology)
    return RIGHT[step.how]


def begun(**changed: Any) -> SelfTest:
    facts = {**FACTS, **changed}
    return SelfTest(steps_of(facts, (CODE,)), trial=wiring_trial(facts))


def through(test: SelfTest, wrong: dict[str, Answer] | None = None) -> SelfTest:
    """Answer everything rightly but for the steps named."""
    while test.next is not None:
        test = test.answer((wrong or {}).get(test.next.key) or right(test.next))
    return test


def test_the_steps_are_those_of_this_station() -> None:
    assert [step.key for step in begun().steps] == [
        *("card", "clock"),
        *("lamp_ready", "lamp_tick", "lamp_cross", "lamp_bar", "lamp_wrench", "lamp_light", "lamp_USE"),
        *("windows", "buzzer", "button_ok", "button_no_code", "camera"),
        *("scan_GS1 DataMatrix", "no_read", "scan_GS1 DataMatrix"),
    ]
    nothing = begun(lamps=[], buzzer=None, buttons=[], camera=False, scanners=[])
    assert [step.key for step in nothing.steps] == ["card", "clock"]


def test_all_well() -> None:
    assert through(begun()).outcome == "passed"


WRONG: list[tuple[str, str, Answer, str, str]] = [
    ("a lamp that stays dark", "lamp_tick", YesNo(yes=False), "failed", "udi-station wiring"),
    ("one RGB lamp", "windows", YesNo(yes=False), "trial", "for trial only"),
    ("a silent buzzer", "buzzer", YesNo(yes=False), "failed", "udi-station wiring"),
    ("a button left out", "button_ok", GaveUp(), "failed", "no answer"),
    ("a button that does nothing", "button_ok", YesNo(yes=False), "failed", "the technician said no"),
    ("no clock battery", "clock", Found(well=False, zh="换", en="replace it"), "failed", "replace it"),
    ("a blurred target", "camera", Found(well=False, zh="糊", en="blurred"), "failed", "blurred"),
    ("a scanner that loses GS", "scan_GS1 DataMatrix", Read("/dev/a", b"x", None), "failed", "no AIM identifier"),
    ("a scanner that reads nothing", "scan_GS1 DataMatrix", Read("/dev/a", b"", None, "no_read"), "failed", "not read"),
    ("a message too long", "scan_GS1 DataMatrix", Read("/dev/a", b"x", "]d2", "too_long"), "failed", "too long"),
    ("a no-read message nobody knows", "no_read", Read("/dev/a", b"NR", "]A0"), "failed", "']A0NR' came"),
    ("a part that cannot be used", "lamp_bar", Found(well=False, zh="忙", en="busy"), "failed", "busy"),
]


@pytest.mark.parametrize(
    ("key", "answer", "outcome", "says"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_what_is_wrong_is_said(key: str, answer: Answer, outcome: str, says: str) -> None:
    test = begun()
    while test.next is not None and test.next.key != key:
        test = test.answer(right(test.next))
    test = test.answer(answer)
    assert test.done[-1].step.key == key
    assert says in test.done[-1].en
    assert test.done[-1].zh
    assert through(test).outcome == outcome


CARDS = [("fast", 9.5, False), ("at the limit", 150.0, False), ("too slow", 150.1, True)]


@pytest.mark.parametrize(("p99_ms", "refused"), [case[1:] for case in CARDS], ids=[case[0] for case in CARDS])
def test_a_card_that_is_too_slow_is_refused_before_anything_else(p99_ms: float, refused: bool) -> None:
    test = begun().answer(Measured(p99_ms))
    assert test.refused is refused
    assert (test.next is None) is refused
    assert through(test).outcome == ("failed" if refused else "passed")
    assert ("this card is refused" in test.done[0].en) is refused


def test_a_passive_buzzer_is_for_trial_only() -> None:
    test = through(begun(buzzer="passive"))
    assert test.outcome == "trial"
    assert "software PWM" in test.trial[0][1]


ANSWERS = st.one_of(
    st.builds(YesNo, yes=st.booleans()),
    st.builds(Pressed, st.sampled_from(["ok", "no_code", "undo"])),
    st.builds(
        Read,
        st.sampled_from(["/dev/a", "/dev/b"]),
        st.sampled_from([CODE.payload, b"x"]),
        st.sampled_from(["]d2", None]),
        st.sampled_from([None, "no_read"]),
    ),
    st.builds(Measured, st.sampled_from([1.0, 151.0])),
    st.builds(Found, well=st.booleans()),
    st.just(GaveUp()),
)


@given(st.lists(ANSWERS, max_size=80))
def test_whatever_is_answered_it_passes_only_when_every_step_did(answers: list[Answer]) -> None:
    test = begun()
    for answer in answers:
        before = test
        test = test.answer(answer)
        assert len(test.done) - len(before.done) in (0, 1)
        assert test.done[: len(before.done)] == before.done
    everything = len(test.done) == len(test.steps) and {each.outcome for each in test.done} == {"passed"}
    assert (test.outcome == "passed") is everything


def test_the_other_scanner_does_not_answer() -> None:
    test = begun()
    while test.next is not None and test.next.how != "scan":
        test = test.answer(right(test.next))
    assert test.answer(Read("/dev/b", CODE.payload, "]d2")) is test


def test_result_as_object_and_as_lines() -> None:
    test = through(begun(), {"lamp_tick": YesNo(yes=False)})
    where = Where("OR-03", "Raspberry Pi 5", "1000", "0.1.0", "2026-11-22T08:15:02+00:00", "ntp")
    found = to_json(test, where)
    assert (found["schema"], found["station"], found["outcome"]) == (1, "OR-03", "failed")
    assert len(found["steps"]) == len(test.steps)
    text = "\n".join(to_lines(found))
    assert "未通过 FAILED: 只有 ✔ 亮吗? / Is ✔ lit, alone?" in text
    assert "通过 passed: 扫 GS1 DataMatrix / Scan GS1 DataMatrix [/dev/b]" in text
