"""Which cards count no more: one signed list for a whole site, of which each version holds all numbers.

What is signed is a text of lines: the word ``revoked``, the version, then the numbers. No card begins like that, so
neither can be passed off as the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from edge.cards import NUMBER
from edge.sign import Authority, Signature, SignatureError, sign, signers

TOPIC = "udi/site/cards/revoked"
"""Where the hub keeps it, retained."""
SCHEMA = 1
MOST_BYTES = 32 * 1024
MOST_VERSION = 2**53 - 1
"""What JSON readers take exactly."""


class RevocationError(ValueError):
    """A list that is none, is too long, or is of nobody who may say this."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """One version of the list."""

    version: int
    """Only ever rises."""
    numbers: tuple[str, ...]
    """Of cards, ascending."""
    signature: Signature

    def encode(self) -> bytes:
        """The payload of ``udi/site/cards/revoked``; always the same bytes.

        Raises:
            RevocationError: too long for a notice.
        """
        whole = {
            "schema": SCHEMA,
            "version": self.version,
            "numbers": self.numbers,
            "by": self.signature.by,
            "sig": self.signature.sig,
        }
        payload = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > MOST_BYTES:
            raise RevocationError(
                f"{len(self.numbers)} numbers make {len(payload)} bytes, at most {MOST_BYTES}: "
                "make a new key and print all cards anew"
            )
        return payload

    def demand_signed(self, authorities: Iterable[Authority]) -> None:
        """Check the signature.

        Raises:
            RevocationError: it does not fit, or is of nobody who may sign cards here.
        """
        try:
            signers("cards", _said(self.version, self.numbers), [self.signature], authorities)
        except SignatureError as error:
            raise RevocationError(str(error)) from None


def revoke(numbers: Iterable[str], version: int, key: bytes, by: str) -> Revoked:
    """A signed list.

    Args:
        numbers: of all cards that count no more.
        version: higher than that of every list before.
        key: the private key of the authority `by`, 32 bytes.
        by: its name.
    """
    ordered = tuple(sorted(set(numbers)))
    return Revoked(version, ordered, sign("cards", _said(version, ordered), by=by, key=key))


def read_revoked(payload: bytes) -> Revoked:
    """A list from its bytes; who signed it is yet to be asked, see `Revoked.demand_signed`.

    Raises:
        RevocationError: no list of schema 1.
    """
    if len(payload) > MOST_BYTES:
        raise RevocationError(f"{len(payload)} bytes, expected at most {MOST_BYTES}")
    match _json(payload):
        case {"schema": 1, "version": int(version), "numbers": list(numbers), "by": str(by), "sig": str(sig)} if (
            _is_version(version) and all(map(_is_number, numbers)) and numbers == sorted(set(numbers))
        ):
            return Revoked(version, tuple(numbers), Signature(by, sig))
    raise RevocationError(f"not a list of revoked cards of schema {SCHEMA}")


def _said(version: int, numbers: tuple[str, ...]) -> bytes:
    return "\n".join(("revoked", str(version), *numbers)).encode("ascii")


def _json(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _is_version(version: int) -> bool:
    return not isinstance(version, bool) and 1 <= version <= MOST_VERSION


def _is_number(number: object) -> bool:
    return isinstance(number, str) and NUMBER.fullmatch(number) is not None
