"""``udi-firmware``: what a technician asks a machine, and the agent that looks after it."""

from __future__ import annotations

import json
import logging
import shlex
import signal
import subprocess
import sys
import threading
from importlib.metadata import version as installed_version
from pathlib import Path

import click

from firmware_service.authority.cli import authority
from firmware_service.health import REBOOT_WANTED, concerns, read_health, to_json, to_text
from firmware_service.identity.cli import identity
from firmware_service.reboot import Decision, Moment, Rebooter
from hardware.host.clock import Clock
from hardware.host.notify import notify

log = logging.getLogger(__name__)

STATE_DIR = Path("/var/lib/udi-firmware")
REBOOT_COMMAND = "systemctl reboot"
PERIOD_S = 5.0
TRUSTED = ("rtc", "https", "ntp")

_ROOT = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Look at this tree instead of the running system.",
)


@click.group()
def main() -> None:
    """The device's life: health of the board, and a reboot when the station asks for one."""


@main.command()
def version() -> None:
    """Print the installed version."""
    click.echo(f"udi-station {installed_version('udi-station')}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_ROOT
def health(root: Path, *, as_json: bool) -> None:
    """Print board, clock, disk and reboot request. Exit status 0 when nothing needs doing, else 1."""
    found = read_health(root)
    click.echo(json.dumps(to_json(found), ensure_ascii=False) if as_json else to_text(found))
    sys.exit(1 if concerns(found) else 0)


@main.command()
@click.option("--once", is_flag=True, help="Look once and end.")
@click.option("--state-dir", type=click.Path(path_type=Path), default=STATE_DIR, show_default=True)
@click.option("--reboot-command", default=REBOOT_COMMAND, show_default=True, help="What reboots this machine.")
@_ROOT
def agent(state_dir: Path, reboot_command: str, root: Path, *, once: bool) -> None:
    """Reboot when the station asks for it, at most once an hour. Exit status 0, or 1 when a look with --once failed."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="level=%(levelname)s logger=%(name)s %(message)s")
    command = shlex.split(reboot_command)
    if not command:
        raise click.BadParameter(
            "'' is empty, expected a command such as 'systemctl reboot'", param_hint="--reboot-command"
        )
    worker = Rebooter(wanted=root / REBOOT_WANTED, stamp=state_dir / "last_reboot", command=command)
    clock = Clock(root)
    if once:
        sys.exit(0 if _look(worker, clock) is not None else 1)
    _watch(worker, clock)


def _watch(worker: Rebooter, clock: Clock) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    notify("READY=1")
    last: Decision | None = None
    while not stop.is_set():
        decision = _look(worker, clock)
        if decision != last:
            log.info("decision=%s", decision or "failed")
        last = decision
        notify("WATCHDOG=1")
        stop.wait(PERIOD_S)
    notify("STOPPING=1")


def _look(worker: Rebooter, clock: Clock) -> Decision | None:
    """One look; None when it failed, which is logged and tried again."""
    reading = clock.now()
    trusted = reading.quality in TRUSTED
    now = Moment(reading.boot, reading.at.timestamp() if trusted else None, reading.mono_ns / 1e9)
    try:
        return worker.look(now)
    except (OSError, subprocess.SubprocessError) as error:
        log.error("reboot=failed problem=%s", error)  # noqa: TRY400 - what to do is in the message, not in the trace
        return None


main.add_command(authority)
main.add_command(identity)
