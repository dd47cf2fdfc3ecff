"""What the ``udi-hub`` commands begin with. What only some of them need is imported when it runs."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.hub.config import HubConfig, read_config
from hardware.host.toml import ConfigError

if TYPE_CHECKING:
    from edge.hub.store import Store
    from edge.sign import What

FAILED = 1
"""Exit status of a command that could not do what was asked."""
USAGE = 2
"""Exit status of a command that cannot begin."""


def settings_of(config: Path) -> HubConfig:
    """The hub's configuration; ends the command with what is wrong in it."""
    try:
        return read_config(config)
    except ConfigError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(USAGE)


@contextmanager
def opened(settings: HubConfig, *, writes: bool) -> Iterator[Store]:
    """The hub's store, also while a hub runs; ends the command with what is wrong with it."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - see the module

    from edge.hub.store import Store, StoreError  # noqa: PLC0415

    try:
        store = (Store.open_beside if writes else Store.open_reader)(settings.hub.store)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    try:
        yield store
    except DBAPIError as error:
        click.echo(f"{store.name}: {error.orig}; nothing was changed, try again", err=True)
        sys.exit(FAILED)
    finally:
        store.close()


@contextmanager
def failures() -> Iterator[None]:
    """What cannot be done is said in one line; none of these errors holds a secret."""
    try:
        yield
    except (OSError, ValueError, ConfigError) as error:
        click.echo(str(error), err=True)
        sys.exit(FAILED)


def new_authority(name: str, out: Path, may: What) -> None:
    """Make a key pair: the private key into a new file of mode 0600, the [[authority]] table printed.

    Raises:
        OSError, ValueError: the file exists or cannot be written.
    """
    from edge.hub.keys import create  # noqa: PLC0415 - see the module
    from edge.sign import new_key, public_half  # noqa: PLC0415

    private = new_key()
    create(out, base64.b64encode(private))
    public = base64.b64encode(public_half(private)).decode("ascii")
    click.echo("[[authority]]")
    click.echo(f"name = {json.dumps(name, ensure_ascii=False)}\npublic_key = {json.dumps(public)}")
    click.echo(f"may = [{json.dumps(may)}]")
