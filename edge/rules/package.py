"""Rules about the codes themselves: what they are together, and what may have been lost between them."""

from __future__ import annotations

from collections.abc import Sequence

from edge.rules.case import NO_UDI, NOTHING, Case, Found
from edge.udi.model import Grade
from edge.udi.presentation import Shape
from edge.udi.recover import doubt


def package(case: Case) -> Sequence[Found]:
    """What the symbols turned out to be. Who declared that there is no UDI is not asked to scan it again."""
    match case.presentation.shape:
        case Shape.OTHER if case.circumstances.declared is None:
            return [Found("not_a_udi")]
        case Shape.NOTHING | Shape.OTHER:
            return [Found("no_udi")]
        case Shape.SEVERAL:
            return [Found("several_packages")]
        case Shape.PI_ONLY:
            return [Found("half")]
        case Shape.INVALID:
            return _invalid(case)
        case _ if case.udi is NO_UDI:
            return [Found("invalid")]
        case Shape.DI_ONLY:
            return _di_alone(case)
        case Shape.COMPLETE:
            return NOTHING


def _invalid(case: Case) -> Sequence[Found]:
    codes = [finding.code for finding in case.presentation.findings]
    if "symbols_disagree" in codes:
        return [Found("symbols_disagree")]
    return [Found("invalid", next(iter(codes), ""))]


def _di_alone(case: Case) -> Sequence[Found]:
    if case.product is not None and case.product.pi.none_expected:
        return NOTHING
    return [Found("half" if case.half_pending else "pi_missing")]


def half_apart(case: Case) -> Sequence[Found]:
    """Half a code in view that was not joined: what it says, an expiry perhaps, was not judged."""
    apart = any(each.code == "half_apart" for each in case.presentation.findings)
    return [Found("half_apart")] if apart else NOTHING


def separators(case: Case) -> Sequence[Found]:
    """Whether lot and serial may have run together. Where the product database says so, the person compares them."""
    flags = None if case.product is None else case.product.pi
    found = doubt(case.udi, today=case.now.today, flags=flags)
    if found is None:
        return NOTHING
    certain = found.grade is Grade.ERROR
    return [Found(found.code, found.value) if certain else Found("label_fault", found.code)]


def label(case: Case) -> Sequence[Found]:
    """Faults of the label that leave its parts readable."""
    for finding in case.presentation.findings:
        if finding.grade is Grade.WARNING:
            return [Found("label_fault", finding.code)]
    return NOTHING
