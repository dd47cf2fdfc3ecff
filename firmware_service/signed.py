"""Whether something was signed by whom it should have been: Ed25519 (RFC 8032), with what kind of thing is said.

The same form as the hub's own signatures. Whose key counts stands in the site's settings on the device.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

What = Literal["configuration", "time"]
_CONTEXT = b"udi-station signature 1\n"


class SignatureError(ValueError):
    """Not signed by somebody whose word counts here; the text says by whom it should have been."""


def demand(what: What, said: bytes, *, by: str, sig: str, keys: Mapping[str, bytes]) -> None:
    """Go on only with what was signed.

    Args:
        what: what kind of thing is said.
        said: the exact bytes.
        by: who is said to have signed.
        sig: the signature in base64.
        keys: public keys (32 bytes) of those who may say this here, by name.

    Raises:
        SignatureError: it was not.
    """
    if by not in keys:
        raise SignatureError(f"{by!r} may not sign a {what} here; expected one of {sorted(keys)}")
    try:
        given = base64.b64decode(sig, validate=True)
        Ed25519PublicKey.from_public_bytes(keys[by]).verify(given, _CONTEXT + what.encode() + b"\n" + said)
    except (InvalidSignature, binascii.Error, ValueError):
        raise SignatureError(f"the signature of {by!r} does not fit: changed on the way, or forged") from None
