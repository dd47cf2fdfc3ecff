"""``udi-firmware update``: releases on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from firmware_service.card.site import Site
from firmware_service.identity.holding import holding_of
from firmware_service.places import Places
from firmware_service.remote.station import InstalledStation
from firmware_service.update import here, slots
from firmware_service.update.driver import Driver, RefusedError
from firmware_service.update.slots import AGENT, SlotsError, Store
from firmware_service.update.trust import Trust, TrustError
from hardware.host.clock import Clock
from hardware.host.toml import ConfigError, load

_root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Look at this tree instead of the running system.",
)
_stick = click.option(
    "--from",
    "stick",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A stick with a copy of the repository; else the site's server.",
)
_systemctl = click.option("--systemctl", default="systemctl", hidden=True)


@click.group()
def update() -> None:
    """Releases on this machine. Exit status 0, 1 not done or nothing new, 2 usage or configuration."""


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except (TrustError, RefusedError, SlotsError, OSError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def _site(places: Places) -> Site:
    try:
        return load(places.site_file, Site)
    except ConfigError as error:
        click.echo(f"{places.site_file}: {error}", err=True)
        sys.exit(2)


def _trust(places: Places, site: Site, stick: Path | None) -> Trust:
    clock = Clock(places.root)
    if stick is not None:
        return here.believed(places, site, clock, here.stick(stick))
    holding = holding_of(places)
    tls = (lambda: holding.tls("agent")) if holding.state == "enrolled" else (lambda: None)
    source = here.make_updater(places, site, clock, tls, lambda: False).source()
    if not isinstance(source, Trust):
        raise SlotsError("no address of releases in site.toml, or no certificate yet: bring a stick, --from FOLDER")
    return source


@update.command()
@_root
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(root: Path, *, as_json: bool) -> None:
    """What is kept, what is under way, what was refused and why."""
    with _said():
        state = Store(Places(root)).read()
    told = json.loads(slots.to_bytes(state))
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for name, value in told.items():
        if value not in (None, {}, []):
            click.echo(f"{name:12} {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)}")


@update.command()
@_root
@_stick
def check(root: Path, stick: Path | None) -> None:
    """Whether there is a newer release that may be believed. Exit status 0 there is, 1 there is none."""
    places = Places(root)
    site = _site(places)
    with _said():
        floor = Store(places).read().floor
        newest = _trust(places, site, stick).newest(site.release.channel, floor)
    click.echo(f"{newest.version} (counter {newest.counter}, kept {floor})")
    sys.exit(0 if newest.counter > floor else 1)


@update.command()
@_root
@_stick
@_systemctl
def install(root: Path, stick: Path | None, systemctl: str) -> None:
    """Install the newest release now and try it; the guard keeps it if the station is well, and returns otherwise."""
    places = Places(root)
    site = _site(places)
    with _said():
        _refuse_in_a_case(places)
        driver = here.make_driver(places, tuple(systemctl.split()))
        trust = _trust(places, site, stick)
        driver.begin(trust.newest(site.release.channel, driver.store.read().floor))
        _go(driver, trust)


def _refuse_in_a_case(places: Places) -> None:
    station = InstalledStation("", (str(places.current / "bin/udi-station"),))
    if station.busy():
        raise SlotsError("a case or a document is open at the station: close it first")


def _go(driver: Driver, trust: Trust) -> None:
    """Until it is on trial, or kept where there is nothing to return to."""
    phase = driver.store.read().phase
    for _ in range(20):
        click.echo(phase, err=True)
        if phase not in AGENT:
            click.echo("on trial: the guard keeps it if all is well" if phase == "trial" else "done")
            return
        phase = driver.advance(trust)
    raise SlotsError(f"it stays at {phase}: what came is not what was promised, bring a whole copy")


@update.command()
@_root
@click.option("--why", default="by hand", show_default=True, help="For the log and the hub.")
@_systemctl
def rollback(root: Path, why: str, systemctl: str) -> None:
    """Return to the release before."""
    places = Places(root)
    with _said():
        state = Store(places).change(lambda found: slots.returning(found, why))
        here.wake_guard(tuple(systemctl.split()))
    click.echo(f"returns to {state.rollback.to if state.rollback else state.committed}")
