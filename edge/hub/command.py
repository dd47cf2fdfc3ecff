"""What the ``udi-hub`` commands begin with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.hub.config import HubConfig, read_config
from hardware.host.toml import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Connection

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
def reading(settings: HubConfig) -> Iterator[Connection]:
    """A connection for questions to the hub's store; ends the command if there is none."""
    from edge.hub.store import Store, StoreError  # noqa: PLC0415 - what a command needs is imported when it runs

    try:
        store = Store.open_reader(settings.hub.store)
    except StoreError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    try:
        with store.read() as connection:
            yield connection
    finally:
        store.close()
