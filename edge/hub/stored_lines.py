"""The exact bytes of events, for what no projection has."""

from __future__ import annotations

from collections import OrderedDict

from sqlalchemy import Connection, select

from edge import wire
from edge.hub.tables import inbox

MESSAGES_KEPT = 64
"""Messages of one epoch come nearly in order: so many are kept at hand."""


class StoredLines:
    """Lines of stored messages by digest; the last ones used are kept."""

    def __init__(self, connection: Connection) -> None:
        """Begin with none."""
        self._connection = connection
        self._kept: OrderedDict[int, dict[str, bytes]] = OrderedDict()

    def lines(self, inbox_id: int) -> dict[str, bytes]:
        """The lines of one message."""
        found = self._kept.get(inbox_id)
        if found is None:
            payload = self._connection.execute(select(inbox.c.payload).where(inbox.c.id == inbox_id)).scalar()
            found = {wire.digest(line): line for line in wire.split(payload or b"")}
            self._kept[inbox_id] = found
            if len(self._kept) > MESSAGES_KEPT:
                self._kept.popitem(last=False)
        return found
