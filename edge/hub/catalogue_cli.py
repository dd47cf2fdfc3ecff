"""``udi-hub consistency`` and ``udi-hub mapping``: how UDID and the 医保 codes of a site fit together."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from edge.catalog.columns import PLAIN, read_map
from edge.catalog.site import SiteTables
from edge.catalog.site_forms import FORMS
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.hub import consistency as checking
from edge.hub import mapping as counting
from edge.hub.command import USAGE
from hardware.host.files import replace_by_pieces

FOUND = 1
"""Exit status of a check that found something, and of a count that found nothing."""
_FILE = click.Path(path_type=Path)
_FORMULA = tuple("=+-@\t\r")
T = TypeVar("T")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_catalogue = click.option("--catalogue", type=_FILE, required=True, help="What udi-station catalog import made.")
_on = click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="The day that counts; else today.")


@click.command()
@_catalogue
@click.option("--nhsa", type=_FILE, required=True, help="医保 table: DI, code, and what it says of the product.")
@click.option("--map", "map_file", type=_FILE, help="TOML: your own column headings, and the encoding of CSV.")
@click.option("--csv", "csv_file", type=_FILE, help="Write the mismatches there.")
@_json
@_on
def consistency(
    catalogue: Path, nhsa: Path, map_file: Path | None, csv_file: Path | None, *, as_json: bool, on: datetime | None
) -> None:
    """Name all that UDID and a 医保 table say differently. Exit status 0 nothing, 1 something, 2 usage."""
    mapping = PLAIN if map_file is None else _usable(read_map, map_file, FORMS)
    opened = _usable(Catalog.open, catalogue)
    counts: Counter[str] = Counter()
    found = _counted(checking.compare(opened, nhsa, today=_day(on), mapping=mapping), counts)
    names = [field.name for field in dataclasses.fields(checking.Mismatch)]
    if csv_file is not None:
        _usable(replace_by_pieces, csv_file, _csv(names, found))
    else:
        _usable(_print, found, as_json)
    click.echo(", ".join(f"{what} {count}" for what, count in counts.most_common()) or "no mismatch", err=True)
    sys.exit(FOUND if counts else 0)


@click.command()
@_catalogue
@click.option("--tables", type=_FILE, required=True, help="What udi-station catalog tables build made.")
@click.option("--by", type=click.Choice(["class", "registrant", "catalogue-row", "watch"]), default="class")
@click.option("--list", "as_list", is_flag=True, help="Name every product that is not mapped, instead of counting.")
@_json
@_on
def mapping(
    catalogue: Path, tables: Path, by: counting.By, *, as_list: bool, as_json: bool, on: datetime | None
) -> None:
    """How complete the two-code map (两码映射) is. Exit status 0, 1 nothing to say, 2 usage."""
    products, site = _usable(Catalog.open, catalogue).products(), _usable(SiteTables.open, tables)
    counts: Counter[str] = Counter()
    if as_list:
        _print(_counted(counting.unmapped(products, site, _day(on)), counts), as_json)
    else:
        _print(_counted(counting.completeness(products, site, by, _day(on)), counts), as_json)
    sys.exit(0 if counts else FOUND)


def _usable(act: Callable[..., T], *arguments: Any) -> T:
    """What a file gives; ends the command if it cannot be used."""
    try:
        return act(*arguments)
    except (CatalogueError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)


def _counted(found: Iterable[T], counts: Counter[str]) -> Iterator[T]:
    for each in found:
        counts[getattr(each, "what", "row")] += 1
        yield each


def _print(found: Iterable[Any], as_json: bool) -> None:
    """A line each as it is found, or one JSON array."""
    before = "["
    for each in found:
        row = dataclasses.asdict(each)
        if as_json:
            click.echo(f"{before}{json.dumps(row, ensure_ascii=False)}", nl=False)
            before = ",\n"
        else:
            click.echo("  ".join(f"{name}={_plain(value)}" for name, value in row.items()))
    if as_json:
        click.echo("[]" if before == "[" else "]")


def _csv(names: Sequence[str], found: Iterable[Any]) -> Iterator[bytes]:
    """UTF-8 with its mark, which spreadsheets need; no cell is taken for a formula."""
    yield "\ufeff".encode()
    yield _line(names)
    for each in found:
        yield _line([_plain(value) for value in dataclasses.asdict(each).values()])


def _line(cells: Sequence[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue().encode()


def _plain(value: Any) -> str:
    return "; ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)


def _day(on: datetime | None) -> date:
    return datetime.now().astimezone().date() if on is None else on.date()
