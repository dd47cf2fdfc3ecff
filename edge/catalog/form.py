"""The form of a product's packaging without its DIs: few forms serve many products, and each is understood once."""

from __future__ import annotations

import json
from collections.abc import Callable

from edge.catalog.release import DeviceRecord
from edge.catalog.tree import Key, claims, di_of, key_of

MOST_FORMS = 20_000
"""Remembered at a time."""

Form = tuple[int | None, tuple[int, ...], tuple[tuple[str, int, int | str], ...]]
"""Units of use; for use unit, body and registration 0 where there is none, 1 for the sale unit's own DI, 2 for one of
its own; each package's level, content and what it holds: a package by its number, the sale unit as -1, use unit, body
and registration as -2 to -4, or the text of a DI that the record lacks."""
Levels = tuple[tuple[int, int], ...]
Placed = tuple[Key, int, int]
"""DI, level, content: a `Claim` that other processes can pass on."""


def laid_out(record: DeviceRecord) -> tuple[list[Key], Form | None]:
    """The DIs of a record (sale unit, units with DIs of their own, packages), and its form; None: a sale unit alone."""
    sale = key_of(record.sale_unit)
    keys = [sale]
    roles = []
    at: dict[Key, int] = {}
    for number, di in ((-2, record.use_unit), (-3, record.body), (-4, record.registered)):
        key = key_of(di) if di else sale
        roles.append((1 if di else 0) if key == sale else 2)
        if key != sale:
            keys.append(key)
            at[key] = number
    if not record.packs:
        form = None if record.use_units is None and not any(roles) else (record.use_units, tuple(roles), ())
        return keys, form
    at[sale] = -1
    packs = [key_of(pack.di) for pack in record.packs]
    for number, key in enumerate(packs):
        at.setdefault(key, number)
    keys += packs
    forms = tuple((pack.level, pack.contains, _under(pack.of, at)) for pack in record.packs)
    return keys, (record.use_units, tuple(roles), forms)


class Forms:
    """Understands each form once."""

    def __init__(self) -> None:
        """None is known yet."""
        self._known: dict[Form | None, tuple[str | None, Levels]] = {}

    def claims(
        self, record: DeviceRecord, keys: list[Key], form: Form | None, report: Callable[[str, str], None]
    ) -> tuple[str | None, list[Placed]]:
        """The text of a form, and the claims of a record that has it; faults are reported for each record."""
        known = self._known.get(form)
        if known is not None and len(set(keys)) == len(keys):
            return known[0], [(key, *level) for key, level in zip(keys, known[1], strict=True)]
        problems: list[tuple[str, str]] = []
        found = claims(record, lambda field, problem: problems.append((field, problem)))
        for problem in problems:
            report(*problem)
        text = None if form is None else json.dumps(form, ensure_ascii=False, separators=(",", ":"))
        if not problems and len(found) == len(keys):
            if len(self._known) >= MOST_FORMS:
                self._known.clear()
            self._known[form] = text, tuple((claim.level, claim.contains) for claim in found)
        return text, [(claim.key, claim.level, claim.contains) for claim in found]


def _under(of: str, at: dict[Key, int]) -> int | str:
    key = key_of(of)
    found = at.get(key)
    return di_of(key) if found is None else found
