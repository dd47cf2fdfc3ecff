"""The state of the slots: what is kept, what is under way, what was refused; one durable file, pure changes to it.

An update goes through these phases. Each is on the disk before its work begins, so that whoever starts next goes on:

    idle        nothing is under way
    fetch       agent   the layers that this device lacks come, from wherever they are
    verify      agent   everything that came is read back
    install     agent   the slot is written beside, flushed and given its name
    swap        agent   ``current`` names the new slot
    trial       guard   it runs; after it was well for its time it is kept: the commit, one write, no phase of its own
    rollback    guard   ``current`` names the former slot again
    cleanup     agent   slots and layers that nobody needs any more go

A phase has one owner, and both change the file under one lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from firmware_service.places import Places
from firmware_service.release.manifest import Manifest, ManifestError, read_manifest
from firmware_service.update import guard
from hardware.host.toml import ConfigError, parse

Phase = Literal["idle", "fetch", "verify", "install", "swap", "trial", "rollback", "cleanup"]
AGENT: tuple[Phase, ...] = ("fetch", "verify", "install", "swap", "cleanup")
"""Phases whose work is the agent's."""


class SlotsError(Exception):
    """The state of the slots cannot be used, or does not allow what was asked for."""


@dataclass(frozen=True, slots=True)
class Before:
    """How the station was before a swap: no more is asked of what comes after."""

    units: tuple[str, ...] = ()
    """That ran and were ready."""
    facts: Mapping[str, bool] = field(default_factory=dict)
    """Of the agent's ``health.json``; such as ``broker``: it was reached."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that runs but is not kept yet."""

    counter: int
    """Of its release."""
    trial_s: int
    """Seconds that it has to be well."""
    units: tuple[str, ...]
    """See `Before`."""
    before: Mapping[str, bool]
    """See `Before.facts`."""
    starts: int = 0
    """Counted before each."""
    boot: str = ""
    """Boot id of the last one."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """On the way back."""

    to: str
    """Version."""
    reason: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What came of the last version that was not kept."""

    version: str
    count: int
    """Times in a row."""
    reason: str
    at: str
    """By this machine's clock, ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Slots:
    """All of it.

    Attributes:
        committed: the version that is kept; None before the first.
        previous: the one kept before it, whose slot is still there.
        floor: counter of the newest release ever kept: none below it is installed again.
        phase: what is being done.
        target: the version that it is done to; None in ``idle`` and ``cleanup``.
        trial: from ``swap`` on; None for a first slot, which has nothing to return to.
        rollback: in ``rollback``.
        failure: None since the last commit.
        refused: version to reason, until a newer one is kept.
    """

    committed: str | None = None
    previous: str | None = None
    floor: int = 0
    phase: Phase = "idle"
    target: str | None = None
    trial: Trial | None = None
    rollback: Rollback | None = None
    failure: Failure | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    schema: int = guard.SCHEMA


def begin(slots: Slots, version: str) -> Slots:
    """An update to this version is under way; another one that was still being fetched is dropped."""
    _expect(slots, "idle", "fetch")
    return replace(slots, phase="fetch", target=version)


def fetched(slots: Slots) -> Slots:
    """Everything came."""
    _expect(slots, "fetch")
    return replace(slots, phase="verify")


def verified(slots: Slots, *, good: bool) -> Slots:
    """Everything is right; or some of it was not and has to come again."""
    _expect(slots, "verify", *(() if good else ("install",)))
    return replace(slots, phase="install" if good else "fetch")


def installed(slots: Slots, manifest: Manifest, before: Before) -> Slots:
    """The slot is whole and has its name."""
    _expect(slots, "install")
    trial = Trial(manifest.counter, manifest.trial_s, before.units, before.facts)
    return replace(slots, phase="swap", trial=None if slots.committed is None else trial)


def swapped(slots: Slots, manifest: Manifest) -> Slots:
    """``current`` names the new slot: a trial, or kept at once where there is nothing to return to."""
    _expect(slots, "swap", "trial")
    if slots.trial is not None:
        return replace(slots, phase="trial")
    return replace(slots, committed=slots.target, floor=manifest.counter, phase="cleanup", target=None)


def abandoned(slots: Slots, fault: str = "") -> Slots:
    """Not this one, and what came of it goes; with a fault of its own it is refused from now on."""
    _expect(slots, "fetch", "verify", "install", "swap")
    refused = {**slots.refused, str(slots.target): fault} if fault else slots.refused
    return replace(slots, phase="cleanup", target=None, trial=None, refused=refused)


def returning(slots: Slots, reason: str) -> Slots:
    """Somebody wants the version before: of a trial the one that is kept, else the one kept before that.

    Raises:
        SlotsError: there is none.
    """
    if slots.phase == "trial" and slots.committed is not None:
        return replace(slots, phase="rollback", rollback=Rollback(slots.committed, reason))
    _expect(slots, "idle")
    if slots.previous is None:
        raise SlotsError(f"{slots.committed} is the only slot: nothing to return to")
    return replace(slots, phase="rollback", target=slots.committed, rollback=Rollback(slots.previous, reason))


def cleaned(slots: Slots) -> Slots:
    """Only what is needed is left."""
    _expect(slots, "cleanup")
    return replace(slots, phase="idle")


def _expect(slots: Slots, *phases: Phase) -> None:
    if slots.phase not in phases:
        raise SlotsError(f"an update is in {slots.phase}, expected {' or '.join(phases)}: try again later")


@dataclass(frozen=True, slots=True)
class Store:
    """The file.

    Attributes:
        places: of the device.
        at: told of each step.
    """

    places: Places
    at: guard.At = lambda _: None

    def read(self) -> Slots:
        """What it says; of a file that cannot be understood what the disk says, and the file is put aside.

        Raises:
            SlotsError: it was written by a later version.
            OSError: it cannot be read.
        """
        with guard.locked(self.places.state):
            return self._read()

    def change(self, transition: Callable[[Slots], Slots]) -> Slots:
        """Change it durably.

        Raises:
            SlotsError: its phase does not allow that, or it was written by a later version.
            OSError: it cannot be written; it is unchanged.
        """
        with guard.locked(self.places.state):
            before = self._read()
            after = transition(before)
            if after != before:
                self._write(after, f"{before.phase} to {after.phase}")
            return after

    def _read(self) -> Slots:
        file = self.places.slots_file
        try:
            return _parse(file.read_bytes())
        except FileNotFoundError:
            return self._found()
        except (ValueError, ConfigError):
            file.replace(file.with_name("slots.json.broken"))
            found = self._found()
            self._write(found, "found again")
            return found

    def _found(self) -> Slots:
        """What the disk alone says: the slot that runs was kept."""
        version = guard.named(self.places.current)
        if version is None or not guard.complete(self.places.slots / version, by_hash=False):
            return Slots()
        try:
            floor = read_manifest((self.places.slots / version / "manifest.json").read_bytes()).counter
        except ManifestError:
            return Slots()
        return Slots(version, floor=floor, phase="cleanup")

    def _write(self, slots: Slots, step: str) -> None:
        self.at(f"{step}: before")
        guard.replace(self.places.slots_file, to_bytes(slots), lambda name: self.at(f"{step}: {name}"))
        self.at(f"{step}: after")


def to_bytes(slots: Slots) -> bytes:
    """Its one exact form."""
    return (json.dumps(asdict(slots), ensure_ascii=False, sort_keys=True) + "\n").encode()


def _parse(data: bytes) -> Slots:
    told = json.loads(data)
    if not isinstance(told, dict):
        raise ValueError("expected a JSON object")  # noqa: TRY004 - like what is no JSON at all
    if told.get("schema", 0) != guard.SCHEMA:
        raise SlotsError(f"slots.json has schema {told.get('schema')!r}, expected {guard.SCHEMA}: a later version's")
    return parse({name: value for name, value in told.items() if value is not None}, Slots)


def running(places: Places) -> Path | None:
    """The slot that ``current`` names; None if there is none."""
    version = guard.named(places.current)
    return None if version is None else places.slots / version
