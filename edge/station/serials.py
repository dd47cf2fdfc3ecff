"""Which serials were booked under the open case or document: a piece that is shown twice counts once."""

from __future__ import annotations

from edge.rules.verdict import TaskName
from edge.station.tasks import Running
from edge.udi.model import Udi

MOST = 10_000
"""Beyond so many the oldest are forgotten; no case and no delivery comes near."""

_Key = tuple[str, str]


class Serials:
    """Belongs to the desk. Kept in memory: after a restart the hub is the one to notice."""

    def __init__(self) -> None:
        """Begin with nothing booked."""
        self._events: dict[_Key, str] = {}

    def seen(self, running: Running, udi: Udi | None) -> str | None:
        """``use`` or ``receipt`` if this piece was booked under this case or document; else None."""
        if _key(running, udi) not in self._events:
            return None
        return "use" if running.task is TaskName.USE else "receipt"

    def booked(self, event_id: str, running: Running, udi: Udi | None) -> None:
        """This piece is booked by an event, which may not be on the card yet."""
        key = _key(running, udi)
        if key is None:
            return
        self._events[key] = event_id
        if len(self._events) > MOST:
            del self._events[next(iter(self._events))]

    def not_booked(self, event_id: str) -> None:
        """The event was taken back, or the card did not take it: the piece may be booked again."""
        for key in [key for key, event in self._events.items() if event == event_id]:
            del self._events[key]


def _key(running: Running, udi: Udi | None) -> _Key | None:
    under = running.case if running.task is TaskName.USE else running.document
    if udi is None or udi.serial is None or udi.trace_key is None or under is None:
        return None
    return under, udi.trace_key
