"""``udi-hub keys``: the hub's keys, made, shown, retired, kept in escrow and got back.

No secret comes in by the command line or goes out in a log; recovery keys are typed or piped on standard input. What a
subcommand needs is imported when it runs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge import wire
from edge.hub.command import settings_of
from edge.hub.config import CONFIG, HubTable

if TYPE_CHECKING:
    from edge.hub.keys import HubKey, KeyFolder
    from edge.hub.keys_escrow import Opened

FAILED = 1
RECOVERY = "recovery"
"""Sub-folder of the key folder with the public halves of the recovery keys, ``<holder>.pub``."""
_PATH = click.Path(path_type=Path)
_config = click.option("--config", type=_PATH, default=CONFIG, show_default=True)
_KID = click.argument("kid", required=False)
_ESCROW_FILE = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group()
def keys() -> None:
    """Make, show and keep the keys that patients are sealed to. Exit status 0, 1 not done or failed, 2 usage."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))  # a core file would hold the keys


@keys.command()
@_config
@_KID
def new(config: Path, kid: str | None) -> None:
    """Make a key, named KID or hub-<year>-<n>, and print the [seal] table for the stations."""
    table, folder = _hub(config)
    with _failures():
        key = folder.new(kid, datetime.now(UTC))
    click.echo(_seal_table(table.site, key))
    click.echo(f"made {key.kid} in {folder.path}. Now, in this order:", err=True)
    click.echo("1. restart udi-hub, so that it has the key before any station seals to it", err=True)
    click.echo("2. udi-hub keys escrow write, and take the file to where the former one lies", err=True)
    click.echo("3. put the table above into the stations' station.toml", err=True)


@keys.command("list")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(config: Path, *, as_json: bool) -> None:
    """Print each key: name, day, state, public half."""
    _, folder = _hub(config)
    with _failures():
        found = folder.read()
    rows = [
        {
            "kid": key.kid,
            "made": key.made.isoformat(timespec="seconds"),
            "state": "retired" if key.retired else "active",
            "public_key": key.public,
        }
        for key in found
    ]
    if as_json:
        click.echo(json.dumps(rows))
    for row in [] if as_json else rows:
        click.echo(f"{row['kid']:32} {row['made'][:10]}  {row['state']:8} {row['public_key']}")


@keys.command()
@_config
@_KID
def public(config: Path, kid: str | None) -> None:
    """Print the [seal] table for stations: of KID, else of the newest active key."""
    table, folder = _hub(config)
    with _failures():
        active = [key for key in folder.read() if not key.retired and kid in (None, key.kid)]
    if not active:
        click.echo(f"no active key {kid or ''} in {folder.path}: see udi-hub keys list", err=True)
        sys.exit(FAILED)
    click.echo(_seal_table(table.site, max(active, key=lambda key: key.made)))


@keys.command()
@_config
@click.argument("kid")
def retire(config: Path, kid: str) -> None:
    """Keep KID for opening only: what was sealed to it still opens, and it is given to no station any more."""
    _, folder = _hub(config)
    with _failures():
        folder.retire(kid)
    click.echo(f"{kid} is retired: check that no station.toml names it, then udi-hub keys escrow write", err=True)


@keys.group()
def escrow() -> None:
    """Keep the keys where the loss of this server does not reach: sealed to recovery keys on paper."""


@escrow.command("new-recovery-key")
@_config
@click.argument("holder")
@click.option("--out", type=_PATH, help="A new file for the text, mode 0600; else standard output.")
def new_recovery_key(config: Path, holder: str, out: Path | None) -> None:
    """Make the recovery key of HOLDER and give its text once: print it, hand it over, destroy the file."""
    from edge.hub.keys import NAME, create  # noqa: PLC0415 - see the module
    from edge.hub.keys_recovery import to_text  # noqa: PLC0415
    from edge.seal import new_key, public_half  # noqa: PLC0415

    table, folder = _hub(config)
    if NAME.fullmatch(holder) is None:
        raise click.UsageError(f"{holder!r} cannot name a holder: expected 1 to 31 letters, digits and hyphens")
    private = new_key()
    made = datetime.now(UTC).date()
    head = f"# recovery key of {holder} for site {table.site}, made {made}: keep it locked away, apart from the others"
    text = "\n".join([head, *to_text(private), ""])
    with _failures():
        (folder.path / RECOVERY).mkdir(mode=0o700, parents=True, exist_ok=True)
        create(folder.path / RECOVERY / f"{holder}.pub", base64.b64encode(public_half(private)))
        if out is not None:
            create(out, text.encode())
    if out is None:
        click.echo(text, nl=False)
    click.echo("it exists nowhere else: only its public half is kept here", err=True)


@escrow.command()
@_config
@click.argument("file", type=_PATH)
@click.option("--need", type=click.IntRange(min=1), default=2, show_default=True, help="Holders that open it together.")
def write(config: Path, file: Path, need: int) -> None:
    """Seal all keys of this hub into FILE, for every group of --need holders of recovery keys."""
    from edge.hub.keys import decode_key  # noqa: PLC0415 - see the module
    from edge.hub.keys_escrow import Bundle  # noqa: PLC0415
    from edge.hub.keys_escrow import write as seal  # noqa: PLC0415
    from hardware.host.files import replace  # noqa: PLC0415

    table, folder = _hub(config)
    with _failures():
        made = wire.iso(datetime.now(UTC))
        bundle = Bundle(table.site, made, tuple(folder.read()), folder.index_key())
        public_halves = sorted((folder.path / RECOVERY).glob("*.pub"))
        holders = {path.stem: decode_key(path.read_bytes(), str(path)) for path in public_halves}
        replace(file, seal(bundle, holders, need))
    who = ", ".join(holders)
    click.echo(f"{file}: {len(bundle.keys)} keys and the index key, opened by {need} of {who}", err=True)
    click.echo("keep copies away from this server; try it with udi-hub keys drill", err=True)


@keys.command()
@_ESCROW_FILE
@click.option("--who", required=True, help="Who holds this exercise, for the log.")
@click.option("--log", "log_file", type=_PATH, help="Log of exercises; else FILE.drills.")
def drill(file: Path, who: str, log_file: Path | None) -> None:
    """Exercise: open the escrow FILE in memory with recovery keys from standard input, and check every key.

    Needs no network, no hub and no hub.toml. Nothing but one line in the log is written.
    """
    with _failures():
        content = file.read_bytes()
    opened: Opened | None = None
    try:
        opened = _open_from_stdin(content)
        result = "ok" if opened.ok else "failed: a key did not pass its check"
    except (OSError, ValueError) as error:  # RecoveryTextError and EscrowError are ValueErrors that hold no secret
        result = f"failed: {error}"
    with _failures():
        _note(log_file or file.with_name(f"{file.name}.drills"), _entry(who, content, opened, result))
    if opened is not None:
        _print_checks(opened)
    click.echo(f"drill of {who}: {result}", err=True)
    sys.exit(0 if result == "ok" else FAILED)


@keys.command()
@_ESCROW_FILE
@click.option("--to", "to", type=_PATH, required=True, help="The new, empty key folder.")
def restore(file: Path, to: Path) -> None:
    """Write the keys of the escrow FILE into an empty key folder, with recovery keys from standard input."""
    from edge.hub.keys import KeyFolder  # noqa: PLC0415 - see the module

    folder = KeyFolder(to)
    with _failures():
        if to.exists() and any(to.iterdir()):
            raise FileExistsError(f"{to} is not empty: expected an empty folder, a key is never overwritten")
        opened = _open_from_stdin(file.read_bytes())
        folder.make()
        for key in opened.bundle.keys:
            folder.add(key)
        folder.put_index_key(opened.bundle.index_key)
    _print_checks(opened)
    click.echo(f"{to}: restored for site {opened.bundle.site}; make new recovery keys and a new escrow", err=True)
    sys.exit(0 if opened.ok else FAILED)


def _open_from_stdin(content: bytes) -> Opened:
    from edge.hub.keys_escrow import needed, open_escrow  # noqa: PLC0415 - see the module
    from edge.hub.keys_recovery import from_text  # noqa: PLC0415

    count = needed(content)
    if sys.stdin.isatty():
        click.echo(f"type the four rows of {count} recovery keys, one row a line:", err=True)
    return open_escrow(content, from_text(sys.stdin, count))


def _print_checks(opened: Opened) -> None:
    click.echo(f"escrow of site {opened.bundle.site}, made {opened.bundle.made}, by {', '.join(opened.holders)}")
    for check in opened.checks:
        click.echo(f"{check.name:32} {'ok' if check.ok else 'FAILED':8} {check.public or ''}".rstrip())
    click.echo("compare the public keys with [seal] public_key of the stations", err=True)


def _note(log_file: Path, entry: dict[str, object]) -> None:
    with os.fdopen(os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as log:
        log.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _entry(who: str, content: bytes, opened: Opened | None, result: str) -> dict[str, object]:
    return {
        "at": wire.iso(datetime.now(UTC)),
        "who": who,
        "escrow": hashlib.sha256(content).hexdigest(),
        "holders": [] if opened is None else list(opened.holders),
        "keys": [] if opened is None else [check.name for check in opened.checks],
        "result": result,
    }


def _hub(config: Path) -> tuple[HubTable, KeyFolder]:
    from edge.hub.keys import KeyFolder  # noqa: PLC0415 - see the module

    table = settings_of(config).hub
    if table.keys is None:
        raise click.UsageError(f'{config} names no key folder: expected [hub] keys = "/etc/udi-hub/keys" or the like')
    return table, KeyFolder(table.keys)


def _seal_table(site: str, key: HubKey) -> str:
    rows = {"kid": key.kid, "public_key": key.public, "site": site}
    return "\n".join(["[seal]", *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in rows.items())])


@contextmanager
def _failures() -> Iterator[None]:
    """What cannot be done is said in one line; of the ValueErrors that come here none holds a secret."""
    try:
        yield
    except (OSError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(FAILED)
