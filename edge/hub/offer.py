"""What the hub offers its stations: the catalogue in its folder, told when it changes and when the broker forgot it."""

from __future__ import annotations

import logging
from pathlib import Path

from edge import wire
from edge.catalog.manifest import MANIFEST, read_manifest
from edge.catalog.offer import Offer
from edge.catalog.write import CatalogueError

log = logging.getLogger(__name__)

LOOK_NS = 1_000_000_000
"""How often the folder is looked at: another process changes it."""


class CatalogueOffer:
    """Belongs to the collector's thread."""

    def __init__(self, folder: Path, address: str) -> None:
        """Prepare.

        Args:
            folder: the catalogue's; its manifest has to be signed, or stations refuse it.
            address: of the files, as stations reach it, with a slash at its end.
        """
        self._folder = folder
        self._address = address
        self._stamp: tuple[int, int] | None = None
        self._look_ns = 0

    def begin(self) -> None:
        """Connected: the broker may have forgotten everything."""
        self._stamp = None
        self._look_ns = 0

    def due(self, now_ns: int) -> tuple[str, bytes] | None:
        """Topic and payload to publish now; what is taken from here counts as told."""
        if now_ns < self._look_ns:
            return None
        self._look_ns = now_ns + LOOK_NS
        try:
            found = (self._folder / MANIFEST).stat()
        except OSError:
            return None  # no catalogue yet
        stamp = (found.st_ino, found.st_mtime_ns)
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        return self._told()

    def _told(self) -> tuple[str, bytes] | None:
        try:
            manifest = read_manifest(self._folder, None)
            payload = Offer(manifest, self._address).encode()
        except CatalogueError as error:
            log.error("no catalogue is offered: %s", error)  # noqa: TRY400 - the text says it all
            return None
        if not manifest.signatures:
            log.warning("the catalogue in %s is not signed: stations refuse it; udi-station catalog sign", self._folder)
        log.info("catalogue=%s digest=%s offered", manifest.release, manifest.digest)
        return wire.CATALOGUE, payload
