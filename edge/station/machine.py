"""What the firmware agent says of this machine, in files of its own that it replaces whole: read every few seconds.

The two meet nowhere else. Without an agent there are no files, and nothing is wrong.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

FOLDER = Path("/run/udi-firmware")
IDENTITY, LOG_LEVEL = "identity.json", "log-level"
LOOK_S = 5.0
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SPOKEN = {"cloned": "card_copied", "refused": "certificate_refused"}
"""Why this machine has no identity that counts, and how that is said."""


class Machine:
    """Looked at by one thread; `troubles` may be read by any."""

    def __init__(self, folder: Path, say: Callable[[tuple[str, ...]], None]) -> None:
        """Begin with nothing known.

        Args:
            folder: the agent's.
            say: speaks phrases.
        """
        self._folder = folder
        self._say = say
        self._why: str | None = None
        self._level: str | None = None
        self._look_s = 0.0
        self.troubles: tuple[str, ...] = ()
        """What to see to, in words for the log and the status."""

    def look(self) -> None:
        """Look, if it is time to."""
        if time.monotonic() < self._look_s:
            return
        self._look_s = time.monotonic() + LOOK_S
        self._look_at_identity()
        self._look_at_level()

    def _look_at_identity(self) -> None:
        reason = self._identity().get("reason")
        told = reason if isinstance(reason, dict) else {}
        why = told.get("why")
        self.troubles = () if why not in SPOKEN else (f"identity: {told.get('zh')} / {told.get('en')}",)
        if why != self._why and why in SPOKEN:
            self._say((SPOKEN[why],))
        self._why = why

    def _identity(self) -> dict[str, Any]:
        try:
            told = json.loads((self._folder / IDENTITY).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}

    def _look_at_level(self) -> None:
        try:
            level = (self._folder / LOG_LEVEL).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return
        if level != self._level and level in LEVELS:
            self._level = level
            logging.getLogger().setLevel(LEVELS[level])
            log.warning("log_level=%s as the hub asked", level)
