"""Packages with labels as they are met: who issued the code, how it is split, what stands beside it, and where.

Sizes are millimetres. Two boxes that touch keep `MARGIN` of free paper between a symbol and the edge of each: the name
of the product stands above the symbols, their text below.
"""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from edge.udi.checks import mod10, mod43
from edge.udi.model import Udi
from edge.udi.read import Corners, Read

GS = "\x1d"
MARGIN = 7.0
PIXELS = 9.0
"""A frame of 1280 pixels shows 142 mm."""
Role = Literal["complete", "di", "pi", "beside"]
GTINS = tuple(f"{body}{mod10(body)}" for body in ("0690123456789", "0690123450001", "0871234500012"))
CASES = {gtin: f"{body}{mod10(body)}" for gtin in GTINS for body in ("1" + gtin[1:13],)}
"""The DI of the case that holds a product."""
HIBCS = ("A123ABC1231", "A123XYZ9991", "B456LENS001")
MAS = ("MA.156.M0.100350.01004YA10017", "MA.156.M0.100472.11103316")
ISBTS = ("A9999XYZ100T0476", "A9999XYZ200T0480")
LOTS = ("A1", "B22", "C333")
MADE = date(2025, 3, 1)


@dataclass(frozen=True)
class Printed:
    """One symbol of a label: what it holds, and its place on the label, from the top left."""

    role: Role
    payload: bytes
    symbology: str
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


@dataclass
class Package:
    """The truth about one package, and its label."""

    issuer: str
    di: str
    parts: dict[str, str | date] = field(default_factory=dict)
    symbols: list[Printed] = field(default_factory=list)

    def owns(self, udi: Udi) -> bool:
        """Whether everything a UDI says is true of this package."""
        if (udi.di not in (None, self.di)) or udi.issuer.value != self.issuer:
            return False
        said = {name: getattr(udi, name) for name in ("lot", "serial", "manufactured", "expires")}
        return all(value is None or value == self.parts.get(name) for name, value in said.items())

    def is_all_of(self, udi: Udi) -> bool:
        """Whether a UDI says all of this package."""
        return (
            self.owns(udi) and udi.di is not None and all(getattr(udi, name) == self.parts[name] for name in self.parts)
        )

    @property
    def size(self) -> complex:
        """Width and height of the label with its margins."""
        right = max(each.x + each.width for each in self.symbols)
        bottom = max(each.y + each.height for each in self.symbols)
        return complex(right + MARGIN, bottom + MARGIN)


def package(rng: random.Random, like: Package | None = None) -> Package:
    """A package with a random label; with `like` often of the same product, lot and label."""
    issuer = rng.choice(("GS1", "GS1", "GS1", "HIBCC", "MA", "ICCBBA"))
    if like is not None and rng.random() < 0.7:  # most pairs have an agency in common
        issuer = like.issuer
    di = rng.choice({"GS1": GTINS, "HIBCC": HIBCS, "MA": MAS, "ICCBBA": ISBTS}[issuer])
    if issuer == "GS1" and rng.random() < 0.15:  # some are cases
        di = CASES[di]
    if like is not None and like.issuer == issuer and rng.random() < 0.6:  # and many the product
        di = like.di
    made = Package(issuer, di, _parts(rng, issuer, like))
    _print(made, rng)
    return made


def _parts(rng: random.Random, issuer: str, like: Package | None) -> dict[str, str | date]:
    """A lot fixes its dates, as makers do; a serial is given once."""
    lot = rng.choice(LOTS)
    if like is not None and "lot" in like.parts and rng.random() < 0.5:
        lot = str(like.parts["lot"]).lstrip("0") if issuer != "ICCBBA" else lot
    days = timedelta(LOTS.index(lot) * 40) if lot in LOTS else timedelta(7)
    names = rng.choice(
        (
            ("lot", "expires"),
            ("lot", "serial", "expires"),
            ("serial", "expires"),
            ("lot", "serial"),
            ("lot",),
            ("serial",),
        )
    )
    if like is not None and rng.random() < 0.7 and set(like.parts) - {"manufactured"}:  # one layout
        names = tuple(name for name in ("lot", "serial", "expires") if name in like.parts)
    serial = f"S{rng.randrange(10_000):05d}"
    every: dict[str, str | date] = {
        "lot": lot if issuer != "ICCBBA" else lot.zfill(18),
        "serial": serial,
        "expires": MADE + timedelta(1500) + days,
    }
    found = {name: every[name] for name in names}
    if issuer != "ICCBBA" and rng.random() < 0.3:
        found["manufactured"] = MADE + days
    return found


def _pieces(made: Package, rng: random.Random) -> list[list[str]]:
    """The parts that each PI symbol carries."""
    names = [name for name in ("manufactured", "expires", "lot", "serial") if name in made.parts]
    if "lot" in names and "serial" in names and rng.random() < 0.3:  # a label of three symbols
        return [[name for name in names if name != "serial"], ["serial"]]
    return [names]


def _print(made: Package, rng: random.Random) -> None:
    split = made.issuer != "MA" and rng.random() < 0.65
    linear = rng.random() < 0.8
    scale, height = rng.uniform(0.24, 0.42), rng.uniform(6.5, 13.0)
    side = rng.uniform(8.0, 14.0)

    def symbol(role: Role, text: str, *, square: bool) -> Printed:
        if square:
            return Printed(role, text.encode(), _square(made.issuer), side, side)
        modules = 11 * (len(text) * (0.6 if text.isdigit() else 0.8) + 4)
        return Printed(role, text.encode(), "]C1" if made.issuer == "GS1" else "]C0", modules * scale, height)

    names = [name for name in ("manufactured", "expires", "lot", "serial") if name in made.parts]
    texts: list[Printed] = []
    if not split or rng.random() < 0.1:  # and some have both
        texts.append(symbol("complete", _text(made, names, with_di=True), square=True))
    if split:
        texts.append(symbol("di", _text(made, [], with_di=True), square=not linear))
        texts += [symbol("pi", _text(made, piece, with_di=False), square=not linear) for piece in _pieces(made, rng)]
    made.symbols = _laid_out(texts, rng) + _beside(made, texts, rng)


def _square(issuer: str) -> str:
    return {"GS1": "]d2", "MA": "]Q1"}.get(issuer, "]d1")


def _laid_out(texts: Sequence[Printed], rng: random.Random) -> list[Printed]:
    """One below the other, or side by side, with free paper of 2 mm up to nine tenths of a height."""
    stacked = rng.random() < 0.75
    placed: list[Printed] = []
    x = y = MARGIN
    for each in texts:
        placed.append(Printed(each.role, each.payload, each.symbology, each.width, each.height, x, y))
        gap = max(2.0, rng.uniform(0.2, 0.9) * each.height)
        x, y = (x, y + each.height + gap) if stacked else (x + each.width + gap, y)
    return placed


def _beside(made: Package, texts: Sequence[Printed], rng: random.Random) -> list[Printed]:
    """A retail symbol of the same GTIN, an 医保 code, a shelf label: somewhere below."""
    found: list[Printed] = []
    y = MARGIN + sum(each.height * 1.9 for each in texts) + 6.0
    if made.issuer == "GS1" and made.di.startswith("0") and rng.random() < 0.3:
        found.append(Printed("di", made.di[1:].encode(), "]E0", 32.0, rng.uniform(10.0, 20.0), MARGIN, y))
        y += 26.0
    if rng.random() < 0.2:
        found.append(Printed("beside", b"C0101010010101000001", "]C0", 40.0, 8.0, MARGIN, y))
        y += 14.0
    if rng.random() < 0.1:
        found.append(Printed("beside", b"SHELF 4-12", "]C0", 30.0, 8.0, MARGIN, y))
    return found


def _text(made: Package, names: Sequence[str], *, with_di: bool) -> str:
    return {"GS1": _gs1, "HIBCC": _hibc, "MA": _ma, "ICCBBA": _isbt}[made.issuer](made, names, with_di)


def _day(made: Package, name: str, form: str) -> str:
    day = made.parts[name]
    assert isinstance(day, date)
    return day.strftime(form)


def _gs1(made: Package, names: Sequence[str], with_di: bool) -> str:
    text = f"01{made.di}" if with_di else ""
    for name in names:
        if name in ("manufactured", "expires"):
            text += ("11" if name == "manufactured" else "17") + _day(made, name, "%y%m%d")
        elif name == "lot":
            text += f"10{made.parts['lot']}" + (GS if "serial" in names else "")
        else:
            text += f"21{made.parts['serial']}"
    return text


def _hibc(made: Package, names: Sequence[str], with_di: bool) -> str:
    fields = []
    if "lot" in names or "expires" in names:
        flag = f"$$3{_day(made, 'expires', '%y%m%d')}" if "expires" in names else "$"
        fields.append(flag + str(made.parts["lot"] if "lot" in names else ""))
    if "serial" in names:
        fields.append(f"S{made.parts['serial']}" if fields else f"$+{made.parts['serial']}")
    if "manufactured" in names:
        fields.append(f"16D{_day(made, 'manufactured', '%Y%m%d')}")
    body = "+" + (made.di + ("/" if fields else "") if with_di else "") + "/".join(fields)
    body += "" if with_di else mod43(f"+{made.di}")
    return body + mod43(body)


def _ma(made: Package, names: Sequence[str], with_di: bool) -> str:
    assert with_di
    letters = {"lot": "L", "serial": "S"}
    days = {"manufactured": "M", "expires": "E"}
    fields = [letters[name] + str(made.parts[name]) for name in names if name in letters]
    fields += [days[name] + _day(made, name, "%y%m%d") for name in names if name in days]
    return ".".join([made.di, *fields])


def _isbt(made: Package, names: Sequence[str], with_di: bool) -> str:
    text = f"=/{made.di}" if with_di else ""
    if "serial" in names:
        text += f"=,{made.parts['serial']}"
    if "expires" in names:
        text += f"=>{_day(made, 'expires', '0%y%j')}"
    return text + (f"&,1{made.parts['lot']}" if "lot" in names else "")


@dataclass(frozen=True)
class Placed:
    """A label on the table: where its top left corner lies, in millimetres, and how it is turned, in radians."""

    origin: complex
    turn: float

    def of(self, symbol: Printed) -> list[complex]:
        """The corners of a symbol on the table, clockwise from its top left."""
        x, y, w, h = symbol.x, symbol.y, symbol.width, symbol.height
        spin = cmath.rect(1.0, self.turn)
        return [self.origin + complex(*p) * spin for p in ((x, y), (x + w, y), (x + w, y + h), (x, y + h))]


def placed(first: Package, second: Package, rng: random.Random) -> tuple[Placed, Placed]:
    """Two labels on one table: often touching, and then mostly turned alike; never over each other."""
    tilt = rng.choice((0.0, math.pi / 2, math.pi, -math.pi / 2)) + rng.gauss(0.0, 0.02)
    spin = cmath.rect(1.0, tilt)
    wide, other = first.size, second.size
    slip = rng.uniform(-0.5, 1.0)
    sides = (
        complex(wide.real, slip * wide.imag),
        complex(-other.real, slip * wide.imag),
        complex(slip * wide.real, wide.imag),
        complex(slip * wide.real, -other.imag),
    )
    if rng.random() < 0.6:  # side by side
        away = rng.choice(sides)
        return Placed(0j, tilt), Placed(away * spin, tilt + rng.gauss(0.0, 0.02))
    reach = abs(wide) + abs(other)
    away = cmath.rect(reach + rng.uniform(0.0, 30.0), rng.uniform(0.0, math.tau))
    return Placed(0j, tilt), Placed(away, rng.uniform(0.0, math.tau))


def seen(symbol: Printed, place: Placed, t0_ns: int = 1) -> Read:
    """A symbol as the camera reports it.

    Of a linear symbol a decoder sees only the rows of the picture that cross all of its bars: its corners lie along
    the picture, and a tilt makes them lower than the symbol.
    """
    points = place.of(symbol)
    if symbol.width > symbol.height * 1.01:
        points = _rows(points) or points
    corners = tuple((round(p.real * PIXELS), round(p.imag * PIXELS)) for p in points)
    return Read(symbol.payload, symbol.symbology, "camera", t0_ns, corners=_four(corners))


def _rows(points: Sequence[complex]) -> list[complex] | None:
    along, down = points[1] - points[0], points[3] - points[0]
    quarter = round(cmath.phase(along) / (math.pi / 2))
    axis = cmath.rect(1.0, quarter * math.pi / 2)
    tilt = abs((along / axis).imag / (along / axis).real)
    height = abs(down) - abs(along) * tilt
    if height < 0.5:  # no row crosses it: only another way of reading it finds it, in full
        return None
    centre = sum(points) / 4
    half = complex(abs(along) / 2, height / 2)
    return [centre + axis * corner for corner in (-half, half.conjugate(), half, -half.conjugate())]


def _four(points: Sequence[tuple[int, int]]) -> Corners:
    a, b, c, d = points
    return (a, b, c, d)
