"""Human readable interpretation in each issuer's own style."""

from __future__ import annotations

from edge.udi.build import build
from edge.udi.model import Issuer, Udi


def hri(udi: Udi) -> str:
    """What a label prints beside the symbol.

    GS1 brackets the identifiers (General Specifications 4.14), HIBC stands between asterisks (ANSI/HIBC 2.6, 4.1),
    ISBT 128 leaves the compound header out (ST-017), IFA writes the data identifiers in brackets, MA and AHM write
    the code itself. A faulty HIBC code is shown as it was read: its check character cannot be computed anew.
    """
    match udi.issuer:
        case Issuer.GS1 | Issuer.IFA:
            return "".join(f"({code}){value}" for code, value in udi.elements)
        case Issuer.HIBCC:
            return f"*{_text(udi)}*" if udi.valid else udi.payload.decode(errors="replace")
        case Issuer.ICCBBA:
            return "".join(name + value for name, value in udi.elements if name != "=+")
        case Issuer.MA | Issuer.AHM:
            return _text(udi)


def _text(udi: Udi) -> str:
    return build(udi)[0].decode()
