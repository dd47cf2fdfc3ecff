"""Parts of a UDID release as bytes, streams that give them in pieces, and records for property tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from io import BytesIO

from hypothesis import strategies as st

from edge.catalog.product import Pack, Storage
from edge.catalog.release import DeviceRecord, Problem
from edge.catalog.udid_xml import read_part
from edge.udi.recover import PiFlags
from tests.support.udid_release import part, to_xml

DI = "06942221705071"


class Dribble:
    """A stream that gives at each call as many bytes as the next of these sizes says, at most."""

    def __init__(self, data: bytes, sizes: Iterable[int]) -> None:
        self._stream = BytesIO(data)
        self._sizes = iter(sizes)
        self.given = 0

    def read(self, size: int, /) -> bytes:
        block = self._stream.read(min(size, next(self._sizes, size)))
        self.given += len(block)
        return block


def read(data: bytes, sizes: Iterable[int] = ()) -> tuple[list[DeviceRecord], list[Problem]]:
    """What one part gives."""
    problems: list[Problem] = []
    return list(read_part(Dribble(data, sizes), "PART1.xml", problems.append)), problems


def devices(*fields: str) -> bytes:
    """A part with devices of these contents."""
    return part([f"<device>{each}</device>" for each in fields])


def one(fields: str) -> DeviceRecord:
    """The only record of a part, with a DI beside the fields, and no problem."""
    records, problems = read(devices(f"<zxxsdycpbs>{DI}</zxxsdycpbs>{fields}"))
    assert problems == []
    (record,) = records
    return record


def faulty(fields: str) -> tuple[DeviceRecord | None, list[tuple[str, str, bool]]]:
    """The record if it was kept, and field, value and whether it decided of each problem."""
    records, problems = read(devices(f"<zxxsdycpbs>{DI}</zxxsdycpbs>{fields}"))
    return next(iter(records), None), [(each.field, each.value, each.skipped) for each in problems]


def blocks(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
_texts = _text.map(str.strip)
_needed = _texts.filter(bool)
_ids = st.text("0123456789ABCDEFabc.-", min_size=1, max_size=20)
_days = st.none() | st.dates(date(1900, 1, 1), date(2199, 12, 31))
_flags = st.none() | st.booleans()
_bounds = st.none() | st.integers(-2_000, 2_000).map(lambda n: n / 10)
_packs = st.builds(Pack, _ids, _texts, st.integers(1, 999_999_999), _ids)
_storage = st.builds(Storage, _needed, _bounds, _bounds, st.none() | _needed)
records = st.builds(
    DeviceRecord,
    sale_unit=_ids,
    status=st.sampled_from(["added", "changed", "deleted"]),
    record_key=st.none() | _ids,
    system=_texts,
    published=_days,
    use_unit=st.none() | _ids,
    use_units=st.none() | st.integers(1, 999_999_999),
    registered=st.none() | _ids,
    body=st.none() | _ids,
    name=_texts,
    brand=_texts,
    model=_texts,
    catalogue_number=st.none() | _needed,
    device_class=st.none(),
    category=st.none() | _ids,
    nhsa_codes=st.lists(_ids, max_size=3).map(tuple),
    registrant=_texts,
    credit_code=st.none() | _ids,
    certificate=st.none() | _ids,
    single_use=_flags,
    sterile=_flags,
    pi=st.builds(PiFlags, _flags, _flags, _flags, _flags),
    withdrawn=_days,
    version=st.none() | _ids,
    version_date=_days,
    packs=st.lists(_packs, max_size=3).map(tuple),
    storage=st.lists(_storage, max_size=2).map(tuple),
)


def as_part(given: Iterable[DeviceRecord]) -> bytes:
    return part([to_xml(record) for record in given])
