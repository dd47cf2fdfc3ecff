"""``udi-station run | check-config | status``."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import click

from edge import wire
from edge.station.config import findings, read_config
from hardware.host.local import ask
from hardware.host.toml import ConfigError

STATE_DIR = Path("/var/lib/udi-station")
RUN_DIR = Path("/run/udi-station")
CONFIG = Path("/etc/udi-station/station.toml")
STATUS_WAIT_S = 2.0


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=CONFIG, show_default=True)
@click.option("--state-dir", type=click.Path(path_type=Path), default=STATE_DIR, show_default=True)
@click.option("--run-dir", type=click.Path(path_type=Path), default=RUN_DIR, show_default=True)
@click.option("--simulate", is_flag=True, help="Simulated panel on standard output; scans and buttons from stdin.")
def run(config: Path, state_dir: Path, run_dir: Path, *, simulate: bool) -> None:
    """Run the station until SIGTERM. Exit status 0, 1 when a part of it failed, 2 for a bad configuration."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    try:
        settings = read_config(config)
    except ConfigError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(2)
    from edge.station.daemon import Station  # noqa: PLC0415 - a bad configuration needs no paho and no gpiozero

    sys.exit(Station(settings, state_dir, run_dir, simulate=simulate).run())


@click.command("room-label")
@click.option("--config", type=click.Path(path_type=Path), required=True, help="What every room of the site has.")
@click.option("--run-dir", type=click.Path(path_type=Path), default=RUN_DIR, show_default=True)
@click.option("--simulate", is_flag=True, help="Simulated panel on standard output; scans from standard input.")
def room_label(config: Path, run_dir: Path, *, simulate: bool) -> None:
    """A station without a name: read the label of its room. Exit status as run."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    try:
        settings = read_config(config)
    except ConfigError as error:
        click.echo(f"{config}: {error}", err=True)
        sys.exit(2)
    from edge.station.room_label import LabelReader  # noqa: PLC0415 - as in run

    sys.exit(LabelReader(settings, run_dir, stdin=sys.stdin.buffer if simulate else None).run())


@click.command("check-config")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print [{key, value, expected, message}].")
def check_config(file: Path, *, as_json: bool) -> None:
    """Check a station.toml without opening any device. Exit status 0 when valid, else 1."""
    found = findings(file)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    elif not found:
        click.echo(f"{file}: 配置正确 / valid")
    for finding in [] if as_json else found:
        click.echo(f"{file}: {finding['message']}")
    sys.exit(1 if found else 0)


@click.command()
@click.option("--run-dir", type=click.Path(path_type=Path), default=RUN_DIR, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the status object.")
def status(run_dir: Path, *, as_json: bool) -> None:
    """Ask the running station how it is. Exit status 0, or 1 when none is running."""
    answer = ask(run_dir / "station.sock", {"ask": "status"}, within_s=STATUS_WAIT_S)
    if answer is None:
        click.echo(f"no station answers at {run_dir / 'station.sock'}: is udi-station.service running?", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for key, value in answer.items():
            click.echo(f"{key:20} {value}")
    for notice in answer.get("link", {}).get("notices", ()):
        click.echo(notice, err=True)
    if answer.get("pressure", 0.0) >= wire.PRESSURE_WARNING:
        click.echo(
            f"{answer['unacknowledged']} events wait for the hub: at {answer['capacity']} scans are refused", err=True
        )
