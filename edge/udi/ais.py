"""GS1 application identifiers: what each may hold and what has to stand beside it (General Specifications 3 and 4.14).

A format is written as on a GS1 label: ``n14`` is fourteen digits, ``x..20`` up to twenty characters of set 82, ``y``
set 39, ``z`` URL-safe base 64; ``[ ]`` may be left out; rules of `edge.udi.content` follow a colon.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from edge.udi.content import RULES, Rule

_PREDEFINED = frozenset(
    [
        "00",
        "01",
        "02",
        "03",
        "04",
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "18",
        "19",
        "20",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "41",
    ]
)
_TRADE = "01 02 03 8006 8026"
_ITEM = "01 02"
_MADE = "01 02 03"
_LOGISTIC = "00 01"
_MEASURED = "30 31nn 32nn 35nn 36nn"
_PERSON = "8017 8018"


@dataclass(frozen=True)
class Part:
    """One component of an element's content."""

    charset: str
    """``n``, ``x``, ``y`` or ``z``."""
    least: int
    most: int
    rules: tuple[Rule, ...]
    optional: bool


@dataclass(frozen=True)
class Ai:
    """One application identifier."""

    code: str
    parts: tuple[Part, ...]
    least: int
    most: int
    numeric: bool
    """Digits only."""
    simple: bool
    """One component of digits or of set 82."""
    rules: tuple[Rule, ...]
    """The rules of a simple one."""
    predefined: bool
    """Its length is known by its first two digits: no separator follows (General Specifications 7.8.5)."""
    requires: tuple[tuple[str, ...], ...]
    """One of these groups has to be on the same item, every member of it; ``n`` stands for any digit."""
    excludes: tuple[str, ...]
    """None of these may be on the same item."""
    qualifiers: tuple[tuple[str, ...], ...] | None
    """For a primary key of GS1 Digital Link: sequences of qualifiers that may follow; None for other identifiers."""
    attribute: bool
    """May stand in the query of a GS1 Digital Link."""


def _part(text: str) -> Part:
    optional = text.startswith("[")
    head, *rules = text.strip("[]").split(":")
    least, dots, most = head[1:].partition("..")
    names = tuple([RULES[name] for name in rules])
    return Part(head[0], 1 if dots else int(least), int(most or least), names, optional)


@lru_cache(maxsize=256)
def _like(form: str, needs: str, bars: str, key: str | None, attribute: bool) -> Ai:
    """An identifier without its digits: families share everything else."""
    parts = tuple([_part(text) for text in form.split()])
    return Ai(
        code="",
        parts=parts,
        least=sum(part.least for part in parts if not part.optional),
        most=sum(part.most for part in parts),
        numeric=all(part.charset == "n" for part in parts),
        simple=len(parts) == 1 and parts[0].charset in "nx",
        rules=parts[0].rules,
        predefined=False,
        requires=tuple([tuple(group.split("+")) for group in needs.split()]),
        excludes=tuple(bars.split()),
        qualifiers=None if key is None else tuple([tuple(chain.split()) for chain in key.split("|")]),
        attribute=attribute,
    )


def _ai(code: str, form: str, needs: str = "", bars: str = "", key: str | None = None, *, attribute: bool = True) -> Ai:
    return replace(_like(form, needs, bars, key, attribute), code=code, predefined=code[:2] in _PREDEFINED)


def _many(codes: Iterable[int], form: str, needs: str = "", bars: str = "") -> Iterator[Ai]:
    return (_ai(str(code), form, needs, bars) for code in codes)


def _decimals(families: Iterable[int], form: str, needs: str, bars: str = "", *, places: int = 6) -> Iterator[Ai]:
    """Four-digit identifiers whose last digit is the place of the decimal point."""
    for family in families:
        one = _ai(str(family), form, needs, f"{family}n {bars}")
        for place in range(places):
            yield replace(one, code=f"{family}{place}")


def _identification() -> Iterator[Ai]:
    yield _ai("00", "n18:mod10", key="")
    yield _ai("01", "n14:gtin", bars="02 03 255 37", key="22 10 21|235")
    yield _ai("02", "n14:mod10", "37", "01 03")
    yield _ai("03", "n14:mod10", bars="01 02 235 37", attribute=False)
    yield _ai("10", "x..20", _TRADE)
    yield from (_ai(code, "n6:day0", _TRADE) for code in ("11", "13", "15", "16"))
    yield _ai("12", "n6:day0", "8020")
    yield _ai("17", "n6:day0", f"{_TRADE} 255")
    yield _ai("20", "n2", _TRADE)
    yield _ai("21", "x..20", "01 03 8006", "235", attribute=False)
    yield _ai("22", "x..20", "01", attribute=False)
    yield _ai("235", "x..28", "01", attribute=False)
    yield from _many((240, 241), "x..30", _TRADE)
    yield _ai("242", "n..6", "01 02 8006 8026")
    yield _ai("243", "x..20", "01 03")
    yield _ai("250", "x..30", "01+21 03+21 8006+21")
    yield _ai("251", "x..30", "01 03 8006")
    yield _ai("253", "n13:mod10:prefix [x..17]", key="")
    yield _ai("254", "x..20", "414", attribute=False)
    yield _ai("255", "n13:mod10:prefix [n..12]", bars="01 02 415 8006 8020 8026", key="")
    yield _ai("30", "n..8", _ITEM)
    yield _ai("37", "n..8", "00+02 00+8026")


def _internal() -> Iterator[Ai]:
    yield _ai("90", "x..30")
    yield from _many(range(91, 100), "x..90")


def _measures() -> Iterator[Ai]:
    yield from _decimals((*range(310, 317), *range(320, 330)), "n6", _ITEM)
    yield from _decimals((*range(330, 337), *range(340, 350)), "n6", _LOGISTIC)
    yield from _decimals((337,), "n6", "01")
    yield from _decimals((*range(350, 353), *range(356, 358)), "n6", _ITEM)
    yield from _decimals((*range(353, 356),), "n6", _LOGISTIC)
    yield from _decimals((*range(360, 362), *range(364, 367)), "n6", _ITEM)
    yield from _decimals((362, 363, 367, 368, 369), "n6", _LOGISTIC)
    yield from _decimals((390,), "n..15", "255 8020", "391n 394n 8111", places=10)
    yield from _decimals((391,), "n3:currency n..15", "8020", places=10)
    yield from _decimals((392,), "n..15", "01+30 01+31nn 01+32nn 01+35nn 01+36nn", "393n", places=10)
    yield from _decimals((393,), "n3:currency n..15", _MEASURED, places=10)
    yield from _decimals((394,), "n4", "255", "8111", places=4)
    yield from _decimals((395,), "n6", _MEASURED, "392n 393n 8005", places=6)


def _transport() -> Iterator[Ai]:
    yield _ai("400", "x..30")
    yield _ai("401", "x..30:prefix", key="")
    yield _ai("402", "n17:mod10:prefix", key="")
    yield _ai("403", "x..30", "00")
    yield from _many((410, 411, 412, 413, 416), "n13:mod10:prefix")
    yield _ai("414", "n13:mod10:prefix", key="254|7040")
    yield _ai("415", "n13:mod10:prefix", "8020", key="8020")
    yield _ai("417", "n13:mod10:prefix", key="7040")
    yield _ai("420", "x..20", bars="421")
    yield _ai("421", "n3:country x..9", bars="4307")
    yield _ai("422", "n3:country", _TRADE, "426")
    yield from _many((423, 425), "n3:country" + " [n3:country]" * 4, _MADE, "426")
    yield _ai("424", "n3:country", _MADE, "426")
    yield _ai("426", "n3:country", _MADE)
    yield _ai("427", "x..3", "01+422 02+422 03+422")
    for first in (4300, 4310):
        yield from _many((first, first + 1), "x..35:percent", "00")
        yield _ai(str(first + 2), "x..70:percent", "00")
        yield _ai(str(first + 3), "x..70:percent", str(first + 2))
        yield from _many(range(first + 4, first + 7), "x..70:percent", "00")
        yield _ai(str(first + 7), "x2:country2", "00")
    yield from _many((4308, 4319), "x..30", "00")
    yield _ai("4309", "n10:latitude n10:longitude", "00")
    yield _ai("4318", "x..20", "00")
    yield _ai("4320", "x..35:percent", "00")
    yield from _many((4321, 4322, 4323), "n1:yes_no", "00")
    yield from _many((4324, 4325), "n6:day0 n4:hhmm_or_none", "00")
    yield _ai("4326", "n6:day", "00")
    for one, other in ((4330, 4331), (4332, 4333)):
        yield _ai(str(one), "n6 [x1:hyphen]", "00", str(other))
        yield _ai(str(other), "n6 [x1:hyphen]", "00", str(one))


def _use() -> Iterator[Ai]:
    yield _ai("7001", "n13", "01 02 8006 8026")
    yield _ai("7002", "x..30", _ITEM)
    yield _ai("7003", "n6:day n4:hhmm", _MADE)
    yield _ai("7004", "n..4", "01+10 03+10")
    yield _ai("7005", "x..12", _ITEM)
    yield _ai("7006", "n6:day", _ITEM)
    yield _ai("7007", "n6:day [n6:day]", _ITEM)
    yield _ai("7008", "x..3", _ITEM)
    yield _ai("7009", "x..10", _ITEM)
    yield _ai("7010", "x..2", _MADE)
    yield _ai("7011", "n6:day [n4:hhmm]", _MADE)
    yield _ai("7020", "x..20", "01+416 03+416 8006+416")
    yield _ai("7021", "x..20", "01 03 8006")
    yield _ai("7022", "x..20", "01+7021 03+7021 8006+7021")
    yield _ai("7023", "x..30:prefix")
    yield from _many(range(7030, 7040), "n3:country_or_999 x..27", _ITEM)
    yield _ai("7040", "n1 x1 x1 x1:importer", attribute=False)
    yield _ai("7041", "x..4", "00", attribute=False)
    yield from _many(range(710, 718), "x..20", "01")
    yield from _many(range(7230, 7240), "x2 x..28", "01 8004")
    yield _ai("7240", "x..20", "01 8006", "03")
    yield _ai("7241", "n2:media", _PERSON)
    yield _ai("7242", "x..25", _PERSON)
    yield _ai("7250", "n8:full_day", "8018", "7251")
    yield _ai("7251", "n8:full_day n4:hhmm", "8018", "7250")
    yield _ai("7252", "n1:sex", "8018")
    yield from _many((7253, 7254), "x..40:percent", _PERSON, "7256 7259")
    yield _ai("7255", "x..10", _PERSON, "7256 7259")
    yield _ai("7256", "x..90:percent", _PERSON)
    yield _ai("7257", "x..70:percent", "8018")
    yield _ai("7258", "x3:birth_place", "8018+7259")
    yield _ai("7259", "x..40:percent", "8018", "7256")


def _special() -> Iterator[Ai]:
    yield _ai("8001", "n4:nonzero n5:nonzero n3:nonzero n1:winding n1", "01")
    yield _ai("8002", "x..20")
    yield _ai("8003", "n1:zero n13:mod10:prefix [x..16]", key="")
    yield _ai("8004", "x..30:prefix", key="7040")
    yield _ai("8005", "n6", _ITEM)
    yield _ai("8006", "n14:mod10 n4:pieces", bars="01 03 37", key="22 10 21")
    yield _ai("8007", "x..34:iban", "415")
    yield _ai("8008", "n6:day n2:hh [n2:mm] [n2:ss]", _MADE)
    yield _ai("8009", "x..50", "00 01 03")
    yield _ai("8010", "y..30:prefix", key="8011")
    yield _ai("8011", "n..12:no_zero_first", "8010", attribute=False)
    yield _ai("8012", "x..20", "01 03 8006")
    yield _ai("8013", "x..25:pair:prefix", key="")
    yield _ai("8014", "x..25:pair:prefix:has_letter", "01", attribute=False)
    yield _ai("8017", "n18:mod10:prefix", bars="8018", key="8019")
    yield _ai("8018", "n18:mod10:prefix", bars="8017", key="8019")
    yield _ai("8019", "n..10", _PERSON, attribute=False)
    yield _ai("8020", "x..25", "415", attribute=False)
    yield _ai("8026", "n14:mod10 n4:pieces", "37", "02 03 8006")
    signed = "00 01+21 03+21 253 255 8003 8004 8006+21 8010+8011 8017 8018"
    yield _ai("8030", "z..90:base64", signed)
    yield _ai("8040", "n15", "01+21", attribute=False)
    yield from (_ai(code, form, "01+21+8040", attribute=False) for code, form in _PHONE)
    yield from _many((8110, 8112), "x..70:digits")
    yield _ai("8111", "n4", "255")
    yield _ai("8200", "x..70", "01", attribute=False)


_PHONE = (("8041", "n15"), ("8042", "n32"), ("8043", "n18 [n..2]"))

COMMON: Mapping[str, Ai] = {ai.code: ai for ai in (*_identification(), *_internal())}
"""The identifiers that nearly every medical label makes do with, all of two digits among them."""

_LENGTHS = dict.fromkeys(["23", "24", "25", "40", "41", "42", "71"], 3) | dict.fromkeys(
    ["31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"], 4
)
"""The first two digits say how long an identifier is (General Specifications 7.8.1): two unless listed."""


@lru_cache(maxsize=1)
def every() -> Mapping[str, Ai]:
    """Every application identifier by its digits; made when one of three or four digits is first met."""
    return {**COMMON, **{ai.code: ai for group in (_measures, _transport, _use, _special) for ai in group()}}


def find(text: str, at: int = 0) -> Ai | None:
    """The identifier that begins at `at`; None if there is none that is known."""
    length = _LENGTHS.get(text[at : at + 2])
    code = text[at : at + (length or 2)]
    return COMMON.get(code) or (None if length is None else every().get(code))
