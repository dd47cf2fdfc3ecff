"""Whether some bytes hold a private key: a card can be read by anybody. Pure."""

from __future__ import annotations

import re

from firmware_service.card.errors import CardError

_PEM = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*(?:[A-Za-z-]+: [^\n]*\n)*\s*[A-Za-z0-9+/=]{16,}"
)
"""With a body: the words alone stand in every library that reads keys."""
_JWK = re.compile(rb'"kty"\s*:.{0,4096}"d"\s*:|"d"\s*:.{0,4096}"kty"\s*:', re.DOTALL)
_TUF = re.compile(rb'"keyval"\s*:\s*\{[^{}]*"private"\s*:\s*"[^"]+"')


class PrivateKeyError(CardError):
    """A private key where none may be; the text names the file and shows nothing of it."""


def refuse_private_key(name: str, data: bytes) -> None:
    """Go on only without a key.

    Raises:
        PrivateKeyError: there is one.
    """
    if any(pattern.search(data) for pattern in (_PEM, _JWK, _TUF)):
        raise PrivateKeyError(
            f"{name} holds a private key: nothing was written. A card can be read by anybody; "
            "keys of stations are made on the stations, keys of releases stay where releases are signed"
        )
