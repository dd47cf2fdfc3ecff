"""``udi-firmware sheets``: what a technician prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from firmware_service.checks.look import json_of
from firmware_service.places import Places
from firmware_service.scanner_sheets import families, sheet
from firmware_service.selftest.result import FILE, to_lines
from hardware.host import files
from hardware.host.fonts import font_file

_PATH = click.Path(path_type=Path, dir_okay=False)


def _printing(command: Callable[..., None]) -> Callable[..., None]:
    font = click.option("--font", type=_PATH, help="A font file with Chinese. Else one of Debian's packages.")
    out = click.option("--out", type=_PATH, help="Write it here; as PDF if it ends in .pdf. Else print it.")
    return out(font(command))


@click.group()
def sheets() -> None:
    """Sheets to print. Exit status 0, 1 cannot be written or nothing to print, 2 usage."""


@sheets.command()
@click.argument("family", type=click.Choice([each.key for each in families()]))
@_printing
def scanner(family: str, out: Path | None, font: Path | None) -> None:
    """How a scanner of FAMILY is set: USB serial, AIM identifier, GS kept, a message when nothing was read."""
    _write(sheet(next(each for each in families() if each.key == family)), out, font)


@sheets.command()
@_printing
@click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path("/"), show_default=True
)
def selftest(root: Path, out: Path | None, font: Path | None) -> None:
    """The last self-test of this machine."""
    kept = Places(root).state / FILE
    result = json_of(kept)
    if not result:
        click.echo(f"{kept}: no self-test yet: sudo udi-firmware selftest", err=True)
        sys.exit(1)
    _write(to_lines(dict(result)), out, font)


def _write(lines: Sequence[str], out: Path | None, font: Path | None) -> None:
    text = "\n".join(lines) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        files.replace(out, _pdf(lines, font) if out.suffix.lower() == ".pdf" else text.encode(), mode=0o644)
    except OSError as error:
        click.echo(f"{out}: {error.strerror or error}", err=True)
        sys.exit(1)


def _pdf(lines: Sequence[str], font: Path | None) -> bytes:
    try:
        from firmware_service.sheets import pdf  # noqa: PLC0415 - a station has no fpdf2, and prints text
    except ImportError as error:
        message = "a PDF needs fpdf2: pip install 'udi-station[bench]', or write text to another suffix"
        raise OSError(message) from error
    return pdf(lines, font_file(font))
