"""When an event happened, for a station whose clock did not know: rows of the hub's own, the event stays as it is.

Every event carries the boot it belongs to and the nanoseconds since then, which run evenly even where the wall clock
is wrong. One event of the same boot under a good clock therefore dates all others of that boot. Where a boot
has none, the event lies between the end of the boot before and the beginning of the next one or its arrival here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, or_, select, tuple_

from edge import wire
from edge.hub import bulk
from edge.hub.inbox import chunks
from edge.hub.reading import MAX_NUMBER, NAME, decode
from edge.hub.tables import boot, event_key, inbox, restamp

RANKS: Mapping[str, int] = {"ntp": 3, "https": 3, "rtc": 1}
"""How far a quality can be trusted to date others; ``none`` and ``floor`` cannot at all."""
AHEAD = timedelta(minutes=5)
"""An event cannot have happened after it arrived: a clock that is further ahead of the hub's is wrong."""
BootKey = tuple[str, str]


class Boot(NamedTuple):
    """What is known of one boot of one station. A plain tuple: each event gives one."""

    station: str
    boot: str
    epoch: str
    first_seq: int
    first_mono_ns: int
    rank: int = 0
    """Of the anchor; 0 without one."""
    anchor_at: str | None = None
    anchor_mono_ns: int = 0
    anchor_seq: int = 0

    def at(self, mono_ns: int) -> datetime | None:
        """The time of a moment of this boot; None without an anchor."""
        if self.anchor_at is None:
            return None
        return _time(self.anchor_at) + timedelta(microseconds=(mono_ns - self.anchor_mono_ns) // 1000)

    def merged(self, other: Boot) -> Boot:
        """Both together; the order does not matter."""
        first = self if self._begins() <= other._begins() else other
        best = self if self._dates() >= other._dates() else other
        return first if first is best else Boot(*first[:5], *best[5:])

    def _begins(self) -> tuple[int, str, int]:
        return self.first_mono_ns, self.epoch, self.first_seq

    def _dates(self) -> tuple[int, int, str]:
        return self.rank, -self.anchor_mono_ns, self.anchor_at or ""


@dataclass(slots=True)
class Moments:
    """The clocks of the events of one transaction."""

    boots: dict[BootKey, Boot] = field(default_factory=dict)
    undated: list[dict[str, Any]] = field(default_factory=list)

    def note(self, event: wire.Event, received: str) -> None:
        """Take an event's clock; one without a readable clock stays as it is."""
        match event.data:
            case {"at": str(at), "clock": {"quality": str(quality), "boot": str(boot_id), "mono_ns": int(mono_ns)}} if (
                not isinstance(mono_ns, bool) and 0 <= mono_ns <= MAX_NUMBER * 1000 and re.match(NAME, boot_id)
            ):
                self._note(event, at, received, quality, boot_id, mono_ns)
            case _:
                return

    def _note(self, event: wire.Event, at: str, received: str, quality: str, boot_id: str, mono_ns: int) -> None:
        rank = RANKS.get(quality, 0) if at <= _latest(received) else 0
        seen = Boot(event.station, boot_id, event.epoch, event.seq, mono_ns)
        if rank:
            seen = Boot(*seen[:5], rank, at, mono_ns, event.seq)
        key = (event.station, boot_id)
        known = self.boots.get(key)
        self.boots[key] = seen if known is None else known.merged(seen)
        if not rank:
            self.undated.append(
                {
                    "event_id": event.event_id,
                    "station": event.station,
                    "boot": boot_id,
                    "mono_ns": mono_ns,
                    "told": at,
                    "received": received,
                }
            )


def write(connection: Connection, moments: Moments) -> None:
    """Keep what is new of the boots, and date what can be dated, within the caller's transaction."""
    changed = _merge(connection, moments.boots)
    rows = {row["event_id"]: row for row in moments.undated}
    for part in chunks([each.station for each in changed]):
        # A new anchor dates its own boot; a new boot bounds the open rows of its neighbours.
        own = tuple_(restamp.c.station, restamp.c.boot).in_([(each.station, each.boot) for each in changed])
        query = select(restamp).where(restamp.c.station.in_(part), or_(own, restamp.c.basis != "anchor"))
        for row in connection.execute(query).mappings():
            rows.setdefault(row["event_id"], {name: row[name] for name in _INPUTS})
    if not rows:
        return
    boots = _boots_of(connection, {row["station"] for row in rows.values()})
    bulk.upsert(connection, restamp, [_dated(connection, row, boots[row["station"]]) for row in rows.values()])


_INPUTS = ("event_id", "station", "boot", "mono_ns", "told", "received")


def _merge(connection: Connection, seen: Mapping[BootKey, Boot]) -> list[Boot]:
    """Bring the table to what was seen; gives what changed in it."""
    listing = bulk.listing([{"station": station, "boot": name} for station, name in seen])
    found = [Boot(*row) for row in connection.execute(_boots(connection.dialect.name), listing)]
    known = {(each.station, each.boot): each for each in found}
    merged = {key: each if key not in known else known[key].merged(each) for key, each in seen.items()}
    changed = [each for key, each in merged.items() if each != known.get(key)]
    bulk.upsert(connection, boot, [each._asdict() for each in changed])
    return changed


@functools.cache
def _boots(dialect: str) -> Select[Any]:
    c, asked = boot.c, bulk.listed(dialect, boot.c.station, boot.c.boot)
    return select(boot).join(asked, and_(asked.c.station == c.station, asked.c.boot == c.boot))


def _boots_of(connection: Connection, stations: Iterable[str]) -> dict[str, list[Boot]]:
    found: dict[str, list[Boot]] = {}
    for part in chunks(sorted(stations)):
        query = select(boot).where(boot.c.station.in_(part)).order_by(boot.c.epoch, boot.c.first_seq)
        for row in connection.execute(query).mappings():
            found.setdefault(row["station"], []).append(Boot(**row))
    return found


def _dated(connection: Connection, row: Mapping[str, Any], boots: Sequence[Boot]) -> dict[str, Any]:
    own = next(each for each in boots if each.boot == row["boot"])
    exact = own.at(row["mono_ns"])
    if exact is not None:
        at = wire.iso(exact)
        return {**row, "earliest": at, "latest": at, "basis": "anchor"}
    after = next((each for each in boots if each.epoch == own.epoch and each.first_seq > own.first_seq), None)
    begun = None if after is None else after.at(after.first_mono_ns)
    latest = row["received"] if begun is None else min(row["received"], wire.iso(begun))
    return {**row, "earliest": _end_before(connection, own, boots), "latest": latest, "basis": "between"}


def _end_before(connection: Connection, own: Boot, boots: Sequence[Boot]) -> str | None:
    """When the last event before this boot happened; None if that is not known either."""
    here = (
        event_key.c.station == own.station,
        event_key.c.epoch == own.epoch,
        event_key.c.seq == own.first_seq - 1,
    )
    query = select(inbox.c.payload, event_key.c.digest).join(event_key, event_key.c.inbox_id == inbox.c.id)
    found = connection.execute(query.where(*here)).one_or_none()
    line = None if found is None else next((x for x in wire.split(found[0]) if wire.digest(x) == found[1]), None)
    if line is None:
        return None
    clock = decode(line).data["clock"]
    before = next((each for each in boots if each.boot == clock["boot"]), None)
    if before is None or before.boot == own.boot:
        return None
    end = before.at(clock["mono_ns"])
    return _end_before(connection, before, boots) if end is None else wire.iso(end)


@functools.lru_cache(maxsize=256)
def _latest(received: str) -> str:
    """The latest time that an event can tell which arrived then; times on the wire sort as text."""
    return wire.iso(_time(received) + AHEAD)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
