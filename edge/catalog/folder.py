"""A catalogue folder: a base, small overlays on it, and a manifest that names each file by its content.

A new file is verified and lies in the folder under its hash before the manifest that names it takes the place of the
former one by one rename. A reader that looks between two scans (`Catalog.stale`) finds the old state or the new one.
Files that no manifest names any more go at the next change; a reader that still has them open loses nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from edge.catalog.layer import Layer
from edge.catalog.manifest import MANIFEST, SUFFIX, Entry, Manifest, read_manifest, said_of, write_manifest
from edge.catalog.store import Catalog
from edge.catalog.write import About, CatalogueError, Made, Source, Writer
from edge.sign import Authority, Signature, sign
from hardware.host.files import sync_folder

LOCK = ".lock"
MERGED = "merged"
_INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs what is put into a folder."""

    by: str
    key: bytes
    """Ed25519, 32 bytes."""


@contextlib.contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Hold a folder alone while it is changed.

    Raises:
        CatalogueError: somebody else changes it now.
        OSError: it cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fd = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise CatalogueError(f"{folder}: another command changes it now; wait until that has ended") from error
    finally:
        os.close(fd)


def present(folder: Path) -> Manifest:
    """What a folder has now, whoever signed it; empty where there is no manifest yet."""
    return read_manifest(folder, None) if (folder / MANIFEST).exists() else Manifest(())


def put_in(folder: Path, file: Path, signer: Signer | None) -> Manifest:
    """Take a file that `Writer` made on this disk into service; call it within `changing`.

    Raises:
        CatalogueError: the file does not fit what is there.
        OSError: the disk refuses; the former state stays in service.
    """
    layer = Layer.open(file)
    layer.close()
    entry = _entry(file, layer)
    files = _with(folder, present(folder), entry)
    file.rename(folder / entry.name)
    sync_folder(folder)
    return swap(folder, files, signer)


def swap(folder: Path, files: Sequence[Entry], signer: Signer | None) -> Manifest:
    """Put a new manifest in place of the former; without a signer only readers that ask for none will take it."""
    said = said_of(files)
    signatures: tuple[Signature, ...] = ()
    if signer is not None:
        signatures = (sign("catalogue", said, by=signer.by, key=signer.key),)
    write_manifest(folder, said, signatures)
    return Manifest(tuple(files), said, signatures)


def sign_folder(folder: Path, signer: Signer) -> Manifest:
    """Sign what is there, after it was verified; the signature of another authority stays."""
    manifest = verify(folder, None)
    others = [each for each in manifest.signatures if each.by != signer.by]
    signatures = (*others, sign("catalogue", manifest.said, by=signer.by, key=signer.key))
    write_manifest(folder, manifest.said, signatures)
    return Manifest(manifest.files, manifest.said, signatures)


def verify(folder: Path, authorities: Sequence[Authority] | None) -> Manifest:
    """Read every file of a folder and compare it with the manifest.

    Raises:
        CatalogueError: with the first file that is not what it should be.
    """
    manifest = read_manifest(folder, authorities)
    for entry in manifest.files:
        _verify_file(folder / entry.name, entry)
    return manifest


def install(source: Path, folder: Path, authorities: Sequence[Authority] | None) -> Manifest:
    """Bring another folder's catalogue here, from a stick perhaps: copy, verify, swap. What is here already is kept.

    Raises:
        CatalogueError: it is damaged, not signed as it has to be, or older than what is here.
        OSError: it cannot be read, or the disk here refuses; the former state stays in service.
    """
    manifest = read_manifest(source, authorities)
    with changing(folder):
        demand_newer(present(folder), manifest)
        sweep(folder)
        for entry in missing(folder, manifest):
            _copy(source / entry.name, folder, entry)
        write_manifest(folder, manifest.said, manifest.signatures)
    return manifest


def missing(folder: Path, manifest: Manifest) -> list[Entry]:
    """Files that a manifest names and the folder does not have."""
    return [entry for entry in manifest.files if not (folder / entry.name).exists()]


def demand_newer(here: Manifest, manifest: Manifest) -> None:
    """Refuse to go back.

    Raises:
        CatalogueError: what is here is newer.
    """
    if here.release is not None and (manifest.release or date.min) < here.release:
        raise CatalogueError(f"a catalogue of {manifest.release}, older than what is here ({here.release})")


def take_over(folder: Path, manifest: Manifest, fetched: Sequence[Entry]) -> None:
    """Put a manifest in place whose files are all here, after those that were fetched were verified.

    Raises:
        CatalogueError: one of them is not what it should be: it is deleted.
        OSError: the disk refuses; the former state stays in service.
    """
    with changing(folder):
        for entry in fetched:
            try:
                _verify_file(folder / entry.name, entry)
            except CatalogueError:
                (folder / entry.name).unlink(missing_ok=True)
                raise
        write_manifest(folder, manifest.said, manifest.signatures)
        sweep(folder)


def merge(folder: Path, signer: Signer | None) -> Made:
    """Fold the overlays into a new base, for the maintenance window; looked up, nothing changes.

    Raises:
        CatalogueError, OSError, sqlite3.Error: the former state stays in service.
    """
    with changing(folder), contextlib.closing(Catalog.open(folder)) as catalog:
        sweep(folder)
        if catalog.release is None:
            raise CatalogueError(f"{folder}: there is nothing to merge")
        sources = tuple(Source(*each) for layer in reversed(catalog.layers) for each in layer.sources)
        out = folder / MERGED
        with Writer(out, About("base", catalog.release, sources)) as writer:
            for record in catalog.records():
                writer.add(record)
            for layer in reversed(catalog.layers):
                writer.recalls(layer.recalls())
            made = writer.finish()
        put_in(folder, out, signer)
        return made


def sweep(folder: Path) -> None:
    """Delete the files that the manifest does not name, and what was once fetched of such."""
    named = {entry.name for entry in present(folder).files}
    for file in (*folder.glob(f"*{SUFFIX}"), *folder.glob(f"{'[0-9a-f]' * 64}{SUFFIX}.part")):
        if file.name not in named:
            file.unlink(missing_ok=True)


def _with(folder: Path, here: Manifest, entry: Entry) -> list[Entry]:
    """The files of a folder once another one is there, or the reason why it cannot be."""
    day = date.fromisoformat(entry.release)
    kept = [each for each in here.files if each.kind not in ("base", "overlay")]
    if entry.kind == "base":
        if here.release is not None and day < here.release:
            raise CatalogueError(
                f"{folder}: has what was released until {here.release}, this base is of {day}; import it into an empty "
                "folder and update that with everything since"
            )
        return [entry, *kept]
    if here.base is None or entry.follows != here.base.release:
        found = None if here.base is None else here.base.release
        raise CatalogueError(
            f"{folder}: the overlay of {day} follows a base of {entry.follows}; the base here: {found}"
        )
    return [*here.layers, entry, *kept]


def _entry(file: Path, layer: Layer) -> Entry:
    follows = None if layer.follows is None else layer.follows.isoformat()
    return Entry(_sha256(file), layer.kind, layer.release.isoformat(), follows, file.stat().st_size)


def _verify_file(file: Path, entry: Entry) -> None:
    try:
        size, digest = file.stat().st_size, _sha256(file)
    except OSError as error:
        raise CatalogueError(f"{file}: {error.strerror}; {MANIFEST} names it: install the catalogue again") from error
    if (size, digest) != (entry.bytes, entry.sha256):
        raise CatalogueError(f"{file}: {size} bytes, sha256 {digest}; {MANIFEST} expects {entry.bytes} bytes: damaged")
    if entry.kind not in ("base", "overlay"):
        return
    with contextlib.closing(Layer.open(file)) as layer:
        entry.fits(layer)
        try:
            layer.check()
        except sqlite3.DatabaseError as error:
            raise CatalogueError(f"{file}: damaged: {error}") from error


def _copy(file: Path, folder: Path, entry: Entry) -> None:
    """Copied under a name of no file, verified as it lies on this disk, then given its name."""
    incoming = folder / f"{_INCOMING}{SUFFIX}"
    with contextlib.ExitStack() as unless_whole:
        unless_whole.callback(incoming.unlink, missing_ok=True)
        try:
            shutil.copyfile(file, incoming)
        except FileNotFoundError as error:
            raise CatalogueError(f"{file}: {error.strerror}; {MANIFEST} names it: copy the whole folder") from error
        with incoming.open("rb") as copied:
            os.fsync(copied.fileno())
        _verify_file(incoming, entry)
        incoming.rename(folder / entry.name)
        unless_whole.pop_all()
    sync_folder(folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
