"""What happens in the demo: which labels are laid under the camera, and what the depot's scanner reads."""

from __future__ import annotations

from collections.abc import Callable

from edge.cards import Card, CardKind
from edge.demo.labels import Label, Symbol
from edge.demo.world import RECALLED_DI, RECALLED_LOT

GS = b"\x1d"
HIP, SCREW, LENS, LENS_CASE = "06901234567892", "06901234500011", "06901234500028", "16901234500025"
TRACED_LOT = "A1"
NHSA = Symbol("C0101010010101000001", "datamatrix", gs1=False)


def _udi(di: str, rest: str) -> Symbol:
    return Symbol(f"(01){di}{rest}", "datamatrix")


def labels(card: Callable[[Card], str]) -> tuple[tuple[str, Label], ...]:
    """(name, label) in the order in which they are laid under the operating room's camera.

    Args:
        card: gives the text of a control card, signed by the site.
    """
    form = Symbol(card(Card(CardKind.ACT, "SHEET", "D1")), "qr", gs1=False)
    return (*LABELS, ("card-implant-form", Label(("CARD", "Implant form"), (form,))), ("implant-form", FORM))


LABELS: tuple[tuple[str, Label], ...] = (
    ("badge", Label(("BADGE", "N1207"), (Symbol("N1207", "code128", gs1=False),))),
    ("wristband", Label(("WRISTBAND",), (Symbol("ZY20261234", "code128", gs1=False),))),
    ("hip-stem", Label(("Hip stem 12", "LOT A1  SN S1"), (_udi(HIP, "(17)291231(10)A1(21)S1"),))),
    ("hip-stem-2", Label(("Hip stem 12", "LOT A1  SN S2"), (_udi(HIP, "(17)291231(10)A1(21)S2"), NHSA))),
    (
        "screw-two-codes",
        Label(
            ("Bone screw", "LOT B7"),
            (Symbol(f"(01){SCREW}", "code128"), Symbol("(17)290630(10)B7", "code128")),
        ),
    ),
    ("lens-expired", Label(("Lens +21", "LOT L0"), (_udi(LENS, "(17)240131(10)L0(21)X1"),))),
    ("lens", Label(("Lens +21", "LOT L1"), (_udi(LENS, "(17)290131(10)L1(21)X2"),))),
    (
        "wire-recalled",
        Label(("Guide wire", f"LOT {RECALLED_LOT}"), (_udi(RECALLED_DI, f"(17)290131(10){RECALLED_LOT}"),)),
    ),
    ("house-label", Label(("Store 4-12",), (Symbol("SHELF-4-12", "datamatrix", gs1=False),))),
    ("two-packages", Label(("two in view",), (_udi(HIP, "(10)A1(21)S8"), _udi(LENS, "(10)L1(21)X9")))),
    ("hip-stem-3", Label(("Hip stem 12", "LOT A1  SN S3"), (_udi(HIP, "(17)291231(10)A1(21)S3"),))),
)
FORM = Label(
    ("IMPLANT FORM",),
    (
        *(_udi(HIP, f"(17)291231(10)A1(21){serial}") for serial in ("S1", "S2", "S3")),
        _udi(SCREW, "(17)290630(10)B7"),
        _udi(LENS, "(17)290131(10)L1(21)X2"),
    ),
)
"""A sticker of each package that was checked before it was opened, and used: it closes the case."""


def depot_scans() -> tuple[bytes, ...]:
    """What the depot's scanner sends, AIM identifiers included, terminators left to the scanner."""
    receipt = [b"]C0DN-2026-118"]
    pieces = [b"]d201" + HIP.encode() + b"1729123110A1" + GS + b"21R%02d" % number for number in range(12)]
    cases = [b"]d201" + LENS_CASE.encode() + b"1729013110L1"] * 2
    halves = [b"]C101" + SCREW.encode(), b"]C11729063010B7"]
    bad = [b"]d20106901234567893" + b"10A1", b"NR", b"]C0HELLO", b"]d20106901234567892" + b"17240131" + b"10A0"]
    return (*receipt, *pieces[:6], *cases, *halves, *bad, *pieces[6:])
