"""Tells what is said to the station (cards, badges, wristbands, documents) from what is laid before it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from edge.cards import Card
from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.station.context import CardRefused, Cards, ContextCode, ContextKind, Doubtful, Lately, card_of, recognise
from edge.station.house import HouseCodes, stand_in
from edge.station.no_code import Persons
from edge.station.patients import Patients
from edge.station.patterns import PatternsTable
from edge.station.tasks import said
from edge.udi.presentation import Presentation, Shape
from edge.udi.read import Read

log = logging.getLogger(__name__)


class Reception:
    """Belongs to the desk."""

    def __init__(
        self,
        patterns: PatternsTable,
        cards: Cards,
        patients: Patients,
        persons: Persons,
        house_codes: Callable[[], HouseCodes],
    ) -> None:
        """Begin with nothing shown.

        Args:
            patterns: what the site's own codes look like.
            cards: reads control cards.
            patients: names them.
            persons: told when a badge or wristband is shown.
            house_codes: those in service.
        """
        self._patterns = patterns
        self._cards = cards
        self._patients = patients
        self._persons = persons
        self._house_codes = house_codes
        self._lately = Lately()

    def scanned(self, read: Read) -> said.Said | Read | None:
        """What is said by a scanner's read, or the read of a product; None: the same trigger again."""
        code = self._code(read)
        anew = self._lately.scanned(code, read.t0_ns)
        if code is None:
            return self._product(read)
        return self._meaning(code, read) if anew else None

    def seen(self, reads: Sequence[Read], t0_ns: int) -> tuple[list[said.Said], list[Read]]:
        """What is said by all that lies in the camera's view, once for each showing; and the reads of products."""
        codes = [(self._code(read), read) for read in reads]
        known = [(code, read) for code, read in codes if code is not None]
        anew = self._lately.seen([code for code, _ in known], t0_ns)
        spoken = [self._meaning(code, read) for (code, read), new in zip(known, anew, strict=True) if new]
        return spoken, [self._product(read) for code, read in codes if code is None]

    def _product(self, read: Read) -> Read:
        """Of a house code the UDI that it stands for."""
        return stand_in(read, self._house_codes(), self._patterns)

    def _code(self, read: Read) -> Card | CardRefused | ContextCode | Doubtful | None:
        return card_of(read, self._cards) or recognise(read, self._patterns, self._house_codes().known)

    def _meaning(self, code: Card | CardRefused | ContextCode | Doubtful, read: Read) -> said.Said:
        log.info("context=%s", code)
        match code:
            case Card():
                return said.Shown(code)
            case CardRefused(reason):
                verdict = Verdict(Outcome.REDO, (Reason(reason, Audience.PERSON),))
                return said.Item(verdict, read.t0_ns, Presentation(Shape.OTHER, (read,)))
            case ContextCode():
                return self._context(code, read.t0_ns)
            case Doubtful():
                if code.person:
                    self._persons.shown(read.t0_ns)
                return said.Item(code.verdict, read.t0_ns, code.presentation)

    def _context(self, code: ContextCode, t0_ns: int) -> said.Said:
        if code.person:
            self._persons.shown(t0_ns)
        match code.kind:
            case ContextKind.BADGE:
                return said.Badge(code.value)
            case ContextKind.WRISTBAND:
                return said.Patient(self._patients.show(code.value))
            case ContextKind.BED:
                return said.Bed(code.value)
            case ContextKind.DOCUMENT:
                return said.Document(code.value)
