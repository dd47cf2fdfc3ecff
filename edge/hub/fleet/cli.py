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
    from edge.hub.fleet.machines import Machine

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
    """What machines were asked, the newest first, and what they said."""
    from edge.hub.fleet import asking  # noqa: PLC0415 - see edge.hub.command

    with reading(settings_of(config)) as connection:
        found = asking.commands(connection, station)
    if as_json:
        rows = [{k: v for k, v in dataclasses.asdict(each).items() if k != "payload"} for each in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
    for each in [] if as_json else found:
        click.echo(f"{each.asked_at[:16]} {each.station:12} {each.kind:11} {each.status:10} {each.ident} {each.said}")
    sys.exit(0 if found else FAILED)


@fleet.command()
@_config
@_json
def status(config: Path, *, as_json: bool) -> None:
    """How the machines are, and what became of their configurations. Exit status 1 when one is not well."""
    from edge.hub.fleet import machines  # noqa: PLC0415 - see edge.hub.command

    with reading(settings_of(config)) as connection:
        found = machines.machines(connection)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(each) for each in found], ensure_ascii=False))
    for each in [] if as_json else found:
        for line in _lines(each):
            click.echo(line)
    sys.exit(0 if found and all(_well(each) for each in found) else FAILED)


def _concerns(machine: Machine) -> list[dict[str, Any]]:
    checks = (machine.health or {}).get("checks", [])
    return [each for each in checks if isinstance(each, dict) and each.get("state") in ("warn", "fail")]


def _well(machine: Machine) -> bool:
    failed = [each for each in _concerns(machine) if each.get("state") == "fail"]
    return machine.health is not None and not failed and (machine.reported or {}).get("status") != "refused"


def _lines(machine: Machine) -> Iterator[str]:
    reported = machine.reported or {}
    told = f"configuration {reported.get('rev', '-')} {reported.get('status', 'never told')}"
    yield f"{machine.station:12} {(machine.health_at or 'never')[:16]:16} {told}"
    for text in reported.get("errors", []):
        yield f"  ! {text}"
    for each in _concerns(machine):
        yield f"  {'!' if each['state'] == 'fail' else '?'} {each.get('check')}: {each.get('zh')} / {each.get('en')}"
