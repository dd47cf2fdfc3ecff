"""Orders and what they hit, as ``udi-hub recall`` prints them."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from edge.catalog.store import Catalog
from edge.hub.packaging import Lookup, no_catalogue
from edge.hub.recall import Kept
from edge.hub.recall_hits import Hit, hits, summary


def show(connection: Connection, kept: Kept, catalogue: Path | None, *, as_json: bool = False) -> None:
    """Print an order and what it hits."""
    found = summary(find(connection, kept, catalogue))
    said, order = kept.said, kept.said.order
    if as_json:
        told = json.loads(kept.notice.body)
        click.echo(json.dumps({"order": told, "hits": dataclasses.asdict(found)}, ensure_ascii=False))
        return
    lots = ", ".join(each.first if each.first == each.last else f"{each.first}..{each.last}" for each in order.lots)
    click.echo(f"{order.kind} {order.order} version {said.version}{' WITHDRAWN' if said.withdrawn else ''}")
    click.echo(f"  of        {said.authority}")
    click.echo(f"  DI        {', '.join(order.dis)}\n  lots      {lots or 'all'}")
    click.echo(f"  serials   {', '.join(order.serials) or 'all'}")
    for what, first, last in (
        ("made", order.made_from, order.made_to),
        ("expires", order.expires_from, order.expires_to),
    ):
        if first or last:
            click.echo(f"  {what:9} {first or '…'} to {last or '…'}")
    click.echo(f"  holds     {'until it is withdrawn' if said.ends is None else f'to {said.ends}'}")
    click.echo(f"it hits {found.uses} used, in {found.cases} cases; {found.stock} received and not used")
    for where, counts in (("used at", found.used_at), ("stock at", found.stock_at)):
        for place, count in counts.items():
            click.echo(f"  {where:9} {place}: {count}")


def find(connection: Connection, kept: Kept, catalogue: Path | None) -> list[Hit]:
    """What an order hits, by the packaging trees of a catalogue if there is one.

    Raises:
        CatalogueError: the file is none.
    """
    lookup: Lookup = no_catalogue if catalogue is None else Catalog.open(catalogue).lookup
    return hits(connection, kept.said.order, lookup)


def row_of(kept: Kept, taken: tuple[str, ...], refused: tuple[str, ...], today: date) -> dict[str, Any]:
    """One line of the list of orders."""
    said = kept.said
    state = "draft" if kept.published is None else "withdrawn" if said.withdrawn else "published"
    if state == "published" and not said.holds(today):
        state = "ended"
    return {
        "order": said.order.order,
        "version": said.version,
        "kind": said.order.kind,
        "state": state,
        "authority": said.authority,
        "ends": None if said.ends is None else said.ends.isoformat(),
        "published": kept.published,
        "signed_by": list(kept.signed_by),
        "taken": list(taken),
        "refused": list(refused),
    }
