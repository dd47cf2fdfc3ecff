"""``make demo``: one hub and two stations on this machine, from photographs to a trace, through a broker outage."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from edge.demo.broker import EmbeddedBroker, free_port
from edge.demo.labels import render, save
from edge.demo.ledger import Ledger
from edge.demo.script import TRACED_LOT, depot_scans, labels
from edge.demo.world import DEPOT_STATION, OR_STATION, World
from hardware.camera import IMAGE_SUFFIXES

PERIOD_S = 1.5
START_S = 20.0
DRAIN_S = 30.0
OUTAGE_S = 8.0
SCAN_PAUSE_S = 0.7


@click.command()
@click.option("--images", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Your own photographs.")
@click.option("--keep", is_flag=True, help="Keep the folder with journals, logs and the hub's store.")
def main(images: Path | None, *, keep: bool) -> None:
    """Run the demo. Exit status 0 only if nothing was lost and nothing was counted twice."""
    folder = Path(tempfile.mkdtemp(prefix="udi-demo-"))
    broker = EmbeddedBroker(folder)
    world = World(folder, broker.port, free_port(), PERIOD_S)
    ledger = Ledger(click.echo)
    good = False
    try:
        world.write_files()
        click.echo(f"broker on 127.0.0.1:{broker.port}, hub page on http://127.0.0.1:{world.page_port}/")
        broker.start()
        _start(world, ledger)
        _play(world, broker, ledger, images)
        good = _finish(world, ledger)
    finally:
        world.stop()
        broker.stop()
        if keep or not good:
            click.echo(f"files are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


def _start(world: World, ledger: Ledger) -> None:
    world.start_hub()
    for station in (OR_STATION, DEPOT_STATION):
        world.start_station(station, ledger.on_line)
    world.start_camera(OR_STATION)
    _wait(lambda: ledger.ready >= {OR_STATION, DEPOT_STATION}, START_S, "both stations to be ready")
    _wait(lambda: all(ledger.connected(world, s) for s in (OR_STATION, DEPOT_STATION)), START_S, "the hub to be seen")
    click.echo("time         station   light       what was read, and why")


def _play(world: World, broker: EmbeddedBroker, ledger: Ledger, images: Path | None) -> None:
    photos = _photos(world, images)
    scans = list(depot_scans())
    third = len(scans) // 3
    _scan(world, scans[:third])
    broker.stop()
    click.echo(f"{'':12} -- the broker is taken away for {OUTAGE_S:.0f} s: scanning goes on --")
    outage_ends = time.monotonic() + OUTAGE_S
    _scan(world, scans[third:])
    time.sleep(max(0.0, outage_ends - time.monotonic()))
    ledger.tell_buffers(world)
    broker.start()
    click.echo(f"{'':12} -- the broker is back --")
    ends = time.monotonic() + photos * PERIOD_S + DRAIN_S
    _wait(
        lambda: ledger.quiet_for(world, 2 * PERIOD_S), ends - time.monotonic(), "the last photograph and the last scan"
    )
    _wait(lambda: ledger.buffered(world) == 0, DRAIN_S, "the buffers to drain")
    ledger.tell_buffers(world)


def _photos(world: World, images: Path | None) -> int:
    script = labels(world.card)
    if images is None:
        for number, (name, label) in enumerate(script):
            save(world.photos, f"{number:02d}-{name}", render(label, seed=number))
        return len(script)
    found = sorted(path for path in images.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    for number, (name, label) in enumerate(script[:2]):
        save(world.photos, f"00-{number}-{name}", render(label, seed=number))
    for path in found:
        shutil.copy(path, world.photos / f"10-{path.name}")
    return len(found) + 2


def _scan(world: World, scans: list[bytes]) -> None:
    for scan in scans:
        world.scan(scan)
        time.sleep(SCAN_PAUSE_S)


def _finish(world: World, ledger: Ledger) -> bool:
    """Stop the stations, then hold what they recorded against what the hub has."""
    world.stop_stations()
    return ledger.reconcile(world, TRACED_LOT)


def _wait(done: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise click.ClickException(f"waited {seconds:.0f} s for {what}; see the logs in the demo's folder")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
