"""Sends an archive to the hub, in pieces, again and again until the hub says in the command's topic that it is there.

Pieces go to ``udi/<station>.fw/diagnostics``, QoS 1, not retained: a broker's acknowledgement is no promise that a hub
was there. The archive waits on the card; what is not taken within a day is given up, and the command says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from hardware.host import files
from hardware.host.backoff import Backoff
from hardware.host.clock import TRUSTED, ClockReading

log = logging.getLogger(__name__)

SCHEMA = 1
PIECE_BYTES = 64 * 1024
"""Of the archive in one message: in base64 it passes every broker of this project, and fits into 128 KiB."""
MOST_BYTES = 64 * PIECE_BYTES
"""Of an archive that the hub takes."""
MOST_WAITING = 3
GIVEN_UP = timedelta(days=1)
AGAIN_FIRST_S, AGAIN_MOST_S = 15.0, 300.0
"""Between the last piece of one round and the first of the next."""
ENDING = ".tar.gz"


def pieces(command: str, data: bytes) -> list[bytes]:
    """The messages of an archive. Pure."""
    sha256 = hashlib.sha256(data).hexdigest()
    parts = [data[start : start + PIECE_BYTES] for start in range(0, len(data), PIECE_BYTES)]
    head = {"schema": SCHEMA, "command": command, "count": len(parts), "sha256": sha256}
    return [
        json.dumps({**head, "number": number, "data": base64.b64encode(part).decode("ascii")}).encode()
        for number, part in enumerate(parts, 1)
    ]


def read_received(payload: bytes) -> str | None:
    """The hash of the archive that the hub says it has; None: the message says something else."""
    try:
        told = json.loads(payload)
        return str(told["sha256"]) if told["schema"] == SCHEMA and told["status"] == "received" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


@dataclass(slots=True)
class _Waiting:
    """One archive on the card."""

    backoff: Backoff = field(default_factory=lambda: Backoff(AGAIN_FIRST_S, AGAIN_MOST_S))
    again_s: float = 0.0


class ArchiveSender:
    """Keeps archives on the card and sends them, a piece at each tick; belongs to one thread."""

    def __init__(
        self,
        folder: Path,
        say: Callable[[bytes], bool],
        finish: Callable[[str, Literal["successful", "failed"], str], None],
    ) -> None:
        """Take up what waited before this process.

        Args:
            folder: for the archives.
            say: says a piece; False: not now, the one before it still waits for the connection.
            finish: told of a command's name, how it ended, and a text for people.
        """
        self._folder = folder
        self._say = say
        self._finish = finish
        self._waiting = {file.name.removesuffix(ENDING): _Waiting() for file in sorted(folder.glob(f"*{ENDING}"))}
        self._round: list[bytes] = []
        """Pieces of the archive under way that were not said yet."""
        self._under_way = ""

    @property
    def full(self) -> bool:
        """No more archives are taken."""
        return len(self._waiting) >= MOST_WAITING

    def holds(self, command: str) -> bool:
        """The archive of this command waits here."""
        return command in self._waiting

    def keep(self, command: str, data: bytes) -> None:
        """Send this archive from now on.

        Raises:
            OSError: it cannot be kept on the card.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.replace(self._file(command), data)
        self._waiting[command] = _Waiting()

    def forget_all_but(self, commands: set[str]) -> None:
        """No other command goes on: what a break left behind."""
        for command in set(self._waiting) - commands:
            self._forget(command)

    def hear(self, command: str, payload: bytes) -> None:
        """A message of a command's topic: the hub has the archive, or wants it no more."""
        if command not in self._waiting:
            return
        if not payload:
            self._forget(command)
            return
        sha256 = read_received(payload)
        data = b"" if sha256 is None else self._read(command)
        if data and sha256 == hashlib.sha256(data).hexdigest():
            self._finish(command, "successful", f"{len(data)} bytes are at the hub, no secret, no patient")
            self._forget(command)

    def tick(self, now: ClockReading) -> None:
        """Say the next piece, or give up."""
        for command in [each for each in self._waiting if self._too_old(each, now)]:
            self._finish(command, "failed", "the hub did not take the archive within a day: look at the hub, ask again")
            self._forget(command)
        if self._round:
            self._go_on(now.mono_ns / 1e9)
        else:
            self._begin(now.mono_ns / 1e9)

    def _begin(self, now_s: float) -> None:
        command = next((name for name, each in self._waiting.items() if each.again_s <= now_s), None)
        if command is None:
            return
        data = self._read(command)
        if not data:
            self._finish(command, "failed", "the archive on the card cannot be read: ask again")
            self._forget(command)
            return
        self._under_way, self._round = command, pieces(command, data)
        self._go_on(now_s)

    def _go_on(self, now_s: float) -> None:
        if self._say(self._round[0]):
            del self._round[0]
        if not self._round:
            waiting = self._waiting[self._under_way]
            waiting.again_s = now_s + AGAIN_FIRST_S + waiting.backoff.pause()

    def _too_old(self, command: str, now: ClockReading) -> bool:
        if now.quality not in TRUSTED:
            return False
        try:
            since = self._file(command).stat().st_mtime
        except OSError:
            return False  # told when it is read
        return now.at - datetime.fromtimestamp(since, UTC) > GIVEN_UP

    def _read(self, command: str) -> bytes:
        try:
            return self._file(command).read_bytes()
        except OSError as error:
            log.error("archive=%s not read: %s", command, error)  # noqa: TRY400 - the text says it all
            return b""

    def _forget(self, command: str) -> None:
        self._waiting.pop(command, None)
        if command == self._under_way:
            self._round = []
        try:
            self._file(command).unlink(missing_ok=True)
        except OSError as error:  # a card that only reads any more: `forget_all_but` tries again at the next start
            log.warning("archive=%s not removed: %s", command, error)

    def _file(self, command: str) -> Path:
        return self._folder / f"{command}{ENDING}"
