"""A document as it crosses the site: one message, signed by one authority for documents, retained at the broker.

The notice carries the exact bytes that were signed, packed: lines repeat themselves, and a thousand of them fit. Pure;
where notices are kept is the station's and the hub's business.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from edge.documents import SCHEMA, Document, DocumentError, decode, encode
from edge.sign import Authority, Signature, SignatureError, sign, signers

TOPICS = "udi/site/document/+"
"""The last level is the document's number."""
MOST_BYTES = 32 * 1024
"""Of a notice."""
MOST_UNPACKED = 4 * 1024 * 1024
"""Of a document: more than any that `edge.documents` takes and a notice holds."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A signed version of a document."""

    said: Document
    body: bytes
    """The exact bytes that were signed."""
    signature: Signature

    def encode(self) -> bytes:
        """The payload of ``udi/site/document/<id>``.

        Raises:
            DocumentError: too long for a notice.
        """
        said = self.said
        told = {
            "schema": SCHEMA,
            "kind": "document",
            "id": said.ident,
            "version": said.version,
            "expires": None if said.expires is None else said.expires.isoformat(),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "body": base64.b64encode(zlib.compress(self.body, 9)).decode("ascii"),
            "sig": {"by": self.signature.by, "sig": self.signature.sig},
        }
        payload = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > MOST_BYTES:
            raise DocumentError(
                f"document {said.ident} of {len(said.lines)} lines makes a notice of {len(payload)} bytes, at most "
                f"{MOST_BYTES}: make several documents of it"
            )
        return payload

    def demand_signed(self, authorities: Iterable[Authority]) -> None:
        """Refuse what nobody signed who may.

        Raises:
            DocumentError: the signature does not fit, or is of nobody who may sign documents here.
        """
        try:
            signers("document", self.body, (self.signature,), authorities)
        except SignatureError as error:
            raise DocumentError(str(error)) from None


def signed(said: Document, *, by: str, key: bytes) -> Notice:
    """Sign a document; the same document and key give the same signature.

    Raises:
        DocumentError: it has no form to sign.
    """
    body = encode(said)
    return Notice(said, body, sign("document", body, by=by, key=key))


@dataclass(frozen=True, slots=True)
class Head:
    """What a notice says of its document."""

    ident: str
    version: int
    expires: str | None


def read_notice(payload: bytes, name: str) -> Notice:
    """A notice from its bytes; who signed it is yet to be asked, see `Notice.demand_signed`.

    Args:
        payload: as it came.
        name: the document that the topic names.

    Raises:
        DocumentError: no notice of schema 1 for a document of this name.
    """
    head, body, signature = _open(payload)
    said = decode(body)
    found = Head(said.ident, said.version, None if said.expires is None else said.expires.isoformat())
    if head != found or said.ident != name:
        raise DocumentError(f"{head} for {name!r} around a document {found}"[:300])
    return Notice(said, body, signature)


def read_head(payload: bytes) -> Head:
    """What a notice says that was read before: whether it is still as it was is looked at, its lines are not.

    Raises:
        DocumentError: it is damaged.
    """
    return _open(payload)[0]


def _open(payload: bytes) -> tuple[Head, bytes, Signature]:
    if len(payload) > MOST_BYTES:
        raise DocumentError(f"{len(payload)} bytes, expected at most {MOST_BYTES}")
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError):
        raise DocumentError(f"not a notice: expected JSON in UTF-8, found {payload[:40]!r}") from None
    match data:
        case {
            "schema": 1,
            "kind": "document",
            "id": str(ident),
            "version": int(version),
            "expires": str() | None as expires,
            "sha256": str(sha256),
            "body": str(packed),
            "sig": {"by": str(by), "sig": str(sig)},
        }:
            body = _unpack(packed)
        case _:
            raise DocumentError(f"not a notice of a document of schema {SCHEMA}")
    if hashlib.sha256(body).hexdigest() != sha256:
        raise DocumentError(f"its body does not have the SHA-256 {sha256[:64]!r}: changed on the way")
    return Head(ident, version, expires), body, Signature(by, sig)


def _unpack(packed: str) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        body = unpacking.decompress(base64.b64decode(packed, validate=True), MOST_UNPACKED)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise DocumentError(f"its body is not packed as a notice's: {error}") from None
    if not unpacking.eof:
        raise DocumentError(f"its body is cut off, or has more than {MOST_UNPACKED} bytes")
    return body
