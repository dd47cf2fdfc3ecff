"""What stands on printed cards, sheets, panels and practice labels; pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from edge.cards import Card, CardKind, kind_words, values, words
from edge.hub.cards import Wanted

TEST_GTIN = "06901234567892"
"""An example number; whoever scans it books nothing of anybody's."""
LISTED = (CardKind.TASK, CardKind.ACT, CardKind.REASON, CardKind.OVERRIDE, CardKind.MADE, CardKind.DIGIT)


@dataclass(frozen=True, slots=True)
class Label:
    """One printed thing: a code with words below it."""

    zh: str
    en: str
    foot: str
    """Small, for whoever looks after the cards."""
    code: str | None
    """The content of its symbol; None: it shows that there is none."""
    gs1: bool = False
    """The code is a UDI in bracketed form, printed as GS1 DataMatrix as on packages."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a page is divided."""

    columns: int
    rows: int
    module_mm: float = 0.6
    """Edge of the smallest square of a code; cameras and scanners of stations read from 0.5 on."""


SHEET = Layout(3, 5, module_mm=0.5)
CARD = Layout(2, 4)
"""About the size of a bank card."""
PANEL = Layout(3, 4)


@dataclass(frozen=True, slots=True)
class Badge:
    """A row of the file of staff."""

    number: str
    name: str
    """Printed, and neither encoded nor kept."""
    rights: str


class StaffError(ValueError):
    """A file of staff that cannot be used."""


def read_staff(file: Path) -> list[Badge]:
    """Staff from CSV in UTF-8 with the columns number, name, rights.

    Raises:
        OSError: it cannot be read.
        StaffError: it is not of this form.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise StaffError(f"{file}: {error}; expected CSV in UTF-8") from None
    if not rows or not {"number", "name"} <= rows[0].keys():
        raise StaffError(f"{file}: expected a first line number,name,rights and a line for each person")
    return [_badge(row) for row in rows]


def of_kinds(kinds: Iterable[CardKind]) -> list[Wanted]:
    """A card for every value of some kinds, in the order of the table."""
    return [Wanted(kind, value) for kind in kinds for value in values(kind)]


def panel() -> list[Wanted]:
    """What a panel on the wall shows: the tasks, and how one ends."""
    return [*of_kinds([CardKind.TASK]), Wanted(CardKind.ACT, "CLOSE")]


def label(card: Card, text: str) -> Label:
    """A card as it is printed."""
    zh, en = words(card)
    kind_zh, kind_en = kind_words(card.kind)
    return Label(zh, en, f"{kind_zh} {kind_en} · {card.number}", text)


def kit(number: str, lines: Iterable[str]) -> list[Wanted]:
    """What the sheet of a loaner kit shows: its own card, one for what is on no line, and one for each line."""
    own = [Wanted(CardKind.DOCUMENT, number), Wanted(CardKind.LINE, "0")]
    return [*own, *(Wanted(CardKind.LINE, line) for line in lines)]


def line_label(card: Card, text: str, name: str | None) -> Label:
    """A card of a kit's sheet as it is printed, a line with the name that its list gives it."""
    plain = label(card, text)
    return plain if name is None else Label(f"{plain.zh} {name}", plain.en, plain.foot, text)


def badge_label(card: Card, text: str, name: str) -> Label:
    """A badge as it is printed: the person's name for people, the staff number for machines."""
    rights = f" · {card.rights}" if card.rights else ""
    return Label(name, card.value, f"胸牌 badge · {card.number}{rights}", text)


def practice(today: date) -> Sequence[Label]:
    """Labels for the first minute at a station; each says that it is for practice."""
    good, past = f"(17){today.year + 2 - 2000}1231", f"(17){today.year - 2 - 2000}1231"
    lot = "(10)PRACTICE"
    return (
        _practice("合格", "good", f"(01){TEST_GTIN}{good}{lot}"),
        _practice("过期", "expired", f"(01){TEST_GTIN}{past}{lot}"),
        _practice("主码(一半)", "DI half", f"(01){TEST_GTIN}"),
        _practice("副码(另一半)", "PI half", f"{good}{lot}"),
        _practice("无码", "no code", None),
    )


def _practice(zh: str, en: str, code: str | None) -> Label:
    return Label(f"练习 {zh}", f"practice: {en}", code or "按无码键 / press NO CODE", code, gs1=True)


def _badge(row: dict[str, str]) -> Badge:
    return Badge(row["number"].strip(), row["name"].strip(), (row.get("rights") or "").strip())
