"""The station as the agent knows it: through its commands and systemd, never by import."""

from __future__ import annotations

import json
import logging
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT_S = 60.0
UNITS = ("udi-station.service", "udi-camera.service")
WITHOUT_NAME = "udi-room-label.service"
"""Reads with the station's own scanners while there is no station."""


@dataclass(frozen=True, slots=True)
class InstalledStation:
    """The station of the slot that runs.

    Attributes:
        name: the one its file has to have: a configuration cannot rename a machine, its certificates say who it is.
        command: ``udi-station``, with its path.
        systemctl: systemd's command.
    """

    name: str
    command: Sequence[str] = ("/opt/udi/current/bin/udi-station",)
    systemctl: Sequence[str] = ("systemctl",)

    def check(self, file: Path) -> Sequence[str]:
        """What is wrong with a file, by the installed station's own word."""
        done = self._ask("check-config", str(file), "--json")
        if done is None:
            return ["udi-station check-config could not be run: is a slot installed?"]
        try:
            found = [str(each["message"]) for each in json.loads(done.stdout)]
        except (ValueError, KeyError, TypeError):
            return [f"udi-station check-config ended with {done.returncode} and no findings: {done.stderr[-200:]}"]
        return found or self._wrong_name(file)

    def restart(self) -> None:
        """Have it read its file anew; a failure shows as a station that does not get well."""
        self._systemctl("stop", WITHOUT_NAME)
        self._systemctl("reset-failed", *UNITS)
        self._systemctl("restart", "--no-block", UNITS[1])  # one that has no camera ends by its own condition
        self._systemctl("restart", UNITS[0])

    def well(self) -> bool:
        """It answers, has no fault and misses no reader."""
        status = self.status()
        return status is not None and status.get("fault") is None and not status.get("missing_readers")

    def busy(self) -> bool:
        """A case or a document is open that goes on; one that is suspended is not."""
        status = self.status()
        return status is not None and status.get("busy") is True

    def status(self) -> dict[str, Any] | None:
        """``udi-station status --json``; None: it does not answer."""
        done = self._ask("status", "--json")
        if done is None or done.returncode:
            return None
        try:
            told = json.loads(done.stdout)
        except ValueError:
            return None
        return told if isinstance(told, dict) else None

    def _wrong_name(self, file: Path) -> list[str]:
        found = tomllib.loads(file.read_text(encoding="utf-8")).get("station", {}).get("id")
        return (
            [] if found == self.name else [f"station.id = {found!r}: expected {self.name!r}, as its certificate says"]
        )

    def _ask(self, *args: str) -> subprocess.CompletedProcess[str] | None:
        command = [*self.command, *args]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("command=%s problem=%s", command[0], error)
            return None

    def _systemctl(self, *args: str) -> None:
        command = [*self.systemctl, *args]
        try:
            subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603 - our own words
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("command=%s problem=%s", command, error)
