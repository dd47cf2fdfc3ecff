"""``udi-firmware identity``: this device's keys and certificates."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from firmware_service.identity.broker import BrokerCheck
from firmware_service.identity.client import AuthorityClient, AuthoritySite, RefusedByAuthority, Unreachable
from firmware_service.identity.credentials import overwrite
from firmware_service.identity.decommission import decommission as decommission_device
from firmware_service.identity.enrol import EnrolError, Enroller, Step
from firmware_service.identity.est import subject_of
from firmware_service.identity.holding import Holding, check_board, holding_of
from firmware_service.identity.names import ROLES, STATION
from firmware_service.identity.renew import Renewer
from firmware_service.identity.stick import Stick, StickError
from firmware_service.places import Places
from hardware.host import files
from hardware.host.board import read_board
from hardware.host.clock import TRUSTED, Clock
from hardware.host.toml import ConfigError, parse, read_table


@click.group()
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Look at this tree instead of the running system.",
)
@click.pass_context
def identity(context: click.Context, root: Path) -> None:
    """Who this device is at its site: keys, certificates, enrolment."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    context.obj = holding_of(Places(root))


_TOKEN_FILE = click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the single-use token; erased at the end.  [default: udi/token on the boot partition]",
)


def _station(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None and STATION.fullmatch(value) is None:
        raise click.BadParameter(f"{value!r}: expected capital letters, digits and hyphens, for example OR-03")
    return value


@identity.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(holding: Holding, *, as_json: bool) -> None:
    """Print what this device holds. Exit status 0 if it is enrolled, else 1."""
    with _messages():
        told = _told(holding)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _text(told))
    sys.exit(0 if told["state"] == "enrolled" else 1)


def _told(holding: Holding) -> dict[str, Any]:
    reason = holding.reason
    told: dict[str, Any] = {"schema": 1, "state": holding.state, "board": holding.board}
    told["reason"] = None if reason is None else asdict(reason)
    for role in ROLES:
        certificate = holding.certificate(role)
        told[role] = {"key": holding.key(role).kind, "name": None, "expires": None}
        if certificate is not None:
            told[role]["name"] = subject_of(certificate.subject).common_name
            told[role]["expires"] = certificate.not_valid_after_utc.isoformat()
    return told


def _text(told: dict[str, Any]) -> str:
    lines = [f"{'state':9}{told['state']}", f"{'board':9}{told['board'] or '-'}"]
    for role in ROLES:
        each = told[role]
        kept = each["key"] or "none"
        lines.append(f"{role:9}{each['name'] or '-'}, key {kept}, certificate until {each['expires'] or '-'}")
    if told["reason"] is not None:
        lines.append(f"! {told['reason']['why']}: {told['reason']}")
    return "\n".join(lines)


@identity.command()
@click.pass_obj
def check(holding: Holding) -> None:
    """Wipe an identity that was copied from another board, before anything uses it. Exit status 0."""
    with _messages():
        if not check_board(holding, _board(holding)):
            click.echo(
                "this card was copied from another board: its identity was wiped, enrol with a new token", err=True
            )


@identity.command()
@click.option("--station", required=True, callback=_station, help="The name it shall have, for example OR-03.")
@_TOKEN_FILE
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the token from standard input.")
@click.option(
    "--stick",
    "mount",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Without a network: write the requests on this stick; the second time, take the answer from it.",
)
@click.pass_obj
def enrol(holding: Holding, station: str, token_file: Path | None, mount: Path | None, *, from_stdin: bool) -> None:
    """Make this device a station of its site; begun again it goes on where it was."""
    token = token_file or holding.places.token
    with _messages():
        check_board(holding, _board(holding))
        if from_stdin:
            token = holding.places.run / "token"
            _keep_token(token, sys.stdin.read())
        if mount is not None:
            _by_stick(holding, mount, station, token)
            return
        Enroller(holding, _client(holding), station, _board(holding), token, _progress).run()
    click.echo(_text(_told(holding)))


def _progress(step: Step) -> None:
    click.echo(step, err=True)


def _keep_token(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, mode=0o755, exist_ok=True)
    files.replace(file, text.strip().encode())


def _by_stick(holding: Holding, mount: Path, station: str, token: Path) -> None:
    found = Stick(mount, holding, _board(holding))
    if not found.answered:
        found.ask(station, token if token.exists() else None)
        click.echo(f"{found.folder}: written; on the site's server: udi-firmware authority sign-stick {mount}")
        return
    found.take(_site(holding).pin)
    overwrite(token)
    found.clear()
    click.echo(_text(_told(holding)))


@identity.command()
@click.pass_obj
def renew(holding: Holding) -> None:
    """Look at the certificates now, and renew them if it is time. Exit status 0 if all is well, else 1."""
    with _messages():
        client = _client(holding)
        check_ = BrokerCheck(holding.places.station_file, client.check_time)
        look = Renewer(holding, client, check_).tick(0)
    click.echo(look)
    sys.exit(0 if look in ("nothing due", "renewed") else 1)


@identity.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--journal", type=click.Choice(["keep", "delete"]), help="What becomes of recorded scans; asked if absent."
)
@_TOKEN_FILE
@click.pass_obj
def decommission(holding: Holding, journal: str | None, token_file: Path | None, *, yes: bool) -> None:
    """Wipe keys, certificates and token. Revoke the station at the authority too."""
    folder = holding.places.root / "var/lib/udi-station"
    if journal is None:
        text = f"Delete the recorded scans in {folder} too? Those that the hub does not have yet are lost for good"
        journal = "delete" if not yes and click.confirm(text, default=False) else "keep"
    if not yes:
        click.confirm("Wipe the identity of this device?", abort=True)
    with _messages():
        token = token_file or holding.places.token
        decommission_device(holding, token, folder if journal == "delete" else None)
    click.echo(f"wiped; scans: {'deleted' if journal == 'delete' else 'kept'}")


def _board(holding: Holding) -> str | None:
    return read_board(holding.places.root).serial


def _site(holding: Holding) -> AuthoritySite:
    table = read_table(holding.places.site_file).get("authority", {})
    return parse({key: table[key] for key in ("url", "pin") if key in table}, AuthoritySite)


def _client(holding: Holding) -> AuthorityClient:
    clock = Clock(holding.places.root)
    return AuthorityClient(_site(holding), clock.now().quality in TRUSTED, clock.floor)


@contextmanager
def _messages() -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        raise click.ClickException(f"the site's or the station's file: {error}") from error
    except (EnrolError, StickError, Unreachable, RefusedByAuthority, OSError) as error:
        raise click.ClickException(str(error)) from error
