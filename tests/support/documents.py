"""Documents for tests."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from edge.document_notices import signed
from edge.documents import Document, DocumentKind, Line
from edge.sign import Authority, new_key, public_half

DI = "06901234567892"
LETTERS = st.characters(whitelist_categories=("Lu", "Ll", "Lo", "Nd", "Pd"))
TEXTS = st.text(LETTERS, min_size=1, max_size=12)
DAYS = st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1))
IDENTS = st.from_regex(r"[A-Z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
DIS = st.sampled_from((DI, "06901234567908", "10614141543219", "+H123ABC0123"))


def line(number: int = 1, **changed: Any) -> Line:
    """A line of ten pieces without lot."""
    return replace(Line(number, "一次性使用导管", 10, di=DI), **changed)


def document(ident: str = "PO-1", *lines: Line, **changed: Any) -> Document:
    """A delivery; of one line if none is given."""
    return replace(Document(ident, DocumentKind.RECEIPT, "某某医疗", None, lines or (line(),)), **changed)


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    """A line of any form."""
    serials = tuple(draw(st.lists(TEXTS, max_size=4, unique=True)))
    texts = {name: draw(st.none() | TEXTS) for name in ("lot", "box", "storage")}
    di = draw(st.none() | DIS)
    return Line(
        number,
        draw(TEXTS),
        len(serials) or draw(st.integers(1, 1000)),
        di=di,
        item=draw(TEXTS if di is None else st.none() | TEXTS),
        serials=tuple(f"{number}{serial}" for serial in serials),
        sscc=draw(st.sampled_from((None, "106141412345678908"))),
        in_scope=draw(st.sampled_from((None, True, False))),
        made=draw(DAYS),
        **texts,
    )


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """A document of any form."""
    numbers = draw(st.lists(st.integers(1, 2000), min_size=1, max_size=4, unique=True))
    return Document(
        draw(IDENTS),
        draw(st.sampled_from(DocumentKind)),
        draw(st.none() | TEXTS),
        draw(st.none() | TEXTS),
        tuple(draw(lines(number)) for number in sorted(numbers)),
        draw(st.integers(1, 2**31 - 1)),
        draw(DAYS),
    )


BY = "hub-documents"
KEY = new_key()
AUTHORITY = Authority(BY, public_half(KEY), frozenset(("document",)))
TABLE = (
    f'\n[[authority]]\nname = "{BY}"\npublic_key = "{base64.b64encode(AUTHORITY.public_key).decode()}"\n'
    'may = ["document"]\n'
)
"""As it stands in a station's file."""


def payload(said: Document, *, by: str = BY, key: bytes = KEY) -> bytes:
    """The notice of a document."""
    return signed(said, by=by, key=key).encode()


def altered(notice: bytes, **changed: Any) -> bytes:
    """The same notice with other words around what was signed."""
    return json.dumps({**json.loads(notice), **changed}, ensure_ascii=False, separators=(",", ":")).encode()
