"""The life of a device, at random: releases of every kind, deaths, reboots, damage, nights; and what always holds."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from firmware_service.update.guard import MOST_FAILURES, At, Guard, complete
from firmware_service.update.slots import Slots, Store
from firmware_service.update.trust import SourceError
from firmware_service.update.updater import AGAIN_AFTER_FAILURE
from tests.support.nights import Night
from tests.support.updates import RUNS, Bench, Releases, in_process

Kind = Literal["good", "sick", "unfit", "other channel"]
KINDS: tuple[Kind, ...] = ("good", "good", "sick", "unfit", "other channel")
STEP_S = 900.0
"""Between two looks of the agent, in long hours."""
NO_NETWORK = SourceError("no answer")
DAMAGE: dict[str, Callable[[Path], object]] = {
    "a byte": lambda slot: (slot / "site-packages/app.py").write_bytes(b"?"),
    "a file": lambda slot: (slot / "bin/udi-station").unlink(missing_ok=True),
    "its manifest": lambda slot: (slot / "manifest.json").write_bytes(b"\0" * 50),
    "all of it": shutil.rmtree,
}


@functools.cache
def template() -> Bench:
    """It has kept 1.1.0, and 1.0.0 before that."""
    folder = Path(tempfile.mkdtemp(prefix="updates-"))
    made = Bench(folder / "device", Releases(folder / "releases"))
    made.prepare()
    for version in ("1.0.0", "1.1.0"):
        made.releases.add(version)
        made.install(version)
    return made


class Device(RuleBasedStateMachine):
    """A device, and beside it what was ever seen of it."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="updates-"))
        self.bench = template().copy(self.folder / "device")
        self.night = Night(self.bench)
        self.kinds: dict[str, Kind] = {"1.0.0": "good", "1.1.0": "good"}
        self.boots = 0
        self.was = self.bench.state
        self.healthy = {"1.0.0", "1.1.0"}
        """Kept after they had been well."""
        self.failures: Counter[str] = Counter()
        self.failed_at: dict[str, datetime] = {}
        self.refused: set[str] = set()
        self.asked_for: set[str] = set()
        """Somebody asked since they failed."""
        self.nothing_else = False
        """No whole slot was left that had ever been healthy, other than the one that runs."""

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    # What comes to it.

    @rule(kind=st.sampled_from(KINDS), other_packages=st.booleans())
    def publish(self, kind: Kind, *, other_packages: bool) -> None:
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

    @precondition(lambda self: self.bench.state.phase in ("idle", "trial"))
    @rule()
    def somebody_goes_back(self) -> None:
        state = self.bench.state
        if state.phase == "trial" or state.previous is not None:
            self.bench.go_back()
            self.seen(by_hand=state.phase == "idle")

    # Time.

    @rule(looks=st.integers(1, 6))
    def the_agent_looks(self, looks: int) -> None:
        for _ in range(looks):
            self.night.tick()
            self.seen()

    @rule(looks=st.integers(1, 4))
    def the_guard_looks(self, looks: int) -> None:
        for _ in range(looks):
            self.look(Guard.watch)

    @rule(hours=st.sampled_from([1, 8, 24]))
    def hours_go_by(self, hours: int) -> None:
        for _ in range(int(hours * 3600 / STEP_S)):
            self.night.tick(STEP_S)
            self.seen()
            while self.bench.state.phase in ("trial", "rollback"):
                self.look(Guard.watch)

    @rule()
    def quiet_days(self) -> None:
        self.night.broken, self.night.open_case, self.night.quality = None, False, "ntp"
        for _ in range(3):
            self.hours_go_by(24)
        state, newest = self.bench.state, self.bench.releases.newest("stable", 0).version
        assert self.bench.current == state.committed
        if self.kinds[newest] == "good" and newest not in self.refused:
            assert state.committed == newest, self.night.updater.told
        if self.kinds[newest] == "good" or newest in state.refused:
            assert state.phase == "idle"

    # What interrupts it.

    @rule(steps=st.integers(0, 40))
    def the_agent_dies(self, steps: int) -> None:
        self.dies(lambda at: replace(self.night, step=at).tick(), steps)
        self.restarted()

    @rule(steps=st.integers(0, 12))
    def the_guard_dies(self, steps: int) -> None:
        self.look(Guard.watch, steps)

    @rule(asked=st.booleans(), steps=st.none() | st.integers(0, 12))
    def reboot(self, *, asked: bool, steps: int | None) -> None:
        self.down(asked=asked)
        if steps is not None:
            self.look(Guard.boot, steps)
            self.down(asked=False)
        self.look(Guard.boot)
        assert self.bench.state.phase != "rollback"
        self.restarted()

    @rule(damage=st.sampled_from(sorted(DAMAGE)), number=st.integers(0, 2))
    def a_slot_that_does_not_run_is_damaged(self, damage: str, number: int) -> None:
        others = [path for path in sorted(self.bench.places.slots.iterdir()) if path.name != self.bench.current]
        if others:
            DAMAGE[damage](others[number % len(others)])
        whole = {path.name for path in self.bench.places.slots.iterdir() if complete(path, by_hash=True)}
        self.nothing_else |= not whole & self.healthy

    # How that is done.

    def restarted(self) -> None:
        self.night = replace(self.night)

    def down(self, *, asked: bool) -> None:
        self.boots += 1
        self.bench.reboot(f"boot-{self.boots}", asked=asked)

    def look(self, what: Callable[[Guard], bool], steps: int | None = None) -> None:
        self.bench.later(40.0)
        self.bench.units(active=self.kinds[self.bench.current or ""] != "sick")
        self.bench.facts(journal=True)
        if steps is None:
            assert what(self.bench.guard())
        else:
            self.dies(lambda at: what(self.bench.guard(at)), steps)
        self.seen()

    def dies(self, work: Callable[[At], object], steps: int) -> None:
        """Do it in a process that is killed after so many steps, if there are so many."""
        left = steps

        def at(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        assert in_process(work, at) in (0, -signal.SIGKILL)
        self.seen()

    # What always holds.

    def seen(self, *, by_hand: bool = False) -> None:
        """Compare what is with what was, after every single look."""
        was, state = self.was, self.bench.state
        if state.failure is not None and (was.failure is None or state.failure.at != was.failure.at):
            state = self.stamped(state)
            self.has_failed(state, by_hand=by_hand)
        if state.phase == "trial" and (was.phase, was.target) != ("trial", state.target):
            self.is_tried(str(state.target))
        if state.committed != was.committed:
            self.is_kept(str(state.committed))
        assert state.floor >= was.floor
        assert self.bench.whole()
        self.was = state

    def stamped(self, state: Slots) -> Slots:
        """A failure by the time of this story; the guard's is that of the machine that runs the test."""
        assert state.failure is not None
        failure = replace(state.failure, at=self.night.now().at.isoformat())
        return Store(self.bench.places).change(lambda now: replace(now, failure=failure))

    def has_failed(self, state: Slots, *, by_hand: bool) -> None:
        assert state.failure is not None
        version = state.failure.version
        if self.failures[version] == 0:
            self.failures.clear()
        self.failures[version] += 1
        self.failed_at[version] = self.night.now().at
        self.asked_for.discard(version)
        if (by_hand or self.failures[version] >= MOST_FAILURES) and state.committed != version:
            self.refused.add(version)
        assert set(state.refused) == self.refused

    def is_tried(self, version: str) -> None:
        assert self.kinds[version] in ("good", "sick")
        assert version not in self.refused
        if version in self.failed_at and version not in self.asked_for:
            assert self.night.now().at - self.failed_at[version] >= AGAIN_AFTER_FAILURE - timedelta(seconds=STEP_S)

    def is_kept(self, version: str) -> None:
        if version == self.was.target and version != (self.bench.state.failure and self.bench.state.failure.version):
            self.failures.clear()
            self.refused.clear()
            assert self.kinds[version] == "good" or self.nothing_else
            self.healthy.add(version)
        assert version in self.healthy or self.nothing_else

    @invariant()
    def there_are_no_more_slots_than_needed(self) -> None:
        if not hasattr(self, "bench"):
            return
        state = self.bench.state
        there = {path.name for path in self.bench.places.slots.iterdir()}
        slots = {name for name in there if not name.endswith(".part")}
        assert len(there - slots) <= 1
        allowed = {state.committed, state.previous, self.bench.current}
        if state.phase == "idle":
            assert there <= allowed
        elif state.phase != "cleanup":
            assert slots <= {*allowed, state.target}
        assert len(slots) <= 3


def test_whatever_happens_to_a_device() -> None:
    plan = settings(
        max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(Device, settings=plan)
