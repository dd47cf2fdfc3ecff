"""``udi-station judge``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import get_args

import click

from edge.catalog.product import Order, Product
from edge.catalog.store import Catalog
from edge.catalog.write import CatalogueError
from edge.rules.explain import to_json, to_text
from edge.rules.judge import Step
from edge.rules.judge import judge as judge_presentation
from edge.rules.reasons import Lang
from edge.rules.regions import known_regions, site_rules
from edge.rules.verdict import Circumstances, Declared, Made, Now, Outcome, Role, TaskName
from edge.udi.assemble import assemble
from edge.udi.model import Udi
from edge.udi.read import Read
from hardware.host.clock import Quality

_GOOD = (Outcome.ACCEPTED, Outcome.CHECKED, Outcome.ATTENTION)
_SCOPES = {"in": True, "out": False, "unknown": None}
_SEPARATOR_PICTURE = "␝"


def _day(_ctx: click.Context, _param: click.Parameter, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: expected a date such as 2026-11-24") from None


def _made(_ctx: click.Context, _param: click.Parameter, text: str | None) -> Made | date | None:
    try:
        return None if text is None else Made(text) if text in list(Made) else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: expected before, after, unknown or a date such as 2024-07-01") from None


@click.command()
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--catalogue", type=click.Path(path_type=Path), help="A file made by udi-station catalog import.")
@click.option("--task", type=click.Choice([task.value for task in TaskName]), default="CHECK", show_default=True)
@click.option("--region", type=click.Choice(known_regions()), default="national", show_default=True)
@click.option("--role", type=click.Choice(get_args(Role)), default="hospital", show_default=True)
@click.option("--at", callback=_day, help="The day of the verdict, such as 2026-11-24; today by default.")
@click.option("--clock", type=click.Choice(get_args(Quality)), default="ntp", show_default=True, help="Its quality.")
@click.option("--scope", type=click.Choice(list(_SCOPES)), help="Of an item without UDI: whether it has to carry one.")
@click.option("--made", callback=_made, help="Of an item without UDI: before, after, unknown or a date.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Of the messages.")
def judge(
    codes: Sequence[str],
    *,
    catalogue: Path | None,
    task: str,
    region: str,
    role: Role,
    at: date | None,
    clock: Quality,
    scope: str | None,
    made: Made | date | None,
    as_json: bool,
    lang: Lang,
) -> None:
    """Explain a verdict rule by rule. Exit status 0 if the item passes, 1 if not, 2 usage.

    Several CODEs are the symbols of one package. Without a CODE the item shows none: say --scope or --made. U+241D (␝)
    stands for the separator, and a symbology identifier such as ]d2 may stand in front.
    """
    said = scope is not None or made is not None
    if not codes and not said:
        raise click.UsageError("give a CODE, or --scope or --made for an item that shows none")
    today = at or datetime.now(UTC).astimezone().date()
    reads = [Read(os.fsencode(code.replace(_SEPARATOR_PICTURE, "\x1d")), None, "scanner", 0) for code in codes]
    presentation = assemble(reads, today=today, joined_by_time=len(reads) > 1)
    product, orders = _known(_open(catalogue), presentation.udi)
    around = Circumstances(orders, Declared(_SCOPES[scope or "unknown"], made or Made.UNKNOWN) if said else None)
    now = Now(datetime.combine(today, time(12), UTC), today, clock)
    steps: list[Step] = []
    verdict = judge_presentation(
        presentation, product, TaskName(task), site_rules(region, role), now, around, steps=steps
    )
    if as_json:
        click.echo(json.dumps(to_json(verdict, steps, lang), ensure_ascii=False))
    else:
        click.echo(to_text(verdict, steps, lang))
    sys.exit(0 if verdict.outcome in _GOOD else 1)


def _known(catalog: Catalog | None, udi: Udi | None) -> tuple[Product | None, tuple[Order, ...]]:
    """The product, and the orders that name its DI or its sale unit."""
    if catalog is None or udi is None or udi.di is None:
        return None, ()
    product = catalog.lookup(udi.di)
    return product, catalog.orders({udi.di} if product is None else {udi.di, product.sale_unit})


def _open(file: Path | None) -> Catalog | None:
    """The catalogue; what cannot be opened is a wrong call, not a verdict.

    Raises:
        click.UsageError: it cannot be opened.
    """
    try:
        return None if file is None else Catalog.open(file)
    except CatalogueError as error:
        raise click.UsageError(str(error)) from error
