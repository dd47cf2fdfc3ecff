"""GS1 application identifiers: lengths, character sets and partners (GS1 General Specifications 3 and 4.14).

`find` gives the rule of the identifier at the head of an element string. Identifiers of a known family are split
rightly even where their content has no rules here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Charset = Literal["N", "X"]
Content = Literal["", "mod10", "date", "serial_shipping", "pieces"]

_KEYS = ("01", "02", "03", "8006", "8026")


@dataclass(frozen=True, slots=True)
class Ai:
    """One application identifier."""

    code: str
    charset: Charset
    least: int
    most: int
    content: Content = ""
    predefined: bool = False
    """Its length is known by its first two digits: no separator follows (General Specifications 7.8.5)."""
    requires: tuple[str, ...] = ()
    """At least one of these has to be on the same item."""
    excludes: tuple[str, ...] = field(default=())


def _fixed(
    code: str, length: int, content: Content = "", *, requires: tuple[str, ...] = (), excludes: tuple[str, ...] = ()
) -> Ai:
    return Ai(code, "N", length, length, content, predefined=True, requires=requires, excludes=excludes)


def _text(code: str, most: int, *, requires: tuple[str, ...] = (), excludes: tuple[str, ...] = ()) -> Ai:
    return Ai(code, "X", 1, most, requires=requires, excludes=excludes)


def _number(
    code: str,
    least: int,
    most: int,
    content: Content = "",
    *,
    requires: tuple[str, ...] = (),
    excludes: tuple[str, ...] = (),
) -> Ai:
    return Ai(code, "N", least, most, content, requires=requires, excludes=excludes)


_EXACT = (
    _fixed("00", 18, "mod10"),
    _fixed("01", 14, "mod10", excludes=("02", "03", "37", "255")),
    _fixed("02", 14, "mod10", requires=("37",), excludes=("01", "03")),
    _fixed("03", 14, "mod10", excludes=("01", "02", "37", "235")),
    _text("10", 20, requires=_KEYS),
    _fixed("11", 6, "date", requires=_KEYS),
    _fixed("12", 6, "date"),
    _fixed("13", 6, "date", requires=_KEYS),
    _fixed("15", 6, "date", requires=_KEYS),
    _fixed("16", 6, "date", requires=_KEYS),
    _fixed("17", 6, "date", requires=(*_KEYS, "255")),
    _fixed("20", 2, requires=_KEYS),
    _text("21", 20, requires=("01", "03", "8006"), excludes=("235",)),
    _text("22", 20, requires=("01",)),
    _text("235", 28, requires=("01",)),
    _text("240", 30, requires=_KEYS),
    _text("241", 30, requires=_KEYS),
    _number("242", 1, 6),
    _text("243", 20),
    _text("250", 30, requires=("21",)),
    _text("251", 30),
    _text("253", 30),
    _text("254", 20, requires=("414",)),
    _number("255", 13, 25),
    _number("30", 1, 8, requires=("01", "02")),
    _number("37", 1, 8),
    _text("400", 30),
    _text("401", 30),
    _number("402", 17, 17, "mod10"),
    _text("403", 30),
    *(_fixed(str(code), 13, "mod10") for code in range(410, 418)),
    _text("420", 20),
    _text("421", 12),
    _number("422", 3, 3),
    *(_text(str(code), 15) for code in (423, 425)),
    *(_number(str(code), 3, 3) for code in (424, 426)),
    _text("427", 3),
    _number("7001", 13, 13),
    _text("7002", 30),
    _number("7003", 10, 10, requires=("01", "02", "03")),
    _number("7004", 1, 4),
    _text("7005", 12),
    _number("7006", 6, 6, "date"),
    _number("7007", 6, 12),
    _text("7008", 3),
    _text("7009", 10),
    _text("7010", 2),
    _number("7011", 6, 10),
    *(_text(str(code), 20) for code in range(7020, 7023)),
    _text("7023", 30),
    _text("7040", 4),
    *(_text(str(code), 20, requires=("01",)) for code in range(710, 718)),
    _number("8001", 14, 14),
    _text("8002", 20),
    _text("8003", 30),
    _text("8004", 30),
    _number("8005", 6, 6),
    _number("8006", 18, 18, "pieces", excludes=("01", "03", "37")),
    _text("8007", 34),
    _number("8008", 8, 12),
    _text("8009", 50),
    _text("8010", 30),
    _number("8011", 1, 12),
    _text("8012", 20),
    _text("8013", 25),
    _text("8014", 25, requires=("01",)),
    _number("8017", 18, 18, "mod10", excludes=("8018",)),
    _number("8018", 18, 18, "mod10", excludes=("8017",)),
    _number("8019", 1, 10, requires=("8017", "8018")),
    _text("8020", 25),
    _number("8026", 18, 18, "pieces", requires=("37",), excludes=("02", "8006")),
    _text("8030", 90),
    _text("8110", 70),
    _text("8111", 4),
    _text("8112", 70),
    _text("8200", 70, requires=("01",)),
    _text("90", 30),
    *(_text(str(code), 90) for code in range(91, 100)),
)
_BY_CODE = {ai.code: ai for ai in _EXACT}


def _family(code: str) -> Ai | None:
    """Families of four-digit identifiers whose last digits are a decimal place or a counter."""
    head = code[:2]
    if head in ("31", "32", "33", "34", "35", "36"):
        return Ai(code, "N", 6, 6, predefined=True)
    if code[:3] in ("390", "392", "394", "395"):
        return Ai(code, "N", 1, 15)
    if code[:3] in ("391", "393"):
        return Ai(code, "N", 4, 18)
    if code[:3] in ("703", "723"):
        return Ai(code, "X", 3, 30)
    if code[:2] == "43" or code[:3] == "724":
        return Ai(code, "X", 1, 90)
    return None


def find(text: str) -> Ai | None:
    """The identifier at the head of `text`; None if there is none that is known."""
    for length in (2, 3, 4):
        ai = _BY_CODE.get(text[:length])
        if ai is not None:
            return ai
    code = text[:4]
    return _family(code) if len(code) == 4 and code.isascii() and code.isdigit() else None  # noqa: PLR2004


CSET82 = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""GS1 AI encodable character set 82 (General Specifications 7.11)."""
