"""The running task: places a verdict with operator, case and document. Pure state, no I/O.

CHECK books nothing. RECEIVE books units into stock, under a delivery document when one was shown. USE books units on
a patient and needs a badge and a wristband first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edge.catalog.product import Product
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.seal import Sealed
from edge.station.context import ContextCode, ContextKind
from edge.station.record import Booking

BOOKED = (Outcome.ACCEPTED, Outcome.ATTENTION)
"""Outcomes that book units; everything else only records what was seen."""


@dataclass(frozen=True, slots=True)
class Change:
    """A case, document or operator session that a context code opened or closed."""

    of: str
    """``case``, ``document`` or ``operator``."""
    what: str
    """``opened`` or ``closed``."""
    ident: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """The task at this station with everything it knows of who, for whom and under what."""

    task: TaskName
    operator: str | None = None
    document: str | None = None
    case: str | None = None
    patient: Sealed | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A verdict in its place: what is shown, and what is booked."""

    verdict: Verdict
    booking: Booking


def place(running: Running, verdict: Verdict, product: Product | None) -> Placed:
    """Put a verdict into the running task.

    A USE without operator or patient is not booked: the person is asked to show the badge or the wristband first.
    """
    missing = awaited(running)
    if missing is not None and verdict.outcome in BOOKED:
        reasons = (Reason(missing, Audience.PERSON), *verdict.reasons)
        return Placed(Verdict(Outcome.REDO, reasons), Booking(document=running.document))
    booking = Booking(document=running.document, case=running.case, patient=running.patient)
    if verdict.outcome in BOOKED and running.task is not TaskName.CHECK:
        booking = replace(booking, count=1 if product is None else product.contains)
    return Placed(verdict, booking)


def awaited(running: Running) -> str | None:
    """Who has to be shown before anything can be booked, ``operator_missing`` or ``patient_missing``; None: nobody."""
    if running.task is not TaskName.USE:
        return None
    if running.operator is None:
        return "operator_missing"
    return "patient_missing" if running.case is None else None


def show(
    running: Running,
    code: ContextCode,
    *,
    new_case: Callable[[], str],
    seal: Callable[[str, str], Sealed],
    same_patient: bool,
) -> tuple[Running, tuple[Change, ...]]:
    """Take a badge, wristband or document.

    Args:
        running: the task before.
        code: what was shown.
        new_case: gives a random case id.
        seal: seals the wristband's value for a case: ``seal(value, case)``.
        same_patient: the wristband is the one the open case was opened with; it changes nothing.
    """
    match code.kind:
        case ContextKind.BADGE:
            if code.value == running.operator:
                return running, ()
            return replace(running, operator=code.value), (Change("operator", "opened", code.value),)
        case ContextKind.DOCUMENT:
            if code.value == running.document:
                return replace(running, document=None), (Change("document", "closed", code.value),)
            return replace(running, document=code.value), (Change("document", "opened", code.value),)
        case ContextKind.BED:
            return running, ()
        case ContextKind.WRISTBAND:
            return (running, ()) if same_patient else _open_case(running, code.value, new_case(), seal)


def _open_case(
    running: Running, patient: str, case: str, seal: Callable[[str, str], Sealed]
) -> tuple[Running, tuple[Change, ...]]:
    closed = () if running.case is None else (Change("case", "closed", running.case),)
    opened = replace(running, case=case, patient=seal(patient, case))
    return opened, (*closed, Change("case", "opened", case))
