"""``udi-station camera`` and ``udi-station decode``."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import click

from edge.udi.read import Read
from edge.vision.ladder import read_frame
from hardware.camera import CameraError
from hardware.camera_images import ImageError, load_luma
from hardware.camera_settings import CameraSettings
from hardware.host.toml import ConfigError, parse, read_table

SCHEMA = 1


@click.group()
def camera() -> None:
    """The camera process."""


@camera.command()
@click.option("--config", type=click.Path(path_type=Path), default=Path("/etc/udi-station/station.toml"))
@click.option("--socket", type=click.Path(path_type=Path), default=Path("/run/udi-station/camera.sock"))
def run(config: Path, socket: Path) -> None:
    """Run until SIGTERM. Exit status 0, 1 when the camera failed, 2 for a bad configuration."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    try:
        settings = parse(read_table(config).get("camera", {}), CameraSettings)
    except ConfigError as error:
        click.echo(f"{config}: [camera] {error}", err=True)
        sys.exit(2)
    from edge.vision.process import serve  # noqa: PLC0415 - decode needs no camera

    try:
        sys.exit(serve(settings, socket))
    except CameraError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@click.command()
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jsonl", is_flag=True, help="One JSON object for each image.")
def decode(images: tuple[Path, ...], *, jsonl: bool) -> None:
    """Print every symbol of photographs. Exit status 0 if each image gave a read, 1 if some did not, 2 usage."""
    complete = True
    for image in images:
        report = _decode(image)
        complete = complete and bool(report.get("reads"))
        click.echo(json.dumps(report, ensure_ascii=False) if jsonl else _text(report))
    sys.exit(0 if complete else 1)


def _decode(image: Path) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        reads = read_frame(load_luma(image), t0_ns=time.monotonic_ns())
    except (ImageError, ValueError) as error:
        return {"schema": SCHEMA, "file": str(image), "error": str(error)}
    ms = (time.perf_counter() - began) * 1000
    return {"schema": SCHEMA, "file": str(image), "reads": [_entry(read) for read in reads], "ms": round(ms, 1)}


def _entry(read: Read) -> dict[str, Any]:
    try:
        text: str | None = read.payload.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    return {
        "text": text,
        "bytes_hex": read.payload.hex(),
        "symbology": read.symbology,
        "format": read.format,
        "corners": read.corners,
        "rung": read.rung,
        "ms": round(read.took_ms, 1),
    }


def _text(report: dict[str, Any]) -> str:
    if "error" in report:
        return str(report["error"])
    lines = [f"{report['file']}: {len(report['reads'])} 个码 / symbols"]
    for entry in report["reads"]:
        shown = entry["text"].replace("\x1d", "␝") if entry["text"] is not None else f"hex {entry['bytes_hex']}"
        lines.append(f"  {entry['symbology'] or '-':4} {shown}")
    return "\n".join(lines)
