"""The inverse of `edge.udi.parse`: the parts of a UDI back to what a symbol holds."""

from __future__ import annotations

from collections.abc import Sequence

from edge.udi import hibcc, ifa
from edge.udi.ais import find
from edge.udi.checks import mod43
from edge.udi.gs1 import GS
from edge.udi.model import Issuer, Udi

_PLAIN = "]d1"


def build(udi: Udi) -> tuple[bytes, str]:
    """Payload and symbology identifier of a symbol that says what `udi` says, whatever carried it before.

    A label's own warnings are not rebuilt: what was repaired comes out right.

    Raises:
        ValueError: `udi` is an HIBC code with characters that HIBC does not have.
    """
    match udi.issuer:
        case Issuer.GS1:
            return element_string(udi.elements), "]d2"
        case Issuer.HIBCC:
            return _hibc(udi.elements).encode(), _PLAIN
        case Issuer.MA:
            return _ma(udi.elements).encode(), _PLAIN
        case Issuer.AHM:
            return _ahm(udi.elements).encode(), _PLAIN
        case Issuer.ICCBBA:
            return "".join(name + value for name, value in udi.elements).encode(), _PLAIN
        case Issuer.IFA:
            fields = GS.join(name + value for name, value in udi.elements)
            return f"{ifa.HEAD}{fields}{ifa.TAIL}".encode(), _PLAIN


def element_string(elements: Sequence[tuple[str, str]]) -> bytes:
    """GS1 element string of (identifier, value) pairs, separators where the standard needs them (7.8.5)."""
    parts = []
    for number, (code, value) in enumerate(elements, start=1):
        ai = find(code)
        open_ended = ai is None or not ai.predefined
        parts.append(code + value + (GS if open_ended and number < len(elements) else ""))
    return "".join(parts).encode()


def _hibc(elements: Sequence[tuple[str, str]]) -> str:
    """Primary alone, secondary with its link character, or both combined; the check character is computed.

    Fields of several secondaries come in the order of the standard: the old form only stands first, a quantity last.
    """
    primary = next((value for flag, value in elements if flag == "+"), None)
    link = next((value for flag, value in elements if flag == hibcc.LINK), "")
    fields = [(flag, value) for flag, value in elements if flag not in ("+", hibcc.LINK)]
    text = "/".join(flag + value for flag, value in sorted(fields, key=_place))
    if primary is None:
        return _checked(f"+{text}{link}")
    return _checked(f"+{primary}/{text}" if fields else f"+{primary}")


def _place(field: tuple[str, str]) -> int:
    flag = field[0]
    return 0 if not flag else 2 if flag == "Q" else 1


def _checked(body: str) -> str:
    return body + mod43(body)


def _ma(elements: Sequence[tuple[str, str]]) -> str:
    """The DI, then the fields: XML may name it later."""
    di = [value for name, value in elements if name == "DI"]
    return ".".join(di + [name + value for name, value in elements if name != "DI"])


def _ahm(elements: Sequence[tuple[str, str]]) -> str:
    """Variable fields end with an asterisk, the DI among them; the last field needs none."""
    parts = [name + value + ("*" if name in ("MF", "BA", "BN", "SN") else "") for name, value in elements]
    return "".join(parts).removesuffix("*")
