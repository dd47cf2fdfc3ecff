"""A site whose parts die: stations, hubs, broker and the network between them, and the check at the end.

What dies of itself is started again by `tend`, as systemd does; everything that waits tends.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from edge.hub.reconcile import Held, held
from edge.hub.store import Store, StoreError
from tests.faults.actors import WAIT_S, BrokerActor, HubActor, StationActor
from tests.faults.reckoning import Confirmed, Kept, Reckoning, Told, confirmed, kept, reckon
from tests.support.disk import SmallDisk
from tests.support.postgres import Postgres
from tests.support.proxy import Proxy
from tests.support.site import Broker, Site

RESTART_S = 0.3
"""Between a death and the new start."""
BACKLOG = 20_000
KEEPS = "persistence true\nautosave_on_changes true\nautosave_interval 100\nmax_queued_messages 100000\n"


class KeepingBroker(Broker):
    """A mosquitto with a disk, as a site has it; `more` adds to its configuration."""

    def __init__(self, folder: Path, more: str = "") -> None:
        super().__init__(folder)
        self.state = folder / "broker-state"
        self.state.mkdir()
        with self._config.open("a", encoding="ascii") as config:
            config.write(f"user {getpass.getuser()}\n{KEEPS}persistence_location {self.state}/\n{more}")


class World:
    """Everything under one folder; `close` ends whatever still runs."""

    def __init__(
        self,
        folder: Path,
        *,
        stations: Sequence[str] = ("OR-01",),
        hubs: Sequence[str] = ("hub",),
        broker: Broker | None = None,
        proxied: bool = False,
        store: str | None = None,
        share: str | None = None,
        database: Postgres | None = None,
        disk: SmallDisk | None = None,
        closing: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Prepare; `start` starts all.

        Args:
            folder: holds everything.
            stations: their names.
            hubs: client ids; more than one needs a store that admits several.
            broker: a `KeepingBroker` if None.
            proxied: stations and hubs each reach the broker through a proxy of their own.
            store: the hub's file, if it is not where a `Site` puts it, or the URL of a database.
            share: under which name several hubs share the stations' events.
            database: the server of the store, so that it can be killed.
            disk: what a case breaks; closed with the world.
            closing: called when the world ends.
        """
        broker = KeepingBroker(folder) if broker is None else broker
        self.site = Site(folder, broker, store)
        self.database = database
        self.broker = BrokerActor(broker, getattr(broker, "state", folder))
        self._serials = itertools.count()
        self.proxies = {name: Proxy(broker.port) for name in (*stations, *hubs)} if proxied else {}
        self.hubs = [HubActor(self.site, name, self.proxies.get(name), share) for name in hubs]
        self.stations = [self.add_station(name) for name in stations]
        self.others: frozenset[str] = frozenset()
        """Identities that may write what they like under their own names: a hostile client."""
        self.copies: list[StationActor] = []
        """Further cards of a station that is in `stations` already."""
        self.backlog = BACKLOG
        """Events in the large backlog."""
        self._disk = disk
        self._closing = closing
        self._died_at: dict[str, float] = {}

    @property
    def station(self) -> StationActor:
        """The first one."""
        return self.stations[0]

    @property
    def hub(self) -> HubActor:
        """The first one."""
        return self.hubs[0]

    @property
    def disk(self) -> SmallDisk:
        """The disk that this world was built on."""
        assert self._disk is not None, "this world has no disk of its own"
        return self._disk

    def serial(self) -> str:
        """A serial number that no package had before."""
        return f"S{next(self._serials)}"

    def add_station(self, name: str) -> StationActor:
        terminal = self.site.prepare(name)
        actor = StationActor(self.site, name, terminal, self.serial)
        if name in self.proxies:
            self._route(actor, self.proxies[name].port)
        return actor

    def start(self) -> None:
        self.broker.start()
        for hub in self.hubs:
            hub.start()
        for station in self.stations:
            station.start()

    def tend(self) -> None:
        """Start again what died of itself."""
        for actor in self._actors():
            started = (actor.process if isinstance(actor, HubActor) else actor.running) is not None
            if started and not actor.alive and time.monotonic() - self._died_at.get(actor.name, 0.0) > RESTART_S:
                self._died_at[actor.name] = time.monotonic()
                actor.start(ready=False)

    def wait(self, done: Callable[[], object], what: str, seconds: float = WAIT_S) -> None:
        """Wait for a condition while dead processes are started again."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            self.tend()
            time.sleep(0.02)

    def glance(self, done: Callable[[], object], seconds: float = 1.0) -> None:
        """Wait for a condition, but not for long: it may not come while faults last."""
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            self.tend()
            time.sleep(0.02)

    def mend(self) -> None:
        """End every fault that still lasts: all runs, all is connected."""
        for proxy in self.proxies.values():
            proxy.heal()
        if not self.broker.alive:
            self.broker.start()
        if self.database is not None and not self.database.alive:
            self.database.start()
        for hub in self.hubs:
            hub.resume()
        for actor in self._actors():
            if not actor.alive and actor not in self.copies:
                actor.start()

    def told(self) -> Told:
        """All stations together."""
        each = [actor.told() for actor in (*self.stations, *self.copies)]
        return Told(
            frozenset[str]().union(*(told.green for told in each)),
            frozenset[str]().union(*(told.recorded for told in each)),
            frozenset[str]().union(*(told.begun for told in each)),
        )

    def held(self) -> Held:
        return self._read()[0]

    def settled(self, seconds: float = 60.0) -> Reckoning:
        """Mend everything, wait until the hub has it all or `seconds` are over, and reckon."""
        self.mend()
        found = Reckoning()
        deadline = time.monotonic() + seconds
        while True:
            self.tend()
            found = self.reckon()
            if found.clean or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def reckon(self) -> Reckoning:
        """The check, as things are now."""
        hub, rows, confirmed = self._read()
        return reckon(self.told(), hub, rows, confirmed)

    def diagnosis(self) -> str:
        """How everything is, for whoever has to find the cause."""
        hubs = [f"{hub.name} alive={hub.alive} deaths={hub.deaths}\n{_tail(hub.said())}" for hub in self.hubs]
        return "\n".join([f"broker alive={self.broker.alive}", *hubs, *(each.diagnosis() for each in self.stations)])

    def close(self) -> None:
        for actor in (*self.stations, *self.copies):
            actor.end()
        for hub in self.hubs:
            hub.end()
        for proxy in self.proxies.values():
            proxy.close()
        self.site.close()
        if self.database is not None:
            self.database.close()
        if self._disk is not None:
            self._disk.close()
        for close in self._closing:
            close()

    def _actors(self) -> list[HubActor | StationActor]:
        return [*self.hubs, *self.stations, *self.copies]

    def _route(self, actor: StationActor, port: int) -> None:
        file = actor.home / "station.toml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(f"port = {self.site.broker.port}\n", f"port = {port}\n"), encoding="utf-8")

    def _read(self) -> tuple[Held, list[Kept], Confirmed]:
        try:
            with contextlib.closing(Store.open_reader(self.site.store)) as store, store.read() as connection:
                rows = kept(connection, self.others)
                return held(connection), rows, confirmed(connection, rows)
        except (StoreError, DBAPIError):  # no hub has run yet, or the database is away
            return Held(frozenset(), (), 0, 0), [], {}


def _tail(log: bytes) -> str:
    return "\n".join(f"    {line}" for line in log.decode("utf-8", "replace").splitlines()[-12:])
