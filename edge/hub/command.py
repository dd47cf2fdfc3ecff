"""What the ``udi-hub`` commands begin with."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edge.hub.config import HubConfig, read_config
from hardware.host.toml import ConfigError

USAGE = 2
"""Exit status of a command that cannot begin."""


def settings_of(config: Path) -> HubConfig:
    """The hub's configuration; ends the command with what is wrong in it."""
    try:
        return read_config(config)
    except ConfigError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(USAGE)
