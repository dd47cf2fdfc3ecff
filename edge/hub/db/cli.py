"""``udi-hub db migrate | check | verify-chains | rebuild | close-gap`` and ``udi-hub import``."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge import wire
from edge.hub.command import USAGE, settings_of
from edge.hub.config import CONFIG, HubConfig

if TYPE_CHECKING:
    from edge.hub.projections import PatientIndex
    from edge.hub.store import Store

WRONG = 1

_config = click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("db")
def db() -> None:
    """Care of the hub's store. What writes needs the hub stopped where the store is a SQLite file."""


@db.command()
@_config
def migrate(config: Path) -> None:
    """Bring the store to this version; make a copy of it first."""
    from edge.hub import schema  # noqa: PLC0415 - what a command needs is imported when it runs
    from edge.hub.store import Store  # noqa: PLC0415

    with _opened(Store.open_for_migration, config) as store, store.begin() as connection:
        before = schema.version(connection)
        schema.create(connection)
    click.echo(f"{store.name}: version {before or 'none'} before, {schema.HEAD} now")


@db.command()
@_config
@_json
def check(config: Path, *, as_json: bool) -> None:
    """Look for what is wrong. Exit status 0 nothing wrong, 1 the store contradicts itself, 2 usage."""
    from edge.hub.db.check import check as look  # noqa: PLC0415 - see above
    from edge.hub.store import Store  # noqa: PLC0415

    with _opened(Store.open_reader, config) as store, store.read() as connection:
        found = look(connection)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in found], ensure_ascii=False))
    else:
        for each in found:
            click.echo(f"{'WRONG' if each.wrong else 'note':6} {each.count:8} {each.what}\n{'':16}to do: {each.do}")
        click.echo("nothing is wrong" if not any(each.wrong for each in found) else "something is wrong")
    sys.exit(WRONG if any(each.wrong for each in found) else 0)


@db.command("verify-chains")
@_config
@_json
@click.option("--station", help="Only this station.")
def verify_chains(config: Path, *, as_json: bool, station: str | None) -> None:
    """Check every link of every station's chain in the stored bytes. Exit status 0 all hold, 1 not, 2 usage."""
    from edge.hub.db.chains import verify_chains as verify  # noqa: PLC0415 - see above
    from edge.hub.store import Store  # noqa: PLC0415

    wrong = 0
    with _opened(Store.open_reader, config) as store, store.read() as connection:
        for chain in verify(connection, station):
            wrong += chain.wrong
            if as_json:
                click.echo(json.dumps(dataclasses.asdict(chain), ensure_ascii=False))
                continue
            holds = "holds" if chain.wrong == 0 else f"{chain.wrong} problems"
            click.echo(
                f"{chain.station} {chain.epoch} seq {chain.first} to {chain.last}, {chain.events} events: {holds}"
            )
            for problem in chain.problems:
                click.echo(f"    {problem}")
    sys.exit(WRONG if wrong else 0)


@db.command()
@_config
def rebuild(config: Path) -> None:
    """Make everything that answers are given from again, from the stations' bytes. Can be interrupted."""
    from edge.hub.projector import rebuild as again  # noqa: PLC0415 - see above
    from edge.hub.store import Store  # noqa: PLC0415

    settings = settings_of(config)
    index = _patient_index(settings)
    with _opened(Store.open_writer, config) as store:
        count = again(store, index, lambda done: click.echo(f"\r{done} events", nl=False, err=True))
    click.echo(f"\r{count} events projected again", err=False)


@db.command("close-gap")
@_config
@click.argument("station")
@click.option("--why", required=True, help="Kept with the gap, for whoever asks later.")
def close_gap(config: Path, station: str, why: str) -> None:
    """Accept that events of STATION are lost, so that its watermark goes on. First try to get them: see db check."""
    from edge.hub.db.gaps import GapError, close  # noqa: PLC0415 - see above
    from edge.hub.store import Store  # noqa: PLC0415

    with _opened(Store.open_writer, config) as store:
        try:
            with store.begin() as connection:
                closed = close(connection, station, why, wire.iso(datetime.now(UTC)))
        except GapError as error:
            click.echo(str(error), err=True)
            sys.exit(WRONG)
    for each in closed:
        click.echo(f"{each.station} epoch {each.epoch}: seq {each.first} to {each.last} are noted as lost")


@click.command("import")
@_config
@_json
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(config: Path, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Take in events from FILES as `udi-station journal export` writes them. Importing twice does no harm."""
    from edge.hub.db.importing import import_lines  # noqa: PLC0415 - see above
    from edge.hub.projector import project_all  # noqa: PLC0415
    from edge.hub.store import Store  # noqa: PLC0415

    settings = settings_of(config)
    index = _patient_index(settings)
    with _opened(Store.open_writer, config) as store:
        for file in files:
            with file.open("rb") as lines:
                found = import_lines(store, (line.rstrip(b"\r\n") for line in lines), wire.iso(datetime.now(UTC)))
            project_all(store, index)
            words = dataclasses.asdict(found)
            text = ", ".join(f"{count} {name}" for name, count in words.items())
            click.echo(json.dumps({"file": str(file), **words}) if as_json else f"{file}: {text}")


@contextmanager
def _opened(opening: Callable[[str], Store], config: Path) -> Iterator[Store]:
    from edge.hub.store import StoreError  # noqa: PLC0415 - see above

    try:
        store = opening(settings_of(config).hub.store)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    try:
        yield store
    finally:
        store.close()


def _patient_index(settings: HubConfig) -> PatientIndex:
    from edge.hub.patients import KeyFolderError, Patients, no_index  # noqa: PLC0415 - see above

    if settings.hub.keys is None:
        return no_index
    try:
        return Patients.load(settings.hub.keys, settings.hub.site).index_sealed
    except KeyFolderError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
