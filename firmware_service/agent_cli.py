"""``udi-firmware agent``."""

from __future__ import annotations

import logging
import shlex
import subprocess
import sys
from pathlib import Path

import click

from firmware_service.agent import Agent
from firmware_service.card.site import Site
from firmware_service.health import REBOOT_WANTED
from firmware_service.places import Places
from firmware_service.reboot import Rebooter, moment
from hardware.host.clock import Clock
from hardware.host.toml import ConfigError, load

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="See only whether the station asks for a reboot, and end.")
@click.option("--state-dir", type=click.Path(path_type=Path), help="Where the last reboot is noted.")
@click.option("--reboot-command", default="systemctl reboot", show_default=True, help="What reboots this machine.")
@click.option("--systemctl", default="systemctl", show_default=True, help="What starts and stops units.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Look after this tree instead of the running system.",
)
def agent(state_dir: Path | None, reboot_command: str, systemctl: str, root: Path, *, once: bool) -> None:
    """Look after this machine until SIGTERM. Exit status 0, 1 when a part of it failed, 2 usage or configuration."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    places, clock = Places(root), Clock(root)
    command = shlex.split(reboot_command)
    if not command:
        raise click.BadParameter(
            "'' is empty, expected a command such as 'systemctl reboot'", param_hint="--reboot-command"
        )
    stamp = (state_dir or places.state) / "last_reboot"
    rebooter = Rebooter(wanted=root / REBOOT_WANTED, stamp=stamp, command=command)
    if once:
        sys.exit(_once(rebooter, clock))
    sys.exit(Agent(places, _site(places), rebooter, clock, shlex.split(systemctl)).run())


def _site(places: Places) -> Site | None:
    """What the card said of the site; a file that cannot be used is told, and the machine is looked after anyway."""
    if not places.site_file.exists():
        return None
    try:
        return load(places.site_file, Site)
    except ConfigError as error:
        log.error("%s: %s", places.site_file, error)  # noqa: TRY400 - the text says it all
        return None


def _once(rebooter: Rebooter, clock: Clock) -> int:
    try:
        decision = rebooter.look(moment(clock.now()))
    except (OSError, subprocess.SubprocessError) as error:
        log.error("reboot=failed problem=%s", error)  # noqa: TRY400 - what to do is in the message
        return 1
    log.info("decision=%s", decision)
    return 0
