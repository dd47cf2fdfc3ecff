"""``udi-firmware diagnostics``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from firmware_service.checks.look import take_look
from firmware_service.diagnostics.gather import gather, pack, run_here
from firmware_service.places import Places
from hardware.host import files


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Look at this tree instead of the running system.",
)
def diagnostics(out: Path, root: Path) -> None:
    """Write one archive (tar.gz) into OUT: checks, versions, network, configuration and logs, without any secret.

    Exit status 0, or 1 when OUT cannot be written.
    """
    look = take_look(Places(root))
    members = gather(look, run_here)
    data = pack(members, int(look.clock.at.timestamp()))
    try:
        files.replace(out, data)
    except OSError as error:
        click.echo(f"{out}: {error.strerror}; expected a file that can be written", err=True)
        sys.exit(1)
    click.echo(f"{out}: {len(members)} files, {len(data)} bytes; 机密与患者信息已去除 / no secret, no patient in it")
