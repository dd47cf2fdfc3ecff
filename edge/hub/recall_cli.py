"""``udi-hub recall``: drafts orders, shows what they hit, has two people sign them, publishes and withdraws them.

Private keys come from files of mode 0600, never from the command line. What a subcommand needs is imported when it
runs.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge import wire
from edge.hub.command import FAILED, failures, make_key, settings_of, store_of
from edge.hub.config import CONFIG, HubConfig

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from edge.hub.recall import Kept
    from edge.sign import Authority

WITHDRAWN_DAYS = 400
"""So long a withdrawal is told: a station that was away for longer is rare, and its red light is on the safe side."""
_PATH = click.Path(path_type=Path)
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_yes = click.option("--yes", is_flag=True, help="Do not ask.")
_catalogue = click.option(
    "--catalogue",
    type=_PATH,
    help="A catalogue file: then each DI means its whole packaging tree, here as at stations.",
)
_keys = (
    click.option("--as", "names", multiple=True, help="Name of the [[authority]] that signs."),
    click.option("--key", "files", type=_PATH, multiple=True, help="Its private key, a file of mode 0600."),
)


def _signing(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_keys):
        command = option(command)
    return command


@click.group()
def recall() -> None:
    """Recalls, stop-use orders and holds. Exit status 0, 1 not done or nothing found, 2 usage.

    An order is drafted, signed by two people with keys of their own, and published; the hub tells every station within
    seconds. It is withdrawn in the same way.
    """


@recall.command()
@click.argument("name")
@click.option("--out", type=_PATH, required=True, help="A new file for the private key, mode 0600.")
def key(name: str, out: Path) -> None:
    """Make a key pair for NAME, and print the [[authority]] table for hub and stations."""
    with failures():
        make_key(name, out, "order")
    click.echo(f"{out}: for {name} alone; put the table into hub.toml and every station.toml", err=True)


@recall.command()
@_config
@_catalogue
@_json
@click.argument("file", type=_PATH, required=False)
@click.option("--order", "ident", help="The order's number at this site.")
@click.option("--kind", type=click.Choice(["recall", "stop_use", "hold"]), help="Else recall.")
@click.option("--authority", help="Whose order, under which number.")
@click.option("--di", "dis", multiple=True, help="A DI of any packaging level; may be given several times.")
@click.option("--lots", multiple=True, help="A lot, or A1..A9; may be given several times. None: all.")
@click.option("--serials", multiple=True, help="A serial; may be given several times. None: all.")
@click.option("--made-from", help="First production date, 2026-01-31.")
@click.option("--made-to", help="Last production date.")
@click.option("--expires-from", help="First expiry date.")
@click.option("--expires-to", help="Last expiry date.")
@click.option("--ends", help="Last day on which the order holds. None: until it is withdrawn.")
def draft(config: Path, catalogue: Path | None, file: Path | None, *, as_json: bool, **parts: Any) -> None:
    """Draft an order from FILE (TOML with the names of the options) or from options, and show what it would hit."""
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module
    from edge.hub.recall_draft import from_file, from_options  # noqa: PLC0415
    from edge.hub.recall_show import show  # noqa: PLC0415

    given = {name: value for name, value in parts.items() if value not in (None, ())}
    if (file is None) == (not given):
        raise click.UsageError("give either a FILE or options")
    with failures():
        said = from_file(file, _now()) if file is not None else from_options(given, _now())
        settings = settings_of(config)
        with store_of(settings) as connection:
            kept = orders.draft(connection, said)
        with store_of(settings, writes=False) as connection:
            show(connection, kept, catalogue, as_json=as_json)
    click.echo(f"next: two people run udi-hub recall sign {said.order.order} --as NAME --key FILE", err=True)


@recall.command()
@_config
@_catalogue
@_yes
@_signing
@click.argument("ident")
def sign(
    config: Path, catalogue: Path | None, ident: str, names: Sequence[str], files: Sequence[Path], *, yes: bool
) -> None:
    """Show the draft of order IDENT and what it would hit, and sign it."""
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module
    from edge.hub.recall_show import show  # noqa: PLC0415

    if not names:
        raise click.UsageError("--as NAME --key FILE: expected who signs")
    settings = settings_of(config)
    with failures():
        with store_of(settings, writes=False) as connection:
            kept = orders.open_draft(connection, ident)
            show(connection, kept, catalogue)
        _confirm(f"sign version {kept.said.version} of {ident}?", yes=yes)
        with store_of(settings) as connection:
            _sign(connection, kept, settings, names, files)


@recall.command()
@_config
@_catalogue
@_yes
@click.argument("ident")
def publish(config: Path, catalogue: Path | None, ident: str, *, yes: bool) -> None:
    """Show once more what order IDENT hits, and let it count: at online stations within seconds."""
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module
    from edge.hub.recall_show import show  # noqa: PLC0415

    settings = settings_of(config)
    with failures():
        with store_of(settings, writes=False) as connection:
            kept = orders.open_draft(connection, ident)
            show(connection, kept, catalogue)
        _confirm(f"publish version {kept.said.version} of {ident}?", yes=yes)
        with store_of(settings) as connection:
            _publish(connection, kept, settings)


@recall.command()
@_config
@_yes
@_signing
@click.option("--days", default=WITHDRAWN_DAYS, show_default=True, help="So long the withdrawal is told.")
@click.argument("ident")
def withdraw(config: Path, ident: str, days: int, names: Sequence[str], files: Sequence[Path], *, yes: bool) -> None:
    """Draft that order IDENT is taken back; with two --as and --key sign and publish it, too."""
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module

    settings = settings_of(config)
    ends = _now().astimezone().date() + timedelta(days=days)
    with failures():
        if names:
            _confirm(f"withdraw {ident}: what it stops is accepted again?", yes=yes)
        with store_of(settings) as connection:
            kept = orders.draft_withdrawal(connection, ident, wire.iso(_now()), ends)
            if names:
                _publish(connection, _sign(connection, kept, settings, names, files), settings)
    if not names:
        click.echo(f"drafted version {kept.said.version} of {ident}: withdrawn")
        click.echo(f"next: two people run udi-hub recall sign {ident}, then udi-hub recall publish {ident}", err=True)


@recall.command("list")
@_config
@_json
def list_(config: Path, *, as_json: bool) -> None:
    """Print every order: version, state, who signed, and which stations have taken it."""
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module
    from edge.hub.recall_show import row_of  # noqa: PLC0415

    today = _now().astimezone().date()
    with failures(), store_of(settings_of(config), writes=False) as connection:
        rows = [row_of(kept, *orders.stations(connection, kept), today) for kept in orders.listed(connection)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        click.echo(f"{row['order']:20} {row['version']:4} {row['kind']:9} {row['state']:10} {row['authority']}")
        click.echo(f"{'':20} signed by {', '.join(row['signed_by']) or 'nobody'}; at {', '.join(row['taken']) or '-'}")
        if row["refused"]:
            click.echo(f"{'':20} refused something of it: {', '.join(row['refused'])}; see udi-station status there")
    sys.exit(0 if rows else FAILED)


@recall.command()
@_config
@_catalogue
@_json
@click.argument("ident")
def hits(config: Path, catalogue: Path | None, ident: str, *, as_json: bool) -> None:
    """List past uses and stock that order IDENT hits: when, where, which case or document. No patient is opened."""
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module
    from edge.hub.recall_show import find  # noqa: PLC0415

    with failures(), store_of(settings_of(config), writes=False) as connection:
        found = find(connection, orders.newest(connection, ident), catalogue)
    rows = [dataclasses.asdict(each) for each in found]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
    for row in [] if as_json else rows:
        click.echo("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))
    sys.exit(0 if rows else FAILED)


def _sign(connection: Connection, kept: Kept, settings: HubConfig, names: Sequence[str], files: Sequence[Path]) -> Kept:
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module
    from edge.hub.keys import read_key  # noqa: PLC0415

    if len(names) != len(files):
        raise click.UsageError(f"{len(names)} --as and {len(files)} --key: expected a key for each name")
    known = {each.name: each for each in _authorities(settings)}
    for name, file in zip(names, files, strict=True):
        if name not in known:
            raise click.UsageError(f"no [[authority]] {name!r} in the hub's file, expected one of {sorted(known)}")
        kept = orders.sign_draft(connection, kept, known[name], read_key(file), wire.iso(_now()))
        click.echo(f"{kept.said.order.order} version {kept.said.version}: signed by {name}")
    return kept


def _publish(connection: Connection, kept: Kept, settings: HubConfig) -> None:
    from edge.hub import recall as orders  # noqa: PLC0415 - see the module

    orders.publish(connection, kept, _authorities(settings), wire.iso(_now()))
    click.echo(f"{kept.said.order.order} version {kept.said.version}: published; see udi-hub recall list")


def _authorities(settings: HubConfig) -> tuple[Authority, ...]:
    from edge.catalog.authorities import authorities  # noqa: PLC0415 - see the module

    return authorities(settings.authority)


def _confirm(question: str, *, yes: bool) -> None:
    if not yes and not click.confirm(question):
        raise click.Abort


def _now() -> datetime:
    return datetime.now(UTC)
