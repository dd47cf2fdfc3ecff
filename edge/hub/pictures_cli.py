"""``udi-hub picture``: opens one sealed picture, for one person, and notes that it was opened."""

from __future__ import annotations

import json
import os
import pwd
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge import wire
from edge.hub.command import USAGE, settings_of
from edge.hub.config import CONFIG, HubConfig

if TYPE_CHECKING:
    from edge.hub.pictures import Picture

FAILED = 1
OPENED = "pictures-opened.log"
"""In the key folder: whoever can open a picture can write there, and nobody else."""


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new file, mode 0600.")
@click.argument("sha256")
def picture(config: Path, sha256: str, out: Path) -> None:
    """Open the sealed picture SHA256, as an event names it, into a new file.

    Each opening is noted with time and user beside the keys, before the picture is written. Exit status 0, 1 there is
    no such picture or it does not open, 2 usage.
    """
    settings = settings_of(config)
    if settings.hub.keys is None:
        raise click.UsageError(f"{config} names no [hub] keys: without keys pictures stay sealed")
    if out.is_char_device() or str(out) == "-":
        raise click.UsageError(f"{out} is no file: a picture is not shown on a terminal, name a new file")
    found = _find(settings, sha256)
    try:
        jpeg = _opened(settings, found)
        _note(settings, found, out)
        _write(out, jpeg)
    except (OSError, ValueError) as error:  # of the ValueErrors that come here none holds a secret
        click.echo(str(error), err=True)
        sys.exit(FAILED)
    click.echo(
        f"{out}: {len(jpeg)} bytes, from {found.station}, received {found.received}; delete it after use", err=True
    )


def _find(settings: HubConfig, sha256: str) -> Picture:
    from edge.hub.pictures import find  # noqa: PLC0415 - what a command needs is imported when it runs
    from edge.hub.store import Store, StoreError  # noqa: PLC0415

    try:
        store = Store.open_reader(settings.hub.store)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    try:
        with store.read() as connection:
            found = find(connection, sha256)
    finally:
        store.close()
    if found is None:
        days = settings.hub.pictures_days
        click.echo(
            f"no picture {sha256}: expected 64 digits from reads[].picture of an event; it may not have come yet, or "
            f"its {days} days are over",
            err=True,
        )
        sys.exit(FAILED)
    return found


def _opened(settings: HubConfig, found: Picture) -> bytes:
    from edge.hub.keys import KeyFolder  # noqa: PLC0415 - see `_find`
    from edge.seal import open_picture  # noqa: PLC0415

    folder = settings.hub.keys
    keys = {} if folder is None else {key.kid: key.private for key in KeyFolder(folder).read()}
    return open_picture(found.payload, keys, site=settings.hub.site, station=found.station)


def _note(settings: HubConfig, found: Picture, out: Path) -> None:
    folder = settings.hub.keys or Path()
    entry = {
        "at": wire.iso(datetime.now(UTC)),
        "uid": os.getuid(),
        "user": _user(),
        "sudo_user": os.environ.get("SUDO_USER"),
        "picture": found.sha256,
        "station": found.station,
        "out": str(out.absolute()),
    }
    descriptor = os.open(folder / OPENED, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as log:
        log.write(json.dumps(entry, ensure_ascii=False) + "\n")
        log.flush()
        os.fsync(log.fileno())


def _user() -> str | None:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return None


def _write(out: Path, jpeg: bytes) -> None:
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(jpeg)
