"""What each kind of symbol costs: time on a frame without a code, reads where it is, false reads where it is not."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import get_args

from edge.vision.pixels import Luma
from edge.vision.symbols import read_symbols
from hardware.camera_settings import DEFAULT_FORMATS, Format
from tests.bench.cases import Case

ALL: tuple[Format, ...] = get_args(Format)
BASE: tuple[Format, ...] = ("DataMatrix", "QRCode", "Code128")
"""What medical devices carry; time is what another kind adds to these."""
ALIASES = {"EAN13": ("UPCA",), "UPCA": ("EAN13",)}
"""The same symbol under another name."""


@dataclass(slots=True)
class _Of:
    """One kind of symbol."""

    adds_ms: list[float] = field(default_factory=list)
    read: int = 0
    of: int = 0
    false: list[str] = field(default_factory=list)
    without: int = 0


@dataclass(slots=True)
class Costs:
    """Of every kind of symbol."""

    _of: dict[Format, _Of] = field(default_factory=lambda: {name: _Of() for name in ALL})

    def add(self, case: Case, luma: Luma) -> None:
        """Look on one more picture, whole, for each kind by itself."""
        for name, of in self._of.items():
            found = [symbol.payload for symbol in read_symbols(luma, (name,))]
            if name == case.format:
                of.of += 1
                of.read += any(map(case.holds, found))
            elif case.format not in ALIASES.get(name, ()):
                of.without += 1
                of.false.extend(f"{case.name}: {payload!r}" for payload in found)
            if not case.published and case.count == 0:
                of.adds_ms.append(_ms(luma, {*BASE, name}) - _ms(luma, {*BASE} - {name}))

    def tell(self, say: Callable[[str], None]) -> None:
        """The table, and every false read."""
        say(f"{'kind':12} adds ms  read          false reads (* looked for by default)")
        for name, of in self._of.items():
            mark = "*" if name in DEFAULT_FORMATS else " "
            read = f"{of.read} of {of.of}" if of.of else "no picture"
            adds = statistics.median(of.adds_ms)
            say(f"{name:11}{mark} {adds:7.2f}  {read:12}  {len(of.false)} on {of.without}")
        for name, of in self._of.items():
            for each in of.false:
                say(f"  {name} on {each}")


def _ms(luma: Luma, names: set[Format]) -> float:
    """The best of three: what it costs, not what else the machine was doing."""
    wanted: Sequence[Format] = sorted(names)
    took = list[float]()
    for _ in range(3):
        began = time.process_time()
        read_symbols(luma, wanted)
        took.append((time.process_time() - began) * 1e3)
    return min(took)
