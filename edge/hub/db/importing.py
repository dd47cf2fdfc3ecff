"""Events from a file, as ``udi-station journal export`` writes it: from a card that cannot send any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from edge import wire
from edge.hub import inbox
from edge.hub.reading import Incoming, decode
from edge.hub.store import Store
from edge.hub.tables import event_key, key_conflict, poison

MESSAGES = 20
"""Messages of one transaction."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the lines of a file."""

    lines: int
    new: int
    """Events that the store did not have; what is left of `lines` it had, or it is in one of the other two."""
    quarantined: int
    unreadable: int


def import_lines(store: Store, lines: Iterable[bytes], received: str) -> Imported:
    """Store NDJSON lines as if their stations had sent them; a line may come any number of times.

    Raises:
        DBAPIError: the database refused; what was stored before stays, the file can be imported again.
    """
    with store.read() as connection:
        before = _counts(connection)
    count, messages = 0, list[Incoming]()
    for station, batch in _batches(lines):
        count += len(batch)
        messages.append(Incoming(f"udi/{station}/scan", wire.batch(batch), {}))
        if len(messages) == MESSAGES:
            inbox.store(store, messages, received)
            messages = []
    inbox.store(store, messages, received)
    with store.read() as connection:
        after = _counts(connection)
    return Imported(count, *(now - then for now, then in zip(after, before, strict=True)))


def _batches(lines: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Lines of one station that follow each other, cut as a station cuts them."""
    station, batch, size = "", list[bytes](), 0
    for line in lines:
        name = _station(line)
        full = len(batch) >= wire.MAX_BATCH_EVENTS or size + len(line) >= wire.MAX_BATCH_BYTES
        if batch and (name != station or full):
            yield station, batch
            batch, size = [], 0
        station = name
        batch.append(line)
        size += len(line) + 1
    if batch:
        yield station, batch


def _station(line: bytes) -> str:
    """The station of a line; a name that no station has for bytes that are no event, so that they are set aside."""
    try:
        return decode(line).station
    except wire.WireError:
        return "site"


def _counts(connection: Connection) -> list[int]:
    tables = (event_key, key_conflict, poison)
    return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]
