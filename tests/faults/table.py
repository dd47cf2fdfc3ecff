"""The named faults. A module of cases adds its own with `fault`; a case leaves the world to the check that follows."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from edge import wire
from edge.seal import Sealer
from edge.station.journal.store import Journal
from tests.bench import fixture
from tests.faults.actors import StationActor
from tests.faults.reckoning import Reckoning
from tests.faults.world import World

FILLED_AT_ONCE = 500

Build = Callable[[Path], World]


@dataclass(frozen=True, slots=True)
class Fault:
    """One row of the matrix."""

    name: str
    run: Callable[[World], None]
    quick: bool
    """Runs with every `make test`."""
    build: Build
    running: bool
    """Everything runs before the fault begins."""
    within_s: float
    """Seconds in which the hub has everything once the fault is over."""
    known: str
    """Why this one still fails; empty when it does not."""


FAULTS: dict[str, Fault] = {}


def fault(
    name: str,
    *,
    quick: bool = False,
    build: Build = World,
    running: bool = True,
    within_s: float = 60.0,
    known: str = "",
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """Add a case to the table."""

    def add(run: Callable[[World], None]) -> Callable[[World], None]:
        assert name not in FAULTS, f"{name!r} stands in the table twice"
        FAULTS[name] = Fault(name, run, quick, build, running, within_s, known)
        return run

    return add


def proxied(folder: Path) -> World:
    """Every station and hub has a bad network of its own."""
    return World(folder, proxied=True)


def backlogged(folder: Path) -> World:
    """A station whose journal can be filled by `fill`; behind a bad network."""
    return World(folder, stations=(fixture.STATION,), proxied=True)


def fill(station: StationActor, count: int) -> None:
    """Put so many scans into the journal of a station that does not run."""
    sealer = Sealer("k1", base64.b64decode(station.site.public_key))
    like = next(fixture.drafts(1, sealer))
    with contextlib.closing(Journal.open(station.journal, opening=fixture.opening)) as journal:
        for first in range(0, count, FILLED_AT_ONCE):
            journal.append(
                [_another(like, station.next_serial()) for _ in range(first, min(count, first + FILLED_AT_ONCE))]
            )


def _another(like: wire.Draft, serial: str) -> wire.Draft:
    """The same scan of another package."""
    udi = like.body["udi"]
    package = {**udi, "serial": serial, "trace_key": f"GS1|{udi['di']}|S|{serial}"}
    return replace(like, event_id=wire.uuid7(datetime.now(UTC)), body={**like.body, "udi": package})


def two_stations(folder: Path) -> World:
    """Two stations."""
    return World(folder, stations=("OR-01", "OR-02"))


@dataclass
class Tally:
    """What a session found, for the table at its end."""

    rows: list[tuple[str, Reckoning]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The table."""
        every = [*self.rows, (f"total of {len(self.rows)}", total([row for _, row in self.rows]))]
        width = max(len(name) for name, _ in every)
        heads = ("events", "lost", "doubled", "foreign", "broken")
        lines = [f"{'fault':{width}} " + " ".join(f"{head:>8}" for head in heads)]
        for name, row in every:
            counts = (row.events, len(row.lost), row.doubled, len(row.foreign), len(row.broken))
            lines.append(f"{name:{width}} " + " ".join(f"{count:8}" for count in counts))
        return lines + [f"NOT TRIED: {name}: {why}" for name, why in self.skipped]


def total(rows: list[Reckoning]) -> Reckoning:
    """All together."""
    return Reckoning(
        events=sum(row.events for row in rows),
        lost=frozenset[str]().union(*(row.lost for row in rows)),
        doubled=sum(row.doubled for row in rows),
        foreign=frozenset[str]().union(*(row.foreign for row in rows)),
        broken=tuple(place for row in rows for place in row.broken),
    )
