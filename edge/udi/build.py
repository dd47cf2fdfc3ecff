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
            return ".".join(_ma_field(name, value) for name, value in udi.elements).encode(), _PLAIN
        case Issuer.AHM:
            return _ahm(udi.elements).encode(), _PLAIN
        case Issuer.ICCBBA:
            return "".join(name + value for name, value in udi.elements).encode(), _PLAIN
        case Issuer.IFA:
            fields = GS.join(name + value for name, value in udi.elements)
            return f"{ifa.HEAD}{fields}\x1e\x04".encode(), _PLAIN


def element_string(elements: Sequence[tuple[str, str]]) -> bytes:
    """GS1 element string of (identifier, value) pairs, separators where the standard needs them (7.8.5)."""
    parts = []
    for number, (code, value) in enumerate(elements, start=1):
        ai = find(code)
        open_ended = ai is None or not ai.predefined
        parts.append(code + value + (GS if open_ended and number < len(elements) else ""))
    return "".join(parts).encode()


def _hibc(elements: Sequence[tuple[str, str]]) -> str:
    """Primary alone, secondary with its link character, or both combined; the check character is computed."""
    primary = next((value for flag, value in elements if flag == "+"), None)
    link = next((value for flag, value in elements if flag == hibcc.LINK), None)
    fields = "/".join(flag + value for flag, value in elements if flag not in ("+", hibcc.LINK))
    if primary is None:
        return _checked(f"+{fields}{link or ''}")
    return _checked(f"+{primary}/{fields}" if fields else f"+{primary}")


def _checked(body: str) -> str:
    return body + mod43(body)


def _ma_field(name: str, value: str) -> str:
    return value if name == "DI" else name + value


def _ahm(elements: Sequence[tuple[str, str]]) -> str:
    """Variable fields end with an asterisk, the DI among them; the last field needs none."""
    parts = [name + value + ("*" if name in ("MF", "BA", "BN", "SN") else "") for name, value in elements]
    return "".join(parts).removesuffix("*")
