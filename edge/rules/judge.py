"""The verdict on a presentation. Pure: everything it needs comes in, nothing is looked up.

Rules find reasons; the decision table (`decisions.toml`) says whom each concerns and what it does to the light. The
worst reason of the person present is the outcome; the others are recorded for the hub. Any doubt is never green: what
is not certainly a valid, complete, unexpired UDI that nobody recalled is neither ACCEPTED nor CHECKED.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.catalog.product import Product
from edge.rules import missing, package, records, safety
from edge.rules.case import NO_UDI, Ask, Case, Found
from edge.rules.decisions import DECISIONS, Cell, Stage
from edge.rules.verdict import Audience, Circumstances, Now, Outcome, Reason, Site, TaskName, Verdict
from edge.udi.presentation import Presentation, Shape

_PLAIN = Circumstances()
_PASSES = (None, Outcome.ATTENTION)
RULES: Mapping[str, Ask] = {
    "package": package.package,
    "cutoff": missing.cutoff,
    "orders": safety.orders,
    "half_apart": package.half_apart,
    "separators": package.separators,
    "expiry": safety.expiry,
    "clock": safety.clock,
    "near_expiry": safety.near_expiry,
    "serial": safety.serial,
    "level": safety.level,
    "storage": safety.storage,
    "withdrawn": safety.withdrawn,
    "certificate": safety.certificate,
    "known": records.known,
    "flags": records.flags,
    "label": package.label,
    "nhsa": records.nhsa,
    "watch": records.watch,
    "catalogue": records.catalogue,
}
"""Every rule by its name in the table, in the order in which they are asked."""


def _chain(*left_out: str, only: Sequence[str] = tuple(RULES)) -> tuple[tuple[str, Ask], ...]:
    return tuple((name, RULES[name]) for name in only if name not in left_out)


_UNREADABLE = _chain(only=("package",))
_WITH_DI = _chain("cutoff")
_CHAINS = {
    Shape.COMPLETE: _WITH_DI,
    Shape.DI_ONLY: _WITH_DI,
    Shape.PI_ONLY: _UNREADABLE,
    Shape.SEVERAL: _UNREADABLE,
    Shape.INVALID: _chain(only=("package", "cutoff")),
    Shape.OTHER: _chain(only=("package", "cutoff", "orders")),
    Shape.NOTHING: _chain(only=("package", "cutoff", "orders")),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was asked, and its answer."""

    rule: str
    case: Case
    found: tuple[Found, ...]


def judge(
    presentation: Presentation,
    product: Product | None,
    task: TaskName,
    site: Site,
    now: Now,
    circumstances: Circumstances = _PLAIN,
    *,
    half_pending: bool = False,
    steps: list[Step] | None = None,
) -> Verdict:
    """Judge what a package showed.

    Args:
        presentation: all its symbols, joined.
        product: what the catalogue says of its DI or house code; None if it says nothing.
        task: the running task.
        site: the rules in force.
        now: the present, with the quality of the clock.
        circumstances: what else is known of this item.
        half_pending: a lone half still waits for its other half.
        steps: takes every rule that is asked with its answer, for an explanation.
    """
    udi, stage = presentation.udi, DECISIONS.stage[task]
    case = Case(presentation, udi or NO_UDI, product, task, stage, site, now, circumstances, half_pending)
    with_di = presentation.shape in (Shape.COMPLETE, Shape.DI_ONLY)
    chain = _UNREADABLE if udi is None and with_di else _CHAINS[presentation.shape]
    found: list[Found] = []
    for name, ask in chain:
        said = ask(case)
        found += said
        if steps is not None:
            steps.append(Step(name, case, tuple(said)))
    return _verdict(found, stage)


def _verdict(found: Sequence[Found], stage: Stage) -> Verdict:
    table = DECISIONS.cells[stage]
    kept: dict[str, tuple[Cell, Found]] = {}
    for each in found:
        cell = table[each.code]
        if cell is not None:
            kept.setdefault(each.code, (cell, each))
    good = Outcome.CHECKED if stage == "look" else Outcome.ACCEPTED
    if not kept:
        return Verdict(good)
    ranked = sorted(kept.values(), key=_weight)
    against = [cell.overridable for cell, _ in ranked if cell.outcome not in _PASSES]
    return Verdict(
        ranked[0][0].outcome or good,
        tuple(_reason(cell, each) for cell, each in ranked),
        overridable=bool(against) and all(against),
    )


def _weight(ranked: tuple[Cell, Found]) -> int:
    return ranked[0].weight


def _reason(cell: Cell, found: Found) -> Reason:
    return Reason(found.code, Audience.HUB if cell.outcome is None else Audience.PERSON, found.detail)
