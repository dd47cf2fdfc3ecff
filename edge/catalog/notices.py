"""An order as it crosses the site: signed by two, in one message; and which of several versions counts.

A notice carries the exact bytes that were signed as a text, with the signatures of authorities that the reader's own
configuration names. Pure; where notices are kept is the station's and the hub's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from edge.catalog.orders import MOST_TEXT, SCHEMA, SIGNERS, OrderError, SiteOrder, decode, dump, iso_day, read_object
from edge.sign import Authority, Signature, SignatureError, signers

MOST_BYTES = 32 * 1024
"""Of a notice."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A signed order as it crosses the site."""

    said: SiteOrder
    body: bytes
    """The exact bytes that were signed."""
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The payload of ``udi/site/order/<id>``; always the same bytes.

        Raises:
            OrderError: too long for a notice.
        """
        payload = dump(
            {
                "schema": SCHEMA,
                "kind": "order",
                "id": self.said.order.order,
                "version": self.said.version,
                "expires": iso_day(self.said.ends),
                "sha256": hashlib.sha256(self.body).hexdigest(),
                "body": self.body.decode(),
                "sig": [{"by": each.by, "sig": each.sig} for each in self.signatures],
            }
        )
        if len(payload) > MOST_BYTES:
            raise OrderError(
                f"order {self.said.order.order!r} makes a notice of {len(payload)} bytes, at most {MOST_BYTES}: "
                "make several orders of it"
            )
        return payload

    def demand_signed(self, authorities: Iterable[Authority]) -> frozenset[str]:
        """Who signed it.

        Raises:
            OrderError: a signature does not fit or is of nobody known here, or fewer than two authorities signed.
        """
        try:
            who = signers("order", self.body, self.signatures, authorities)
        except SignatureError as error:
            raise OrderError(str(error)) from None
        if len(who) < SIGNERS:
            raise OrderError(f"signed by {', '.join(sorted(who))} alone; expected {SIGNERS} authorities")
        return who


def read_notice(payload: bytes, name: str) -> Notice:
    """A notice from its bytes; who signed it is yet to be asked, see `Notice.demand_signed`.

    Args:
        payload: as it came.
        name: the order that the topic names.

    Raises:
        OrderError: no notice of schema 1 for an order of this name.
    """
    if len(payload) > MOST_BYTES:
        raise OrderError(f"{len(payload)} bytes, expected at most {MOST_BYTES}")
    match read_object(payload, "a notice"):
        case {"schema": 1, "kind": "order", "sha256": str(sha256), "body": str(text), "sig": list(given)} as data:
            body = _bytes(text)
        case _:
            raise OrderError(f"not a notice of an order of schema {SCHEMA}")
    if hashlib.sha256(body).hexdigest() != sha256:
        raise OrderError(f"its body does not have the SHA-256 {sha256[:64]!r}: changed on the way")
    said = decode(body)
    told, found = (data.get("id"), data.get("version"), data.get("expires")), _place(said)
    if told != found or said.order.order != name:
        raise OrderError(f"{(name, *told)!r} around an order {found!r}"[:MOST_TEXT])
    return Notice(said, body, tuple(_signature(each) for each in given))


def is_new(notice: Notice, known: Notice | None) -> bool:
    """Whether a notice changes what is known of its order; False for the same order once more.

    Raises:
        OrderError: it is older, or says something else under the same version.
    """
    if known is None or notice.said.version > known.said.version:
        return True
    if notice.body == known.body:
        return False
    if notice.said.version == known.said.version:
        raise OrderError(f"version {notice.said.version} was taken before, with another content")
    raise OrderError(
        f"version {notice.said.version} is older than version {known.said.version}, which was taken before"
    )


def _place(said: SiteOrder) -> tuple[str, int, str | None]:
    return said.order.order, said.version, iso_day(said.ends)


def _signature(given: object) -> Signature:
    match given:
        case {"by": str(by), "sig": str(sig)}:
            return Signature(by, sig)
    raise OrderError("not a signature: expected by and sig as texts")


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise OrderError("its body is no text that UTF-8 takes") from None
