"""What counts: one answer for every question that is asked of scans.

A scan does not count if a correction takes it back, if a later scan names it in ``corrects`` and so takes its place, or
if it was practice that nobody made to count. Nothing depends on which of these events arrived first.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, select

from edge.hub.tables import correction, scan

PROMOTED = "promoted"
"""Reason of a correction that makes an event of practice count (转正)."""
_ADDS = (PROMOTED, "completed")
"""Reasons of corrections that add to an event; every other one, or none, takes it back."""


class Standing(StrEnum):
    """Whether an event counts, and why not."""

    COUNTS = "counts"
    UNDONE = "undone"
    """A correction takes it back."""
    REPLACED = "replaced"
    """A later scan stands in its place, with another quantity or a reason; if that one is undone, both are."""
    TRAINING = "training"
    """Practice, and not promoted."""


def counts() -> ColumnElement[bool]:
    """Of a row of `edge.hub.tables.scan`: it counts."""
    return and_(~undone(scan.c.event_id), ~_practice(scan), ~_replaced())


def standing() -> ColumnElement[str]:
    """The `Standing` of a row of `edge.hub.tables.scan`."""
    return case(
        (undone(scan.c.event_id), Standing.UNDONE.value),
        (_practice(scan), Standing.TRAINING.value),
        (_replaced(), Standing.REPLACED.value),
        else_=Standing.COUNTS.value,
    )


def undone(event_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a correction takes an event back."""
    return exists(select(1).where(correction.c.corrects == event_id, _takes_back()))


def corrected_by() -> ColumnElement[str | None]:
    """event_id of the first correction that takes a scan back, else of the first scan in its place."""
    return func.coalesce(
        select(func.min(correction.c.event_id))
        .where(correction.c.corrects == scan.c.event_id, _takes_back())
        .scalar_subquery(),
        _in_its_place(func.min).scalar_subquery(),
    )


def _takes_back() -> ColumnElement[bool]:
    return func.coalesce(correction.c.reason, "").not_in(_ADDS)


def _practice(event: FromClause) -> ColumnElement[bool]:
    promoted = exists(select(1).where(correction.c.corrects == event.c.event_id, correction.c.reason == PROMOTED))
    return and_(event.c.training != 0, ~promoted)


def _replaced() -> ColumnElement[bool]:
    return _in_its_place(lambda _event_id: 1).exists()


def _in_its_place(what: Any) -> Select[Any]:
    later = scan.alias("later")
    return select(what(later.c.event_id)).where(later.c.corrects == scan.c.event_id, ~_practice(later))
