"""``udi-station catalog``."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import click

from edge.catalog.build import CatalogueError, build
from edge.catalog.store import Catalog
from edge.catalog.tables_cli import tables


@click.group()
def catalog() -> None:
    """Make and ask the product catalogue."""


catalog.add_command(tables)


@catalog.command("import")
@click.argument("csv_file", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--recalls", type=click.Path(path_type=Path), help="CSV of recalls and stop-use orders.")
def import_(csv_file: Path, out: Path, recalls: Path | None) -> None:
    """Make OUT from a CSV of products."""
    try:
        count = build(csv_file, out, recalls=recalls)
    except (CatalogueError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    click.echo(f"{out}: {count} DIs")


@catalog.command()
@click.argument("file", type=click.Path(path_type=Path))
def stats(file: Path) -> None:
    """How many DIs a catalogue knows, and its digest."""
    opened = _open(file)
    click.echo(f"{opened.rows} DIs, sha256 {opened.digest}")


@catalog.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("di")
def lookup(file: Path, di: str) -> None:
    """What a catalogue knows of a DI. Exit status 1 if nothing."""
    product = _open(file).lookup(di)
    if product is None:
        click.echo(f"DI {di} is not in {file}", err=True)
        sys.exit(1)
    click.echo(json.dumps(dataclasses.asdict(product), ensure_ascii=False, indent=2, default=str))


def _open(file: Path) -> Catalog:
    try:
        return Catalog.open(file)
    except CatalogueError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
