"""What changed from one catalogue to another, record by record; memory does not grow with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edge.catalog.release import DeviceRecord
from edge.catalog.store import Catalog

_FIELDS = tuple(field.name for field in dataclasses.fields(DeviceRecord) if field.name != "sale_unit")


@dataclass(frozen=True, slots=True)
class Change:
    """One record that is not the same in both."""

    what: Literal["added", "changed", "removed"]
    sale_unit: str
    name: str
    fields: tuple[tuple[str, object, object], ...] = ()
    """Field, what it was, what it is."""


def changes(before: Catalog, after: Catalog) -> Iterator[Change]:
    """First what was added or changed, in the order of the newer catalogue, then what was removed."""
    for record in after.records():
        former = before.record(record.sale_unit)
        if former is None:
            yield Change("added", record.sale_unit, record.name)
        elif former != record:
            yield Change("changed", record.sale_unit, record.name, _differences(former, record))
    for record in before.records():
        if after.record(record.sale_unit) is None:
            yield Change("removed", record.sale_unit, record.name)


def _differences(former: DeviceRecord, record: DeviceRecord) -> tuple[tuple[str, object, object], ...]:
    pairs = ((name, getattr(former, name), getattr(record, name)) for name in _FIELDS)
    return tuple(pair for pair in pairs if pair[1] != pair[2])
