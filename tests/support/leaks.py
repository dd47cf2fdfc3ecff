"""Looking for a value that must not be anywhere, in every form in which it might be there all the same."""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import quote

SQLITE = b"SQLite format 3\0"


@cache
def forms(value: str) -> Mapping[str, bytes]:
    """What to look for. Give the shortest part that tells the patient: longer ones hold it in most forms."""
    plain = value.encode()
    found = {
        "plain": plain,
        "reversed": plain[::-1],
        "hex": plain.hex().encode(),
        "hex with spaces": plain.hex(" ").encode(),
        "hex escapes": "".join(f"\\x{byte:02x}" for byte in plain).encode(),
        "UTF-16 LE": value.encode("utf-16-le"),
        "UTF-16 BE": value.encode("utf-16-be"),
        "UTF-32 LE": value.encode("utf-32-le"),
        "JSON escapes": "".join(f"\\u{ord(char):04x}" for char in value).encode(),
        "URL": quote(value, safe="").encode(),
        "URL, every byte": "".join(f"%{byte:02x}" for byte in plain).encode(),
        "list of numbers": ", ".join(str(byte) for byte in plain).encode(),
        "list of numbers, dense": ",".join(str(byte) for byte in plain).encode(),
    }
    found |= {f"base64 at {shift}": _inside(base64.b64encode, plain, shift, 3, 4) for shift in range(3)}
    found |= {f"base32 at {shift}": _inside(base64.b32encode, plain, shift, 5, 8) for shift in range(5)}
    for name in ("md5", "sha1", "sha256"):
        found[f"{name}, no key"] = hashlib.new(name, plain, usedforsecurity=False).hexdigest().encode()
    return found


def _inside(encode: object, plain: bytes, shift: int, group: int, width: int) -> bytes:
    """The characters that `plain` gives wherever it stands `shift` bytes behind a group's beginning."""
    assert callable(encode)
    padded = b"\0" * shift + plain
    whole = len(padded) // group * group
    text: bytes = encode(padded[:whole])
    return text[-(-shift * 8 * width // (group * 8)) :]


def leaks(content: bytes, values: Iterable[str]) -> list[str]:
    """In which forms any of the values stands in these bytes, in upper or lower case or between them."""
    lower = content.lower()
    return [
        f"{name} of value {number}"
        for number, value in enumerate(values, start=1)
        for name, form in forms(value).items()
        if form.lower() in lower
    ]


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder: its name and bytes, and of an SQLite file its rows too, which pages may cut."""
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        data = file.read_bytes()
        yield str(file.relative_to(folder)), data
        if data.startswith(SQLITE):
            yield f"rows of {file.relative_to(folder)}", _rows(file)


def _rows(file: Path) -> bytes:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        cells = (
            cell
            for name in names
            for row in connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - names of the file's own tables
            for cell in row
        )
        return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)


def plant(everything: Mapping[str, bytes], name: str, form: bytes) -> dict[str, bytes]:
    """A copy with `form` in the middle of one of the contents."""
    middle = len(everything[name]) // 2
    return {**everything, name: everything[name][:middle] + form + everything[name][middle:]}
