from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.reboot import LEAST_S, Decision, Moment, Rebooter, decide, read_stamp, write_stamp

NOON = 1_795_000_000.0


@dataclass(frozen=True)
class Case:
    name: str
    wanted: bool
    last: Moment | None
    now: Moment
    decision: Decision


CASES = [
    Case("nobody asks", False, None, Moment("a", NOON, 50.0), "nothing"),
    Case("nobody asks after a reboot", False, Moment("a", NOON, 5.0), Moment("b", NOON + 9e4, 50.0), "nothing"),
    Case("asked for the first time", True, None, Moment("a", NOON, 50.0), "reboot"),
    Case("same boot, the command did nothing yet", True, Moment("a", NOON, 50.0), Moment("a", NOON, 60.0), "wait"),
    Case("same boot, an hour later", True, Moment("a", NOON, 50.0), Moment("a", NOON, 50.0 + LEAST_S), "reboot"),
    Case("same boot, only the wall clock jumped", True, Moment("a", NOON, 50.0), Moment("a", NOON + 9e6, 60.0), "wait"),
    Case("next boot, hangs again at once", True, Moment("a", NOON, 500.0), Moment("b", NOON + 60, 30.0), "wait"),
    Case("next boot, a day later", True, Moment("a", NOON, 500.0), Moment("b", NOON + 86_400, 30.0), "reboot"),
    Case("next boot, wall clock went back", True, Moment("a", NOON, 500.0), Moment("b", NOON - 9e6, 30.0), "wait"),
    Case(
        "next boot, back, but up for an hour", True, Moment("a", NOON, 5.0), Moment("b", NOON - 9e6, LEAST_S), "reboot"
    ),
    Case("untrusted clock then", True, Moment("a", None, 500.0), Moment("b", NOON, 30.0), "wait"),
    Case("untrusted clock now", True, Moment("a", NOON, 500.0), Moment("b", None, 30.0), "wait"),
    Case("untrusted clock, up for an hour", True, Moment("a", None, 5.0), Moment("b", None, LEAST_S + 1), "reboot"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_decision(case: Case) -> None:
    assert decide(wanted=case.wanted, last=case.last, now=case.now) == case.decision


@given(st.lists(st.floats(min_value=0.1, max_value=2 * LEAST_S), max_size=60), st.booleans())
def test_never_two_reboots_within_an_hour(waits: list[float], trusted: bool) -> None:
    """However often it looks while the station keeps asking; each reboot starts the monotonic clock anew."""
    true_s, booted_s, boots = 0.0, 0.0, 0
    last: Moment | None = None
    reboots: list[float] = []
    for wait in waits:
        true_s += wait
        now = Moment(f"boot{boots}", NOON + true_s if trusted else None, true_s - booted_s)
        if decide(wanted=True, last=last, now=now) == "reboot":
            reboots.append(true_s)
            last, booted_s, boots = now, true_s, boots + 1
    assert all(later - earlier >= LEAST_S - 1e-3 for earlier, later in pairwise(reboots))


@pytest.mark.parametrize("moment", [Moment("a-b-c", NOON, 12.5), Moment("a-b-c", None, 0.0)])
def test_stamp_comes_back_as_written(tmp_path: Path, moment: Moment) -> None:
    write_stamp(tmp_path / "state" / "last", moment)
    assert read_stamp(tmp_path / "state" / "last") == moment


@pytest.mark.parametrize("content", [b"", b"a", b"a b c", b"a 1 2 3", b"\xff\xfe 1 2"])
def test_unreadable_stamp_counts_as_none_and_is_logged(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    stamp = tmp_path / "last"
    stamp.write_bytes(content)
    assert read_stamp(stamp) is None
    assert str(stamp) in caplog.text


def _agent(tmp_path: Path, body: str = 'echo called >> "$(dirname "$0")/calls"') -> Rebooter:
    command = tmp_path / "reboot"
    command.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return Rebooter(wanted=tmp_path / "wanted", stamp=tmp_path / "last", command=[str(command)])


def _calls(tmp_path: Path) -> int:
    calls = tmp_path / "calls"
    return len(calls.read_text(encoding="utf-8").splitlines()) if calls.exists() else 0


def test_agent_reboots_once_and_then_waits(tmp_path: Path) -> None:
    agent = _agent(tmp_path)
    assert agent.look(Moment("a", NOON, 10.0)) == "nothing"
    agent.wanted.touch()
    assert agent.look(Moment("a", NOON, 20.0)) == "reboot"
    assert agent.look(Moment("b", NOON + 40, 5.0)) == "wait"
    assert _calls(tmp_path) == 1
    assert agent.look(Moment("b", NOON + 40 + LEAST_S, 5.0 + LEAST_S)) == "reboot"
    assert _calls(tmp_path) == 2


def test_stamp_is_on_the_card_before_the_command_runs(tmp_path: Path) -> None:
    agent = _agent(tmp_path, 'cp "$(dirname "$0")/last" "$(dirname "$0")/seen"')
    agent.wanted.touch()
    agent.look(Moment("a", NOON, 20.0))
    assert read_stamp(tmp_path / "seen") == Moment("a", NOON, 20.0)


def test_failing_command_is_told_and_not_repeated_within_the_hour(tmp_path: Path) -> None:
    agent = _agent(tmp_path, "exit 3")
    agent.wanted.touch()
    with pytest.raises(subprocess.CalledProcessError):
        agent.look(Moment("a", NOON, 20.0))
    assert agent.look(Moment("a", NOON, 30.0)) == "wait"


def test_without_a_stamp_nothing_is_rebooted(tmp_path: Path) -> None:
    agent = Rebooter(tmp_path / "wanted", tmp_path / "file" / "last", _agent(tmp_path).command)
    (tmp_path / "file").write_bytes(b"")
    agent.wanted.touch()
    with pytest.raises(OSError, match=os.strerror(17) + "|" + os.strerror(20)):
        agent.look(Moment("a", NOON, 20.0))
    assert _calls(tmp_path) == 0
