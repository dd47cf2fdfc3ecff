"""``udi-firmware health``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from firmware_service.checks.finding import BAD
from firmware_service.checks.look import take_look
from firmware_service.health import as_json, read_health, to_text
from firmware_service.places import Places


@click.command()
@click.option("--json", "as_object", is_flag=True, help="Print one JSON object.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Look at this tree instead of the running system.",
)
def health(root: Path, *, as_object: bool) -> None:
    """Check board, clock, card, station and network. Exit status 0 when nothing needs doing, else 1."""
    found = read_health(take_look(Places(root)))
    click.echo(json.dumps(as_json(found), ensure_ascii=False) if as_object else to_text(found))
    sys.exit(1 if found.state in BAD else 0)
