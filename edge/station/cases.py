"""Who, for whom and under what: badges, wristbands and documents turned into sessions.

A patient's value lives in memory only while a case is open; what is stored is sealed to the hub. After a restart an
open case is suspended: the wristband has to be shown again.
"""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from edge.seal import Sealed, Sealer
from edge.station.config import SealTable
from edge.station.context import ContextCode, ContextKind, Doubtful
from edge.station.tasks import Change, Running, show
from hardware.host.files import replace

REPEAT_NS = 2_000_000_000
"""The same card in the camera's view within this time is one showing."""


class CaseBook:
    """Turns context codes into sessions, and remembers an open case across restarts."""

    def __init__(self, state_file: Path, seal: SealTable | None) -> None:
        """Read which case was open when the process last ended.

        Args:
            state_file: holds the open case's random id and nothing of the patient.
            seal: the hub's key; None where no wristband is configured.
        """
        self._state_file = state_file
        self._site = "" if seal is None else seal.site
        self._sealer = None if seal is None else Sealer(seal.kid, base64.b64decode(seal.public_key))
        self._patient: str | None = None
        self._lately: dict[ContextCode | Doubtful, int] = {}

    def suspended(self) -> str | None:
        """The case that was open when the process ended; asked once, at the start."""
        try:
            case = self._state_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        replace(self._state_file, b"")
        return case or None

    def seen_lately(self, code: ContextCode | Doubtful, t0_ns: int) -> bool:
        """Whether the camera still looks at a card it has already shown."""
        former = self._lately.get(code)
        self._lately = {c: t for c, t in self._lately.items() if t0_ns - t < REPEAT_NS} | {code: t0_ns}
        return former is not None and t0_ns - former < REPEAT_NS

    def show(self, running: Running, code: ContextCode) -> tuple[Running, tuple[Change, ...]]:
        """Take a context code; see `edge.station.tasks.show`."""
        same = code.kind is ContextKind.WRISTBAND and code.value == self._patient
        after, changes = show(
            running, code, new_case=lambda: f"c{secrets.token_hex(8)}", seal=self._seal, same_patient=same
        )
        if after.case != running.case:
            self._patient = code.value
            replace(self._state_file, (after.case or "").encode("ascii"))
        return after, changes

    def _seal(self, patient: str, case: str) -> Sealed:
        if self._sealer is None:
            raise ValueError("a wristband was recognised without a [seal] table; check-config refuses that")
        return self._sealer.seal(patient.encode(), site=self._site, case=case)
