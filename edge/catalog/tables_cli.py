"""``udi-station catalog tables``: the site's own tables."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from edge.catalog import cells
from edge.catalog.columns import PLAIN, read_map
from edge.catalog.nhsa import nhsa_state
from edge.catalog.product import NhsaCode
from edge.catalog.site import SiteTables
from edge.catalog.site_build import Sources, build_site
from edge.catalog.site_forms import FORMS
from edge.catalog.write import CatalogueError

_FILE = click.Path(path_type=Path)


@click.group()
def tables() -> None:
    """Make and ask the site's own tables: item numbers, house codes, 医保 codes, lists, certificates."""


@tables.command()
@click.argument("out", type=_FILE)
@click.option("--items", type=_FILE, help="Item master: item number, DI.")
@click.option("--house-codes", type=_FILE, help="House codes (院内码) with the UDI each is bound to.")
@click.option("--nhsa", type=_FILE, help="医保 codes: DI, code, validity.")
@click.option("--scope", "scopes", multiple=True, metavar="NAME=FILE", help="A scope list: batch-1, batch-3, your own.")
@click.option("--watch", type=_FILE, help="集采 watch list: DI, registrant or credit code.")
@click.option("--certificates", type=_FILE, help="Registration certificates with their validity.")
@click.option("--map", "map_file", type=_FILE, help="TOML: your own column headings, and the encoding of CSV.")
def build(out: Path, scopes: tuple[str, ...], map_file: Path | None, **files: Path | None) -> None:
    """Make OUT from CSV and XLSX tables. Exit status 1 if a row is wrong: then OUT is as it was."""
    sources = Sources(**files, scopes=_named(scopes))
    if not scopes and not any(files.values()):
        raise click.UsageError("give at least one table")
    try:
        mapping = PLAIN if map_file is None else read_map(map_file, FORMS)
        made = build_site(out, sources, today=_today(), mapping=mapping)
    except (CatalogueError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    for warning in made.warnings:
        click.echo(warning, err=True)
    click.echo(f"{out}: {_counts(made.rows)}")


@tables.command()
@click.argument("file", type=_FILE)
@click.argument("code")
def show(file: Path, code: str) -> None:
    """What FILE says of a house code or a DI. Exit status 1 if nothing."""
    opened = _open(file)
    found = opened.about(code) or opened.about(_as_di(code))
    if not found:
        click.echo(f"{code} is neither a house code nor a DI in {file}", err=True)
        sys.exit(1)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2, default=_plain))


@tables.command()
@click.argument("file", type=_FILE)
def check(file: Path) -> None:
    """Say what FILE holds and what in it needs a look today. Exit status 1 if it is damaged or needs one."""
    opened = _open(file)
    damage = opened.damage()
    if damage:
        click.echo(f"{file}: damaged: {damage}; build it again", err=True)
        sys.exit(1)
    for kind, name, source, sha256, rows in opened.sources():
        click.echo(f"{kind}{f' {name}' if name else ''}: {source}, {rows} rows, sha256 {sha256}")
    click.echo(f"{file}: {_counts(opened.rows)}, sha256 {opened.digest}")
    notes = [*_states(opened), *opened.ended(_today())]
    for note in notes:
        click.echo(note, err=True)
    sys.exit(1 if notes else 0)


def _states(opened: SiteTables) -> list[str]:
    """DIs whose 医保 code is not one code in force."""
    codes: dict[str, list[NhsaCode]] = defaultdict(list)
    for di, code in opened.nhsa_rows():
        codes[di].append(code)
    states = {di: nhsa_state(found, _today()) for di, found in codes.items()}
    return [
        f"DI {di}: 医保 code {state}: {', '.join(dict.fromkeys(each.code for each in codes[di]))}"
        for di, state in states.items()
        if state != "mapped"
    ]


def _as_di(text: str) -> str:
    """A GTIN with 14 digits, however many were typed."""
    try:
        return cells.di(text)
    except ValueError:
        return text


def _named(pairs: tuple[str, ...]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for pair in pairs:
        name, mark, file = pair.partition("=")
        if not (name and mark and file) or name in named:
            raise click.UsageError(f"--scope {pair}: expected NAME=FILE, each name once, such as batch-1=catalog.csv")
        named[name] = Path(file)
    return named


def _counts(rows: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in rows.items() if count) or "empty"


def _open(file: Path) -> SiteTables:
    try:
        return SiteTables.open(file)
    except CatalogueError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("ascii", "backslashreplace")
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else str(value)


def _today() -> date:
    return datetime.now().astimezone().date()
