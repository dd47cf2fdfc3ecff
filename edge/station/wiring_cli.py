"""``udi-station wiring``: the wiring diagram of this very station."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edge.station.cli import CONFIG
from edge.station.config import read_config
from edge.station.wiring import BOARDS, Board, clashes, draw
from hardware.host.board import read_board
from hardware.host.toml import ConfigError

_MODELS: tuple[tuple[str, Board], ...] = (
    ("Zero 2", "zero2w"),
    ("Compute Module 4", "cm4"),
    ("Pi 4", "4"),
    ("Pi 5", "5"),
)
_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("out", type=_PATH, required=False)
@click.option("--config", type=_PATH, default=CONFIG, show_default=True)
@click.option("--board", type=click.Choice(BOARDS), help="Else the board that this runs on, or 4 on any other machine.")
def wiring(out: Path | None, config: Path, board: Board | None) -> None:
    """Draw which pin goes where, as SVG into OUT or to standard output.

    Exit status 0, 1 when pins clash, 2 for a bad configuration.
    """
    try:
        settings = read_config(config)
    except ConfigError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(2)
    board = board or board_of(read_board().model)
    found = clashes(settings, board)
    for problem in found:
        click.echo(f"{config}: {problem.message}", err=True)
    if found:
        sys.exit(1)
    if settings.panel is None:
        click.echo(f"{config}: no [panel]: nothing is wired but the clock module", err=True)
    _write(draw(settings, board), out)


def _write(picture: str, out: Path | None) -> None:
    if out is None:
        click.echo(picture, nl=False)
        return
    try:
        out.write_text(picture, encoding="utf-8")
    except OSError as error:
        click.echo(f"{out}: {error.strerror}; expected a file that can be written", err=True)
        sys.exit(1)


def board_of(model: str | None) -> Board:
    """The board by the name it gives itself."""
    return next((board for words, board in _MODELS if words in (model or "")), "4")
