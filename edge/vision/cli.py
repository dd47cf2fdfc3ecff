"""``udi-station camera``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from hardware.camera import CameraError
from hardware.camera_settings import CameraSettings
from hardware.host.toml import ConfigError, parse, read_table


@click.group()
def camera() -> None:
    """The camera process."""


@camera.command()
@click.option("--config", type=click.Path(path_type=Path), default=Path("/etc/udi-station/station.toml"))
@click.option("--socket", type=click.Path(path_type=Path), default=Path("/run/udi-station/camera.sock"))
def run(config: Path, socket: Path) -> None:
    """Run until SIGTERM. Exit status 0, 1 when the camera failed, 2 for a bad configuration."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    try:
        settings = parse(read_table(config).get("camera", {}), CameraSettings)
    except ConfigError as error:
        click.echo(f"{config}: [camera] {error}", err=True)
        sys.exit(2)
    from edge.vision.process import serve  # noqa: PLC0415 - help needs no camera

    try:
        sys.exit(serve(settings, socket))
    except CameraError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
