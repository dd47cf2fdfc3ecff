"""Performs an update: each phase of `slots` that is the agent's, one at a time, from wherever the last one ended."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from firmware_service.places import Places
from firmware_service.release.manifest import Layer, Manifest, ManifestError, Patch, read_manifest, write_manifest
from firmware_service.release.tars import ArchiveError
from firmware_service.update import guard, slots
from firmware_service.update.fit import Here, refusals
from firmware_service.update.install import MANIFEST, Bench, Kept, remove_slot, write_slot
from firmware_service.update.slots import AGENT, Before, Phase, Slots, Store
from hardware.host import files

MOST_ROUNDS = 3
"""Times that what came of one release is found damaged on this card; then the release is refused."""
_ROUNDS = "rounds"


class RefusedError(Exception):
    """A release is not installed here; the text names each reason. Nothing of it was written to a slot."""


class Believed(Protocol):
    """A source of releases and the trust in it; see `firmware_service.update.trust.Trust`."""

    def newest(self, channel: str, floor: int) -> Manifest:
        """The verified manifest of the newest release."""

    def fetch(self, blob: Layer | Patch, into: Path) -> Iterator[int]:
        """Fetch what it names, verified and whole; gone on with where it broke off."""


class Driver:
    """The agent's part of an update; one thread."""

    def __init__(
        self,
        places: Places,
        here: Callable[[Manifest], Here],
        before: Callable[[], Before],
        start: Callable[[], object],
        at: guard.At = lambda _: None,
    ) -> None:
        """Work on a device.

        Args:
            places: of the device.
            here: what it is and has, as far as this release asks.
            before: how the station is now.
            start: wakes the guard, which starts a trial; its timer does too, but later.
            at: told of each step; a sign of life.
        """
        self.store = Store(places, at)
        self._places, self._here, self._before, self._start, self._at = places, here, before, start, at
        self._work = places.state / "update"

    def begin(self, manifest: Manifest) -> None:
        """Take up a release; nothing is to be done when it is the one under way.

        Raises:
            RefusedError: it cannot be installed here.
            SlotsError: another update is past its fetch.
            OSError: the disk.
        """
        now = self.store.read()
        if now.phase == "fetch" and self._manifest() == manifest:
            return
        slots.begin(now, manifest.version)
        self._refuse(manifest, now)
        self._at("begin: folder")
        self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mark in (*self._work.glob("*.whole"), self._work / _ROUNDS):
            mark.unlink(missing_ok=True)
        self._at("begin: manifest")
        files.replace(self._work / MANIFEST, write_manifest(manifest))
        self.store.change(lambda found: slots.begin(found, manifest.version))

    def advance(self, source: Believed | None) -> Phase:
        """Do the work of the present phase, if it is the agent's and there is what it needs.

        Args:
            source: where to fetch from; None: nowhere now.

        Returns:
            The phase that comes next.

        Raises:
            RefusedError: it turned out that the release cannot be installed; the update is given up.
            TrustError: a layer did not come; the same phase goes on the next time.
            OSError: the disk; the same.
        """
        now = self.store.read()
        if now.phase not in AGENT or (now.phase == "fetch" and source is None):
            return now.phase
        if now.phase == "cleanup":
            return self._clean(now)
        if now.phase == "swap":
            return self._swap(now)
        manifest = self._manifest()
        if manifest is None or manifest.version != now.target:  # lost with what came: it begins anew
            return self.store.change(slots.abandoned).phase
        if now.phase == "fetch" and source is not None:
            return self._fetch(manifest, now, source)
        return self._verify(manifest, now) if now.phase == "verify" else self._install(manifest, now)

    def _fetch(self, manifest: Manifest, now: Slots, source: Believed) -> Phase:
        bench = self._bench(now)
        for layer in manifest.layers:
            blob = bench.blob(layer)
            if blob is not None and not bench.file(blob).exists():
                for _ in source.fetch(blob, bench.file(blob)):
                    self._at(f"fetch: {layer.name} piece")
            self._at(f"fetch: {layer.name} there")
        return self.store.change(slots.fetched).phase

    def _verify(self, manifest: Manifest, now: Slots) -> Phase:
        bench, good = self._bench(now), True
        for layer in manifest.layers:
            self._at(f"verify: {layer.name}")
            good &= bench.make_ready(layer)
        return self.store.change(partial(slots.verified, good=True)).phase if good else self._again(manifest)

    def _install(self, manifest: Manifest, now: Slots) -> Phase:
        bench = self._bench(now)
        if not all(bench.is_ready(layer) for layer in manifest.layers):
            return self._again(manifest)
        try:
            self._refuse(manifest, now)
            write_slot(bench, manifest, self._places.slots, lambda name: self._at(f"install: {name}"))
        except ArchiveError as error:
            return self._again(manifest, str(error))
        except RefusedError:
            self.store.change(slots.abandoned)
            raise
        before = self._before()
        return self.store.change(lambda found: slots.installed(found, manifest, before)).phase

    def _again(self, manifest: Manifest, found: str = "a layer is not what had come") -> Phase:
        """It comes again, a few times: whether the card or the release is bad is not known."""
        rounds = self._work / _ROUNDS
        count = 1 + (rounds.stat().st_size if rounds.exists() else 0)
        if count >= MOST_ROUNDS:
            fault = f"{found}, {count} times: is this card failing?"
            self.store.change(partial(slots.abandoned, fault=fault))
            raise RefusedError(f"release {manifest.version}: {fault}")
        self._at("again: count")
        files.replace(rounds, b"." * count)
        return self.store.change(partial(slots.verified, good=False)).phase

    def _swap(self, now: Slots) -> Phase:
        slot = self._places.slots / str(now.target)
        if guard.named(self._places.current) != now.target and not guard.complete(slot, by_hash=True):
            return self.store.change(slots.abandoned).phase  # it was damaged since: it comes again
        manifest = read_manifest((slot / MANIFEST).read_bytes())
        guard.point(self._places.current, manifest.version, lambda name: self._at(f"swap: {name}"))
        after = self.store.change(lambda found: slots.swapped(found, manifest))
        if now.trial is not None:
            self._at("swap: wake the guard")
            self._start()
        return after.phase

    def _clean(self, now: Slots) -> Phase:
        """Leave the slot that is kept, the one before, and what runs."""
        needed = {now.committed, now.previous, guard.named(self._places.current)}
        for slot in sorted(self._places.slots.glob("*")):
            if slot.name not in needed and not slot.name.endswith(".part"):
                remove_slot(slot, lambda name: self._at(f"cleanup: {name}"))
        for part in sorted(self._places.slots.glob("*.part")):
            self._at(f"cleanup: remove {part.name}")
            shutil.rmtree(part)
        self._at("cleanup: layers")
        shutil.rmtree(self._work, ignore_errors=True)
        return self.store.change(slots.cleaned).phase

    def _refuse(self, manifest: Manifest, now: Slots) -> None:
        here = self._here(manifest)
        there = sum(path.stat().st_size for path in self._work.glob("*"))
        kept = self._kept(now)
        found = refusals(
            manifest, now, None if kept is None else kept.manifest, replace(here, free_bytes=here.free_bytes + there)
        )
        if found:
            raise RefusedError(f"release {manifest.version} is not installed: {'; '.join(found)}")

    def _bench(self, now: Slots) -> Bench:
        return Bench(self._work, self._kept(now))

    def _kept(self, now: Slots) -> Kept | None:
        if now.committed is None:
            return None
        slot = self._places.slots / now.committed
        if not guard.complete(slot, by_hash=False):
            return None
        try:
            return Kept(slot, read_manifest((slot / MANIFEST).read_bytes()))
        except (ManifestError, OSError):
            return None  # damaged: nothing is taken from it, and nothing could be returned to

    def _manifest(self) -> Manifest | None:
        try:
            return read_manifest((self._work / MANIFEST).read_bytes())
        except (FileNotFoundError, ManifestError):  # lost, or damaged by the card
            return None
