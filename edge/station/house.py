"""House codes (院内码、高值码) at the desk: each stands for the UDI bound to it, and is judged as that UDI. Pure.

A house code never turns anything green that its UDI would not: beside the UDI of a package both have to agree, two of
them are two packages, and one that is bound to nothing counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from edge.bindings import Symbol
from edge.catalog.site import SiteTables
from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.station.binding_book import BindingBook
from edge.station.patterns import PatternsTable
from edge.udi import halves
from edge.udi.assemble import Packaging, assemble
from edge.udi.model import Udi
from edge.udi.parse import parse
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read

_ANY_DAY = date(2000, 1, 1)
"""For the century of dates, by which no two packages differ."""


@dataclass(frozen=True, slots=True)
class HouseCodes:
    """What the site's codes stand for: by its tables, by what was bound at its stations."""

    tables: SiteTables | None = None
    book: BindingBook | None = None

    def find(self, code: str) -> Symbol | None:
        """The UDI that a code is bound to; None: to none, or to several."""
        said = self._said(code)
        return None if not said or self._differ(said) else said[0]

    def disputed(self, code: str) -> bool:
        """A code is bound to several UDIs, and stands for none of them."""
        return self._differ(self._said(code))

    def known(self, code: str) -> bool:
        """It is bound to something."""
        return bool(self._said(code))

    def _said(self, code: str) -> list[Symbol | None]:
        bound = None if self.tables is None else self.tables.house_code(code)
        listed = [] if bound is None else [Symbol(bound.payload, bound.symbology)]
        return listed + ([] if self.book is None else self.book.said(code))

    @staticmethod
    def _differ(said: Sequence[Symbol | None]) -> bool:
        return None in said or (len(set(said)) > 1 and len({_key(each) for each in said if each is not None}) > 1)


def _key(symbol: Symbol) -> str | None:
    """What two symbols of one package have in common, however its label orders them."""
    udi = parse(symbol.payload, symbol.symbology, today=_ANY_DAY)
    return udi.trace_key if isinstance(udi, Udi) else None


def stand_in(read: Read, codes: HouseCodes, patterns: PatternsTable) -> Read:
    """The read of the UDI that is bound to a house code; any other read as it is.

    A house code that is bound to nothing is known by the site's pattern, and keeps its content, as one does that is
    bound to several UDIs.
    """
    try:
        text = read.payload.decode("utf-8")
    except UnicodeDecodeError:
        return read
    bound = codes.find(text)
    if bound is not None:
        return replace(read, payload=bound.payload, symbology=bound.symbology, printed=read)
    pattern = patterns.house_code
    ours = codes.disputed(text) or (pattern is not None and pattern.form.fits(text, read.symbology))
    return replace(read, printed=read) if ours else read


def overrule(
    verdict: Verdict, presentation: Presentation, today: date, packaging: Packaging, codes: HouseCodes
) -> Verdict:
    """The verdict, where house codes of the presentation say no more against it; else what they say."""
    house = [read for read in presentation.reads if read.printed is not None]
    if not house:
        return verdict
    if any(codes.disputed(_printed(read).decode()) for read in house):
        return _against(verdict, Outcome.STOP, "house_code_conflict")
    bound = [read for read in house if _is_bound(read)]
    package = assemble([r for r in presentation.reads if r.printed is None], today=today, packaging=packaging)
    if not bound:
        return _unbound(verdict, package)
    if len({_printed(read) for read in bound}) > 1:
        return Verdict(Outcome.REDO, (Reason("several_packages", Audience.PERSON),))
    if package.shape is Shape.SEVERAL:
        return _against(verdict, Outcome.REDO, "several_packages")
    if package.shape is Shape.INVALID:
        return verdict
    if package.udi is not None and _disagree(package.udi, bound, today, packaging):
        return _against(verdict, Outcome.STOP, "house_code_conflict")
    return verdict


def _is_bound(read: Read) -> bool:
    return read.payload != _printed(read)


def _printed(read: Read) -> bytes:
    return b"" if read.printed is None else read.printed.payload


def _unbound(verdict: Verdict, package: Presentation) -> Verdict:
    """Alone it names no package; beside a UDI it is no more than a label that the site's tables do not know yet."""
    if package.shape not in (Shape.NOTHING, Shape.OTHER):
        return replace(verdict, reasons=(*verdict.reasons, Reason("house_code_unknown", Audience.HUB)))
    return Verdict(Outcome.REDO, (Reason("house_code_unknown", Audience.PERSON),))


def _against(verdict: Verdict, outcome: Outcome, code: str) -> Verdict:
    """At least this outcome; a STOP stays one, and what else was found is kept behind the reason for the light."""
    reason = Reason(code, Audience.PERSON)
    others = tuple(each for each in verdict.reasons if each.code != code)
    if verdict.outcome is Outcome.STOP and outcome is not Outcome.STOP:
        return Verdict(Outcome.STOP, (*others, reason))
    return Verdict(outcome, (reason, *others))


def _disagree(package: Udi, bound: Sequence[Read], today: date, packaging: Packaging) -> bool:
    house = assemble(bound, today=today).udi
    if house is None or house.di is None:
        return True
    if package.issuer is not house.issuer:
        return package.form != "gtin" and not halves.same_issue(package, house)
    if package.di is None or package.di == house.di:
        return not halves.linked(package, house) or halves.clash(package, house) is not None
    tree = packaging(frozenset((package.di, house.di)))
    return not tree or halves.clash(package, house, halves.IN_COMMON) is not None
