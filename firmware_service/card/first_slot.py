"""The first slot on a device: from the layers on the card to the current release. Standard library only."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from firmware_service.card.errors import CardError
from firmware_service.places import Places
from hardware.host.files import replace, sync_folder

_PIECE = 1 << 20


class FirstStartError(CardError):
    """It did not come through; the text says why and what to do."""


def install_slot(boot: Path, places: Places, manifest: dict[str, Any]) -> Path:
    """Unpack the layers into a slot and make it the current one; nothing is believed but what has the right SHA-256.

    Raises:
        FirstStartError: a layer is not what the manifest promises.
        OSError: the disk is full or broken.
    """
    slot: Path = places.slots / str(manifest["version"])
    if not slot.exists():
        part = slot.with_name(f"{slot.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for layer in manifest["layers"]:
            _unpack(boot / f"udi/layer/{layer['tar_sha256']}.tar.gz", layer["tar_sha256"], part)
        shutil.copyfile(boot / "udi/manifest.json", part / "manifest.json")
        (part / "hashes").write_text("".join(_hashes(part)), encoding="utf-8")
        os.sync()
        part.rename(slot)
        sync_folder(places.slots)
    _commit(places, manifest)
    return slot


def _unpack(packed: Path, sha256: str, into: Path) -> None:
    if _tar_sha256(packed) != sha256:
        raise FirstStartError(f"{packed.name} is not the release's: prepare the card again")
    with tarfile.open(packed, "r:gz") as archive:
        # It came with a late edition of Python 3.11; earlier ones have only what is refused below.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        for entry in archive:
            path = PurePosixPath(entry.name)
            if path.is_absolute() or ".." in path.parts or not (entry.isfile() or entry.isdir() or entry.issym()):
                raise FirstStartError(f"{packed.name}: {entry.name} does not belong into a release")
            archive.extract(entry, into)


def _tar_sha256(packed: Path) -> str | None:
    """None where it is no whole gzip."""
    digest = hashlib.sha256()
    try:
        with gzip.open(packed) as tar:
            while piece := tar.read(_PIECE):
                digest.update(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None
    return digest.hexdigest()


def _hashes(tree: Path) -> Iterator[str]:
    """As ``sha256sum`` writes it, in order."""
    for file in sorted(tree.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(tree).as_posix()}\n"


def _commit(places: Places, manifest: dict[str, Any]) -> None:
    """There is nothing to go back to, so the first slot is committed at once. What updates have made is left alone."""
    version = manifest["version"]
    state = {
        "schema": 1,
        "committed": version,
        "trial": None,
        "previous": None,
        "floor": manifest["counter"],
        "refused": {},
    }
    if not places.slots_file.exists():
        replace(places.slots_file, json.dumps(state).encode())
    if places.current.exists():
        return
    link = places.current.with_name("current.part")
    link.unlink(missing_ok=True)
    link.symlink_to(f"slots/{version}")
    link.replace(places.current)
    sync_folder(places.current.parent)
