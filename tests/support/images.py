"""A folder of pictures with their truth: ``manifest.jsonl`` with one object for each picture.

``{"file": "set/a.png", "format": "DataMatrix", "text": null, "bytes_hex": "3031", "n": 1}``: `n` symbols are in it,
0 where none is; `bytes_hex` is what they hold, or `text` where only that is known. A folder below is a set of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware.camera_images import load_luma
from tests.support.frames import Luma

MANIFEST = "manifest.jsonl"
CHARSETS = ("utf-8", "latin-1", "cp932")
"""In which published texts stand for bytes."""
SINGLE_BYTE = ("latin-1", "iso8859-2", "iso8859-5", "iso8859-7", "cp1252")


class ManifestError(ValueError):
    """A folder that cannot be measured; the text names the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture and what is in it."""

    path: Path
    group: str
    """Name of its set."""
    format: str
    """Kind of symbol as zxing-cpp spells it; ``none`` where there is none."""
    count: int
    payload: bytes | None
    text: str | None

    def luma(self) -> Luma:
        return load_luma(self.path)

    def holds(self, payload: bytes) -> bool:
        """Whether this is what its symbols hold."""
        if self.count == 0:
            return False
        if self.payload is not None:
            return payload == self.payload
        return self.text is not None and _same(self.text, payload)


def pictures(folder: Path) -> Sequence[Picture]:
    """The pictures of a folder in the order of its manifest.

    Raises:
        ManifestError: no manifest, or a line that does not say what it must or names a file that is not there.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise ManifestError(f"{manifest}: expected one JSON object a line for each picture, found no such file")
    lines = manifest.read_text(encoding="utf-8").splitlines()
    return [_picture(folder, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _picture(folder: Path, number: int, line: str) -> Picture:
    try:
        entry = json.loads(line)
        file, held = str(entry["file"]), entry["bytes_hex"]
        payload = None if held is None else bytes.fromhex(held)
        picture = Picture(
            folder / file, Path(file).parent.as_posix(), str(entry["format"]), int(entry["n"]), payload, entry["text"]
        )
    except (KeyError, ValueError, TypeError) as error:
        expected = '{"file", "format", "text", "bytes_hex", "n"}'
        raise ManifestError(
            f"{folder / MANIFEST}:{number}: expected {expected}, found {line[:80]!r} ({error})"
        ) from error
    if not picture.path.is_file():
        raise ManifestError(f"{folder / MANIFEST}:{number}: {file} is not there")
    return picture


def _same(text: str, payload: bytes) -> bool:
    if _lines(text) in {_lines(payload.decode(name, "replace")) for name in CHARSETS}:
        return True
    return len(text) == len(payload) and all(map(_stands_for, text, payload))


def _stands_for(sign: str, byte: int) -> bool:
    """Symbols may change their character set from one sign to the next."""
    return any(bytes([byte]).decode(name, "replace") == sign for name in SINGLE_BYTE)


def _lines(text: str) -> str:
    """Published texts do not keep how lines end."""
    return text.replace("\r\n", "\n").strip("\n")
