"""What was booked and asked under the open case or document: a piece counts once, a reading is asked for once."""

from __future__ import annotations

from edge.rules.verdict import Circumstances, TaskName, Verdict
from edge.station.tasks import Running
from edge.udi.model import Udi

MOST = 10_000
"""Beyond so many the oldest pieces are forgotten; no case and no delivery comes near."""
READING = "storage_reading"
UNDO_NS = 5 * 60 * 1_000_000_000
"""How long the last booking can be taken back by the UNDO button."""

_Key = tuple[str, str]


class LastBooked:
    """The one event that UNDO takes back."""

    def __init__(self) -> None:
        """Begin with nothing to take back."""
        self._booked: tuple[str, int] | None = None

    def put(self, event_id: str, t0_ns: int) -> None:
        """This was booked by a scan at that monotonic time."""
        self._booked = event_id, t0_ns

    def take(self, t0_ns: int) -> str | None:
        """The event to take back at this time, once; None if there is none or it is too long ago."""
        booked, self._booked = self._booked, None
        return None if booked is None or t0_ns - booked[1] > UNDO_NS else booked[0]


class Bookings:
    """Belongs to the desk. Kept in memory: after a restart the hub is the one to notice."""

    def __init__(self) -> None:
        """Begin with nothing booked."""
        self._events: dict[_Key, str] = {}
        """Serial pieces by case or document: the event that booked each."""
        self._asked: str | None = None
        """The document in which a reading of the temperature was asked for last."""

    def circumstances(self, running: Running, udi: Udi | None) -> Circumstances:
        """Whether this piece was booked under this case or document, and a reading asked for in this delivery."""
        seen = "use" if running.task is TaskName.USE else "receipt"
        return Circumstances(
            serial_seen=seen if _key(running, udi) in self._events else None,
            reading_asked=running.document is not None and running.document == self._asked,
        )

    def booked(self, event_id: str, running: Running, udi: Udi | None, verdict: Verdict) -> None:
        """This piece is booked by an event, which may not be on the card yet."""
        if any(reason.code == READING for reason in verdict.reasons):
            self._asked = running.document
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
