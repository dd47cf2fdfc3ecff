"""The stock ledger (台账): what came in, what went out, what is on hand, and where. From the projections alone.

One account for each owner (货主), DI and serial, else lot: goods with a serial are known by it, whatever lot stands
beside it. Of every account ``came = went + on_hand`` holds. What cannot be is shown, not mended: goods that went
without having come have a negative balance. Goods in quarantine that nobody released are on hand, and marked.

A piece of a loaner kit (外来器械) is nobody's stock here until it is used: then it comes and goes in one moment.

A movement names one place. What leaves is taken from there first, then from where it has lain longest; what is nowhere
is owed by that place, so that all places together always make up what is on hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from edge.hub.counting import counts
from edge.hub.packaging import Lookup, no_catalogue, tree_of
from edge.hub.tables import restamp, scan


class Effect(Enum):
    """What a task does to stock."""

    IN = auto()
    OUT = auto()
    THROUGH = auto()
    """It was lent, and is the site's from the moment in which it is gone."""
    MOVE = auto()
    """To another place of the site."""
    BACK = auto()
    """To where it lay before it was moved."""
    COUNT = auto()
    """Says how many were seen there; moves nothing."""
    HOLD = auto()
    FREE = auto()


LOANED = "LOANED"
"""In the place of the task of a use or waste that names the line of a kit's list: no other use names one."""
EFFECTS: Mapping[str, Effect] = {
    "RECEIVE": Effect.IN,
    "SHIP": Effect.OUT,
    "DISPENSE": Effect.OUT,
    "USE": Effect.OUT,
    "WASTE": Effect.OUT,
    "SEND_BACK": Effect.OUT,
    "SAMPLE": Effect.OUT,
    LOANED: Effect.THROUGH,
    "STORE": Effect.MOVE,
    "ISSUE": Effect.MOVE,
    "RETURN": Effect.BACK,
    "COUNT": Effect.COUNT,
    "QUARANTINE": Effect.HOLD,
    "RELEASE": Effect.FREE,
}
"""By task; every other one moves nothing."""
USED = ("USE", "DISPENSE")
"""Tasks whose goods are with somebody now."""
_STATUS = [task for task, effect in EFFECTS.items() if effect in (Effect.HOLD, Effect.FREE)]


class Movement(NamedTuple):
    """One scan that counts, as the ledger sees it. A plain tuple: there may be millions."""

    at: str
    task: str
    units: int | None
    """Sale units; None for a change of status."""
    owner: str | None
    di: str | None
    lot: str | None
    serial: str | None
    expires: str | None
    place: str
    document: str | None
    operator: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Hold:
    """A quarantine (隔离) that nobody has lifted. Of a lot it holds all that is there."""

    since: str
    operator: str | None
    place: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The newest stock-take (盘点) at one place."""

    place: str
    at: str
    document: str | None
    observed: int
    """Sale units; the scans of one document together, of a serial once, without a document the last one."""
    expected: int
    """What the ledger said was there then."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One account."""

    owner: str | None
    di: str | None
    """Of the sale unit, where a catalogue says so; None: goods without a UDI."""
    lot: str | None
    """The lot, or one that was read beside the serial."""
    serial: str | None
    expires: str | None
    came: int
    """Sale units that came in."""
    went: int
    on_hand: int
    """Below 0: more went than ever came."""
    at: Mapping[str, int]
    """Place -> sale units; below 0: they left from there and had not come there."""
    held: Hold | None
    counted: tuple[Counted, ...]


@dataclass(frozen=True, slots=True)
class StockQuestion:
    """Which accounts; all given parts must fit."""

    dis: tuple[str, ...] = ()
    """Any of these; none: all."""
    lot: str | None = None
    serial: str | None = None
    owner: str | None = None
    place: str | None = None
    """Only what is, or is owed, there."""


def stock(connection: Connection, question: StockQuestion, lookup: Lookup = no_catalogue) -> list[Balance]:
    """The accounts that were ever moved, held or counted, in the order of owner, DI, lot, serial.

    Args:
        connection: to the projections.
        question: which of them.
        lookup: of a catalogue, so that a carton and the pieces in it are one account.
    """
    found = balances(_movements(connection, question, lookup), lookup)
    found = [each for each in found if question.lot in (None, each.lot)]
    return [each for each in found if question.place is None or question.place in each.at]


def balances(movements: Iterable[Movement], lookup: Lookup = no_catalogue) -> list[Balance]:
    """Settle the accounts. Pure.

    Args:
        movements: in the order in which they happened.
        lookup: as of `stock`.
    """
    accounts: dict[_Key, _Account] = {}
    for each in movements:
        accounts.setdefault(_key(each, lookup), _Account()).take(each)
    found = [account.balance(key) for key, account in accounts.items()]
    return sorted(found, key=lambda each: tuple(name or "" for name in (each.owner, each.di, each.lot, each.serial)))


class _Key(NamedTuple):
    owner: str | None
    di: str | None
    lot: str | None
    """None where there is a serial."""
    serial: str | None


def _key(movement: Movement, lookup: Lookup) -> _Key:
    di = None if movement.di is None else tree_of(movement.di, lookup)
    return _Key(movement.owner, di, None if movement.serial else movement.lot, movement.serial)


@dataclass(slots=True)
class _Account:
    came: int = 0
    went: int = 0
    lot: str | None = None
    expires: str | None = None
    at: dict[str, int] = field(default_factory=dict)
    """In the order in which goods first came to the places."""
    home: str | None = None
    """Where goods were last received or put."""
    held: Hold | None = None
    counted: dict[str, Counted] = field(default_factory=dict)

    def take(self, each: Movement) -> None:
        self.lot, self.expires = self.lot or each.lot, self.expires or each.expires
        count = each.units or 0
        match EFFECTS[each.task]:
            case Effect.IN:
                self.came += count
                self._put(each.place, count)
                self.home = each.place
            case Effect.OUT:
                self.went += count
                self._leave(each.place, count)
            case Effect.THROUGH:
                self.came += count
                self.went += count
            case Effect.MOVE:
                self._move(each.place, count)
                self.home = self.home if each.task == "ISSUE" else each.place
            case Effect.BACK:
                self._move(self.home or each.place, count, first=(each.place,))
            case Effect.COUNT:
                self._count(each, count)
            case Effect.HOLD:
                self.held = Hold(each.at, each.operator, each.place, each.reason)
            case Effect.FREE:
                self.held = None

    def balance(self, key: _Key) -> Balance:
        return Balance(
            owner=key.owner,
            di=key.di,
            lot=self.lot,
            serial=key.serial,
            expires=self.expires,
            came=self.came,
            went=self.went,
            on_hand=self.came - self.went,
            at={place: count for place, count in self.at.items() if count},
            held=self.held,
            counted=tuple(self.counted.values()),
        )

    def _put(self, place: str, count: int) -> None:
        self.at[place] = self.at.get(place, 0) + count

    def _leave(self, place: str, count: int) -> None:
        for each in (place, *self.at):
            there = min(count, max(0, self.at.get(each, 0)))
            if there:
                self._put(each, -there)
                count -= there
        if count:
            self._put(place, -count)

    def _move(self, place: str, count: int, first: tuple[str, ...] = ()) -> None:
        """What is nowhere is not moved."""
        for each in (*first, *self.at):
            there = 0 if each == place else min(count, max(0, self.at.get(each, 0)))
            if there:
                self._put(each, -there)
                self._put(place, there)
                count -= there

    def _count(self, each: Movement, count: int) -> None:
        before = self.counted.get(each.place)
        if before is not None and each.document is not None and before.document == each.document:
            again = max(count, before.observed) if each.serial is not None else count + before.observed
            count, expected = again, before.expected
        else:
            expected = self.at.get(each.place, 0)
        self.counted[each.place] = Counted(each.place, each.at, each.document, count, expected)


def _movements(connection: Connection, question: StockQuestion, lookup: Lookup) -> Iterator[Movement]:
    """In the order in which they happened, as far as anybody knows."""
    at = func.coalesce(restamp.c.earliest, scan.c.at)
    what = (scan.c.owner, scan.c.di, scan.c.lot, scan.c.serial, scan.c.expires)
    query = (
        select(at, _task(), scan.c["count"], *what, func.coalesce(scan.c.place, "-"), scan.c.document)
        .add_columns(scan.c.operator, scan.c.reason)
        .outerjoin(restamp, restamp.c.event_id == scan.c.event_id)
        .where(*_parts(connection, question, lookup))
        .order_by(at, scan.c.event_id)
    )
    for row in connection.execute(query.execution_options(yield_per=1_000)):
        yield Movement(*row)


def _task() -> ColumnElement[str]:
    of_kit = and_(scan.c.task.in_(("USE", "WASTE")), scan.c.line.is_not(None))
    return case((of_kit, LOANED), else_=scan.c.task)


def _parts(connection: Connection, question: StockQuestion, lookup: Lookup) -> Iterator[ColumnElement[bool]]:
    yield counts()
    yield scan.c.task.in_(EFFECTS)
    yield or_(scan.c["count"].is_not(None), scan.c.task.in_(_STATUS))
    if question.dis:
        yield scan.c.di.in_(_members(connection, question.dis, lookup))
    if question.lot is not None:  # not of goods with a serial: some scan of them may not have read the lot
        yield or_(scan.c.lot == question.lot, scan.c.serial.is_not(None))
    if question.serial is not None:
        yield scan.c.serial == question.serial
    if question.owner is not None:
        yield scan.c.owner == question.owner


def _members(connection: Connection, dis: tuple[str, ...], lookup: Lookup) -> list[str]:
    """DIs of the same packaging trees, as they stand in scans."""
    trees = {tree_of(di, lookup) for di in dis}
    if lookup is no_catalogue:
        return sorted({*dis, *trees})
    known = connection.execute(select(scan.c.di).where(scan.c.di.is_not(None)).distinct()).scalars()
    return [each for each in known if tree_of(each, lookup) in trees]
