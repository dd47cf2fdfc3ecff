"""The first slot on a device: from the layers on the card to the current release. Standard library only."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sys
import sysconfig
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from firmware_service.card.errors import CardError
from firmware_service.places import Places
from hardware.host.files import replace, sync_folder

_PIECE = 1 << 20


class FirstStartError(CardError):
    """It did not come through; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs this program."""

    architecture: str
    """As Python was built for: a 32-bit system on a 64-bit kernel is 32-bit."""
    python: str
    """Such as ``cp313``."""


HERE = Machine(sysconfig.get_platform().partition("-")[2], f"cp{sys.version_info.major}{sys.version_info.minor}")


def refuse_other_machine(manifest: dict[str, Any], machine: Machine) -> None:
    """Go on only with a release that runs here; the boot partition does not tell 32-bit systems from 64-bit ones.

    Raises:
        FirstStartError: it does not.
    """
    wanted = Machine(manifest["runs"]["architecture"], manifest["runs"]["python"])
    if wanted != machine:
        raise FirstStartError(
            f"the release is for {wanted.architecture} with Python {wanted.python}, this system is "
            f"{machine.architecture} with {machine.python}: use the image that the card was prepared for, 64-bit"
        )


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
        part.chmod(0o755)  # the station is another user
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
    """A line for each file and link: SHA-256, kind (``f``, ``x`` when it can be run, ``l`` link), name."""
    for file in sorted(tree.rglob("*")):
        if file.is_symlink():
            yield _line(file, tree, "l", os.fsencode(file.readlink()))
        elif file.is_file():
            yield _line(file, tree, "x" if file.stat().st_mode & 0o100 else "f", file.read_bytes())


def _line(file: Path, tree: Path, kind: str, data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()} {kind} {file.relative_to(tree).as_posix()}\n"


def _commit(places: Places, manifest: dict[str, Any]) -> None:
    """There is nothing to go back to, so the first slot is committed at once. What updates have made is left alone."""
    version = manifest["version"]
    state = {
        "schema": 1,
        "committed": version,
        "previous": None,
        "floor": manifest["counter"],
        "phase": "idle",
        "target": None,
        "trial": None,
        "rollback": None,
        "failure": None,
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
