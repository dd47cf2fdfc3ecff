"""Any sequence of bases, deltas and merges, looked up, is a plain dictionary."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.catalog.folder import merge
from edge.catalog.importing import import_into, update
from edge.catalog.product import Pack
from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog
from tests.support.records import BASE_DAY, Given
from tests.support.udid_release import dis

DIS = [f"0690000000000{n}" for n in range(5)] + [f"MA.{n}" for n in range(3)]
_di = st.sampled_from(DIS)
_records = st.builds(
    DeviceRecord,
    sale_unit=_di,
    status=st.sampled_from(["added", "changed", "deleted"]),
    use_unit=st.none() | _di,
    body=st.none() | _di,
    model=st.text("abc", max_size=3),
    version=st.none() | st.integers(1, 3).map(str),
    version_date=st.none() | st.dates(date(2026, 4, 1), date(2026, 4, 3)),
    packs=st.lists(st.builds(Pack, _di, st.just("箱"), st.integers(1, 3), _di), max_size=2).map(tuple),
)
_releases = st.lists(st.lists(_records, max_size=5), min_size=1, max_size=4)


@dataclass(frozen=True, slots=True, order=True)
class Age:
    """Which of two records is the newer: version, then file, then place in the file."""

    day: int
    version: int
    file: int
    place: int


class Model:
    """The present record of each sale unit."""

    def __init__(self) -> None:
        self.current: dict[str, tuple[Age, DeviceRecord]] = {}

    def take(self, file: int, day: date, records: Sequence[DeviceRecord]) -> None:
        news: dict[str, tuple[Age, DeviceRecord]] = {}
        for place, record in enumerate(records):
            kept = record
            if file and record.status == "deleted":
                known = self.current.get(record.sale_unit, (None, record))[1]
                gone = record.withdrawn or record.version_date or day
                kept = replace(
                    known,
                    status="deleted",
                    withdrawn=gone,
                    version=record.version,
                    version_date=record.version_date,
                )
            first = record.version_date.toordinal() if record.version_date else 0
            age = Age(first, int(record.version or 0), file, place)
            if record.sale_unit not in news or age > news[record.sale_unit][0]:
                news[record.sale_unit] = age, kept
        self.current |= news

    def lookup(self, di: str) -> tuple[str, str, date | None] | None:
        having = [(age, record) for age, record in self.current.values() if di in dis(record)]
        if not having:
            return None
        _, record = max(having, key=lambda each: each[0])
        return record.sale_unit, record.model, record.withdrawn


def found(folder: Path) -> Mapping[str, tuple[str, str, date | None] | None]:
    catalog = Catalog.open(folder)
    products = {di: catalog.lookup(di) for di in DIS}
    records = sorted(record.sale_unit for record in catalog.records())
    assert len(records) == len(set(records))
    catalog.close()
    return {
        di: None if product is None else (product.sale_unit, product.model, product.withdrawn)
        for di, product in products.items()
    }


@settings(max_examples=60, deadline=None)
@given(_releases, st.sets(st.integers(0, 3)))
def test_a_catalogue_is_a_dictionary(releases: Sequence[Sequence[DeviceRecord]], merged_after: set[int]) -> None:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108 - many flushes
    model = Model()
    try:
        for number, records in enumerate(releases):
            day = BASE_DAY + timedelta(days=number)
            release = Given(day, {"part": records}, "daily" if number else "full")
            if number:
                update(release, folder, None)
            else:
                import_into(release, folder, None)
            model.take(number, day, records)
            assert found(folder) == {di: model.lookup(di) for di in DIS}
            if number in merged_after:
                merge(folder, None)
                assert found(folder) == {di: model.lookup(di) for di in DIS}
    finally:
        shutil.rmtree(folder)
