"""The hub's pages: stations, a week, what is open, one case or document, machines. Server-rendered, no scripts.

Read only, nothing from elsewhere, and no patient appears on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from edge.hub import overview
from edge.hub.case_record import CaseRecord, case_record
from edge.hub.duplicates import duplicates
from edge.hub.fleet.page import MachinePages, has_machine
from edge.hub.goods_record import GoodsRecord, goods_record
from edge.hub.kit_record import KitRecord, kit_record
from edge.hub.reading import STATION_NAME
from edge.hub.sessions import open_sessions, waiting
from edge.hub.store import Store
from edge.hub.trace import last_scans
from edge.hub.week import week
from edge.hub.words import CHANGES, ITEMS, OUTCOMES, REASONS, STATES, STEPS, SUBJECTS, TASKS, local, pair, said, zone
from edge.rules.reasons import say
from edge.wire import PRESSURE_WARNING, iso

REFRESH_S = 5
LAST_SCANS = 20
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

WORDS = {
    "states": STATES,
    "outcomes": OUTCOMES,
    "subjects": SUBJECTS,
    "changes": CHANGES,
    "steps": STEPS,
    "tasks": TASKS,
    "items": ITEMS,
    "given": REASONS,
    "pair": pair,
}


def application(store: Store, now: Callable[[], datetime], diagnostics: Path) -> Starlette:
    """The ASGI application.

    Args:
        store: opened for reading; each request asks in a transaction of its own.
        now: the hub's clock, aware.
        diagnostics: folder of the archives that machines sent.
    """
    pages = _Pages(store, now)
    machines = MachinePages(store, diagnostics, now, pages.render)
    return Starlette(
        routes=[
            Route("/", pages.stations),
            Route("/station/{station}", pages.station),
            Route("/week", pages.week),
            Route("/open", pages.open),
            Route("/duplicates", pages.duplicates),
            Route("/case/{case:path}", pages.case),
            Route("/document/{document:path}", pages.document),
            *machines.routes,
        ]
    )


class _Pages:
    """Endpoints; plain functions, so that Starlette runs each in a thread."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._templates = Environment(
            loader=PackageLoader("edge.hub"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters |= {"local": moment, "zone": zone, "why": why, "because": because}
        self._templates.globals |= WORDS
        self._templates.globals["warning"] = PRESSURE_WARNING

    def stations(self, _request: Request) -> Response:
        """All stations."""
        with self._store.read() as connection:
            rows, site = overview.stations(connection), overview.site(connection)
        return self.render("stations.html", rows=rows, site=site, refresh_s=REFRESH_S)

    def station(self, request: Request) -> Response:
        """The last scans of one station, with the reasons in words."""
        name = request.path_params["station"]
        with self._store.read() as connection:
            known = [row for row in overview.stations(connection) if row.station == name]
            scans, opened = last_scans(connection, name, LAST_SCANS), open_sessions(connection, name)
            machine = has_machine(connection, name)
        if not STATION_NAME.fullmatch(name) or not known:
            return self._unknown("station", name)
        values: dict[str, Any] = {"scans": scans, "opened": opened, "has_machine": machine}
        return self.render("station.html", station=known[0], **values, refresh_s=REFRESH_S)

    def week(self, _request: Request) -> Response:
        """The last seven days."""
        end = self._now()
        with self._store.read() as connection:
            figures = week(connection, end - timedelta(days=7), end)
        return self.render("week.html", week=figures, refresh_s=None)

    def open(self, _request: Request) -> Response:
        """What waits for somebody: open and suspended cases, emergencies without a patient, paused documents."""
        with self._store.read() as connection:
            rows = waiting(connection, self._now())
        return self.render("open.html", rows=rows, refresh_s=None)

    def duplicates(self, _request: Request) -> Response:
        """Serials that are there twice. A page of its own: it asks all scans that there are."""
        with self._store.read() as connection:
            rows = duplicates(connection)
        return self.render("duplicates.html", rows=rows, refresh_s=None)

    def case(self, request: Request) -> Response:
        """The record of a case."""
        name = request.path_params["case"]
        with self._store.read() as connection:
            record = case_record(connection, name)
        return self._record("case", name, record)

    def document(self, request: Request) -> Response:
        """The record of a document, or of a loaner kit."""
        name = request.path_params["document"]
        with self._store.read() as connection:
            kit, record = kit_record(connection, name), goods_record(connection, name)
        return self._record("document", name, record) if kit is None else self._record("kit", name, kit)

    def _record(self, subject: str, name: str, record: CaseRecord | GoodsRecord | KitRecord | None) -> Response:
        if record is None:
            return self._unknown(subject, name)
        return self.render(f"{subject}.html", record=record, refresh_s=None)

    def _unknown(self, subject: str, name: str) -> Response:
        return self.render("unknown.html", status=404, subject=subject, name=name, refresh_s=None)

    def render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page with the headers that all have."""
        text = self._templates.get_template(template).render(asof=iso(self._now()), **values)
        return HTMLResponse(text, status_code=status, headers=HEADERS)


def why(reasons: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the person at the station can act on, in Chinese and English, the weightiest first.

    Reasons for the hub stay in the trace: beside a green light they would only confuse. An unknown code stands for
    itself.

    Args:
        reasons: (code, audience).
    """
    return [(say(code, "zh"), say(code, "en")) for code, audience in reasons if audience == "person"]


def because(reason: str | None) -> tuple[str, str]:
    """Why something changed, in Chinese and English."""
    return said(reason, "zh"), said(reason, "en")


def moment(at: str | None) -> Markup:
    """A time as the hub's clock shows it; a line ends between day and hour, not within them."""
    return Markup(" ").join(Markup('<span class="t">{}</span>').format(part) for part in local(at).split(" "))
