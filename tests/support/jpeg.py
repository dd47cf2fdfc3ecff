"""What a JPEG carries beside its picture."""

from __future__ import annotations

import io

from PIL import Image

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _COM = 0xE0, 0xFE
_ALONE = {0x01, *range(0xD0, 0xD8)}
"""Markers without a length: TEM, RST0 to RST7."""


def noisy(width: int = 64, height: int = 48, **how: object) -> bytes:
    """A JPEG of noise as Pillow writes it, different each time: about 0.9 bytes a pixel."""
    out = io.BytesIO()
    Image.effect_noise((width, height), 40).save(out, "jpeg", **how)
    return out.getvalue()


def metadata_segments(jpeg: bytes) -> list[str]:
    """Names of everything that is not needed to show the picture; empty for a clean one.

    APP1 to APP15 (EXIF, XMP, ICC, maker's notes), COM, an APP0 that is no plain JFIF header (a thumbnail in it or as
    JFXX), and bytes behind the end of the image.

    Raises:
        ValueError: not a JPEG, or cut.
    """
    if jpeg[:2] != bytes([0xFF, _SOI]):
        raise ValueError(f"no JPEG: begins with {jpeg[:2].hex()}, expected ffd8")
    found: list[str] = []
    at = 2
    while True:
        at, marker = _marker(jpeg, at)
        if marker == _EOI:
            return found if at == len(jpeg) else [*found, f"{len(jpeg) - at} bytes behind the image"]
        if marker in _ALONE:
            continue
        end = at + int.from_bytes(jpeg[at : at + 2])
        if not at + 2 <= end <= len(jpeg):
            raise ValueError(f"a JPEG that was cut: segment {marker:02x} ends at {end} of {len(jpeg)} bytes")
        found += _named(marker, jpeg[at + 2 : end])
        at = _after_scan(jpeg, end) if marker == _SOS else end


def _marker(jpeg: bytes, at: int) -> tuple[int, int]:
    """The marker at `at`, and where its segment begins; fill bytes are passed over."""
    while jpeg[at : at + 2] == b"\xff\xff":
        at += 1
    if len(jpeg) < at + 2 or jpeg[at] != 0xFF:
        raise ValueError(f"a JPEG that was cut: no marker at {at} of {len(jpeg)} bytes")
    return at + 2, jpeg[at + 1]


def _after_scan(jpeg: bytes, at: int) -> int:
    """Where the entropy-coded bytes end: at the next marker that is no stuffing and no restart."""
    while True:
        at = jpeg.find(b"\xff", at)
        if at < 0 or at + 1 >= len(jpeg):
            raise ValueError("a JPEG that was cut: its image data does not end")
        if jpeg[at + 1] != 0 and jpeg[at + 1] not in _ALONE:
            return at
        at += 2


def _named(marker: int, body: bytes) -> list[str]:
    if marker == _COM:
        return ["COM"]
    if marker == _APP0:
        plain = body.startswith(b"JFIF\0") and body[12:14] == b"\0\0" and len(body) == 14
        return [] if plain else ["APP0 that is no plain JFIF header"]
    return [f"APP{marker - _APP0}"] if _APP0 < marker <= _APP0 + 15 else []
