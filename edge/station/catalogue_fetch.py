"""Fetches the catalogue that the hub offers, in a thread of its own: nothing else waits for a download.

The offer is a signed manifest; its files come by outbound HTTPS under the hash of their content, and lie whole and
verified in the folder before the manifest is swapped. The desk notices the new one between two scans.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge import wire
from edge.catalog.folder import demand_newer, missing, present, take_over
from edge.catalog.manifest import Entry, Manifest
from edge.catalog.offer import Offer, read_offer
from edge.catalog.write import CatalogueError
from edge.sign import Authority
from edge.station.identity import Report
from hardware.host.backoff import Backoff
from hardware.host.fetch import FetchError, fetch
from hardware.host.sqlite import disk_free
from hardware.host.tls import Tls
from hardware.host.worker import Worker

log = logging.getLogger(__name__)

FRESH_S = 1800.0
"""To verify 800 MB may take a slow card minutes, and no scan waits for it: that must not stop the station."""
IDLE_S = 0.5
PIECES_PER_STEP = 16
PAUSE_FIRST_S = 2.0
PAUSE_MOST_S = 300.0
LEFT_FREE = 256 * 1024 * 1024
"""Bytes of the card that a catalogue leaves to everybody else."""


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Where a catalogue goes and whose word counts."""

    folder: Path
    authorities: tuple[Authority, ...] | None
    """None on a bench: an unsigned one will do."""
    tls: Tls | None
    """This device's identity."""


class CatalogueFetch:
    """`offered` may be called from any thread; all else happens in the worker's."""

    def __init__(
        self, settings: FetchSettings, *, time_trusted: Callable[[], bool], report: Report, mono: Callable[[], float]
    ) -> None:
        """Prepare.

        Args:
            settings: where and from whom.
            time_trusted: whether this machine's clock can judge a certificate's dates.
            report: journals the body of a ``station`` event.
            mono: seconds that only go on.
        """
        self._settings = settings
        self._time_trusted = time_trusted
        self._report = report
        self._mono = mono
        self._offers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._wanted: Offer | None = None
        self._fetching: Generator[int, None, None] | None = None
        self._fetched: dict[str, Entry] = {}
        self._backoff = Backoff(PAUSE_FIRST_S, PAUSE_MOST_S)
        self._next_try = 0.0
        self._refused: str | None = None
        self.problem: str | None = None
        """What a person should know; None when all is well."""
        self.worker = Worker("catalogue", self.step, fresh_within=FRESH_S)

    def offered(self, payload: bytes) -> None:
        """The hub offers a catalogue; returns at once."""
        self._offers.put(payload)

    def step(self) -> None:
        """Take an offer, fetch some, or wait a moment."""
        busy = self._wanted is not None and self._mono() >= self._next_try
        try:
            payload: bytes | None = self._offers.get(timeout=0.0 if busy else IDLE_S)
        except queue.Empty:
            payload = None
        if payload is not None:
            self._consider(payload)
        elif busy and self._wanted is not None:
            self._go_on(self._wanted)

    def stats_json(self) -> dict[str, Any]:
        """For ``udi-station status``."""
        wanted = self._wanted
        release = None if wanted is None or wanted.manifest.release is None else wanted.manifest.release.isoformat()
        return {"fetching": release, "problem": self.problem}

    def _consider(self, payload: bytes) -> None:
        try:
            offer = read_offer(payload, self._settings.authorities)
            if offer.manifest.digest == _here(self._settings.folder).digest:
                self._rest(None)
                return
            demand_newer(_here(self._settings.folder), offer.manifest)
        except CatalogueError as error:
            self._refuse(str(error))
            return
        self._wanted, self._next_try, self._refused = offer, 0.0, None
        self._stop_fetching()

    def _go_on(self, offer: Offer) -> None:
        try:
            if self._fetched_all(offer):
                self._install(offer.manifest)
        except (FetchError, CatalogueError, OSError) as error:
            pause = self._backoff.pause()
            self._stop_fetching()
            self._next_try = self._mono() + pause
            self.problem = f"the catalogue of {offer.manifest.release} could not be fetched: {error}"
            log.warning("%s; tried again in %.0f s", self.problem, pause)

    def _fetched_all(self, offer: Offer) -> bool:
        """Fetch some pieces; whether everything is there."""
        if self._fetching is None:
            waiting = missing(self._settings.folder, offer.manifest)
            if not waiting:
                return True
            self._fetching = self._begin(offer, waiting)
        for _ in range(PIECES_PER_STEP):
            if next(self._fetching, None) is None:
                self._fetching = None
                return False
        return False

    def _begin(self, offer: Offer, waiting: Sequence[Entry]) -> Generator[int, None, None]:
        folder, entry = self._settings.folder, waiting[0]
        folder.mkdir(parents=True, exist_ok=True)
        needed = sum(each.bytes for each in waiting) + LEFT_FREE
        if disk_free(folder) < needed:
            raise CatalogueError(f"{folder}: {disk_free(folder)} bytes are free, {needed} are needed: make room")
        self._fetched[entry.sha256] = entry
        return fetch(
            offer.address + entry.name,
            folder / entry.name,
            sha256=entry.sha256,
            size=entry.bytes,
            tls=self._settings.tls,
            check_time=self._time_trusted(),
        )

    def _install(self, manifest: Manifest) -> None:
        take_over(self._settings.folder, manifest, list(self._fetched.values()))
        self._backoff = Backoff(PAUSE_FIRST_S, PAUSE_MOST_S)
        self._rest(manifest)

    def _rest(self, installed: Manifest | None) -> None:
        self._wanted, self.problem = None, None
        self._stop_fetching()
        self._fetched.clear()
        if installed is not None:
            day = None if installed.release is None else installed.release.isoformat()
            log.info("catalogue=%s digest=%s installed", day, installed.digest)
            self._report(wire.station_change("catalogue_installed", digest=installed.digest, release=day))

    def _refuse(self, why: str) -> None:
        """Said once for each reason: the offer is retained, and comes again with every connection."""
        self._wanted = None
        self._stop_fetching()
        self.problem = f"the offered catalogue is not taken: {why}"
        if why != self._refused:
            self._refused = why
            log.error("%s", self.problem)
            self._report(wire.station_change("catalogue_refused", why=why[:300]))

    def _stop_fetching(self) -> None:
        if self._fetching is not None:
            self._fetching.close()
            self._fetching = None


def _here(folder: Path) -> Manifest:
    """What the folder has; one that is damaged counts as nothing, so that the hub's takes its place."""
    try:
        return present(folder)
    except CatalogueError:
        return Manifest(())
