"""What stations bound to house codes (院内码), told to a whole site: signed pages, retained at the broker.

A code lies on one of `PAGES` pages by its SHA-256, so a new binding tells one page anew and not all of them. A page
names every code of its own that counts, with what a symbol of its UDI holds; one that was bound to several UDIs stands
there without any, so that nobody takes it for either. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from edge.sign import Authority, Signature, SignatureError, sign, signers

TOPICS = "udi/site/bindings/+"
"""The last level is the page: two digits in lower-case hex."""
PAGES = 256
"""Of some 300 bindings each."""
SCHEMA = 1
MOST_BYTES = 32 * 1024
"""Of a page."""
MOST_VERSION = 2**53 - 1
"""What JSON readers take exactly."""


class BindingError(ValueError):
    """A page that is none, is too long, or is of nobody who may say this."""


class Symbol(NamedTuple):
    """What a symbol with a UDI holds."""

    payload: bytes
    symbology: str
    """Identifier of ISO/IEC 15424."""


Bindings = Mapping[str, Symbol | None]
"""House code -> its UDI; None: it was bound to several, and counts for none of them."""


@dataclass(frozen=True, slots=True)
class Page:
    """One version of a page."""

    name: str
    version: int
    """Only ever rises."""
    bindings: Bindings
    signature: Signature

    def encode(self) -> bytes:
        """The payload of ``udi/site/bindings/<page>``; always the same bytes.

        Raises:
            BindingError: too long for a page.
        """
        whole = {
            "schema": SCHEMA,
            "page": self.name,
            "version": self.version,
            "bindings": _rows(self.bindings),
            "by": self.signature.by,
            "sig": self.signature.sig,
        }
        payload = _json(whole)
        if len(payload) > MOST_BYTES:
            raise BindingError(
                f"page {self.name} of {len(self.bindings)} bindings has {len(payload)} bytes, at most {MOST_BYTES}: "
                "put what was bound long ago into the site's tables, and end those bindings"
            )
        return payload

    def demand_signed(self, authorities: Iterable[Authority]) -> None:
        """Check the signature.

        Raises:
            BindingError: it does not fit, or is of nobody who may sign bindings here.
        """
        try:
            signers("bindings", _said(self.name, self.version, self.bindings), [self.signature], authorities)
        except SignatureError as error:
            raise BindingError(str(error)) from None


def page_of(code: str) -> str:
    """The page on which a house code lies."""
    return f"{hashlib.sha256(code.encode()).digest()[0] % PAGES:02x}"


def signed(name: str, version: int, bindings: Bindings, *, by: str, key: bytes) -> Page:
    """A signed page; the same content and key give the same signature."""
    return Page(name, version, bindings, sign("bindings", _said(name, version, bindings), by=by, key=key))


def read_page(payload: bytes, name: str) -> Page:
    """A page from its bytes; who signed it is yet to be asked, see `Page.demand_signed`.

    Args:
        payload: as it came.
        name: the page that the topic names.

    Raises:
        BindingError: no page of schema 1 of this name, or a code on it that lies on another one.
    """
    if len(payload) > MOST_BYTES:
        raise BindingError(f"{len(payload)} bytes, expected at most {MOST_BYTES}")
    match _data(payload):
        case {
            "schema": 1,
            "page": str(page),
            "version": int(version),
            "bindings": list(rows),
            "by": str(by),
            "sig": str(sig),
        } if page == name and _is_version(version):
            return Page(name, version, dict(_binding(row, name) for row in rows), Signature(by, sig))
    raise BindingError(f"not page {name!r:.20} of bindings of schema {SCHEMA}")


def _binding(row: Any, name: str) -> tuple[str, Symbol | None]:
    match row:
        case [str(code), str(payload), str(symbology)] if code and payload and symbology:
            found: Symbol | None = Symbol(payload.encode(), symbology)
        case [str(code), None, None] if code:
            found = None
        case _:
            raise BindingError("a row that is no binding: expected code, payload and symbology, or code, null, null")
    if page_of(code) != name:
        raise BindingError(f"house code {code!r:.40} on page {name}, expected on {page_of(code)}")
    return code, found


def _rows(bindings: Bindings) -> list[list[str | None]]:
    return [
        [code, None, None] if symbol is None else [code, symbol.payload.decode(), symbol.symbology]
        for code, symbol in sorted(bindings.items())
    ]


def _said(name: str, version: int, bindings: Bindings) -> bytes:
    return _json(["bindings", name, version, _rows(bindings)])


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _data(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _is_version(version: int) -> bool:
    return not isinstance(version, bool) and 1 <= version <= MOST_VERSION
