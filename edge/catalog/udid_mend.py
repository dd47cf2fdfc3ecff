"""The bytes of a published part -> bytes that are XML 1.0.

Published parts are not: they hold bare ``&`` and control characters, both as bytes and as references. Those are mended
here, in front of the XML parser, and nothing else is: what is still not XML afterwards is an error.
"""

from __future__ import annotations

import re
from bisect import bisect_right

LONGEST = 1 << 20
"""Bytes that may pass without a ``>``. The longest field of the data set has some thousand characters."""

_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_NONCHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_CHARACTERS = ((0x09, 0x0A, 0x0D), range(0x20, 0xD800), range(0xE000, 0xFFFE), range(0x10000, 0x110000))
# No document type is allowed, so there are no entities but these five.
_AMPERSAND = re.compile(rb"&(?!(?:lt|gt|amp|apos|quot);)(?:#(?:([0-9]{1,10})|x([0-9A-Fa-f]{1,10}));)?")
_OPAQUE = re.compile(rb"<!\[CDATA\[|<!--|<![A-Za-z]")
_DOCUMENT_TYPE = "found a document type, which may hold an XML bomb; a release has none"
_CUT_OFF = ("unexpected end of data", "incomplete multibyte sequence")
_CLOSING = {b"<![CDATA[": b"]]>", b"<!--": b"-->"}


class RefusedError(ValueError):
    """Something that no part of a release holds, at about this byte of the stream as published."""

    def __init__(self, what: str, offset: int) -> None:
        """Say what, and where."""
        super().__init__(what)
        self.offset = offset


class Mender:
    """Mends a stream, however it is cut into blocks.

    It passes bytes on up to the last ``>`` and keeps the rest for the next block: that byte ends every tag and section
    and is part of no reference and no multi-byte character of UTF-8 or GB 18030, so nothing is ever cut in two.
    """

    def __init__(self, encoding: str = "utf-8", began: int = 0) -> None:
        """Begin a stream of ``utf-8`` or ``gb18030`` behind `began` bytes of it; what comes out is UTF-8."""
        self.encoding = encoding
        """Of what comes in."""
        self._rest = b""
        self._until = b""
        """What ends the CDATA section or comment that is open."""
        self._piece, self._opened = b"", b""
        self._began, self._passed = began, 0
        self._mended = b""
        self._wrong: UnicodeDecodeError | None = None

    def feed(self, block: bytes) -> bytes:
        """Mend the next block.

        Raises:
            RefusedError: no ``>`` for too long, or a document type: its entities could grow without end, so the
                parser never sees it.
            UnicodeDecodeError: what came before was not GB 18030, where that was declared.
        """
        self._check()
        data = self._rest + block
        cut = data.rfind(b">") + 1
        self._rest = data[cut:]
        return self._pass_on(data[:cut])

    def end(self) -> bytes:
        """Mend what is left; errors as `feed`."""
        self._check()
        rest, self._rest = self._rest, b""
        mended = self._pass_on(rest)
        self._check()
        return mended

    def origin(self, offset: int) -> int:
        """Where in the stream as published the byte at `offset` of what came out stood.

        It is within the last block, and exact but for a few bytes where something was mended just there.
        """
        target = offset - self._passed
        if target <= 0:
            return self._began
        lengths = range(len(self._piece) + 1)
        return self._began + bisect_right(lengths, target, key=lambda k: len(self._prefix(k))) - 1

    def undecodable(self) -> int | None:
        """Where in the stream as published the first byte of the last block stood that is not of its encoding.

        None if all are; a character that is cut off at the end does not count.
        """
        try:
            self._piece.decode(self.encoding)
        except UnicodeDecodeError as error:
            return None if error.reason in _CUT_OFF else self._began + error.start
        return None

    def _check(self) -> None:
        if self._wrong is not None:
            raise self._wrong
        if len(self._rest) > LONGEST:
            what = f"expected a > within {LONGEST} bytes, found none: this is no part of a UDID release"
            raise RefusedError(what, self._began + len(self._piece))

    def _pass_on(self, piece: bytes) -> bytes:
        if not piece:
            return b""
        self._began += len(self._piece)
        self._passed += len(self._mended)
        self._piece, self._opened = piece, self._until
        self._mended = b""
        try:
            self._mended, self._until = _mend(self._decoded(piece), self._until)
        except RefusedError as error:
            error.offset += self._began
            raise
        return self._mended

    def _decoded(self, piece: bytes) -> bytes:
        """In UTF-8, up to the first byte that is wrong: what stands before it is still given."""
        if self.encoding == "utf-8":
            return piece
        try:
            return piece.decode(self.encoding).encode()
        except UnicodeDecodeError as error:
            self._wrong = error
            return piece[: error.start].decode(self.encoding).encode()

    def _prefix(self, length: int) -> bytes:
        prefix = self._piece[:length]
        if self.encoding != "utf-8":
            prefix = prefix.decode(self.encoding, "ignore").encode()
        return _mend(prefix, self._opened)[0]


def _mend(piece: bytes, until: bytes) -> tuple[bytes, bytes]:
    """The piece mended, and what ends the section that is open behind it. The usual piece is passed on as it is."""
    piece = piece.translate(None, _CONTROLS)
    if b"\xef\xbf" in piece:
        for each in _NONCHARACTERS:
            piece = piece.replace(each, b"")
    if until or (b"!" in piece and _OPAQUE.search(piece)):
        return _mend_around_sections(piece, until)
    return (_AMPERSAND.sub(_reference, piece) if b"&" in piece else piece), b""


def _mend_around_sections(piece: bytes, until: bytes) -> tuple[bytes, bytes]:
    """In CDATA sections an ampersand stands for itself."""
    out, at = [], 0
    while at < len(piece):
        if until:
            end = piece.find(until, at)
            stop = len(piece) if end < 0 else end + len(until)
            out.append(piece[at:stop])
            until = until if end < 0 else b""
        else:
            found = _OPAQUE.search(piece, at)
            if found and found[0] not in _CLOSING:
                raise RefusedError(_DOCUMENT_TYPE, found.start())
            stop = found.end() if found else len(piece)
            out.append(_AMPERSAND.sub(_reference, piece[at:stop]))
            until = _CLOSING[found[0]] if found else b""
        at = stop
    return b"".join(out), until


def _reference(found: re.Match[bytes]) -> bytes:
    decimal, hexadecimal = found.groups()
    if decimal is None and hexadecimal is None:
        return b"&amp;"
    return found[0] if _is_character(int(decimal) if decimal else int(hexadecimal, 16)) else b""


def _is_character(code: int) -> bool:
    """Whether XML 1.0 has the character."""
    return any(code in each for each in _CHARACTERS)
