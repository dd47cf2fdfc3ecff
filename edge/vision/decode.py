"""``udi-station decode``: every symbol of photographs, for programs as one JSON object a line.

`edge/schema/decode.schema.json` describes the objects; the form is kept as long as `schema` says 1.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from edge.udi.read import Read
from edge.vision.ladder import read_frame
from hardware.camera_images import ImageError, load_luma

SCHEMA = 1


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jsonl", is_flag=True, help="One JSON object for each image.")
def decode(images: tuple[Path, ...], *, jsonl: bool) -> None:
    """Print every symbol of photographs. Exit status 0 if each image gave a read, 1 if some did not, 2 usage."""
    complete = True
    for image in images:
        found = report(image)
        complete = complete and bool(found.get("reads"))
        click.echo(_line(found) if jsonl else _text(found))
    sys.exit(0 if complete else 1)


def report(image: Path) -> dict[str, Any]:
    """What is said of one image: its reads, or an error where it cannot be read as an image."""
    began = time.perf_counter()
    try:
        reads = read_frame(load_luma(image), t0_ns=time.monotonic_ns())
    except ImageError as error:
        return {"schema": SCHEMA, "file": str(image), "error": str(error)}
    ms = (time.perf_counter() - began) * 1000
    return {"schema": SCHEMA, "file": str(image), "reads": [_entry(read) for read in reads], "ms": round(ms, 1)}


def _entry(read: Read) -> dict[str, Any]:
    return {
        "text": _utf8(read.payload),
        "bytes_hex": read.payload.hex(),
        "symbology": read.symbology,
        "format": read.format,
        "corners": read.corners,
        "margin": None if read.margin is None else round(read.margin, 3),
        "rung": read.rung,
        "ms": round(read.took_ms, 1),
    }


def _utf8(payload: bytes) -> str | None:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _line(found: dict[str, Any]) -> bytes:
    """UTF-8 whatever the terminal's encoding; a file name that is none stays an escape, which JSON knows too."""
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _text(found: dict[str, Any]) -> bytes:
    if "error" in found:
        return _shown(str(found["error"]))
    lines = [f"{found['file']}: {len(found['reads'])} 个码 / symbols"]
    for entry in found["reads"]:
        content = entry["text"].replace("\x1d", "␝") if entry["text"] is not None else f"hex {entry['bytes_hex']}"
        lines.append(f"  {entry['symbology'] or '-':4} {content}")
    return _shown("\n".join(lines))


def _shown(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
