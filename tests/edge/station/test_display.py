"""A STOP stands until somebody has acknowledged it, whatever is shown of other things."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.station.answers import Show
from edge.station.display import Display
from hardware.signals import Signal
from hardware.simulators import SimulatedIndicator

QUIET = ("READY", "WORKING", "TROUBLE", "PROMPT", "PROMPT_AGAIN")
CASES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "a prompt at rest": (["READY", "PROMPT"], ["READY", "PROMPT"]),
    "a prompt under a STOP": (["STOP", "PROMPT", "PROMPT_AGAIN"], ["STOP"]),
    "a reader comes back under a STOP": (["STOP", "TROUBLE", "READY"], ["STOP"]),
    "the next package": (["STOP", "ACCEPTED"], ["STOP", "ACCEPTED"]),
    "OK ends it": (["STOP", "ok", "PROMPT"], ["STOP", "READY", "PROMPT"]),
    "OK repeats the last answer, and a prompt is none": (
        ["ACCEPTED", "PROMPT", "READY", "ok"],
        ["ACCEPTED", "PROMPT", "READY", "ACCEPTED"],
    ),
    "OK with nothing to repeat": (["PROMPT", "ok"], ["PROMPT"]),
}


def shown(acts: Sequence[str]) -> list[str]:
    lamps = SimulatedIndicator()
    display = Display(lamps, lambda _step: None)
    for act in acts:
        if act == "ok":
            display.acknowledge()
        else:
            display.show(Show(Signal(act)))
    return [each.signal.value for each in lamps.history]


@pytest.mark.parametrize(("acts", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_shown(acts: Sequence[str], expected: Sequence[str]) -> None:
    assert shown(acts) == expected


@given(st.lists(st.sampled_from([*Signal, "ok"]), max_size=30))
def test_nothing_quiet_follows_a_stop_before_ok(acts: list[str]) -> None:
    told = shown(acts)
    answers = [each for each in told if each not in QUIET]
    stands = bool(answers) and answers[-1] == "STOP"
    assert not (stands and "ok" not in acts and told[-1] in QUIET)
