"""What was booked and asked under the open document: a piece counts once, a reading is asked for once."""

from __future__ import annotations

from edge.rules.verdict import Circumstances, TaskName, Verdict
from edge.udi.model import Udi

MOST = 10_000
"""Beyond so many the oldest pieces are forgotten; no case and no delivery comes near."""
READING = "reading_due"

_Key = tuple[str, str]


def under(document: str | None, task: TaskName) -> str | None:
    """What a piece counts once under: it is picked, verified and shipped under one document."""
    return None if document is None else f"{task.value} {document}"


class Bookings:
    """Belongs to the desk. Kept in memory: after a restart the hub is the one to notice."""

    def __init__(self) -> None:
        """Begin with nothing booked."""
        self._events: dict[_Key, str] = {}
        """Serial pieces by document: the event that booked each."""
        self._asked: str | None = None
        """The document in which a reading of the temperature was asked for last."""

    def circumstances(self, document: str | None, udi: Udi | None) -> Circumstances:
        """Whether this piece was booked under this document, and a reading asked for in this delivery."""
        return Circumstances(
            serial_seen="receipt" if _key(document, udi) in self._events else None,
            reading_asked=document is not None and document == self._asked,
        )

    def booked(self, event_id: str, document: str | None, udi: Udi | None, verdict: Verdict) -> None:
        """This piece is booked by an event, which may not be on the card yet."""
        if any(reason.code == READING for reason in verdict.reasons):
            self._asked = document
        key = _key(document, udi)
        if key is None:
            return
        self._events[key] = event_id
        if len(self._events) > MOST:
            del self._events[next(iter(self._events))]

    def not_booked(self, event_id: str) -> None:
        """The event was taken back, or the card did not take it: the piece may be booked again."""
        for key in [key for key, event in self._events.items() if event == event_id]:
            del self._events[key]


def _key(document: str | None, udi: Udi | None) -> _Key | None:
    if udi is None or udi.serial is None or udi.trace_key is None or document is None:
        return None
    return document, udi.trace_key
