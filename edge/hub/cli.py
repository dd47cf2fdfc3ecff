"""The ``udi-hub`` command. What a subcommand needs is imported when it runs."""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from edge.hub.bindings_cli import bindings
from edge.hub.broker.cli import broker_config
from edge.hub.cards_cli import cards
from edge.hub.catalogue_cli import consistency, mapping
from edge.hub.command import USAGE, reading, settings_of
from edge.hub.config import CONFIG, HubConfig
from edge.hub.db.cli import db, import_command
from edge.hub.documents.cli import documents
from edge.hub.fleet.cli import fleet
from edge.hub.keys_cli import keys
from edge.hub.pictures_cli import picture
from edge.hub.recall_cli import recall
from edge.hub.record_cli import record, stock

NOTHING = 1


def _options(command: Callable[..., None]) -> Callable[..., None]:
    config = click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
    return config(click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command))


@click.group()
@click.version_option(package_name="udi-station", message="%(prog)s %(version)s")
def main() -> None:
    """The receiving end: collects what stations send and answers where things are."""


for _command in (
    bindings,
    broker_config,
    cards,
    consistency,
    db,
    documents,
    fleet,
    import_command,
    keys,
    mapping,
    picture,
    recall,
    record,
    stock,
):
    main.add_command(_command)


@main.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
def run(config: Path) -> None:
    """Collect and show pages until SIGTERM. Exit status 0, 1 when a part of it failed, 2 for a bad configuration."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    settings = settings_of(config)
    from edge.hub import daemon  # noqa: PLC0415 - a bad configuration needs no broker and no store

    sys.exit(daemon.run(settings))


@main.command()
@_options
@click.option("--di", help="Device identifier; a GTIN with 14 digits.")
@click.option("--lot", help="Lot (批号).")
@click.option("--serial", help="Serial (序列号).")
@click.option("--document", help="Document (单据).")
@click.option("--place", help="Place, for example OR-03.")
@click.option("--case", "case_", help="Case id.")
@click.option("--house-code", help="House code (院内码), also of scans of the piece that it is bound to.")
@click.option("--patient", is_flag=True, help="Read a patient's number from standard input.")
def trace(config: Path, *, as_json: bool, case_: str | None, patient: bool, **parts: str | None) -> None:
    """Find every scan of a thing. Exit status 0 found, 1 nothing found, 2 usage."""
    from edge.hub.trace import Question  # noqa: PLC0415 - see the module
    from edge.hub.trace import trace as ask  # noqa: PLC0415

    settings = settings_of(config)
    index = _patient_index(settings) if patient else None
    question = Question(**parts, case=case_, patient_index=index)
    if question.empty:
        raise click.UsageError(
            "give at least one of --di --lot --serial --document --place --case --house-code --patient"
        )
    with reading(settings) as connection:
        found = ask(connection, question)
    _print(found, as_json=as_json)
    sys.exit(0 if found else NOTHING)


@main.command()
@_options
def status(config: Path, *, as_json: bool) -> None:
    """Say how each station stands. Exit status 0, 1 when no station is known, 2 usage."""
    from edge.hub import overview  # noqa: PLC0415 - see the module

    with reading(settings_of(config)) as connection:
        found = overview.stations(connection)
    _print(found, as_json=as_json)
    sys.exit(0 if found else NOTHING)


@main.command()
@_options
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), help="First day, local time; else 7 days ago.")
def week(config: Path, *, as_json: bool, start: datetime | None) -> None:
    """Count seven days. Exit status 0, 1 when there was no scan, 2 usage."""
    from edge.hub.week import week as count  # noqa: PLC0415 - see the module

    first = datetime.now(UTC) - timedelta(days=7) if start is None else start.astimezone()
    with reading(settings_of(config)) as connection:
        figures = count(connection, first, first + timedelta(days=7))
    _print([figures], as_json=as_json, one=True)
    sys.exit(0 if figures.scans else NOTHING)


def _patient_index(settings: HubConfig) -> str:
    from edge.hub.patients import KeyFolderError, Patients  # noqa: PLC0415 - see the module

    if settings.hub.keys is None:
        raise click.UsageError("--patient needs [hub] keys in the configuration: without keys patients stay sealed")
    try:
        return Patients.load(settings.hub.keys, settings.hub.site).index(sys.stdin.readline())
    except KeyFolderError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)


def _print(rows: Sequence[Any], *, as_json: bool, one: bool = False) -> None:
    """JSON for machines; else one block of ``name value`` lines for each row."""
    plain = [dataclasses.asdict(row) for row in rows]
    if as_json:
        click.echo(json.dumps(plain[0] if one else plain, ensure_ascii=False))
        return
    for row in plain:
        for name, value in row.items():
            if value not in (None, [], ()):
                click.echo(
                    f"{name:16} {json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value}"
                )
        click.echo()
