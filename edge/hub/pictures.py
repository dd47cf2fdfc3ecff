"""Sealed pictures at the hub: stored once, found by name, forgotten when their time is over.

A picture is stored only if its topic names its bytes and they look sealed. Anything else is noted and dropped: bytes
set aside are kept for good, and a picture must not be. Its station has it still, and is not answered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from edge import wire
from edge.hub import bulk
from edge.hub.inbox import poison_row
from edge.hub.reading import Incoming, station_of
from edge.hub.store import Store
from edge.hub.tables import picture, poison
from edge.seal import MAX_PICTURE_BYTES, Sealed, SealError, picture_name

log = logging.getLogger(__name__)

HEAD_BYTES = 16
"""What is kept of bytes that are no picture: enough to tell what they were."""
EXPIRE_AT_ONCE = 100
"""Pictures deleted in one transaction, 15 MB at most: a collector on SQLite waits for it."""
EXPIRE_S = 3600.0


class Picture(NamedTuple):
    """A stored picture."""

    sha256: str
    station: str
    received: str
    payload: bytes


class Stored(NamedTuple):
    """A picture that is stored, now or before: answer its station."""

    station: str
    sha256: str


def store(store: Store, messages: Iterable[Incoming], received: str) -> list[Stored]:
    """Store what came to ``udi/<station>/photo/<sha256>``; it is committed when this returns.

    Returns:
        Whom to answer, in the order of names.

    Raises:
        DBAPIError: the database refused; nothing was stored.
    """
    rows, wrong = {}, []
    for message in messages:
        why = _wrong(message)
        if why is None:
            sha256 = _name(message.topic)
            rows[sha256] = Picture(sha256, station_of(message.topic) or "", received, message.payload)._asdict()
        else:
            row = poison_row(received, message.topic, message.payload, why)
            wrong.append({**row, "payload": message.payload[:HEAD_BYTES]})
    with store.begin() as connection:
        # In one order: two hubs that store the same pictures wait for each other instead of both for ever.
        bulk.insert_or_nothing(connection, picture, [rows[sha256] for sha256 in sorted(rows)])
        bulk.insert_or_nothing(connection, poison, sorted(wrong, key=lambda row: row["digest"]))
    return [Stored(rows[sha256]["station"], sha256) for sha256 in sorted(rows)]


def find(connection: Connection, sha256: str) -> Picture | None:
    """The picture of this name."""
    row = connection.execute(select(picture).where(picture.c.sha256 == sha256)).first()
    return None if row is None else Picture(row.sha256, row.station, row.received, row.payload)


def expire(store: Store, before: str) -> int:
    """Delete what was received before this time, in small transactions; gives the number."""
    names = select(picture.c.sha256).where(picture.c.received < before).limit(EXPIRE_AT_ONCE)
    count = 0
    while True:
        with store.begin() as connection:
            found = connection.execute(names).scalars().all()
            connection.execute(delete(picture).where(picture.c.sha256.in_(found)))
        count += len(found)
        if len(found) < EXPIRE_AT_ONCE:
            return count


@dataclass(slots=True)
class Expiry:
    """Forgets pictures after some days, without anybody having to think of it; called while the hub has time."""

    store: Store
    days: int
    now: Callable[[], datetime]
    _next: float = 0.0

    def __call__(self) -> None:
        """Once an hour: delete what is over."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EXPIRE_S
        count = expire(self.store, wire.iso(self.now() - timedelta(days=self.days)))
        if count:
            log.info("pictures=%d deleted after %d days", count, self.days)


def _name(topic: str) -> str:
    return topic.rsplit("/", 1)[-1]


def _wrong(message: Incoming) -> str | None:
    """Why this is no picture to keep."""
    size, name = len(message.payload), picture_name(message.payload)
    if station_of(message.topic) is None:
        return f"{message.topic!r} names no station"
    if size > MAX_PICTURE_BYTES:
        return f"{size} bytes: expected at most {MAX_PICTURE_BYTES}"
    if _name(message.topic) != name:
        return f"{message.topic!r} does not name these {size} bytes: expected {name}"
    try:
        Sealed.from_bytes(message.payload)
    except SealError as error:
        return str(error)
    return None
