"""``udi-hub fleet``: how the machines are, what configuration they shall have, what they are asked to do."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edge.hub.broker.rights import STATION_NAME
from edge.hub.command import FAILED, failures, reading, settings_of, store_of
from edge.hub.config import CONFIG

if TYPE_CHECKING:
    from edge.hub.fleet.overview import MachineRow, Order

KINDS = ("restart", "reboot", "selftest", "log-level", "diagnostics", "update")
_PATH = click.Path(path_type=Path)
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _names(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if not STATION_NAME.fullmatch(name):
            raise click.BadParameter(f"{name!r}: expected a station's name, such as OR-03")
    return value


_stations = click.argument("stations", nargs=-1, required=True, metavar="STATION...", callback=_names)


@click.group()
def fleet() -> None:
    """The machines behind the stations. Exit status 0, 1 not done or nothing found, 2 usage."""


@fleet.command()
@click.argument("name")
@click.option("--out", type=_PATH, required=True, help="A new file for the private key, mode 0600.")
@click.option("--may", type=click.Choice(["configuration", "time"]), required=True, help="What it shall sign.")
def key(name: str, out: Path, may: str) -> None:
    """Make a key pair for NAME, and print the [signer.NAME] table for the site.toml of cards."""
    from edge.hub.keys import create  # noqa: PLC0415 - see edge.hub.command
    from edge.sign import new_key, public_half  # noqa: PLC0415

    if not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", name):
        raise click.UsageError(f"NAME {name!r}: expected up to 30 letters, digits, hyphens and underscores")
    private = new_key()
    with failures():
        create(out, base64.b64encode(private))
    public = base64.b64encode(public_half(private)).decode("ascii")
    click.echo(f'[signer.{name}]\npublic_key = "{public}"\nmay = ["{may}"]')


@fleet.command()
@_stations
@click.option("--file", type=_PATH, required=True, help="The station's file; {station} in it is each one's name.")
@click.option("--as", "by", required=True, metavar="NAME", help="Name of the key, as the machines know it.")
@click.option("--key", type=_PATH, required=True, help="Its private key, mode 0600.")
@_config
def configure(stations: tuple[str, ...], file: Path, by: str, key: Path, config: Path) -> None:
    """Give stations a configuration. Each tries it, keeps it if it is well, and says what became of it."""
    from edge.hub.fleet import asking  # noqa: PLC0415 - see edge.hub.command
    from hardware.host.secret import read_secret  # noqa: PLC0415

    with failures():
        private = read_secret(key)
        bodies = {each: file.read_text(encoding="utf-8").replace("{station}", each) for each in stations}
        for station, body in bodies.items():
            _check(station, body)
    with store_of(settings_of(config)) as connection:
        for station, body in bodies.items():
            rev = asking.want(connection, station, body, datetime.now(UTC), by=by, key=private)
            click.echo(f"{station} rev {rev}")


def _check(station: str, body: str) -> None:
    """A fault that shows here is not sent to forty rooms.

    Raises:
        ValueError: with what is wrong.
    """
    import tomllib  # noqa: PLC0415

    from edge.station.config import StationConfig  # noqa: PLC0415 - a command file; see edge.hub.command
    from hardware.host.toml import ConfigError, parse  # noqa: PLC0415

    try:
        found = parse(tomllib.loads(body), StationConfig).station.id
    except ConfigError as error:
        raise ValueError(f"{station}: {error}") from None
    if found != station:
        raise ValueError(f"{station}: station.id = {found!r}, expected {station!r}; or write {{station}} there")


@fleet.command()
@click.argument("kind", type=click.Choice(KINDS))
@_stations
@click.option("--arg", "args", multiple=True, metavar="NAME=VALUE", help="What the machine needs to know.")
@click.option("--hours", type=click.FloatRange(0.1, 24 * 30), default=24.0, show_default=True, help="Not begun later.")
@_config
def ask(kind: str, stations: tuple[str, ...], args: tuple[str, ...], hours: float, config: Path) -> None:
    """Ask machines to do something: KIND is restart, reboot, selftest, log-level, diagnostics or update."""
    from edge.hub.fleet import asking  # noqa: PLC0415 - see edge.hub.command

    pairs = [each.partition("=") for each in args]
    if wrong := [each for each, (_, sign, _) in zip(args, pairs, strict=True) if not sign]:
        raise click.UsageError(f"--arg {wrong[0]!r}: expected NAME=VALUE")
    now = datetime.now(UTC)
    with store_of(settings_of(config)) as connection:
        for station in stations:
            values = {name: value for name, _, value in pairs}
            ident = asking.ask(connection, station, kind, values, at=now, expires=now + timedelta(hours=hours))
            click.echo(f"{station} {ident}")


@fleet.command()
@click.argument("station", required=False)
@_config
@_json
def commands(station: str | None, config: Path, *, as_json: bool) -> None:
    """What machines were asked, the newest first, what they said, and where the archive lies that one sent."""
    from edge.hub.fleet import overview  # noqa: PLC0415 - see edge.hub.command

    settings = settings_of(config)
    with reading(settings) as connection:
        found = overview.orders(connection, settings.hub.diagnostics_folder, station)
    if as_json:
        click.echo(json.dumps([_asked(each) for each in found], ensure_ascii=False))
    for each in [] if as_json else found:
        asked = each.asked
        said = f"{each.said}{'' if each.file is None else f' -> {each.file}'}"
        click.echo(f"{asked.asked_at[:16]} {asked.station:12} {asked.kind:11} {asked.status:10} {asked.ident} {said}")
    if not found:
        click.echo("没有发出过要求 / nothing was asked", err=True)
    sys.exit(0 if found else FAILED)


def _asked(order: Order) -> dict[str, Any]:
    told = {key: value for key, value in dataclasses.asdict(order.asked).items() if key != "payload"}
    return {**told, "file": None if order.file is None else str(order.file)}


@fleet.command()
@_config
@_json
def status(config: Path, *, as_json: bool) -> None:
    """How the machines are, what became of their configurations, what they sent.

    Exit status 1 when one is not well: a check failed, a configuration was refused, or it is silent.
    """
    from edge.hub.fleet import overview  # noqa: PLC0415 - see edge.hub.command

    settings = settings_of(config)
    with reading(settings) as connection:
        found = overview.rows(connection, settings.hub.diagnostics_folder, datetime.now(UTC))
    if as_json:
        click.echo(json.dumps([_told(each) for each in found], ensure_ascii=False))
    for each in [] if as_json else found:
        for line in _lines(each):
            click.echo(line)
    if not found:
        click.echo("尚无机器上线 / no machine has reported yet", err=True)
    sys.exit(0 if found and all(each.well for each in found) else FAILED)


def _told(row: MachineRow) -> dict[str, Any]:
    archives = [{**dataclasses.asdict(each), "file": str(each.file)} for each in row.archives]
    return {**dataclasses.asdict(row.said), "silent": row.silent, "wanted": row.wanted, "archives": archives}


def _lines(row: MachineRow) -> Iterator[str]:
    rev, state = "-" if row.rev is None else row.rev, row.configuration or "never told"
    awaited = f" (wanted: {row.wanted})" if row.behind else ""
    silent = " SILENT" if row.silent else ""
    yield f"{row.station:12} {(row.heard or 'never')[:16]:16} configuration {rev} {state}{awaited}{silent}"
    for error in row.errors:
        yield f"  ! {error}"
    for each in row.concerns:
        yield f"  {'!' if each.state == 'fail' else '?'} {each.check}: {each.zh} / {each.en}: {each.value}; {each.todo}"
    for archive in row.archives:
        yield f"  > {archive.at[:16]} {archive.file} {archive.size} bytes"
