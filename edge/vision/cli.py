"""``udi-station camera``."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from edge.udi.read import Read
from hardware.camera import CameraError
from hardware.camera_settings import CameraSettings
from hardware.host.local import LineClient
from hardware.host.toml import ConfigError, parse, read_table

SCHEMA = 1


CONFIG = Path("/etc/udi-station/station.toml")
SOCKET = Path("/run/udi-station/camera.sock")
GS1_SYMBOLS = frozenset({"]C1", "]d2", "]d8", "]Q3", "]e0"})
"""Symbols that begin with FNC1."""
PEOPLE = frozenset({"8017", "8018"})
"""GS1's numbers of staff and patients (GSRN)."""


@click.group()
def camera() -> None:
    """The camera: the process that reads, and what a technician needs to set it up."""


@camera.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
@click.option("--template", type=click.Path(path_type=Path), help="Read in its place while there is no --config yet.")
@click.option("--socket", type=click.Path(path_type=Path), default=SOCKET, show_default=True)
def run(config: Path, template: Path | None, socket: Path) -> None:
    """Run until SIGTERM. Exit status 0, 1 when the camera failed, 2 for a bad configuration."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    settings = _settings(config if template is None or config.exists() else template)
    from edge.vision.process import serve  # noqa: PLC0415 - help needs no camera

    try:
        sys.exit(serve(settings, socket))
    except CameraError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@camera.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
@click.option("--template", type=click.Path(path_type=Path), help="As for run.")
def configured(config: Path, template: Path | None) -> None:
    """Whether this station has a camera at all. Exit status 0, or 1 when it has none; for the unit."""
    try:
        table = read_table(config if template is None or config.exists() else template)
    except ConfigError:
        sys.exit(0)  # `run` says what is wrong
    sys.exit(0 if "camera" in table else 1)


def _settings(config: Path) -> CameraSettings:
    """The camera's table; ends with exit status 2 if it cannot be used."""
    try:
        return parse(read_table(config).get("camera", {}), CameraSettings)
    except ConfigError as error:
        click.echo(f"{config}: [camera] {error}", err=True)
        sys.exit(2)


@camera.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
@click.option("--socket", type=click.Path(path_type=Path), default=SOCKET, show_default=True)
@click.option("--target", type=click.Path(path_type=Path), help="Write the page to print, .pdf or .png, and end.")
@click.option("--live", is_flag=True, help="Show sharpness and scale until Ctrl-C, for turning a lens by hand.")
@click.option("--write", is_flag=True, help="Put the values found into the configuration file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def calibrate(config: Path, socket: Path, target: Path | None, *, live: bool, write: bool, as_json: bool) -> None:
    """Find lens position, exposure and gain on a printed page, and say in words what to change.

    Exit status 0 good, 1 not good enough or the camera failed, 2 usage or configuration.
    """
    from edge.vision import technician  # noqa: PLC0415 - run needs none of it

    try:
        if target is not None:
            click.echo(technician.write_target(target))
            return
        settings = _settings(config)
        device = technician.free_camera(settings, socket)
        try:
            if live:
                technician.show_live(device, click.echo)
                return
            found, findings = technician.find(device, settings, lambda step: click.echo(step, err=True))
        finally:
            device.close()
        click.echo(technician.report(found, findings, as_json=as_json))
        if write:
            click.echo(technician.keep(config, found, _problems), err=as_json)
    except technician.BenchError as error:
        click.echo(str(error), err=True)
        sys.exit(error.status)
    except CameraError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    sys.exit(0 if technician.good_enough(findings) else 1)


def _problems(table: dict[str, Any]) -> list[str]:
    """What check-config says of a configuration."""
    from edge.station.config import StationConfig  # noqa: PLC0415 - the camera process needs no other table

    try:
        parse(table, StationConfig)
    except ConfigError as error:
        return [problem.message for problem in error.problems]
    return []


@camera.command()
@click.option("--socket", type=click.Path(path_type=Path), default=SOCKET, show_default=True)
@click.option("--all", "everything", is_flag=True, help="Print codes too that are no device's: badges, wristbands.")
def watch(socket: Path, *, everything: bool) -> None:
    """Print what the running camera process reads, until Ctrl-C. Exit status 0, 1 when it does not run or ends."""
    from edge.vision.watch import Watch  # noqa: PLC0415

    seen = Watch((lambda _read: True) if everything else _is_device)
    client = LineClient(socket)
    client.step(0)
    if not client.connected:
        click.echo(
            f"{socket}: 相机进程没有在运行 / the camera process is not running: sudo systemctl start udi-camera "
            "(only root and udi may listen: sudo -u udi)",
            err=True,
        )
        sys.exit(1)
    client.send({"schema": SCHEMA, "type": "state"})
    try:
        while client.connected:
            for line in (line for message in client.step(0.5) for line in seen.lines(message)):
                click.echo(line)
    except KeyboardInterrupt:
        sys.exit(0)
    finally:
        client.close()
    click.echo("相机进程已结束 / the camera process has ended: journalctl -u udi-camera", err=True)
    sys.exit(1)


def _is_device(read: Read) -> bool:
    """Whether the code is surely a device's or the target's; any other may be a person's and stays off the screen.

    A device identifier, or the FNC1 that makes a symbol GS1's, says so; digits alone may be an identity card's.
    """
    from edge.udi.model import Udi  # noqa: PLC0415
    from edge.udi.parse import parse as parse_udi  # noqa: PLC0415
    from edge.vision.target import place_of  # noqa: PLC0415

    if place_of(read.payload) is not None:
        return True
    found = parse_udi(read.payload, read.symbology, today=datetime.now(tz=UTC).date())
    if not isinstance(found, Udi) or any(identifier in PEOPLE for identifier, _ in found.elements):
        return False
    return found.di is not None or read.symbology in GS1_SYMBOLS
