"""The verdict on a presentation. Pure: everything it needs comes in, nothing is looked up.

Reasons that the person present can act on decide the light; the others are recorded for the hub. Any doubt is never
green: what is not certainly a valid, complete, unexpired UDI that nobody recalled is neither ACCEPTED nor CHECKED.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from edge.catalog.product import Product
from edge.rules.verdict import Audience, Circumstances, Now, Outcome, Reason, Site, TaskName, Verdict
from edge.udi.model import Grade, Udi
from edge.udi.presentation import Presentation, Shape
from edge.udi.recover import doubt

_RANK = (Outcome.STOP, Outcome.REDO, Outcome.MISSING, Outcome.INCOMPLETE, Outcome.ATTENTION)
_PLAIN = Circumstances()
_ORDERS = {"recall": "recalled", "stop_use": "stop_use", "hold": "hold"}


@dataclass(frozen=True, slots=True)
class _Said:
    """One reason and what it does to the light; None leaves the light alone."""

    reason: Reason
    outcome: Outcome | None = None


def judge(
    presentation: Presentation,
    product: Product | None,
    task: TaskName,
    site: Site,
    now: Now,
    circumstances: Circumstances = _PLAIN,
    *,
    half_pending: bool = False,
) -> Verdict:
    """Judge what a package showed.

    Args:
        presentation: all its symbols, joined.
        product: what the catalogue says of its DI; None if it says nothing.
        task: the running task.
        site: the rules in force.
        now: the present, with the quality of the clock.
        circumstances: what else is known of this item.
        half_pending: a lone half still waits for its other half.
    """
    early = _by_shape(presentation, product, half_pending=half_pending)
    if presentation.udi is None or (early is not None and presentation.shape is not Shape.DI_ONLY):
        return _verdict([early] if early is not None else [], task)
    said = [] if early is None else [early]
    said += _left_out(presentation)
    said += _lost_separator(presentation.udi, product, now)
    said += _safety(presentation.udi, product, task, site, now, circumstances)
    said += _for_the_hub(presentation, product, task)
    return _verdict(said, task)


def _person(code: str, outcome: Outcome, detail: str = "") -> _Said:
    return _Said(Reason(code, Audience.PERSON, detail), outcome)


def _hub(code: str, detail: str = "") -> _Said:
    return _Said(Reason(code, Audience.HUB, detail))


def _by_shape(presentation: Presentation, product: Product | None, *, half_pending: bool) -> _Said | None:
    match presentation.shape:
        case Shape.NOTHING:
            return _person("no_udi", Outcome.MISSING)
        case Shape.OTHER:
            return _person("not_a_udi", Outcome.REDO)
        case Shape.SEVERAL:
            return _person("several_packages", Outcome.REDO)
        case Shape.INVALID:
            return _invalid(presentation)
        case Shape.PI_ONLY:
            return _person("half", Outcome.INCOMPLETE)
        case Shape.DI_ONLY:
            return _di_alone(product, half_pending=half_pending)
        case Shape.COMPLETE:
            return None


def _invalid(presentation: Presentation) -> _Said:
    codes = [finding.code for finding in presentation.findings]
    if "symbols_disagree" in codes:
        return _person("symbols_disagree", Outcome.STOP)
    return _person("invalid", Outcome.REDO, next(iter(codes), ""))


def _di_alone(product: Product | None, *, half_pending: bool) -> _Said | None:
    if product is not None and product.pi.none_expected:
        return None
    if half_pending:
        return _person("half", Outcome.INCOMPLETE)
    return _person("pi_missing", Outcome.ATTENTION)


def _left_out(presentation: Presentation) -> list[_Said]:
    """Half a code in view that was not joined: what it says, an expiry perhaps, was not judged."""
    apart = any(each.code == "half_apart" for each in presentation.findings)
    return [_person("half_apart", Outcome.ATTENTION)] if apart else []


def _lost_separator(udi: Udi, product: Product | None, now: Now) -> list[_Said]:
    """Whether lot and serial may have run together. Where the product database says so, the person compares them."""
    found = doubt(udi, today=now.today, flags=None if product is None else product.pi)
    if found is None:
        return []
    certain = found.grade is Grade.ERROR
    return [_person(found.code, Outcome.ATTENTION, found.value) if certain else _hub("label_fault", found.code)]


def _safety(
    udi: Udi, product: Product | None, task: TaskName, site: Site, now: Now, circumstances: Circumstances
) -> list[_Said]:
    said = _expiry(udi, task, site, now)
    for order in circumstances.orders:
        if order.hits(lot=udi.lot, serial=udi.serial, manufactured=udi.manufactured, expires=udi.expires):
            said.append(_person(_ORDERS[order.kind], Outcome.STOP, order.order))
    if product is None:
        return said
    if product.withdrawn is not None and product.withdrawn <= now.today:
        at_receipt = task is TaskName.RECEIVE
        said.append(_person("withdrawn_di", Outcome.ATTENTION) if at_receipt else _hub("withdrawn_di"))
    return said


def _expiry(udi: Udi, task: TaskName, site: Site, now: Now) -> list[_Said]:
    if udi.expires is None:
        return []
    if udi.expires < now.today:
        return [_person("expired", Outcome.STOP, udi.expires.isoformat())]
    if now.quality == "none":
        return [_person("clock_untrusted", Outcome.ATTENTION)]
    said = [_hub("clock_untrusted")] if now.quality == "floor" else []
    if udi.expires <= now.today + timedelta(days=site.near_expiry_days):
        at_receipt = task is TaskName.RECEIVE
        detail = udi.expires.isoformat()
        said.append(_person("near_expiry", Outcome.ATTENTION, detail) if at_receipt else _hub("near_expiry", detail))
    return said


def _for_the_hub(presentation: Presentation, product: Product | None, task: TaskName) -> list[_Said]:
    udi = presentation.udi
    said = [_hub("label_fault", f.code) for f in presentation.findings if f.grade is Grade.WARNING][:1]
    if product is None:
        return [*said, _hub("unknown_di", (udi.di or "") if udi is not None else "")]
    if udi is not None and _flags_differ(udi, product):
        said.append(_hub("pi_flag_mismatch"))
    if task is TaskName.USE and not product.nhsa:
        said.append(_hub("nhsa_missing"))
    return said


def _flags_differ(udi: Udi, product: Product) -> bool:
    """The database says that the label carries something which is not there."""
    pairs = (
        (product.pi.lot, udi.lot),
        (product.pi.serial, udi.serial),
        (product.pi.manufactured, udi.manufactured),
        (product.pi.expires, udi.expires),
    )
    return udi.has_pi and any(flag is True and value is None for flag, value in pairs)


def _verdict(said: list[_Said], task: TaskName) -> Verdict:
    outcomes = [each.outcome for each in said if each.outcome is not None]
    good = Outcome.CHECKED if task is TaskName.CHECK else Outcome.ACCEPTED
    outcome = min(outcomes, key=_RANK.index, default=good)
    ranked = sorted(said, key=lambda each: len(_RANK) if each.outcome is None else _RANK.index(each.outcome))
    return Verdict(outcome, tuple(each.reason for each in ranked))
