"""Events in the raw bytes of a damaged journal, found without its tree.

An event's row stands in a leaf page; what does not fit there goes on in overflow pages, each of which names the next
(SQLite file format, sections 1.6 and 1.7). A page that the log holds too counts as it stands in its newest frame: the
two never mix, so that no event is put together of two.
"""

from __future__ import annotations

import contextlib
import json
import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge import wire
from hardware.host.sqlite import FRAME_BYTES, PAGE_BYTES

_BEGINS: Final = b'{"schema":1,"event_id":"'
"""How an event line begins in the bytes of a page; it is believed only if it decodes."""
_JSON = json.JSONDecoder()
_LOG_HEADER = 32
_SALTS = slice(8, 16)
"""Of a frame: they change each time the log begins anew."""
FORMER_PAGE_BYTES = 4096
"""Of journals that older versions made."""


def carve(path: Path) -> Iterator[bytes]:
    """Every line in the file and its log that may be an event, those of the log last."""
    with contextlib.ExitStack() as files:
        file = _map(path, files)
        log = _map(path.with_name(path.name + "-wal"), files)
        images = [_Image(file, log, size) for size in dict.fromkeys((PAGE_BYTES, FORMER_PAGE_BYTES))]
        for content, in_log in ((file, False), (log, True)):
            for at in _beginnings(content):
                yield from _in_one_piece(content, at)
                for image in images:
                    yield from image.event(at, in_log=in_log)


def _map(part: Path, files: contextlib.ExitStack) -> mmap.mmap | bytes:
    if not part.exists() or part.stat().st_size == 0:
        return b""
    file = files.enter_context(part.open("rb"))
    return files.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _beginnings(content: mmap.mmap | bytes) -> Iterator[int]:
    at = content.find(_BEGINS)
    while at >= 0:
        yield at
        at = content.find(_BEGINS, at + 1)


def _in_one_piece(content: mmap.mmap | bytes, at: int) -> Iterator[bytes]:
    text = content[at : at + wire.MAX_EVENT_BYTES].decode("utf-8", "surrogateescape")
    with contextlib.suppress(ValueError, RecursionError):
        end = _JSON.raw_decode(text)[1]
        yield text[:end].encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class _Image:
    """File and log as pages of one size."""

    file: mmap.mmap | bytes
    log: mmap.mmap | bytes
    size: int
    newest: dict[int, int] = field(init=False)
    """Where the newest frame of a page has its content in the log."""

    def __post_init__(self) -> None:
        self.newest = dict(self._frames())

    def event(self, at: int, *, in_log: bool) -> Iterator[bytes]:
        """The line that begins `at` in a page and goes on in others; nothing if that page was written again later."""
        content = self.log if in_log else self.file
        sizes = self._sizes(content, at)
        if sizes is not None and self._is_newest(at, in_log=in_log):
            here, length = sizes
            follows = int.from_bytes(content[at + here : at + here + 4], "big")
            line = content[at : at + here] + self._overflow(follows, length - here)
            if len(line) == length:
                yield line

    def _frames(self) -> Iterator[tuple[int, int]]:
        """Page numbers and places of the log's newest run, in order."""
        step = FRAME_BYTES + self.size
        places = range(_LOG_HEADER, len(self.log) - step + 1, step)
        salts = None
        for at in places:
            head = self.log[at : at + FRAME_BYTES]
            if salts is None and any(head):
                salts = head[_SALTS]
            if head[_SALTS] == salts:
                yield int.from_bytes(head[:4], "big"), at + FRAME_BYTES

    def _is_newest(self, at: int, *, in_log: bool) -> bool:
        """Whether nothing newer is known of the page around `at`."""
        if not in_log:
            return at // self.size + 1 not in self.newest
        step = FRAME_BYTES + self.size
        frame = (at - _LOG_HEADER) // step * step + _LOG_HEADER
        number = int.from_bytes(self.log[frame : frame + 4], "big")
        return self.newest.get(number) == frame + FRAME_BYTES

    def _sizes(self, content: mmap.mmap | bytes, at: int) -> tuple[int, int] | None:
        """Bytes of the line in its first page, and in all, by the record's header before it."""
        for head in (4, 5):  # its own length, NULL (the key is the row's number), the kind of the line in 2 or 3 bytes
            kind = content[at - head + 2 : at]
            if at >= head and content[at - head : at - head + 2] == bytes([head, 0]):
                length = (_varint(kind) - 12) // 2
                return self._local(length + head) - head, length
        return None

    def _local(self, payload: int) -> int:
        """Bytes of a payload that stand in its leaf page (file format, section 1.6)."""
        most, least = self.size - 35, (self.size - 12) * 32 // 255 - 23
        here = least + (payload - least) % (self.size - 4)
        return payload if payload <= most else here if here <= most else least

    def _overflow(self, number: int, length: int) -> bytes:
        pieces, each = list[bytes](), self.size - 4
        while length > 0 and number > 0:
            page = self._page(number)
            pieces.append(page[4 : 4 + min(each, length)])
            length, number = length - each, int.from_bytes(page[:4], "big")
        return b"".join(pieces)

    def _page(self, number: int) -> bytes:
        at = self.newest.get(number)
        return self.file[(number - 1) * self.size : number * self.size] if at is None else self.log[at : at + self.size]


def _varint(kind: bytes) -> int:
    value = 0
    for byte in kind:
        value = value << 7 | byte & 0x7F
    return value
