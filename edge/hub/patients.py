"""Opening sealed patients at the hub and indexing them by a keyed hash.

The number itself is never stored: the store holds an HMAC of it, whose key never leaves the hub's key folder. A
trace by patient therefore works here and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.seal import Sealed, SealError, open_sealed
from hardware.host.files import replace

log = logging.getLogger(__name__)

INDEX_KEY = "patient-index.secret"
KEY_BYTES = 32


class KeyFolderError(OSError):
    """A key that is missing, unreadable, of the wrong form, or readable for others."""


@dataclass(frozen=True, slots=True)
class Patients:
    """Private keys of a site and the key of its index."""

    site: str
    private_keys: Mapping[str, bytes] = field(repr=False)
    """kid -> raw X25519 private key."""
    index_key: bytes = field(repr=False)

    @classmethod
    def load(cls, folder: Path, site: str, *, create: bool = False) -> Patients:
        """Read ``<kid>.key`` files and the index key.

        Args:
            folder: the hub's key folder.
            site: the site that patients are sealed for.
            create: make the index key if it is missing.

        Raises:
            KeyFolderError: see there.
        """
        index_file = folder / INDEX_KEY
        try:
            if create and not index_file.exists():
                replace(index_file, base64.b64encode(secrets.token_bytes(KEY_BYTES)))
            keys = {file.stem: _read(file) for file in sorted(folder.glob("*.key"))}
        except OSError as error:
            raise KeyFolderError(f"{folder} cannot be used as key folder: {error}") from error
        return cls(site, keys, _read(index_file))

    def index(self, patient: str) -> str:
        """The keyed hash of a patient's number, in hex."""
        message = f"{self.site}\0{patient.strip()}".encode()
        return hmac.new(self.index_key, message, hashlib.sha256).hexdigest()

    def index_sealed(self, sealed: Mapping[str, Any], case: str) -> str | None:
        """The keyed hash of a sealed patient; None if it does not open with this hub's keys."""
        try:
            value = Sealed.from_json(sealed)
            private_key = self.private_keys[value.kid]
            return self.index(open_sealed(value, private_key, site=self.site, case=case).decode())
        except (KeyError, ValueError, TypeError, binascii.Error) as error:
            log.warning("case=%s sealed patient not indexed: %s", case, _why(error))
            return None


def no_index(_sealed: Mapping[str, Any], _case: str) -> str | None:
    """For a hub without keys: patients stay sealed."""
    return None


def _why(error: Exception) -> str:
    """Never the content: only a `SealError` has a text that is safe to log."""
    return str(error) if isinstance(error, SealError) else type(error).__name__


def _read(file: Path) -> bytes:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        key = base64.b64decode(file.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, ValueError) as error:
        raise KeyFolderError(f"{file} cannot be read as a key: {error}") from error
    if mode & 0o077:
        raise KeyFolderError(f"{file} has mode {mode:04o}: expected 0600, run chmod 600 {file}")
    if len(key) != KEY_BYTES:
        raise KeyFolderError(f"{file} holds {len(key)} bytes: expected {KEY_BYTES}, in base64")
    return key
