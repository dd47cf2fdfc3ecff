"""``udi-hub bindings``: what stations bound to house codes (院内码), and what contradicts itself.

A running hub with a ``[bindings]`` table tells them to all stations by itself. What a subcommand needs is imported when
it runs.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge import wire
from edge.hub.command import FAILED, failures, make_key, settings_of, store_of
from edge.hub.config import CONFIG

if TYPE_CHECKING:
    from edge.hub.bindings import Binding

_PATH = click.Path(path_type=Path)
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)


@click.group()
def bindings() -> None:
    """House codes and the UDIs they are bound to. Exit status 0, 1 not done or nothing found, 2 usage."""


@bindings.command()
@click.argument("name")
@click.option("--out", type=_PATH, required=True, help="A new file for the private key, mode 0600.")
def key(name: str, out: Path) -> None:
    """Make the hub's key pair for bindings, and print the [[authority]] table for stations."""
    with failures():
        make_key(name, out, "bindings")
    click.echo(
        f"{out}: for this hub alone; put the table into every station.toml, and authority and key into [bindings] of "
        "hub.toml",
        err=True,
    )


@bindings.command(name="list")
@_config
@click.option("--code", help="Only this house code.")
@click.option("--conflicts", "only_conflicts", is_flag=True, help="Only codes with several UDIs at the same time.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(config: Path, code: str | None, *, only_conflicts: bool, as_json: bool) -> None:
    """Every binding with its event, and whether it counts; of several UDIs for one code none does."""
    from edge.hub import bindings as kept  # noqa: PLC0415 - see the module

    with failures(), store_of(settings_of(config), writes=False) as connection:
        found = kept.listed(connection, code)
    conflicts = kept.conflicts(found)
    if only_conflicts:
        found = [each for conflict in conflicts for each in conflict.bindings]
    disputed = {conflict.house_code for conflict in conflicts if conflict.open}
    if as_json:
        click.echo(json.dumps([_plain(each, disputed) for each in found], ensure_ascii=False))
    for each in [] if as_json else found:
        said = _plain(each, disputed)
        mark = "CONFLICT" if said["conflict"] else each.standing
        click.echo(f"{each.house_code}  {each.trace_key}  {mark}  {each.at}  {each.station}  {each.event_id}")
    sys.exit(0 if found else FAILED)


@bindings.command()
@_config
@click.argument("event")
def end(config: Path, event: str) -> None:
    """End the binding of an EVENT: of several UDIs for one code a wrong one. Stations know within seconds."""
    from edge.hub import bindings as kept  # noqa: PLC0415 - see the module

    with failures(), store_of(settings_of(config)) as connection:
        kept.end(connection, event, wire.iso(datetime.now(UTC)))
    click.echo(f"{event}: ended")


def _plain(each: Binding, disputed: set[str]) -> dict[str, object]:
    row = dataclasses.asdict(each)
    del row["symbol"]
    return {**row, "conflict": each.counts and each.house_code in disputed}
