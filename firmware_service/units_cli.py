"""``udi-firmware units``: what systemd is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import click

from firmware_service.places import Places
from firmware_service.units import UNITS, Role, Units, UnitsError

FAILED = 1
_source = click.option("--from", "source", type=click.Path(path_type=Path), help="A systemd folder; else the slot's.")
_root = click.option("--root", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("/"))
_role = click.option("--role", type=click.Choice(list(UNITS)), default="station", show_default=True)


@click.group()
def units() -> None:
    """Units, users, folders and device rules. Exit status 0, or 1 when not done."""


@units.command()
@_source
@_root
@_role
def install(source: Path | None, root: Path, role: str) -> None:
    """Copy them below /etc, make users and folders, enable."""
    _print(source, root, role, "install")


@units.command()
@_source
@_root
@_role
def uninstall(source: Path | None, root: Path, role: str) -> None:
    """Stop, disable and remove what was installed; data stays."""
    _print(source, root, role, "uninstall")


def _print(source: Path | None, root: Path, role: str, what: str) -> None:
    made = Units(source or Places(root).current / "systemd", root, cast("Role", role))
    try:
        for path in made.install() if what == "install" else made.uninstall():
            click.echo(path)
    except OSError as error:
        kind = "" if isinstance(error, UnitsError) else f"{error.filename}: "
        click.echo(f"{kind}{error}", err=True)
        sys.exit(FAILED)
