"""Records and releases for tests of the catalogue, without XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from edge.catalog.product import Pack
from edge.catalog.release import DeviceRecord
from tests.support.udid_release import gtin

BASE_DAY = date(2026, 5, 1)


def sale_unit(number: int) -> str:
    return gtin(0, 100_000 + number // 1000, number % 1000)


def box(number: int) -> str:
    return gtin(1, 100_000 + number // 1000, number % 1000)


def carton(number: int) -> str:
    return gtin(2, 100_000 + number // 1000, number % 1000)


def record(number: int, **changes: Any) -> DeviceRecord:
    """A lens in boxes of 10 and cartons of 20 boxes."""
    sale = sale_unit(number)
    packs = (Pack(box(number), "盒", 10, sale), Pack(carton(number), "箱", 20, box(number)))
    plain = DeviceRecord(
        sale,
        name=f"lens {number % 7}",
        model=f"M{number}",
        registrant="Example Medical",
        category="16-07-02",
        version="1",
        version_date=date(2026, 1, 1),
        packs=packs,
    )
    return replace(plain, **changes)


@dataclass(frozen=True, slots=True)
class GivenPart:
    name: str
    size: int = 1
    crc: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """A release whose parts are lists; `stop` may raise in the midst of one."""

    date: date
    given: Mapping[str, Sequence[DeviceRecord]]
    kind: str = "full"
    stop: Callable[[str, int], None] = lambda _part, _number: None

    @property
    def parts(self) -> Sequence[GivenPart]:
        return [GivenPart(name, len(records)) for name, records in self.given.items()]

    def read(self, part: GivenPart, _report: Callable[[object], None], /) -> Iterator[DeviceRecord]:
        for number, each in enumerate(self.given[part.name], 1):
            self.stop(part.name, number)
            yield each


def full(*records: DeviceRecord) -> Given:
    return Given(BASE_DAY, {"part 1": records})


def daily(day: int, *records: DeviceRecord) -> Given:
    return Given(BASE_DAY + timedelta(days=day), {f"day {day}": records}, "daily")
