"""``udi-hub record`` and ``udi-hub stock``: what was done in a case or under a document, and what is on hand.

What a subcommand needs is imported when it runs.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.hub.command import USAGE, reading, settings_of
from edge.hub.config import CONFIG

if TYPE_CHECKING:
    from edge.hub.packaging import Lookup
    from edge.hub.words import Lang

NOTHING = 1
_PATH = click.Path(path_type=Path)
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, see edge/schema/record.schema.json.")
_lang = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    return _config(_json(_lang(command)))


@click.group(invoke_without_command=True)
@_options
@click.option("--case", "case_", help="Case id: 使用登记 / 植入登记.")
@click.option("--document", help="Document (单据), or loaner kit (外来器械).")
@click.pass_context
def record(context: click.Context, /, config: Path, *, as_json: bool, lang: Lang, **asked: str | None) -> None:
    """Say what was done in one case or under one document. Exit status 0 found, 1 nothing found, 2 usage."""
    if context.invoked_subcommand is not None:
        return
    from edge.hub.case_record import case_record  # noqa: PLC0415 - see the module
    from edge.hub.goods_record import goods_record  # noqa: PLC0415
    from edge.hub.kit_record import kit_record, kit_text  # noqa: PLC0415
    from edge.hub.record_text import case_text, goods_text  # noqa: PLC0415

    case, document = asked["case_"], asked["document"]
    if (case is None) == (document is None):
        raise click.UsageError("give either --case or --document, or one of: open, duplicates")
    with reading(settings_of(config)) as connection:
        if case is not None:
            of_case = case_record(connection, case)
            lines: Iterable[str] = () if of_case is None else case_text(of_case, lang)
            _say([of_case] if of_case else [], lines, as_json=as_json, one=True)
        elif (kit := kit_record(connection, document or "")) is not None:
            _say([kit], kit_text(kit, lang), as_json=as_json, one=True)
        else:
            of_goods = goods_record(connection, document or "")
            lines = () if of_goods is None else goods_text(of_goods, lang)
            _say([of_goods] if of_goods else [], lines, as_json=as_json, one=True)


@record.command("open")
@_options
def open_(config: Path, *, as_json: bool, lang: Lang) -> None:
    """List what is not closed: suspended cases (挂起), emergencies without a patient (补录), paused documents.

    Exit status 0 something is, 1 nothing is, 2 usage.
    """
    from edge.hub.record_text import waiting_text  # noqa: PLC0415 - see the module
    from edge.hub.sessions import waiting  # noqa: PLC0415

    with reading(settings_of(config)) as connection:
        found = waiting(connection, datetime.now(UTC))
    _say(found, waiting_text(found, lang), as_json=as_json)


@record.command()
@_options
def duplicates(config: Path, *, as_json: bool, lang: Lang) -> None:
    """List serials that were used twice, or received again without having left, at whichever stations.

    Exit status 0 some were, 1 none was, 2 usage.
    """
    from edge.hub.duplicates import duplicates as find  # noqa: PLC0415 - see the module
    from edge.hub.record_text import duplicates_text  # noqa: PLC0415

    with reading(settings_of(config)) as connection:
        found = find(connection)
    _say(found, duplicates_text(found, lang), as_json=as_json)


@click.command()
@_options
@click.option("--di", help="Device identifier; a GTIN with 14 digits.")
@click.option("--lot", help="Lot (批号).")
@click.option("--serial", help="Serial (序列号).")
@click.option("--owner", help="Owner (货主).")
@click.option("--place", help="Only what is there, or left from there without having come.")
@click.option("--catalogue", type=_PATH, help="A catalogue file: then a carton and its pieces are one account.")
def stock(config: Path, *, as_json: bool, lang: Lang, di: str | None, catalogue: Path | None, **parts: str) -> None:
    """Say what came, went and is on hand, by owner, DI and serial or lot. Exit status 0 found, 1 nothing, 2 usage."""
    from edge.hub.ledger import StockQuestion  # noqa: PLC0415 - see the module
    from edge.hub.ledger import stock as ask  # noqa: PLC0415
    from edge.hub.record_text import stock_text  # noqa: PLC0415

    question = StockQuestion(dis=() if di is None else (di,), **parts)
    with reading(settings_of(config)) as connection:
        found = ask(connection, question, _lookup(catalogue))
    _say(found, stock_text(found, lang), as_json=as_json)


def _lookup(catalogue: Path | None) -> Lookup:
    from edge.catalog.store import Catalog  # noqa: PLC0415 - see the module
    from edge.catalog.write import CatalogueError  # noqa: PLC0415
    from edge.hub.packaging import no_catalogue  # noqa: PLC0415

    if catalogue is None:
        return no_catalogue
    try:
        return Catalog.open(catalogue).lookup
    except (CatalogueError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)


def _say(found: Sequence[Any], lines: Iterable[str], *, as_json: bool, one: bool = False) -> None:
    """Print and exit: JSON for machines, of a record the object itself, else lines for people."""
    if as_json:
        rows = [dataclasses.asdict(each) for each in found]
        click.echo(json.dumps((rows[0] if rows else None) if one else rows, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)
    sys.exit(0 if found else NOTHING)
