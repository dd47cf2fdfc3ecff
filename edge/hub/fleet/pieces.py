"""An archive that a machine sends in pieces, put together again. Pure: what is kept where is `receiving`'s.

Pieces come in any order, more than once, from several machines at once, and some never: the machine sends all of them
again until it is told that the archive is here. Nothing of an archive is believed before the whole has its hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field

SCHEMA = 1
PIECE_BYTES = 64 * 1024
"""Of the archive in one message, before base64."""
MOST_PIECES = 64
MOST_PAYLOAD = PIECE_BYTES * 4 // 3 + 1024
MOST_HELD = 32 * 1024 * 1024
"""Bytes of unfinished archives of all machines; beyond, those that grew longest ago are forgotten."""
MOST_UNFINISHED = 2
"""Archives of one machine: one while another's last pieces are still on their way."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Piece:
    """One message.

    Attributes:
        command: name of the command that asked for the archive.
        number: 1 to `count`.
        count: of all pieces.
        sha256: of the whole archive, lower-case hex.
        data: a part of it.
    """

    command: str
    number: int
    count: int
    sha256: str
    data: bytes


class PieceError(ValueError):
    """No piece; the text says why."""


def read_piece(payload: bytes) -> Piece:
    """A piece as it came.

    Raises:
        PieceError: it is none.
    """
    if len(payload) > MOST_PAYLOAD:
        raise PieceError(f"{len(payload)} bytes: expected at most {MOST_PAYLOAD}")
    try:
        told = json.loads(payload)
        schema, text = told["schema"], told["data"]
        data = base64.b64decode(text, validate=True)
        piece = Piece(told["command"], told["number"], told["count"], told["sha256"], data)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PieceError(f"{len(payload)} bytes are no piece: {type(error).__name__}") from None
    if schema != SCHEMA or not _matches(_NAME, piece.command) or not _matches(_SHA256, piece.sha256):
        raise PieceError(f"schema {schema!r:.20}: expected {SCHEMA}, the name of a command, and a SHA-256")
    if type(piece.number) is not int or type(piece.count) is not int or not 1 <= piece.number <= piece.count:
        raise PieceError("expected a number from 1 to the count of pieces")
    if piece.count > MOST_PIECES or not 0 < len(piece.data) <= PIECE_BYTES:
        raise PieceError(
            f"{piece.count} pieces, {len(piece.data)} bytes: expected {MOST_PIECES}, {PIECE_BYTES} at most"
        )
    return piece


def _matches(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


@dataclass(slots=True)
class _Unfinished:
    """What is here of one archive."""

    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0

    def put(self, number: int, data: bytes) -> None:
        self.size += len(data) - len(self.parts.get(number, b""))
        self.parts[number] = data


_Key = tuple[str, str, str, int]


class Pieces:
    """Unfinished archives, each under its machine, command, hash and count: none can spoil another."""

    def __init__(self) -> None:
        """Begin with none."""
        self._unfinished: dict[_Key, _Unfinished] = {}
        """Those that grew last stand last."""

    @property
    def held(self) -> int:
        """Bytes that are held."""
        return sum(each.size for each in self._unfinished.values())

    def add(self, station: str, piece: Piece) -> bytes | None:
        """Add a piece of this station's machine; gives the whole archive once all are here and the hash is right.

        With a wrong hash some piece was damaged, nobody knows which: all are forgotten, and will come again.
        """
        key = (station, piece.command, piece.sha256, piece.count)
        unfinished = self._unfinished.pop(key, None) or _Unfinished()
        unfinished.put(piece.number, piece.data)
        if len(unfinished.parts) == piece.count:
            whole = b"".join(unfinished.parts[number] for number in range(1, piece.count + 1))
            return whole if hashlib.sha256(whole).hexdigest() == piece.sha256 else None
        self._unfinished[key] = unfinished
        self._bound(station)
        return None

    def keep_only(self, wanted: Collection[tuple[str, str]]) -> None:
        """Forget everything but what (station, command) asked for."""
        self._unfinished = {key: each for key, each in self._unfinished.items() if key[:2] in wanted}

    def _bound(self, station: str) -> None:
        of_station = [key for key in self._unfinished if key[0] == station]
        for key in of_station[:-MOST_UNFINISHED]:
            del self._unfinished[key]
        while self.held > MOST_HELD:
            del self._unfinished[next(iter(self._unfinished))]
