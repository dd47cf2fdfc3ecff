"""The pages of the machines: all of them, and one. Read only, as the other pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.hub.fleet import overview
from edge.hub.fleet.asking import revisions
from edge.hub.fleet.machines import machines
from edge.hub.fleet.words import CHECKS, CLOCKS, CONFIGURATIONS, HEALTH, KINDS, STATUSES
from edge.hub.overview import is_station
from edge.hub.store import Store

REFRESH_S = 30
LAST_COMMANDS = 50
WORDS = {
    "health": HEALTH,
    "checks": CHECKS,
    "configurations": CONFIGURATIONS,
    "clocks": CLOCKS,
    "kinds": KINDS,
    "statuses": STATUSES,
}
Render = Callable[..., Response]
"""Template, status and values: gives the page."""


class MachinePages:
    """Endpoints; plain functions, so that Starlette runs each in a thread."""

    def __init__(self, store: Store, folder: Path, now: Callable[[], datetime], render: Render) -> None:
        """Prepare.

        Args:
            store: opened for reading.
            folder: of the archives that machines sent.
            now: the hub's clock, aware.
            render: of the pages.
        """
        self._store = store
        self._folder = folder
        self._now = now
        self._render = render
        self.routes = [Route("/machines", self.machines), Route("/machine/{station}", self.machine)]

    def machines(self, _request: Request) -> Response:
        """All machines, a row each."""
        with self._store.read() as connection:
            found = overview.rows(connection, self._folder, self._now())
        return self._said("machines.html", rows=found)

    def machine(self, request: Request) -> Response:
        """One machine: every finding, commands, configuration, archives."""
        name = request.path_params["station"]
        with self._store.read() as connection:
            known = overview.rows(connection, self._folder, self._now(), name)
            orders = overview.orders(connection, self._folder, name, LAST_COMMANDS)
            station = is_station(connection, name)
        if not known:
            return self._render("unknown.html", status=404, subject="machine", name=name, refresh_s=None)
        return self._said("machine.html", row=known[0], orders=orders, has_station=station)

    def _said(self, template: str, **values: Any) -> Response:
        return self._render(template, refresh_s=REFRESH_S, **WORDS, **values)


def has_machine(connection: Connection, station: str) -> bool:
    """There is a page of this station's machine."""
    return station in revisions(connection) or any(each.station == station for each in machines(connection))
