"""``udi-firmware authority``: the site's own authority, on its server."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import click

from firmware_service.authority import stick
from firmware_service.authority.audit import AuditError
from firmware_service.authority.config import CONFIG, AuthorityTable, read_config
from firmware_service.authority.keyring import KeyringError
from firmware_service.authority.office import Office, open_office
from firmware_service.authority.registrar import Refused
from firmware_service.authority.server import AuthorityServer
from firmware_service.authority.tokens import LASTS, LONGEST, make_token
from firmware_service.identity.names import BOARD, STATION
from hardware.host.clock import Clock
from hardware.host.notify import notify
from hardware.host.toml import ConfigError

log = logging.getLogger(__name__)

BEAT_S = 2.0
"""Below systemd's patience: a signal that comes just before the wait is seen after it."""
FRESH_S = 10.0
"""The server's thread was seen within this time."""
SPEAK_S = 3600.0
"""Between two warnings of the same thing."""


@click.group()
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), default=CONFIG, show_default=True)
@click.pass_context
def authority(context: click.Context, config: Path) -> None:
    """The site's authority: who may be a station here."""
    try:
        context.obj = read_config(config)
    except ConfigError as error:
        raise click.ClickException(f"{config}: {error}") from error


@authority.command()
@click.pass_obj
def init(table: AuthorityTable) -> None:
    """Make the authority's first key. Prints the pin that belongs into site.toml."""
    with _office(table) as office:
        ca = office.keyring.make_first(table.name, _now())
        office.registrar.tell(_now(), "made", ca=ca.pin)
        office.tend(_now())
        click.echo(f'pin = "{ca.pin}"')


@authority.command()
@click.pass_obj
def serve(table: AuthorityTable) -> None:
    """Answer stations until SIGTERM. Exit status 0, or 1 when it cannot go on."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    with _office(table) as office:
        office.keyring.signing()
        _tend(office, speak=True)
        server = AuthorityServer(office, _now)
        sys.exit(0 if _serve(server, office) else 1)


def _serve(server: AuthorityServer, office: Office) -> bool:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread = threading.Thread(target=server.serve_forever, name="https", daemon=True)
    thread.start()
    log.info("listening=%s:%s", *server.server_address[:2])
    notify("READY=1")
    spoken_s = time.monotonic()
    while not stop.wait(BEAT_S) and thread.is_alive():
        if time.monotonic() - server.alive_s < FRESH_S:
            notify("WATCHDOG=1")
        speak = time.monotonic() - spoken_s >= SPEAK_S
        spoken_s = time.monotonic() if speak else spoken_s
        _tend(office, speak=speak)
    notify("STOPPING=1")
    server.server_close()
    return stop.is_set()


def _tend(office: Office, *, speak: bool) -> None:
    """What time asks for; a clock that is not right yet is no reason to end."""
    try:
        if office.tend(_now()) or (speak and office.untold):
            office.tell_broker()
        for concern in office.concerns(_now()) if speak else ():
            log.warning("concern=%s", concern)
    except (Refused, OSError, subprocess.SubprocessError) as error:
        log.error("tend=failed problem=%s", error)  # noqa: TRY400 - the message says it


@authority.group()
def token() -> None:
    """Single-use tokens, by which a device enrols."""


@token.command("new")
@click.option("--station", help="For this station only; else for whoever shows it first, under any free name.")
@click.option("--board", help="For the board with this serial number only.")
@click.option("--hours", type=click.IntRange(1, LONGEST // timedelta(hours=1)), default=LASTS // timedelta(hours=1))
@click.pass_obj
def token_new(table: AuthorityTable, station: str | None, board: str | None, hours: int) -> None:
    """Make a token and print it; it is not kept and cannot be shown again."""
    if station is not None and STATION.fullmatch(station) is None:
        raise click.BadParameter(f"{station!r}: expected capital letters, digits, hyphens", param_hint="--station")
    if board is not None and BOARD.fullmatch(board) is None:
        raise click.BadParameter(f"{board!r}: expected 1 to 64 letters and digits", param_hint="--board")
    with _office(table) as office:
        office.keyring.signing()
        text, made = make_token(station, board, _now(), timedelta(hours=hours))
        office.registrar.add_token(made, _now())
    click.echo(text)


@token.command("list")
@click.pass_obj
def token_list(table: AuthorityTable) -> None:
    """Print all tokens by their names, with what became of them."""
    with _office(table) as office, office.registrar.store.transaction() as rows:
        for each in rows.tokens():
            used = rows.issued(token=each.hash)
            state = "revoked" if each.revoked else "used" if used else "expired" if each.expires <= _now() else "open"
            click.echo(
                f"{each.name}  {state:8}{each.station or 'any':20}{each.board or 'any':20}{each.expires:%F %H:%M}"
            )


@token.command("revoke")
@click.argument("name")
@click.pass_obj
def token_revoke(table: AuthorityTable, name: str) -> None:
    """Make the token of this name useless; what was enrolled with it stays."""
    with _office(table) as office:
        click.echo(f"{office.registrar.revoke_token(name, _now()).name} revoked")


@authority.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.pass_obj
def list_(table: AuthorityTable, *, as_json: bool) -> None:
    """Print who holds a certificate, and what somebody should do. Exit status 1 if there is something to do."""
    with _office(table) as office:
        with office.registrar.store.transaction() as rows:
            held = [each for each in rows.issued() if each.state in ("pending", "active")]
        for each in held:
            fields = ("station", "role", "board", "state", "number")
            told = {name: getattr(each, name) for name in fields} | {"expires": each.expires.isoformat()}
            text = f"{each.station:20}{each.role:9}{each.state:9}{each.board or '-':20}{each.expires:%Y-%m-%d}"
            click.echo(json.dumps(told) if as_json else text)
        concerns = office.concerns(_now())
    for concern in concerns:
        click.echo(f"! {concern}", err=True)
    sys.exit(1 if concerns else 0)


@authority.command()
@click.argument("station")
@click.option("--why", default="", help="For the log.")
@click.pass_obj
def revoke(table: AuthorityTable, station: str, why: str) -> None:
    """Take back what a station and its agent hold, and end their connections."""
    with _office(table) as office:
        taken = office.registrar.revoke(station, why, _now())
        office.publish(_now())
        _tell_broker(office)
    click.echo(f"{station}: {len(taken)} certificates revoked")


@authority.command()
@click.pass_obj
def publish(table: AuthorityTable) -> None:
    """Write the list of revoked certificates anew and tell the broker."""
    with _office(table) as office:
        office.publish(_now())
        _tell_broker(office)


@authority.command()
@click.argument("step", type=click.Choice(["next", "switch", "finish"]))
@click.pass_obj
def roll(table: AuthorityTable, step: str) -> None:
    """Replace the authority's key: make the next one, let it sign, take the old one away.

    After `next` everybody learns to trust it, after `switch` every station renews within hours of being on the network;
    `finish` is refused as long as one has not. Before it, make new identities for the broker and the hub. The pin for
    new cards stays that of the old key until then.
    """
    with _office(table) as office:
        if step == "next":
            made = office.keyring.make_next(table.name, _now())
        elif step == "switch":
            made = office.keyring.switch()
        else:
            _refuse_to_finish(office)
            office.keyring.finish()
            made = office.keyring.signing()
        office.registrar.tell(_now(), f"roll {step}", ca=made.pin)
        office.tend(_now())
        office.publish(_now())
        click.echo(f'pin = "{office.keyring.trusted()[0].pin}"')
        _tell_broker(office)


def _refuse_to_finish(office: Office) -> None:
    signs = office.keyring.signing().pin
    with office.registrar.store.transaction() as rows:
        old = {each.station for each in rows.issued(state="active") if each.ca != signs and each.expires > _now()}
    if old:
        raise KeyringError(f"still signed by the old authority: {', '.join(sorted(old))}; switch on, or revoke them")


@authority.command()
@click.pass_obj
def audit(table: AuthorityTable) -> None:
    """Follow the audit log to its end. Exit status 0 if nobody changed it, else 1."""
    with _office(table) as office:
        click.echo(f"{office.verify_log()} lines, none changed: {office.registrar.log}")


@authority.command()
@click.argument("name")
@click.option("--host", "hosts", multiple=True, help="Where it is found; may be given several times.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for both files.")
@click.pass_obj
def identity(table: AuthorityTable, name: str, hosts: tuple[str, ...], out: Path) -> None:
    """Make key and certificate for a server of the site: the broker, the hub. Good for a year."""
    if STATION.fullmatch(name.partition(".")[0]) is not None:
        raise click.BadParameter(f"{name!r} is a station's name: a station enrols with a token", param_hint="NAME")
    with _office(table) as office:
        made = office.identity(name, hosts, out, _now())
    click.echo(f"{out}: {name}, until {made.not_valid_after_utc:%Y-%m-%d}")


@authority.command("sign-stick")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
def sign_stick(table: AuthorityTable, folder: Path) -> None:
    """Answer the requests that stations without a network wrote on a stick. Exit status 1 if one was refused."""
    with _office(table) as office:
        answers = list(stick.sign(office, folder, _now()))
    for each in answers:
        click.echo(f"{each.board}: {each.text}", err=not each.good)
    if not answers:
        click.echo(f"{folder}: nothing is asked for here", err=True)
    sys.exit(0 if answers and all(each.good for each in answers) else 1)


def _now() -> datetime:
    """The time of this machine.

    Raises:
        Refused: it cannot be right.
    """
    clock = Clock()
    reading = clock.now()
    if reading.quality == "none":
        text = f"the authority's clock says {reading.at:%Y-%m-%d}, which cannot be: set it, certificates depend on it"
        raise Refused(503, text)
    return reading.at


def _tell_broker(office: Office) -> None:
    try:
        office.tell_broker()
    except (OSError, subprocess.SubprocessError) as error:
        text = f"{error}: the files are written, but the broker was not told; live connections may still stand"
        raise click.ClickException(text) from error


@contextmanager
def _office(table: AuthorityTable) -> Iterator[Office]:
    """The authority; what goes wrong becomes a message."""
    os.umask(0o022)  # each file says by itself who may read it
    try:
        office = open_office(table)
        try:
            yield office
        finally:
            office.registrar.store.close()
            _give_to_owner(table.state)
    except (Refused, KeyringError, AuditError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _give_to_owner(folder: Path) -> None:
    """What root has made here belongs to the folder's owner: the server must read it."""
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for each in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # the server replaces its files meanwhile
            if each.lstat().st_uid == 0:
                os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)
