"""Rules about what is written of the product elsewhere: nobody at the station can mend it, so the hub is told."""

from __future__ import annotations

from collections.abc import Sequence

from edge.catalog.nhsa import nhsa_state
from edge.rules.case import NOTHING, Case, Found


def known(case: Case) -> Sequence[Found]:
    """Whether the catalogue has the DI."""
    return [Found("unknown_di", case.udi.di or "")] if case.product is None else NOTHING


def flags(case: Case) -> Sequence[Found]:
    """Whether the label carries what UDID says it carries, and nothing that UDID says it does not."""
    if case.product is None or not case.udi.has_pi:
        return NOTHING
    udi, pi = case.udi, case.product.pi
    pairs = (
        ("lot", pi.lot, udi.lot),
        ("serial", pi.serial, udi.serial),
        ("manufactured", pi.manufactured, udi.manufactured),
        ("expires", pi.expires, udi.expires),
    )
    absent = [name for name, flag, value in pairs if flag is True and value is None]
    extra = [name for name, flag, value in pairs if flag is False and value is not None]
    said = [Found("pi_flag_mismatch", ", ".join(absent))] if absent else []
    return [*said, Found("pi_flag_extra", ", ".join(extra))] if extra else said


def nhsa(case: Case) -> Sequence[Found]:
    """Whether exactly one 医保 code is in force today; a clock that was never set judges no dates."""
    if case.product is None:
        return NOTHING
    codes = case.product.nhsa
    state = nhsa_state(codes, None if case.now.quality == "none" else case.now.today)
    if state == "mapped":
        return NOTHING
    return [Found(f"nhsa_{state}", ", ".join(sorted({each.code for each in codes})))]


def watch(case: Case) -> Sequence[Found]:
    """Whether volume-based procurement (集采) watches the product or its registrant. It informs and never blocks."""
    watched = None if case.product is None else case.product.watched
    return [Found("watched", watched)] if watched is not None else NOTHING


def catalogue(case: Case) -> Sequence[Found]:
    """Whether all this was said by a catalogue that is too old."""
    age = case.circumstances.catalogue_age_days
    return [Found("catalogue_old", str(age))] if age is not None and age > case.site.catalogue_days else NOTHING
