"""The life of a device, at random: releases of every kind, deaths, reboots, damage, nights; and what always holds.

What ends a trial is reckoned here a second time, apart from the guard: a version is kept when it was well for its time
and not before, and is given up for what happened to it and for nothing else.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from hypothesis import currently_in_test_context, event
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from firmware_service.update.guard import MOST_FAILURES, MOST_STARTS, At, Guard, complete, deadline_s
from firmware_service.update.slots import Slots, Store
from firmware_service.update.trust import SourceError
from firmware_service.update.updater import AGAIN_AFTER_FAILURE
from tests.support.nights import Night
from tests.support.updates import LOOK_S, RUNS, TRIAL_S, Bench, in_process, kept_twice

Kind = Literal["good", "sick", "crashing", "unfit", "other channel"]
KINDS: tuple[Kind, ...] = ("good", "good", "sick", "crashing", "unfit", "other channel")
STEP_S = 1800.0
"""Between two looks of the agent, in long hours."""
NO_NETWORK = SourceError("no answer")
DAMAGE: dict[str, Callable[[Path], object]] = {
    "a byte": lambda slot: (slot / "site-packages/app.py").write_bytes(b"?"),
    "a file": lambda slot: (slot / "bin/udi-station").unlink(missing_ok=True),
    "its manifest": lambda slot: (slot / "manifest.json").write_bytes(b"\0" * 50),
    "all of it": shutil.rmtree,
}
DECIDES = ("commit: before", "commit: renamed", "commit: after", "give up: before", "give up: after")
RETURNS = ("rollback: begin", "rollback: link: made aside", "rollback: link: replaced", "rollback: restart units")
WRITTEN = ("rollback: before", "rollback: renamed", "rollback: after")
LONG = 14
"""Looks of the guard: longer than any trial may take to be well."""
TRIED: tuple[Kind, ...] = ("good", "sick", "crashing")
SLOW = st.sampled_from((0, 0, 0, 2, LONG))
LOOKS = st.sampled_from((1, 2, 0))


@functools.cache
def template() -> Bench:
    """It has kept 1.1.0, and 1.0.0 before that."""
    return kept_twice(Path(tempfile.mkdtemp(prefix="updates-")))


@dataclass
class OnTrial:
    """What happened to a version from the swap on; times are this boot's."""

    version: str
    starts: int = 0
    """Looks that may have started it."""
    began: float | None = None
    """Its last start; None: not in this boot."""
    well: float | None = None
    """Since which look it was."""
    other_wrote: bool = False
    """After a start, an agent of another version wrote ``health.json``."""
    went_down: bool = False
    """After a start the machine did, without being asked to."""


@dataclass
class Station:
    """The processes of the station, as systemd sees them."""

    runs: str | None
    """Version; None while the machine is down."""
    asked: int
    """Length of the list of restarts that were asked for."""
    restarts: int = 0
    """By systemd, since somebody last started it."""
    slow: int = 0
    """Looks of the guard until a restart is done: nobody waits for it."""
    waits: int = 0
    """Looks until the one that was asked for is done."""


class Device(RuleBasedStateMachine):
    """A device, and beside it what was ever seen of it."""

    @initialize(kind=st.none() | st.sampled_from(TRIED), slow=SLOW, looks=LOOKS)
    def begin(self, kind: Kind | None = None, slow: int = 0, looks: int = 1) -> None:
        """With a version on trial, or with none."""
        self.folder = Path(tempfile.mkdtemp(prefix="updates-"))
        self.bench = template().copy(self.folder / "device")
        self.night = Night(self.bench)
        self.kinds: dict[str, Kind] = {"1.0.0": "good", "1.1.0": "good"}
        self.boots = 0
        self.was = self.bench.state
        self.found: tuple[bytes, str | None] = b"", None
        self.station = Station("1.1.0", self.asked())
        self.trial = OnTrial("")
        self.healthy = {"1.0.0", "1.1.0"}
        """Kept after they had been well."""
        self.damaged: set[str] = set()
        self.failures: Counter[str] = Counter()
        self.failed_at: dict[str, datetime] = {}
        """Of the last one: no more is known of those before it."""
        self.reasons: Counter[str] = Counter()
        """How trials ended."""
        self.refused: set[str] = set()
        self.asked_for: set[str] = set()
        """Somebody asked since they failed."""
        self.nothing_else = False
        """No whole slot was left that had ever been healthy, other than the one that runs."""
        if kind is not None:
            self.an_update_comes_to_its_trial(kind, slow, looks)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)
            for reason in self.reasons if currently_in_test_context() else ():
                event(reason)

    # What comes to it.

    @rule(kind=st.sampled_from(KINDS), other_packages=st.booleans())
    def publish(self, kind: Kind, *, other_packages: bool = False) -> None:
        version = f"2.{len(self.kinds)}.0"
        self.bench.releases.add(
            version,
            deps=version if other_packages else "1",
            runs=replace(RUNS, packages={"python3-numpy": ">= 9:1"}) if kind == "unfit" else RUNS,
            channel="beta" if kind == "other channel" else "stable",
        )
        self.kinds[version] = kind

    @rule(there=st.booleans())
    def network(self, *, there: bool) -> None:
        self.night.broken = None if there else NO_NETWORK

    @rule(is_open=st.booleans())
    def case(self, *, is_open: bool) -> None:
        self.night.open_case = is_open

    @rule(good=st.booleans())
    def clock(self, *, good: bool) -> None:
        self.night.quality = "ntp" if good else "floor"

    @rule()
    def somebody_asks(self) -> None:
        self.night.updater.ask()
        self.asked_for = set(self.kinds)

    @precondition(lambda self: self.was.phase in ("idle", "trial"))
    @rule()
    def somebody_goes_back(self) -> None:
        if self.was.phase == "trial" or self.was.previous is not None:
            self.bench.go_back()
            self.seen(by_hand=True)
            self.restarts_are_done()

    @precondition(lambda self: self.was.phase not in ("trial", "rollback"))
    @rule(kind=st.sampled_from(TRIED), slow=SLOW, looks=LOOKS)
    def an_update_comes_to_its_trial(self, kind: Kind, slow: int = 0, looks: int = 1) -> None:
        self.night.broken, self.night.open_case, self.station.slow = None, False, slow
        self.publish(kind)
        self.somebody_asks()
        self.the_agent_looks(7)
        self.the_guard_looks(looks)

    # Time.

    @rule(looks=st.integers(1, 6))
    def the_agent_looks(self, looks: int) -> None:
        for _ in range(looks):
            self.night.tick()
            self.seen()

    @rule(looks=st.integers(1, 4), seconds=st.sampled_from((20.0, LOOK_S, 60.0)))
    def the_guard_looks(self, looks: int, seconds: float = LOOK_S) -> None:
        for _ in range(looks):
            self.look(Guard.watch, seconds=seconds)

    @rule(hours=st.sampled_from([1, 8, 24]))
    def hours_go_by(self, hours: int) -> None:
        for _ in range(int(hours * 3600 / STEP_S)):
            self.half_an_hour_goes_by()

    @rule()
    def quiet_days(self) -> None:
        self.night.broken, self.night.open_case, self.night.quality, self.station.slow = None, False, "ntp", 0
        newest = self.bench.releases.newest("stable", 0).version
        self.its_trial_ends()
        end = self.night.at + timedelta(days=3)
        self.half_an_hour_goes_by()
        while self.night.at < end and not self.has_settled(newest):
            self.half_an_hour_goes_by()
        state = self.bench.state
        assert self.bench.current == state.committed
        if self.kinds[newest] == "good" and newest not in self.refused:
            assert state.committed == newest, self.night.updater.told
        if self.kinds[newest] == "good" or newest in state.refused:
            assert state.phase == "idle"

    # What interrupts it.

    @rule(steps=st.integers(0, 40))
    def the_agent_dies(self, steps: int) -> None:
        self.dies(lambda at: replace(self.night, step=at).tick(), after(steps))
        self.seen()
        self.restarted()

    @rule(steps=st.integers(0, 12))
    def the_guard_dies(self, steps: int) -> None:
        self.look(Guard.watch, after(steps))

    @rule(asked=st.booleans(), steps=st.none() | st.integers(0, 12))
    def reboot(self, *, asked: bool, steps: int | None = None) -> None:
        ends = not asked and self.was.phase == "trial" and self.trial.began is not None
        self.down(asked=asked)
        if steps is not None:
            self.look(Guard.boot, after(steps))
            self.down(asked=False)
        self.look(Guard.boot)
        assert self.was.phase != "rollback"
        assert not ends or self.was.phase != "trial"
        self.restarted()

    @rule(damage=st.sampled_from(sorted(DAMAGE)), number=st.integers(0, 2))
    def a_slot_that_does_not_run_is_damaged(self, damage: str, number: int) -> None:
        others = [path for path in sorted(self.bench.places.slots.iterdir()) if path.name != self.bench.current]
        if others:
            self.damage(damage, others[number % len(others)])

    # What interrupts a trial.

    @precondition(lambda self: self.was.phase == "trial")
    @rule(step=st.sampled_from((*DECIDES, *RETURNS, *WRITTEN)))
    def the_guard_dies_when_it_decides(self, step: str) -> None:
        while self.was.phase == "trial" and not self.look(Guard.watch, just_at(step)):
            pass

    @precondition(lambda self: self.was.phase == "trial")
    @rule(asked=st.booleans())
    def the_machine_goes_down_on_trial(self, *, asked: bool) -> None:
        self.reboot(asked=asked)

    @precondition(lambda self: self.was.phase == "trial")
    @rule(damage=st.sampled_from(sorted(DAMAGE)), boots=st.booleans())
    def the_slot_on_trial_is_damaged(self, damage: str, *, boots: bool = False) -> None:
        target = self.bench.places.slots / str(self.was.target)
        if self.whole_slots() - {target.name}:
            self.damage(damage, target)
            if boots or self.trial.began is not None:  # what runs is not read again
                self.reboot(asked=True)
            else:
                self.look(Guard.watch)
            assert self.was.phase == "cleanup"

    # How that is done.

    def restarted(self) -> None:
        self.night = replace(self.night)

    def down(self, *, asked: bool) -> None:
        self.boots += 1
        self.trial.went_down |= not asked and self.trial.starts > 0
        self.trial.began = self.trial.well = None
        self.bench.reboot(f"boot-{self.boots}", asked=asked)
        self.station = Station(None, self.asked(), slow=self.station.slow)

    def damage(self, damage: str, slot: Path) -> None:
        DAMAGE[damage](slot)
        self.damaged.add(slot.name)
        self.nothing_else |= not self.whole_slots() & self.healthy

    def whole_slots(self) -> set[str]:
        return {path.name for path in self.bench.places.slots.iterdir() if complete(path, by_hash=True)}

    def half_an_hour_goes_by(self) -> None:
        self.night.tick(STEP_S)
        self.seen()
        self.its_trial_ends()

    def its_trial_ends(self) -> None:
        while self.was.phase in ("trial", "rollback"):
            self.look(Guard.watch)

    def has_settled(self, newest: str) -> bool:
        """Nothing more comes of more days."""
        return self.was.phase == "idle" and (
            newest in (self.was.committed, *self.refused) or self.kinds[newest] == "unfit"
        )

    def look(self, what: Callable[[Guard], bool], at: At | None = None, seconds: float = LOOK_S) -> bool:
        """The guard's next look; whether it died in it."""
        self.bench.later(seconds)
        self.station_lives()
        died = at is not None and self.dies(lambda at: what(self.bench.guard(at)), at)
        if at is None:
            assert what(self.bench.guard())
        self.seen(looked=True, died=died)
        self.restarts_are_done()
        if not died and not self.station.waits:
            assert self.station.runs == self.bench.current, "what runs is what was meant to"
        return died

    def dies(self, work: Callable[[At], object], at: At) -> bool:
        """Do it in a process that may be killed at some step; whether it was."""
        ended = in_process(work, at)
        assert ended in (0, -signal.SIGKILL)
        return ended != 0

    def station_lives(self) -> None:
        """What the guard will find of it."""
        station = self.station
        if station.waits:
            station.waits -= 1
            station.runs = station.runs if station.waits else self.bench.current
        kind = self.kinds.get(station.runs or "", "sick")
        station.restarts += kind == "crashing"
        self.bench.units(active=kind != "sick", restarts=station.restarts)
        if station.runs is not None:
            self.bench.facts(station.runs, journal=True)
            self.trial.other_wrote |= self.trial.starts > 0 and station.runs != self.trial.version

    def restarts_are_done(self) -> None:
        """Or will be, some looks later."""
        station, current, asked = self.station, self.bench.current, self.asked()
        if station.runs is None:
            self.station = Station(current, asked, slow=station.slow)
        elif asked != station.asked:
            # What crashes again and again has nothing left that could be slow to stop.
            slow = 0 if self.kinds[station.runs] == "crashing" else station.slow
            self.station = Station(station.runs if slow else current, asked, 0, slow, station.slow)

    def asked(self) -> int:
        file = self.bench.root / "asked"
        return file.stat().st_size if file.exists() else 0

    # What always holds.

    def seen(self, *, by_hand: bool = False, looked: bool = False, died: bool = False) -> None:
        """Compare what is with what was, after every single look."""
        found = self.bench.places.slots_file.read_bytes(), self.bench.current
        if found == self.found and not looked:
            return
        was, state = self.was, self.bench.state
        if state.phase == "trial" and was.phase != "trial":
            self.is_tried(str(state.target))
        if looked and "trial" in (state.phase, was.phase):
            self.reckon(state, died=died)
        if state.rollback is not None and was.rollback is None:
            self.is_given_up(state.rollback.reason, by_hand=by_hand)
        if state.failure is not None and (was.failure is None or state.failure.at != was.failure.at):
            state = self.stamped(state)
            self.has_failed(state, by_hand=by_hand)
        if state.committed != was.committed:
            self.is_kept(str(state.committed))
        assert state.floor >= was.floor
        assert state.trial is None or state.trial.starts <= MOST_STARTS
        assert self.bench.whole()
        self.was, self.found = state, (self.bench.places.slots_file.read_bytes(), self.bench.current)

    def stamped(self, state: Slots) -> Slots:
        """A failure by the time of this story; the guard's is that of the machine that runs the test."""
        assert state.failure is not None
        failure = replace(state.failure, at=self.night.now().at.isoformat())
        return Store(self.bench.places).change(lambda now: replace(now, failure=failure))

    def is_tried(self, version: str) -> None:
        assert self.kinds[version] in ("good", "sick", "crashing")
        assert version not in self.refused
        if version in self.failed_at and version not in self.asked_for:
            assert self.night.now().at - self.failed_at[version] >= AGAIN_AFTER_FAILURE - timedelta(seconds=STEP_S)
        self.trial = OnTrial(version)
        self.damaged.discard(version)

    def reckon(self, state: Slots, *, died: bool) -> None:
        """What a look of the guard at a trial has to come to."""
        trial, now = self.trial, self.bench.mono_s()
        if trial.began is None:
            trial.starts += 1
            trial.began = now if state.phase == "trial" and not died else None
            return
        is_well = self.kinds[trial.version] == "good" and self.station.runs == trial.version
        trial.well = None if not is_well else now if trial.well is None else trial.well
        if not died:
            stays = state.failure is not None and state.failure.version == trial.version  # no other slot is whole
            assert (state.committed == trial.version and not stays) is self.was_long_well()
            assert now - trial.began < deadline_s(TRIAL_S) or state.phase != "trial"

    def was_long_well(self) -> bool:
        return self.trial.well is not None and self.bench.mono_s() - self.trial.well >= TRIAL_S

    def is_given_up(self, reason: str, *, by_hand: bool) -> None:
        """Only for what happened to it."""
        trial, kind = self.trial, self.kinds[self.trial.version]
        late = trial.began is not None and self.bench.mono_s() - trial.began >= deadline_s(TRIAL_S)
        causes = {
            "asked for by hand": by_hand,
            "its slot is not what was installed": trial.version in self.damaged,
            f"started {MOST_STARTS} times without": trial.starts > MOST_STARTS,
            "went down on trial": trial.went_down,
            "times by systemd": kind == "crashing",
            "not well in time": late and (trial.other_wrote or kind != "good"),
        }
        told = [cause for cause in causes if cause in reason]
        assert len(told) == 1
        assert causes[told[0]], reason
        self.reasons[told[0]] += 1

    def has_failed(self, state: Slots, *, by_hand: bool) -> None:
        assert state.failure is not None
        version, was = state.failure.version, self.was
        if was.rollback is None and was.phase != "idle":
            self.is_given_up(state.failure.reason, by_hand=by_hand)
        if self.failures[version] == 0:
            self.failures.clear()
        self.failures[version] += 1
        self.failed_at = {version: self.night.now().at}
        self.asked_for.discard(version)
        refuses = (by_hand and was.phase == "idle") or self.failures[version] >= MOST_FAILURES
        if refuses and state.committed != version:
            self.refused.add(version)
        assert set(state.refused) == self.refused

    def is_kept(self, version: str) -> None:
        if version == self.was.target and version != (self.bench.state.failure and self.bench.state.failure.version):
            self.failures.clear()
            self.refused.clear()
            assert self.was_long_well() or self.nothing_else
            self.healthy.add(version)
        assert version in self.healthy or self.nothing_else

    @invariant()
    def there_are_no_more_slots_than_needed(self) -> None:
        if not hasattr(self, "bench"):
            return
        state = self.was
        there = {path.name for path in self.bench.places.slots.iterdir()}
        slots = {name for name in there if not name.endswith(".part")}
        assert len(there - slots) <= 1
        allowed = {state.committed, state.previous, self.bench.current}
        if state.phase == "idle":
            assert there <= allowed
        elif state.phase != "cleanup":
            assert slots <= {*allowed, state.target}
        assert len(slots) <= 3


def after(steps: int) -> At:
    """Kills the process it is in after so many steps."""
    left = steps

    def at(_: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def just_at(step: str) -> At:
    """Kills the process it is in at this step."""

    def at(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return at
