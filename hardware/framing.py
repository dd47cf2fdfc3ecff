"""Where one message of a serial scanner ends and the next begins. Pure: time comes in as an argument."""

from __future__ import annotations

import hashlib
from typing import Literal

from hardware.scanner import MAX_PAYLOAD, ScannerRead, message, too_long

Framing = Literal["cr", "lf", "crlf", "stx_etx", "idle"]

IDLE_GAP_NS = 30_000_000
"""A pause that ends a message under ``idle`` framing."""
ABANDONED_NS = 2_000_000_000
"""A rest without terminator that is older is given as a read, so that nothing vanishes silently."""
_STX, _ETX = b"\x02", b"\x03"
_END = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "stx_etx": _ETX}


class Framer:
    """Cuts a byte stream into messages; keeps at most `MAX_PAYLOAD` bytes however long a message grows."""

    def __init__(self, framing: Framing, no_read: bytes | None) -> None:
        """Start with nothing received.

        Args:
            framing: how the scanner ends its messages.
            no_read: what it sends when its trigger found no code.
        """
        self._framing = framing
        self._end = _END.get(framing)
        self._no_read = no_read
        self._rest = b""
        self._long: tuple[bytes, int, hashlib._Hash] | None = None
        self._last_ns = 0

    def feed(self, data: bytes, t_ns: int) -> list[ScannerRead]:
        """Bytes that came at monotonic time `t_ns`; gives the messages they completed."""
        before = self.idle(t_ns) if data else []
        if not data:
            return before
        self._last_ns = t_ns
        self._rest += data
        found = [read for read in self._cut(t_ns) if read is not None]
        self._bound()
        return before + found

    def idle(self, t_ns: int) -> list[ScannerRead]:
        """What a pause until `t_ns` completes."""
        gap = IDLE_GAP_NS if self._end is None else ABANDONED_NS
        if not (self._rest or self._long) or t_ns - self._last_ns < gap:
            return []
        rest, self._rest = self._rest, b""
        read = self._finish(rest, t_ns if self._end is None else self._last_ns)
        return [] if read is None else [read]

    def _cut(self, t_ns: int) -> list[ScannerRead | None]:
        reads: list[ScannerRead | None] = []
        while self._end is not None:
            part, end, rest = self._rest.partition(self._end)
            if not end:
                break
            self._rest = rest
            reads.append(self._finish(part, t_ns))
        return reads

    def _finish(self, part: bytes, t_ns: int) -> ScannerRead | None:
        if self._long is not None or len(part) > MAX_PAYLOAD:
            self._swallow(part)
            assert self._long is not None  # noqa: S101 - _swallow made it
            head, length, digest = self._long
            self._long = None
            return too_long(head, length, digest, t_ns)
        data = self._trim(part)
        return message(data, t_ns, self._no_read) if data else None

    def _trim(self, part: bytes) -> bytes:
        """What belongs to the framing only: STX with what stood before it, and the other half of a CR LF."""
        if self._framing == "stx_etx":
            return part.rpartition(_STX)[2]
        if self._framing in ("cr", "idle"):
            part = part.removeprefix(b"\n")
        if self._framing in ("lf", "idle"):
            part = part.removesuffix(b"\n").removesuffix(b"\r")
        return part

    def _bound(self) -> None:
        if len(self._rest) > MAX_PAYLOAD:
            keep = 1 if self._framing == "crlf" and self._rest.endswith(b"\r") else 0
            cut = len(self._rest) - keep
            self._swallow(self._rest[:cut])
            self._rest = self._rest[cut:]

    def _swallow(self, part: bytes) -> None:
        head, length, digest = self._long or (b"", 0, hashlib.sha256())
        digest.update(part)
        self._long = (head + part[: max(0, MAX_PAYLOAD - len(head))], length + len(part), digest)
