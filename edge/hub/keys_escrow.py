"""The key folder in one sealed file, so that patients can be found after the server is lost.

The file may lie anywhere; what opens it are recovery keys on paper, held by people. `need` of them have to come
together: for every group of so many holders the bundle is sealed to the first holder's key, the result to the
second's, and so on, so that only the whole group takes all layers off. With 5 holders and 3 needed these are 10 copies
of a few hundred bytes each.

Why not Shamir's scheme: the library for it that is looked after (shamir-mnemonic, SLIP-39) says of itself that it is
not for sensitive secrets, and our own would be home-made cryptography. Layers of HPKE (RFC 9180) need nothing but what
already seals patients, hold as long as one layer holds, and can be checked by reading. The price is the number of
groups, which `MOST_HOLDERS` keeps small. No passphrases: people choose them badly and forget them before the day comes.

The file is sealed, not signed: who can exchange it can offer another bundle. So what it opens to is compared with what
the stations seal to: `Check.public`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import Any

from edge.hub.keys import HubKey
from edge.seal import SealError, bound, open_with, public_half, seal_to

FORM = "udi-hub escrow 1"
MOST_HOLDERS = 8


class EscrowError(ValueError):
    """A file that is no escrow, holders who do not suffice, or a bundle that does not open."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything a hub needs to open and index patients."""

    site: str
    made: str
    """When the escrow was written: UTC, as on the wire."""
    keys: tuple[HubKey, ...]
    index_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Check:
    """How one secret of an opened bundle stands."""

    name: str
    """A kid, or ``patient-index``."""
    ok: bool
    """The key opens its sample; the index key gives its check value."""
    public: str | None = None
    """What stations must have as ``public_key`` for this kid."""


def write(bundle: Bundle, holders: Mapping[str, bytes], need: int) -> bytes:
    """The escrow file.

    Args:
        bundle: what to keep.
        holders: name -> public half of the recovery key, raw X25519.
        need: how many of them have to come together.

    Raises:
        EscrowError: too few or too many holders, or none needed.
    """
    if not 1 <= need <= len(holders) <= MOST_HOLDERS:
        raise EscrowError(f"{need} of {len(holders)} holders: expected 1 <= needed <= holders <= {MOST_HOLDERS}")
    plain = _dump(_to_json(bundle))
    groups = combinations(sorted(holders), need)
    data = {
        "form": FORM,
        "site": bundle.site,
        "made": bundle.made,
        "need": need,
        "holders": {name: _b64(public) for name, public in sorted(holders.items())},
        "samples": {key.kid: _b64(_sample(key, bundle)) for key in bundle.keys},
        "index_check": _index_check(bundle),
        "boxes": [{"holders": group, "sealed": _b64(_close(plain, group, holders, bundle))} for group in groups],
    }
    return json.dumps(data, ensure_ascii=False, indent=1).encode()


@dataclass(frozen=True, slots=True)
class Opened:
    """An escrow file that was opened."""

    bundle: Bundle
    holders: tuple[str, ...]
    """Whose keys opened it."""
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Every secret in it passed its check."""
        return all(check.ok for check in self.checks)


def needed(file: bytes) -> int:
    """How many recovery keys open this file.

    Raises:
        EscrowError: not an escrow file.
    """
    return _needed(_read(file))


def open_escrow(file: bytes, recovery_keys: Sequence[bytes]) -> Opened:
    """Open with the private halves of recovery keys, in any order; everything stays in memory.

    Raises:
        EscrowError: not an escrow file, these keys do not open it, or its content is not of this form.
    """
    data = _read(file)
    need = _needed(data)
    try:
        given = {_b64(public_half(key)): key for key in recovery_keys}
        have = {name: given[public] for name, public in data["holders"].items() if public in given}
        box = next((box for box in data["boxes"] if set(box["holders"]) <= set(have)), None)
        if box is None:
            who = ", ".join(have) or "nobody"
            raise EscrowError(f"keys of {who}: expected {need} different ones of {', '.join(data['holders'])}")
        plain = _open(base64.b64decode(box["sealed"]), box["holders"], have, data)
        bundle = _from_json(json.loads(plain), data["made"])
        return Opened(bundle, tuple(box["holders"]), tuple(_checks(bundle, data)))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, EscrowError):
            raise
        raise EscrowError(f"this escrow file is damaged: {type(error).__name__}; take another copy") from None


def _close(plain: bytes, group: Sequence[str], holders: Mapping[str, bytes], bundle: Bundle) -> bytes:
    for name in group:
        plain = seal_to(holders[name], plain, bound("escrow", bundle.site, bundle.made, name))
    return plain


def _open(sealed: bytes, group: Sequence[str], keys: Mapping[str, bytes], data: Mapping[str, Any]) -> bytes:
    for name in reversed(group):
        sealed = open_with(keys[name], sealed, bound("escrow", data["site"], data["made"], name))
    return sealed


def _sample(key: HubKey, bundle: Bundle) -> bytes:
    """Sealed as a station would seal; what opens it can be trusted to open patients."""
    public = public_half(key.private)
    return seal_to(public, key.kid.encode(), bound("escrow-sample", bundle.site, bundle.made))


def _index_check(bundle: Bundle) -> str:
    return hmac.new(bundle.index_key, b"udi-station/index-check/1", hashlib.sha256).hexdigest()


def _checks(bundle: Bundle, data: Mapping[str, Any]) -> list[Check]:
    checks = [Check(key.kid, _opens_sample(key, bundle, data), key.public) for key in bundle.keys]
    same = hmac.compare_digest(_index_check(bundle), str(data["index_check"]))
    return [*checks, Check("patient-index", same)]


def _opens_sample(key: HubKey, bundle: Bundle, data: Mapping[str, Any]) -> bool:
    sample = data["samples"].get(key.kid, "")
    context = bound("escrow-sample", bundle.site, bundle.made)
    try:
        return open_with(key.private, base64.b64decode(sample), context) == key.kid.encode()
    except SealError:
        return False


def _to_json(bundle: Bundle) -> dict[str, Any]:
    keys = [
        {"kid": key.kid, "private": _b64(key.private), "made": key.made.isoformat(), "retired": key.retired}
        for key in bundle.keys
    ]
    return {"site": bundle.site, "keys": keys, "index_key": _b64(bundle.index_key)}


def _from_json(data: Mapping[str, Any], made: str) -> Bundle:
    keys = tuple(
        HubKey(
            kid=key["kid"],
            private=base64.b64decode(key["private"]),
            made=datetime.fromisoformat(key["made"]),
            retired=key["retired"] is True,
        )
        for key in data["keys"]
    )
    return Bundle(data["site"], made, keys, base64.b64decode(data["index_key"]))


def _read(file: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(file)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.get("form") != FORM:
        raise EscrowError(f"{len(file)} bytes are no escrow file: expected JSON with form = {FORM!r}")
    return data


def _needed(data: Mapping[str, Any]) -> int:
    need = data.get("need")
    if not isinstance(need, int) or not 1 <= need <= MOST_HOLDERS:
        raise EscrowError(f"this escrow file is damaged: need = {need!r}, expected 1 to {MOST_HOLDERS}")
    return need


def _dump(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
