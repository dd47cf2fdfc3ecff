"""The hub's pages: stations, one station, one week. Server-rendered, no scripts, nothing from elsewhere.

Read only, and no patient appears on them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from edge.hub import overview
from edge.hub.reading import STATION_NAME
from edge.hub.store import Store
from edge.hub.trace import Trace, last_scans, open_sessions
from edge.hub.week import week
from edge.rules.reasons import say
from edge.wire import PRESSURE_WARNING

REFRESH_S = 5
LAST_SCANS = 20
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
OUTCOMES = {
    "ACCEPTED": ("✔", "已登记", "booked"),
    "CHECKED": ("✔", "已核对,未记账", "checked, not booked"),
    "ATTENTION": ("✔!", "请注意", "attention"),
    "INCOMPLETE": ("½", "请扫第二个码", "second code needed"),
    "REDO": ("✖", "重扫", "scan again"),
    "MISSING": ("▬", "缺码", "no UDI"),
    "STOP": ("✖", "停用!(勿用)", "stop, do not use"),
    "FAULT": ("○", "本机停用", "station out of order"),
}
STATES = {
    "ready": ("正常", "ready"),
    "lost": ("失联", "lost"),
    "stopped": ("已停", "stopped"),
    "fault": ("故障", "fault"),
    "unknown": ("未知", "unknown"),
}
SUBJECTS = {"case": ("病例/手术", "case"), "document": ("单据", "document")}
CHANGES = {"opened": ("进行中", "open"), "resumed": ("进行中", "open"), "suspended": ("已挂起", "suspended")}


def application(store: Store, now: Callable[[], datetime]) -> Starlette:
    """The ASGI application.

    Args:
        store: opened for reading; each request asks in a transaction of its own.
        now: the hub's clock, aware.
    """
    pages = _Pages(store, now)
    return Starlette(
        routes=[
            Route("/", pages.stations),
            Route("/station/{station}", pages.station),
            Route("/week", pages.week),
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
        self._templates.filters["local"] = local
        self._templates.globals |= {"states": STATES, "outcomes": OUTCOMES, "subjects": SUBJECTS, "changes": CHANGES}
        self._templates.globals["warning"] = PRESSURE_WARNING

    def stations(self, _request: Request) -> Response:
        """All stations."""
        with self._store.read() as connection:
            rows, site = overview.stations(connection), overview.site(connection)
        return self._render("stations.html", rows=rows, site=site, refresh_s=REFRESH_S)

    def station(self, request: Request) -> Response:
        """The last scans of one station, with the reasons in words."""
        name = request.path_params["station"]
        with self._store.read() as connection:
            known = [row for row in overview.stations(connection) if row.station == name]
            scans, opened = last_scans(connection, name, LAST_SCANS), open_sessions(connection, name)
        if not STATION_NAME.fullmatch(name) or not known:
            return self._render("unknown.html", status=404, name=name, refresh_s=None)
        rows = [(scan, reasons(scan)) for scan in scans]
        return self._render("station.html", station=known[0], scans=rows, opened=opened, refresh_s=REFRESH_S)

    def week(self, _request: Request) -> Response:
        """The last seven days."""
        end = self._now()
        with self._store.read() as connection:
            figures = week(connection, end - timedelta(days=7), end)
        return self._render("week.html", week=figures, refresh_s=None)

    def _render(self, template: str, *, status: int = 200, **values: Any) -> Response:
        text = self._templates.get_template(template).render(**values)
        return HTMLResponse(text, status_code=status, headers=HEADERS)


def reasons(scan: Trace) -> list[tuple[str, str]]:
    """What the person at the station can act on, in Chinese and English, the weightiest first.

    Reasons for the hub stay in the trace: beside a green light they would only confuse. An unknown code stands for
    itself.
    """
    return [(say(code, "zh"), say(code, "en")) for code, audience in scan.reasons if audience == "person"]


def local(at: str | None) -> str:
    """A time of the wire in the hub's local time, to the second; a dash for None."""
    if at is None:
        return "–"
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return at
