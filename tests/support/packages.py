"""Packages with labels as they are met: who issued the code, what it says, how it is split, what stands beside it.

Sizes are millimetres. `tests.support.tables` puts two of them under a camera.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Literal

from edge.udi.checks import mod10, mod43
from edge.udi.model import Udi

MARGIN = 7.0
"""Free paper between a symbol and the edge of its box: above it stands the product's name, below it its text."""
GTINS = tuple(f"{body}{mod10(body)}" for body in ("0690123456789", "0690123450001", "0871234500012"))
CASES = {gtin: f"1{gtin[1:13]}{mod10('1' + gtin[1:13])}" for gtin in GTINS}
"""The DI of the case that holds a product."""
DIS = {
    "GS1": (*GTINS * 3, *CASES.values()),
    "HIBCC": ("A123ABC1231", "A123XYZ9991", "B456LENS001"),
    "MA": ("MA.156.M0.100350.01004YA10017", "MA.156.M0.100472.11103316"),
    "ICCBBA": ("A9999XYZ100T0476", "A9999XYZ200T0480"),
}
SQUARE = {"GS1": "]d2", "HIBCC": "]d1", "MA": "]Q1", "ICCBBA": "]d1"}
LINEAR = {"GS1": "]C1", "HIBCC": "]C0", "MA": "]C0", "ICCBBA": "]C0"}
ISSUERS = ("GS1", "GS1", "GS1", "HIBCC", "MA", "ICCBBA")
LOTS = ("A1", "B22", "C333")
ORDER = ("manufactured", "expires", "lot", "serial")
SCHEMES = (
    ("expires", "lot"),
    ("expires", "lot", "serial"),
    ("manufactured", "expires", "lot"),
    ("manufactured", "expires", "lot", "serial"),
    ("expires", "serial"),
    ("lot", "serial"),
    ("lot",),
    ("serial",),
)
"""What labels carry."""
MADE = date(2025, 3, 1)
Role = Literal["complete", "di", "pi", "retail", "beside"]
Parts = dict[str, str | date]


@dataclass(frozen=True)
class Printed:
    """One symbol of a label, and its place from the label's top left."""

    role: Role
    payload: bytes
    symbology: str
    width: float
    height: float
    x: float = MARGIN
    y: float = MARGIN


@dataclass
class Package:
    """The truth about one package, and its label."""

    issuer: str
    di: str
    parts: Parts
    symbols: list[Printed] = field(default_factory=list)

    def owns(self, udi: Udi) -> bool:
        """Whether everything a UDI says is true of this package."""
        if udi.di not in (None, self.di) or udi.issuer.value != self.issuer:
            return False
        return all(getattr(udi, name) in (None, self.parts.get(name)) for name in ORDER)

    def is_all_of(self, udi: Udi) -> bool:
        """Whether a UDI says all of this package, and nothing else."""
        return udi.di == self.di and self.owns(udi) and all(getattr(udi, name) is not None for name in self.parts)

    @property
    def split(self) -> bool:
        """No symbol of the label says all."""
        return all(each.role != "complete" for each in self.symbols)

    @property
    def pis(self) -> list[Printed]:
        """The PI halves of the label."""
        return [each for each in self.symbols if each.role == "pi"]


def chance(seed: str) -> random.Random:
    """The same luck in every run."""
    return random.Random(seed)  # noqa: S311 - makes labels, keeps no secret


def package(rng: random.Random, like: Package | None = None) -> Package:
    """A package with a random label; with `like` often one of the same agency, product, lot and kind of label."""
    issuer = like.issuer if like is not None and rng.random() < 0.7 else rng.choice(ISSUERS)
    alike = like is not None and like.issuer == issuer
    di = like.di if like is not None and alike and rng.random() < 0.6 else rng.choice(DIS[issuer])
    lot = str(like.parts["lot"]) if like is not None and alike and "lot" in like.parts else ""
    if not lot or rng.random() < 0.5:
        lot = rng.choice(LOTS).zfill(18 if issuer == "ICCBBA" else 0)
    scheme = like.parts if like is not None and alike and rng.random() < 0.7 else rng.choice(SCHEMES)
    made = Package(issuer, di, _parts(rng, lot, scheme))
    _label(made, rng)
    return made


def _parts(rng: random.Random, lot: str, scheme: Sequence[str] | Parts) -> Parts:
    """A lot fixes its dates, as makers do; a serial is given once."""
    days = timedelta(LOTS.index(lot.lstrip("0")) * 40)
    every: Parts = {
        "manufactured": MADE + days,
        "expires": MADE + days + timedelta(1500),
        "lot": lot,
        "serial": f"S{rng.randrange(10_000):05d}",
    }
    return {name: every[name] for name in ORDER if name in scheme}


def _label(made: Package, rng: random.Random) -> None:
    """All in one symbol, or a DI half with one PI half or two; some labels have both."""
    names = [name for name in ORDER if name in made.parts]
    split = made.issuer != "MA" and rng.random() < 0.65
    linear = rng.random() < 0.8
    scale, height, side = rng.uniform(0.24, 0.42), rng.uniform(6.5, 13.0), rng.uniform(8.0, 14.0)

    def printed(role: Role, text: str) -> Printed:
        if role == "complete" or not linear:
            return Printed(role, text.encode(), SQUARE[made.issuer], side, side)
        modules = 11 * (len(text) * (0.6 if text.isdigit() else 0.8) + 4)
        return Printed(role, text.encode(), LINEAR[made.issuer], modules * scale, height)

    symbols = []
    if not split or rng.random() < 0.1:
        symbols.append(printed("complete", text_of(made, names, with_di=True)))
    if split:
        three = "lot" in names and "serial" in names and rng.random() < 0.3
        pieces = [names[:-1], names[-1:]] if three else [names]
        symbols.append(printed("di", text_of(made, [], with_di=True)))
        symbols += [printed("pi", text_of(made, piece, with_di=False)) for piece in pieces]
    made.symbols = _laid_out(symbols, rng) + _beside(made, symbols, rng)


def _laid_out(symbols: Sequence[Printed], rng: random.Random) -> list[Printed]:
    """One below the other, or side by side, with free paper of 2 mm up to nine tenths of a height between them."""
    stacked = rng.random() < 0.75
    laid: list[Printed] = []
    x = y = MARGIN
    for each in symbols:
        laid.append(replace(each, x=x, y=y))
        gap = max(2.0, rng.uniform(0.2, 0.9) * each.height)
        x, y = (x, y + each.height + gap) if stacked else (x + each.width + gap, y)
    return laid


def _beside(made: Package, symbols: Sequence[Printed], rng: random.Random) -> list[Printed]:
    """A retail symbol of the same GTIN, an 医保 code, a shelf label: somewhere below."""
    y = MARGIN + sum(each.height * 1.9 for each in symbols) + 6.0
    found: list[Printed] = []
    if made.di in GTINS and rng.random() < 0.3:
        found.append(Printed("retail", made.di[1:].encode(), "]E0", 32.0, rng.uniform(10.0, 20.0), y=y))
    if rng.random() < 0.2:
        found.append(Printed("beside", b"C0101010010101000001", "]C0", 40.0, 8.0, y=y + 26.0))
    if rng.random() < 0.1:
        found.append(Printed("beside", b"SHELF 4-12", "]C0", 30.0, 8.0, y=y + 40.0))
    return found


def text_of(made: Package, names: Sequence[str], *, with_di: bool) -> str:
    """What a symbol holds that carries these parts."""
    texts = {name: _shown(made.parts[name], made.issuer) for name in names}
    match made.issuer:
        case "GS1":
            return _gs1(made.di if with_di else None, texts)
        case "HIBCC":
            return _hibc(made.di, texts, with_di=with_di)
        case "MA":
            letters = {"manufactured": "M", "expires": "E", "lot": "L", "serial": "S"}
            return ".".join([made.di, *(letters[name] + text for name, text in texts.items())])
        case _:
            flags = {"expires": "=>", "manufactured": "=}", "lot": "&,1", "serial": "=,"}
            return (f"=/{made.di}" if with_di else "") + "".join(flags[name] + text for name, text in texts.items())


def _shown(part: str | date, issuer: str) -> str:
    if isinstance(part, str):
        return part
    return part.strftime("0%y%j" if issuer == "ICCBBA" else "%y%m%d")


def _gs1(di: str | None, texts: dict[str, str]) -> str:
    ais = {"manufactured": "11", "expires": "17", "lot": "10", "serial": "21"}
    fields = "".join(ais[name] + text + ("\x1d" if name == "lot" else "") for name, text in texts.items())
    return (f"01{di}" if di is not None else "") + fields.removesuffix("\x1d")


def _hibc(di: str, texts: dict[str, str], *, with_di: bool) -> str:
    fields = []
    if "lot" in texts or "expires" in texts:
        flag = f"$$3{texts['expires']}" if "expires" in texts else "$"
        fields.append(flag + texts.get("lot", ""))
    if "serial" in texts:
        fields.append(f"S{texts['serial']}" if fields else f"$+{texts['serial']}")
    if "manufactured" in texts:
        fields.append(f"16D20{texts['manufactured']}")
    primary = "/".join([di, *fields]) if with_di else "/".join(fields)
    body = f"+{primary}" + ("" if with_di else mod43(f"+{di}"))
    return body + mod43(body)
