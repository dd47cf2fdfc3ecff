"""Whether an item that shows no valid UDI has to carry one: the cut-off dates. A valid UDI is never asked for a date.

Scope and date are each yes, no or unknown. Where the region blocks, unknown is a state of its own that never passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from edge.catalog.product import Product
from edge.rules.case import NOTHING, Case, Found
from edge.rules.decisions import Stage
from edge.rules.verdict import Cutoff, Declared, Made, Scope
from edge.udi.presentation import Shape

_NOBODY_SAID = Declared()
_BLOCKS_AS: Mapping[Stage, str] = {"look": "CHECK", "goods": "RECEIVE", "patient": "USE"}
"""What a region says of one task holds for all tasks of its stage; what goes away is never stopped."""
_CLASS_OF: dict[Scope, int] = {"batch-1": 3, "batch-3": 2, "class-3": 3}
"""The only class whose devices a scope holds."""


def cutoff(case: Case) -> Sequence[Found]:
    """What the dates in force say. Something that was read and is no UDI is first read again, unless it is declared."""
    declared = case.circumstances.declared
    if declared is None and case.presentation.shape is not Shape.NOTHING:
        return NOTHING
    declared = declared or _NOBODY_SAID
    rows = [_Asked(row, _in_scope(row, case.product, declared), _since(row, declared)) for row in case.site.cutoffs]
    left = [each for each in rows if each.scope is not False and each.since is not False]
    stops = [each for each in left if _BLOCKS_AS.get(case.stage) in each.row.blocks_at]
    for code, found in (
        ("cutoff", [each for each in stops if each.scope and each.since]),
        ("date_unknown", [each for each in stops if each.scope]),
        ("scope_unknown", stops),
        ("udi_due", [each for each in left if each.scope and each.since]),
    ):
        if found:
            row = found[0].row
            return [Found(code, row.made_from.isoformat(), f"{row.source} {row.article}")]
    if left or not rows:
        return NOTHING
    return [Found("out_of_scope" if all(each.scope is False for each in rows) else "before_cutoff")]


class _Asked(NamedTuple):
    """One cut-off: whether its scope holds the item, and whether it was made since its day; None: unknown."""

    row: Cutoff
    scope: bool | None
    since: bool | None


def _in_scope(row: Cutoff, product: Product | None, declared: Declared) -> bool | None:
    """The product decides as far as it is known; a scope list that does not hold it may not have been loaded."""
    if product is None:
        return declared.in_scope
    if row.scope in product.scopes:
        return True
    if product.device_class is None:
        return declared.in_scope
    if product.device_class != _CLASS_OF[row.scope]:
        return False
    return True if row.scope == "class-3" else declared.in_scope


def _since(row: Cutoff, declared: Declared) -> bool | None:
    match declared.made:
        case date() as day:
            return row.since(day)
        case Made.BEFORE:
            return False
        case Made.AFTER:
            return True
        case _:
            return None
