"""Opening sealed patients at the hub and indexing them by a keyed hash.

The number itself is never stored: the store holds an HMAC of it, whose key never leaves the hub's key folder. A
trace by patient therefore works here and nowhere else. The index does not depend on the key that a patient was sealed
to, so a trace finds the events of before and after a rotation. If the index key is lost, a new one is made, and
rebuilding the projections opens every sealed patient and indexes it anew.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.hub.keys import INDEX_KEY, KeyFolder, KeyFolderError
from edge.seal import Sealed, SealError, open_sealed

__all__ = ["INDEX_KEY", "KeyFolderError", "Patients", "no_index"]

log = logging.getLogger(__name__)

MOST_TOLD = 100
"""Key ids that are logged in all: a station could make one up for each event."""
REMEMBERED = 1_000
"""Cases whose sealed patient need not be opened again: all scans of one have the same sealed bytes."""


@dataclass(frozen=True, slots=True)
class Patients:
    """Private keys of a site and the key of its index."""

    site: str
    private_keys: Mapping[str, bytes] = field(repr=False)
    """kid -> raw X25519 private key, retired ones too."""
    index_key: bytes = field(repr=False)
    _told: set[str] = field(default_factory=set, repr=False, compare=False)
    """Key ids that are not here and were logged; one line each, however many events come."""
    _indexed: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False, compare=False)
    """What was opened lately, by sealed bytes and case; the keyed hash only, which the store has anyway."""

    @classmethod
    def load(cls, folder: Path, site: str, *, create: bool = False) -> Patients:
        """Read the keys.

        Args:
            folder: the hub's key folder, see `edge.hub.keys`.
            site: the site that patients are sealed for.
            create: make the index key if it is missing.

        Raises:
            KeyFolderError: see there.
        """
        keys = KeyFolder(folder)
        if create and not (folder / INDEX_KEY).exists():
            log.warning("made a new %s: patients indexed with another one are found after a rebuild", INDEX_KEY)
        index_key = keys.index_key(create=create)
        return cls(site, {key.kid: key.private for key in keys.read()}, index_key)

    def index(self, patient: str) -> str:
        """The keyed hash of a patient's number as stations seal it, without the wristband's prefix; in hex."""
        message = f"{self.site}\0{patient.strip()}".encode()
        return hmac.new(self.index_key, message, hashlib.sha256).hexdigest()

    def index_sealed(self, sealed: Mapping[str, Any], case: str) -> str | None:
        """The keyed hash of a sealed patient; None if it does not open with this hub's keys."""
        try:
            exactly = (sealed["kid"], sealed["enc"], sealed["ct"], case)
            if exactly in self._indexed:
                return self._indexed[exactly]
            value = Sealed.from_json(sealed)
            private_key = self.private_keys.get(value.kid)
            if private_key is None:
                self._say_unknown(value.kid)
                return None
            index = self.index(open_sealed(value, private_key, site=self.site, case=case).decode())
        except (KeyError, ValueError, TypeError) as error:
            log.warning("case=%s sealed patient not indexed: %s", case, _why(error))
            return None
        if len(self._indexed) >= REMEMBERED:
            del self._indexed[next(iter(self._indexed))]
        self._indexed[exactly] = index
        return index

    def _say_unknown(self, kid: str) -> None:
        if kid not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(kid)
            known = ", ".join(self.private_keys) or "none"
            log.warning("kid=%.40r is unknown, known are %s: put its key here, restart, rebuild", kid, known)


def no_index(_sealed: Mapping[str, Any], _case: str) -> str | None:
    """For a hub without keys: patients stay sealed."""
    return None


def _why(error: Exception) -> str:
    """Never the content: only a `SealError` has a text that is safe to log."""
    return str(error) if isinstance(error, SealError) else type(error).__name__
