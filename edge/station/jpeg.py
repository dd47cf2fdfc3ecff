"""Whether a JPEG is a picture and nothing else: no EXIF, no comment, no thumbnail, nothing behind its end. Pure."""

from __future__ import annotations

import re

_SOI, _EOI, _SOS = b"\xff\xd8", b"\xff\xd9", 0xDA
_NEEDED = frozenset({*range(0xC0, 0xD0), _SOS, 0xDB, 0xDD}) - {0xC8}
"""Markers without which it cannot be shown: frames and Huffman tables, scans, quantisation, restart interval."""
_PLAIN_JFIF = re.compile(rb"\xff\xe0\0\x10JFIF\0.{7}\0\0", re.DOTALL)
"""Its last two bytes are the size of a thumbnail: none."""
_SCAN_ENDS = re.compile(rb"\xff[^\0\xd0-\xd7]")
"""The first marker that is no stuffing and no restart."""


def is_bare(jpeg: bytes) -> bool:
    """Whether these bytes are a whole JPEG that holds only what is needed to show it.

    What is needed is listed, not what is forbidden: an unknown segment could hold anything.
    """
    if not jpeg.startswith(_SOI):
        return False
    at = len(_SOI)
    while jpeg[at : at + 2] != _EOI:
        head = jpeg[at : at + 4]
        if len(head) < 4 or head[0] != 0xFF or (head[1] not in _NEEDED and _PLAIN_JFIF.match(jpeg, at) is None):  # noqa: PLR2004 - marker and length
            return False
        at += 2 + int.from_bytes(head[2:])
        if head[1] == _SOS:
            end = _SCAN_ENDS.search(jpeg, at)
            if end is None:
                return False
            at = end.start()
    return at + 2 == len(jpeg)
