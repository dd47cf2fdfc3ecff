"""The updates of this machine put together: its slots, whom it believes, where it looks, how its station is."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from datetime import time as daytime
from pathlib import Path

from firmware_service.card.site import Site
from firmware_service.places import Places
from firmware_service.release.manifest import Manifest
from firmware_service.update import guard, packages
from firmware_service.update.driver import Believed, Driver
from firmware_service.update.fetching import FolderSource, Source, WebSource
from firmware_service.update.fit import Here
from firmware_service.update.machine import Machine
from firmware_service.update.slots import Before
from firmware_service.update.trust import Trust, latest
from firmware_service.update.updater import Updater, Wish
from firmware_service.update.window import Window
from hardware.host.clock import TRUSTED, Clock
from hardware.host.fetch import Route
from hardware.host.tls import Tls

TRIAL_UNIT = "udi-trial.service"
JOURNAL = "var/lib/udi-station/journal.sqlite3"
_SYSTEMCTL_S = 30.0


def make_driver(places: Places, systemctl: Sequence[str] = ("systemctl",), at: guard.At = lambda _: None) -> Driver:
    """The one who works on this machine's slots; `at` is told of each of its steps."""
    return Driver(
        places,
        lambda manifest: look_here(places, manifest),
        lambda: look_before(places, systemctl),
        lambda: wake_guard(systemctl),
        at,
    )


def make_updater(
    places: Places,
    site: Site,
    clock: Clock,
    tls: Callable[[], Tls | None],
    busy: Callable[[], bool],
    systemctl: Sequence[str] = ("systemctl",),
    at: guard.At = lambda _: None,
) -> Updater:
    """Keeps this machine at its channel's newest release.

    Args:
        places: where things lie.
        site: whose releases, by which ring, in which hours.
        clock: this machine's.
        tls: the agent's identity; None while it has none.
        busy: whether something is open at the station.
        systemctl: systemd's command.
        at: told of each step, also of each piece that comes: a sign of life.
    """
    release = site.release

    def source() -> Believed | None:
        identity = tls()
        if release.url is None or identity is None:
            return None
        route = Route(site.network.proxy_to(release.url), public=True)
        web = WebSource(release.url.rstrip("/") + "/", identity, clock.now().quality in TRUSTED, route)
        return believed(places, site, clock, web)

    window = Window(daytime.fromisoformat(release.window.begin), daytime.fromisoformat(release.window.end))
    wish = Wish(release.channel, release.ring, window)
    return Updater(places, wish, make_driver(places, systemctl, at), source, clock.now, busy)


def believed(places: Places, site: Site, clock: Clock, source: Source) -> Trust:
    """A source of releases with this machine's trust.

    Raises:
        OSError: the root of trust cannot be read.
    """
    root = (places.root / site.release.root.relative_to("/")).read_bytes()
    return Trust(places, root, source, Machine.here(places.root), lambda: latest(clock))


def stick(folder: Path) -> Source:
    """A copy of the repository on a stick."""
    return FolderSource(folder)


def look_here(places: Places, manifest: Manifest) -> Here:
    """What this machine is and has, as far as a release asks."""
    places.slots.mkdir(parents=True, exist_ok=True)
    journal = places.root / JOURNAL
    return Here(
        Machine.here(places.root),
        packages.installed(manifest.runs.packages),
        shutil.disk_usage(places.slots).free,
        journal.stat().st_size if journal.exists() else 0,
    )


def look_before(places: Places, systemctl: Sequence[str]) -> Before:
    """How the station is before a swap: no more is asked of what comes after."""
    units = tuple(name for name, unit in guard.ask_units(systemctl).items() if unit.active)
    _, facts = guard.read_facts(places.run / "health.json", time.monotonic())
    return Before(units, facts)


def wake_guard(systemctl: Sequence[str]) -> None:
    """The guard starts the trial; should it not hear this, its timer comes within the minute."""
    try:
        subprocess.run([*systemctl, "start", "--no-block", TRIAL_UNIT], check=False, timeout=_SYSTEMCTL_S)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        guard.say("wake", problem=error)
