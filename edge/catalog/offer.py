"""A catalogue as the hub offers it to the site: its signed manifest, and where its files are. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge.catalog.manifest import Manifest, encoded, manifest_from
from edge.catalog.write import CatalogueError
from edge.sign import Authority

SCHEMA = 1
MOST_BYTES = 32 * 1024
"""Of a notice: about a hundred files, and a catalogue is merged long before that."""
ADDRESS = re.compile(r"https?://[^/\s]+(/[^\s]*)?/")


@dataclass(frozen=True, slots=True)
class Offer:
    """What ``udi/site/catalogue/current`` says."""

    manifest: Manifest
    address: str
    """The files' names follow it."""

    def encode(self) -> bytes:
        """As it is published.

        Raises:
            CatalogueError: too long for a notice.
        """
        told = {
            "schema": SCHEMA,
            "kind": "catalogue",
            "id": "current",
            "sha256": self.manifest.digest,
            "url": self.address,
            "manifest": encoded(self.manifest).decode(),
        }
        payload = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > MOST_BYTES:
            raise CatalogueError(
                f"a notice of {len(payload)} bytes for {len(self.manifest.files)} files, at most {MOST_BYTES}: "
                "run udi-station catalog merge"
            )
        return payload


def read_offer(payload: bytes, authorities: Sequence[Authority] | None) -> Offer:
    """An offer from its bytes.

    Args:
        payload: as it came.
        authorities: one of them must have signed it; None on a bench: unsigned will do.

    Raises:
        CatalogueError: it is no offer, or nobody who may signed it.
    """
    if len(payload) > MOST_BYTES:
        raise CatalogueError(f"an offer of {len(payload)} bytes, expected at most {MOST_BYTES}")
    try:
        data = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise CatalogueError(f"not an offer of a catalogue: {error}") from error
    match data:
        case {"schema": 1, "kind": "catalogue", "sha256": str(sha256), "url": str(url), "manifest": str(text)}:
            pass
        case _:
            raise CatalogueError(f"not an offer of a catalogue of schema {SCHEMA}")
    if ADDRESS.fullmatch(url) is None:
        raise CatalogueError(f"url = {url[:200]!r}: expected https://…/")
    manifest = manifest_from(text.encode(errors="replace"), "the offered catalogue", authorities)
    if manifest.digest != sha256:
        raise CatalogueError(f"the offered catalogue does not have the SHA-256 {sha256[:64]!r}: changed on the way")
    return Offer(manifest, url)
