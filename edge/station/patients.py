"""Patients at the station: named in memory, sealed for what is stored (architecture section 6).

A patient's value lives in memory only. What tasks and the card know is a keyed hash of it, whose key lies in the run
directory, which a power cut empties: after that nobody can tell from a card who was there, and an open case stays
suspended; its wristband then opens a new one.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from edge.seal import Sealed, Sealer
from edge.station.config import SealTable

KEY_FILE = "patient.key"
KEY_BYTES = 32
MOST_KNOWN = 50
"""Patients and cases that are kept in memory; the oldest go first."""


class Patients:
    """Belongs to the desk."""

    def __init__(self, run_dir: Path, seal: SealTable | None) -> None:
        """Take the key of this start of the machine, or make it.

        Args:
            run_dir: emptied when the machine starts.
            seal: the hub's key; None where no wristband is configured.
        """
        self._key = _key(run_dir / KEY_FILE)
        self._site = "" if seal is None else seal.site
        self._sealer = None if seal is None else Sealer(seal.kid, base64.b64decode(seal.public_key))
        self._values: dict[str, str] = {}
        self._sealed: dict[str, Sealed] = {}

    def show(self, value: str) -> str:
        """A wristband was shown: the name that stands for its patient until the machine is started again."""
        who = hmac.new(self._key, value.encode(), hashlib.sha256).hexdigest()[:32]
        self._values = dict(list(self._values.items())[-MOST_KNOWN:]) | {who: value}
        return who

    def hold(self, case: str, who: str) -> None:
        """Somebody is the patient of this case. A case card stands for nobody that the station could name.

        Raises:
            ValueError: there is nothing to seal with.
        """
        value = self._values.get(who)
        if value is None:
            return
        if self._sealer is None:
            raise ValueError("a wristband was recognised without a [seal] table; check-config refuses that")
        self._sealed[case] = self._sealer.seal(value.encode(), site=self._site, case=case)
        self._sealed = dict(list(self._sealed.items())[-MOST_KNOWN:])

    def sealed(self, case: str | None) -> Sealed | None:
        """The patient of a case; None where none was shown for it."""
        return None if case is None else self._sealed.get(case)


def _key(file: Path) -> bytes:
    with contextlib.suppress(OSError):
        known = file.read_bytes()
        if len(known) == KEY_BYTES:
            return known
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as out:
        out.write(key)
    return key
