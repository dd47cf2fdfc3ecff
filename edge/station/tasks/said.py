"""What is said to a station: by cards and bands, by buttons, by items that were read and judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from edge.rules.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge import documents
    from edge.cards import Card
    from edge.catalog.product import Product
    from edge.udi.model import Udi
    from edge.udi.presentation import Presentation
    from hardware.buttons import ButtonEvent

BOOKED = (Outcome.ACCEPTED, Outcome.ATTENTION)
"""Outcomes that may book; everything else only records what was seen."""


@dataclass(frozen=True, slots=True)
class Item:
    """A package that was read and judged, in the task that `edge.station.tasks.machine.judged_as` names."""

    verdict: Verdict
    t0_ns: int
    presentation: Presentation = field(repr=False)
    product: Product | None = field(default=None, repr=False)
    gesture: bool = False
    """Somebody said that it has no code: a picture of it may be taken."""
    corrects: str | None = None
    """The event of the same item that this judgement takes the place of: more is known of it now."""
    line: int | None = None
    """Of a loaner kit: nobody read the piece, the card of its line was shown; 0: it stands on no line."""
    measurement: Mapping[str, float | str] | None = None
    """``{quantity, value, unit}``: the temperature that was keyed for it."""
    override: str | None = None
    """Why it is booked despite its verdict."""

    @property
    def udi(self) -> Udi | None:
        """What its codes say together."""
        return self.presentation.udi

    @property
    def key(self) -> str:
        """What tells it from other packages: its trace key, without lot and serial its DI; empty without a UDI."""
        udi = self.udi
        if udi is None or udi.di is None:
            return ""
        return udi.trace_key or f"{udi.issuer.value}|{udi.di}"

    @property
    def house_code(self) -> str | None:
        """The house code among its codes."""
        printed = (read.printed for read in self.presentation.reads)
        return next((each.payload.decode("utf-8", "replace") for each in printed if each is not None), None)

    @property
    def stands_in(self) -> bool:
        """It is a house code alone, and no symbol of the package."""
        reads = self.presentation.reads
        return bool(reads) and all(read.printed is not None for read in reads)

    @property
    def serial(self) -> bool:
        """Its key names this one piece."""
        return self.udi is not None and self.udi.serial is not None

    @property
    def fit(self) -> bool:
        """Its verdict books where the task books."""
        return self.verdict.outcome in BOOKED or self.verdict.outcome is Outcome.CHECKED

    @property
    def units(self) -> int:
        """Sale units that it holds."""
        return 1 if self.product is None else self.product.contains


@dataclass(frozen=True, slots=True)
class Sheet:
    """Every sticker of one picture of a form, judged."""

    stickers: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Badge:
    """A person of the site."""

    ident: str
    rights: str = ""
    """As `edge.cards.Card.rights`; of a badge that is no card: none."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A wristband."""

    who: str
    """Names the patient within this start of the machine, and nowhere else."""


@dataclass(frozen=True, slots=True)
class Document:
    """A delivery note, an order."""

    ident: str


@dataclass(frozen=True, slots=True)
class Bed:
    """A bed card: where a mobile station stands."""

    place: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A control card."""

    card: Card


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button."""

    event: ButtonEvent


@dataclass(frozen=True, slots=True)
class Passed:
    """Nothing but time."""


Said = Item | Sheet | Badge | Patient | Document | Bed | Shown | Pressed | Passed


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is said, and fresh names for what comes of it."""

    now_ns: int
    """Monotonic."""
    new_event: Callable[[], str]
    """Gives an event id."""
    new_case: Callable[[], str]
    """Gives a case id."""
    document: Callable[[str], documents.Document | None] = lambda _ident: None
    """Gives the document of a number, if this station was told it."""
    today: date | None = None
    """The local day; None: nobody knows."""
