"""The composition root of the firmware agent: builds every part, runs the workers, ends in order.

    reboot     the machine anew, when the station asks for it
    health     looks at the machine, for the site and for the guard
    clock      asks, sets, writes down
    identity   name, certificates, their renewal
    orders     what the hub wants: a configuration, commands
    updates    releases
    link       to the broker, as ``<station>.fw``

A machine goes from one state of life to the next by ending this process: systemd starts it again, and what was not
there before (a name, an identity) is there then. So each part is built once, for what is.
"""

from __future__ import annotations

import logging
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from firmware_service.card.site import Site
from firmware_service.checks.flush import FlushMeter
from firmware_service.checks.look import take_look
from firmware_service.clock.hub_time import HubTimeError, read_hub_time
from firmware_service.clock.keeper import ClockKeeper, Told
from firmware_service.clock.module import set_modules
from firmware_service.clock.server_time import NoTime, server_time
from firmware_service.health import HealthReporter, read_health
from firmware_service.life import Life
from firmware_service.naming import station_name
from firmware_service.orders import Orders
from firmware_service.places import Places
from firmware_service.reboot import Rebooter, moment
from firmware_service.remote.link import AgentLink, Topics
from firmware_service.remote.outbox import Outbox
from firmware_service.remote.station import InstalledStation
from firmware_service.units import keep_units
from firmware_service.update.here import make_updater
from firmware_service.update.updater import Updater
from hardware.host.clock import TRUSTED, Clock
from hardware.host.link import LinkSettings
from hardware.host.notify import notify
from hardware.host.toml import ConfigError, read_table
from hardware.host.worker import Worker, supervise

log = logging.getLogger(__name__)

TICK_S = 1.0
SLOW_S = 900.0
"""What a self-test, the packing of diagnostics or a release on a slow card may take."""
DEFAULT_PORT = 8883


class Agent:
    """One agent process."""

    def __init__(
        self,
        places: Places,
        site: Site | None,
        rebooter: Rebooter,
        clock: Clock,
        systemctl: Sequence[str] = ("systemctl",),
    ) -> None:
        """Build everything that needs no thread.

        Args:
            places: where things lie.
            site: what the card said of the site; None: this machine was set up by hand, and is only looked after.
            rebooter: the machine anew.
            clock: this machine's.
            systemctl: systemd's command.
        """
        self._places = places
        self._site = site
        self._rebooter = rebooter
        self._clock = clock
        self._stop = threading.Event()
        self._outbox = Outbox()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        """What came over the link, for the thread that it belongs to."""
        self._life = Life(places, site, clock)
        self._health = HealthReporter(lambda: read_health(take_look(places, clock)), places.run)
        self._flush_meter = FlushMeter(places.state)
        self._keeper = ClockKeeper(
            places.root, clock, self._ask_time, keep_module=lambda at: set_modules(places.root, at)
        )
        self._command = (str(places.current / "bin/udi-station"),)
        self._systemctl = tuple(systemctl)
        self._topics = None if self._life.station is None else Topics(self._life.station)
        self._asked_update = threading.Event()
        self._times: queue.SimpleQueue[Told] = queue.SimpleQueue()
        self._orders = self._make_orders()
        self._updates: Worker | None = None
        self._updater = self._make_updater()
        self._stamp = _stamp(places.station_file)
        self._named = (self._life.station, self._settings())
        self._link = self._make_link()

    def run(self) -> int:
        """Run until SIGTERM or SIGINT, or until a part fails or another life begins; gives the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        keep_units(self._places)
        workers = self._workers()
        for worker in workers:
            worker.start()
        notify("READY=1")
        log.info("agent=ready station=%s identity=%s", self._life.station or "-", self._life.state)
        code = supervise(workers, self._stop, notify)
        notify("STOPPING=1")
        self._stop.set()
        for worker in workers:
            worker.stopping.set()
        for worker in workers:
            worker.stop(1.0)
        return code

    def _workers(self) -> Sequence[Worker]:
        steps: list[tuple[str, Callable[[], None], float]] = [
            ("reboot", self._look_at_reboot, 60.0),
            ("health", self._look_at_health, 120.0),
            ("clock", self._look_at_clock, 60.0),
            ("identity", self._live, 300.0),
        ]
        if self._orders is not None:
            steps.append(("orders", self._obey, SLOW_S))
        found = [Worker(name, self._paced(step), fresh_within=within) for name, step, within in steps]
        if self._updater is not None:
            self._updates = Worker("updates", self._paced(self._update), fresh_within=SLOW_S)
            found.append(self._updates)
        return found if self._link is None else [*found, self._link.worker]

    def _paced(self, step: Callable[[], None]) -> Callable[[], None]:
        def paced() -> None:
            step()
            self._stop.wait(TICK_S)

        return paced

    def _look_at_reboot(self) -> None:
        try:
            self._rebooter.look(moment(self._clock.now()))
        except (OSError, subprocess.SubprocessError) as error:
            log.error("reboot=failed problem=%s", error)  # noqa: TRY400 - what to do is in the message

    def _look_at_health(self) -> None:
        self._flush_meter.tick(time.monotonic())
        told = self._health.tick(time.monotonic())
        if told is not None and self._topics is not None:
            self._outbox.put(self._topics.health, told)

    def _look_at_clock(self) -> None:
        while not self._times.empty():
            self._keeper.told(self._times.get())
        self._keeper.tick()

    def _live(self) -> None:
        if self._life.tick(time.monotonic()):
            named = station_name(self._places)
            if self._life.station is None and named is not None:
                InstalledStation(named, self._command, self._systemctl).restart()
            log.info("agent=anew station=%s identity=%s", self._life.station or "-", self._life.state)
            self._stop.set()
        elif self._moved():
            log.info("agent=anew because=%s names another station or broker", self._places.station_file)
            self._stop.set()

    def _moved(self) -> bool:
        """The station's file was changed for good, and names another station or broker than when this began."""
        stamp = _stamp(self._places.station_file)
        if stamp == self._stamp or (self._orders is not None and self._orders.trying):
            return False
        self._stamp = stamp
        return (station_name(self._places), self._settings()) != self._named

    def _obey(self) -> None:
        while not self._inbox.empty():
            self._inbox.get()()
        if self._orders is not None:
            self._orders.tick()

    def _ask_time(self) -> Told | None:
        """The site's authority says the time with every answer."""
        ca = self._places.identity / "ca.pem"
        if self._site is None or not ca.exists():
            return None
        try:
            at, mono_ns = server_time(self._site.authority.url, ca, self._clock.certain)
        except NoTime as error:
            log.info("clock=not_told problem=%s", error)
            return None
        return Told(at, mono_ns, "https")

    def _hear_time(self, payload: bytes) -> None:
        mono_ns = time.monotonic_ns()
        try:
            at = read_hub_time(payload, {} if self._site is None else self._site.keys("time"))
        except HubTimeError as error:
            log.warning("clock=not_told problem=%s", error)
            return
        self._times.put(Told(at, mono_ns, "hub"))

    def _make_orders(self) -> Orders | None:
        if self._topics is None:
            return None
        ask = None if self._site is None else self._ask_update
        status = None if self._site is None else self._update_status
        return Orders(
            self._places,
            self._topics,
            self._outbox,
            self._clock,
            self._rebooter,
            self._systemctl,
            ask_update=ask,
            update_status=status,
        )

    def _make_updater(self) -> Updater | None:
        if self._site is None or self._orders is None:
            return None
        return make_updater(
            self._places, self._site, self._clock, self._life.tls, self._orders.busy, self._systemctl, self._worked
        )

    def _worked(self, _step: str) -> None:
        """A release may come slowly for hours: each piece is a sign of life."""
        if self._updates is not None:
            self._updates.beat()

    def _ask_update(self) -> str:
        """Told in the orders' thread; the updates' own does it."""
        self._asked_update.set()
        told = "" if self._updater is None else self._updater.told
        return f"it looks now; before: {told or 'nothing yet'}"

    def _update_status(self) -> Mapping[str, object]:
        return {} if self._updater is None else self._updater.status()

    def _update(self) -> None:
        if self._updater is None:
            return
        if self._asked_update.is_set():
            self._asked_update.clear()
            self._updater.ask()
        self._updater.tick(time.monotonic())

    def _settings(self) -> LinkSettings | None:
        topics = self._topics
        return None if topics is None else link_settings(self._places.station_file, topics, self._life)

    def _make_link(self) -> AgentLink | None:
        orders, topics, (_, settings) = self._orders, self._topics, self._named
        if orders is None or topics is None or settings is None:
            return None
        keys = {} if self._site is None else self._site.keys("configuration")
        return AgentLink(
            settings,
            topics,
            self._outbox,
            on_desired=lambda payload: self._inbox.put(lambda: orders.want(payload, keys)),
            on_command=lambda kind, ident, payload: self._inbox.put(lambda: orders.hear(kind, ident, payload)),
            on_time=self._hear_time,
            time_trusted=lambda: self._clock.now().quality in TRUSTED,
        )


def link_settings(station_file: Path, topics: Topics, life: Life) -> LinkSettings | None:
    """Where the broker is, by the station's own file, and who this is; None: there is no way to connect yet."""
    try:
        found = read_table(station_file).get("link")
    except ConfigError as error:
        log.error("%s: %s: no broker is known", station_file, error)  # noqa: TRY400 - the text says it all
        return None
    link: Mapping[str, Any] = found if isinstance(found, dict) else {}
    host, port, tls = link.get("host"), link.get("port", DEFAULT_PORT), life.tls()
    if not isinstance(host, str) or type(port) is not int or (tls is None and link.get("bench") is not True):
        return None
    return LinkSettings(host, port, topics.client, tls)


def _stamp(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None
