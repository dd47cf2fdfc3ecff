"""What a catalogue folder consists of: each file by its content, and who says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from edge.catalog.write import CatalogueError
from edge.sign import Authority, Signature, SignatureError, signers
from hardware.host.files import replace

if TYPE_CHECKING:
    from edge.catalog.layer import Layer

MANIFEST = "manifest.json"
FORMAT = 1
SUFFIX = ".sqlite3"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a folder."""

    sha256: str
    kind: str
    """``base``, ``overlay``, or what another part of a site's data calls its own."""
    release: str
    """Its day, as 2026-05-01."""
    follows: str | None
    """The release of the base that an overlay changes."""
    bytes: int

    @property
    def name(self) -> str:
        """Its name in the folder."""
        return f"{self.sha256}{SUFFIX}"

    def fits(self, layer: Layer) -> None:
        """Compare with what the opened file says.

        Raises:
            CatalogueError: it is another one.
        """
        found = (layer.kind, layer.release.isoformat(), None if layer.follows is None else layer.follows.isoformat())
        if found != (self.kind, self.release, self.follows) or layer.path.stat().st_size != self.bytes:
            raise CatalogueError(f"{layer.path}: is {found}; {MANIFEST} expects {self}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder consists of, in the order in which it came: the base, then overlays, the newest last."""

    files: tuple[Entry, ...]
    said: bytes = b""
    """The exact bytes that were signed."""
    signatures: tuple[Signature, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what is said: it names every file by its content."""
        return hashlib.sha256(self.said).hexdigest()

    @property
    def layers(self) -> tuple[Entry, ...]:
        """The base and its overlays."""
        return tuple(each for each in self.files if each.kind in ("base", "overlay"))

    @property
    def base(self) -> Entry | None:
        """The base, if there is one."""
        return next((each for each in self.files if each.kind == "base"), None)

    @property
    def release(self) -> date | None:
        """Day of the newest release."""
        return max((date.fromisoformat(each.release) for each in self.layers), default=None)


def read_manifest(folder: Path, authorities: Sequence[Authority] | None) -> Manifest:
    """Read a folder's manifest.

    Args:
        folder: of a catalogue.
        authorities: one of them must have signed it; None: unsigned will do, and signatures are not looked at.

    Raises:
        CatalogueError: it is missing, damaged, contradicts itself or is not signed as it has to be.
    """
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogueError(
            f"{path}: {error.strerror}; expected a folder made by udi-station catalog import"
        ) from error
    return manifest_from(data, str(path), authorities)


def manifest_from(data: bytes, where: str, authorities: Sequence[Authority] | None) -> Manifest:
    """A manifest from its bytes, as a folder has it or as it came over the site.

    Args:
        data: as `encoded` gives them.
        where: for messages.
        authorities: see `read_manifest`.

    Raises:
        CatalogueError: see `read_manifest`.
    """
    try:
        envelope = json.loads(data)
        said = envelope["said"].encode()
        signatures = tuple(Signature(**each) for each in envelope["signatures"])
        told = json.loads(said)
        files = tuple(Entry(**each) for each in told["files"])
        found = told["format"]
        for each in files:
            _check(each)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CatalogueError(f"{where}: damaged: {error!r}; install the catalogue again") from error
    if found != FORMAT:
        raise CatalogueError(f"{where}: format {found!r}, expected {FORMAT}; update this software")
    manifest = Manifest(files, said, signatures)
    _in_order(where, manifest)
    if authorities is not None:
        try:
            signers("catalogue", said, signatures, authorities)
        except SignatureError as error:
            raise CatalogueError(f"{where}: {error}") from error
    return manifest


def said_of(files: Sequence[Entry]) -> bytes:
    """The bytes that are signed."""
    told = {"format": FORMAT, "files": [asdict(each) for each in files]}
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def write_manifest(folder: Path, said: bytes, signatures: Sequence[Signature]) -> None:
    """Swap the manifest: from here on a reader finds the new files.

    Raises:
        OSError: the former one stays.
    """
    replace(folder / MANIFEST, encoded(Manifest((), said, tuple(signatures))), mode=0o644)


def encoded(manifest: Manifest) -> bytes:
    """What is signed and by whom, as a folder has it."""
    envelope = {"said": manifest.said.decode(), "signatures": [asdict(each) for each in manifest.signatures]}
    return json.dumps(envelope, ensure_ascii=False, indent=1).encode()


def _check(entry: Entry) -> None:
    date.fromisoformat(entry.release)
    if len(entry.sha256) != 64 or not set(entry.sha256) <= set("0123456789abcdef"):  # noqa: PLR2004
        raise ValueError(f"sha256 = {entry.sha256!r}: expected 64 hex digits")  # and no path out of the folder


def _in_order(path: str, manifest: Manifest) -> None:
    """One base, first; overlays that follow it, in order of their days."""
    base = manifest.base
    for number, each in enumerate(manifest.layers):
        if (each.kind == "base") != (number == 0):
            raise CatalogueError(f"{path}: {each.kind} of {each.release} at {number + 1}; expected one base, first")
        if each.kind == "overlay" and (base is None or each.follows != base.release):
            raise CatalogueError(f"{path}: overlay of {each.release} follows the base of {each.follows}, not this one")
    days = [each.release for each in manifest.layers]
    if days != sorted(days):
        raise CatalogueError(f"{path}: overlays in the order {days}, expected the oldest first")
