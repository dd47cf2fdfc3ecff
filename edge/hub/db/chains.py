"""Whether the stored events are the ones that the stations journaled: every link of every chain. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from edge import wire
from edge.hub.reading import decode
from edge.hub.stored_lines import StoredLines
from edge.hub.tables import event_key, gap

SHOWN = 20
"""Problems that are told of one chain; the rest is counted."""


@dataclass(slots=True)
class Chain:
    """One epoch of one station."""

    station: str
    epoch: str
    first: int
    last: int
    events: int = 0
    missing: list[list[int]] = field(default_factory=list)
    """Closed ranges between first and last that are not stored."""
    problems: list[str] = field(default_factory=list)
    """At most `SHOWN`."""
    wrong: int = 0

    def tell(self, problem: str) -> None:
        """Note a problem."""
        self.wrong += 1
        if len(self.problems) < SHOWN:
            self.problems.append(problem)


def verify_chains(connection: Connection, station: str | None = None) -> Iterator[Chain]:
    """Every epoch, of one station or of all, one after the other."""
    query = select(event_key.c.station, event_key.c.epoch).distinct().order_by(event_key.c.station, event_key.c.epoch)
    if station is not None:
        query = query.where(event_key.c.station == station)
    for name, epoch in connection.execute(query).all():
        yield _verify(connection, name, epoch)


def _verify(connection: Connection, station: str, epoch: str) -> Chain:
    k = event_key.c
    query = select(k.seq, k.digest, k.event_id, k.inbox_id).where(k.station == station, k.epoch == epoch)
    messages = StoredLines(connection)
    closed = _closed(connection, station, epoch)
    chain: Chain | None = None
    before: tuple[int, str] = (0, "")
    for row in connection.execute(query.order_by(k.seq)).all():
        chain = chain or Chain(station, epoch, row.seq, row.seq)
        chain.events += 1
        chain.last = row.seq
        if row.seq > before[0] + 1:
            chain.missing.append([before[0] + 1, row.seq - 1])
            if (before[0] + 1, row.seq - 1) not in closed:
                chain.tell(f"seq {before[0] + 1} to {row.seq - 1} are not stored")
        _link(connection, chain, row, before, messages)
        before = (row.seq, row.digest)
    assert chain is not None, "an epoch without events was listed"  # noqa: S101 - says what the query promises
    return chain


def _link(connection: Connection, chain: Chain, row: Any, before: tuple[int, str], messages: StoredLines) -> None:
    line = messages.lines(row.inbox_id).get(row.digest)
    if line is None:
        chain.tell(f"seq {row.seq}: message {row.inbox_id} holds no bytes with SHA-256 {row.digest}")
        return
    if row.event_id == "":
        chain.tell(f"seq {row.seq}: its bytes cannot be read, see the table poison")
        return
    event = decode(line)
    if event.key != (chain.station, chain.epoch, row.seq) or event.event_id != row.event_id:
        chain.tell(f"seq {row.seq}: its bytes say {event.key} and {event.event_id}, the key says {row.event_id}")
    if row.seq == 1:
        _opening(connection, chain, event)
    elif row.seq == before[0] + 1 and event.chain != before[1]:
        chain.tell(f"seq {row.seq}: its chain value {event.chain} is not the SHA-256 of seq {before[0]}, {before[1]}")


def _opening(connection: Connection, chain: Chain, event: wire.Event) -> None:
    """An epoch's first event names the end of the epoch before, if the station knew it."""
    if event.chain is not None:
        chain.tell(f"seq 1: its chain value is {event.chain}, expected none")
    change = event.data.get("change")
    previous = change.get("previous") if isinstance(change, Mapping) else None
    if not isinstance(previous, Mapping):
        return
    k = event_key.c
    here = (k.station == chain.station, k.epoch == previous.get("epoch"), k.seq == previous.get("seq"))
    found = connection.execute(select(k.digest).where(*here)).scalar()
    if found is not None and found != previous.get("chain"):
        chain.tell(f"seq 1: names {previous.get('chain')} as the end of epoch {previous.get('epoch')}, found {found}")


def _closed(connection: Connection, station: str, epoch: str) -> set[tuple[int, int]]:
    query = select(gap.c.first, gap.c.last).where(gap.c.station == station, gap.c.epoch == epoch)
    return {(row.first, row.last) for row in connection.execute(query)}
