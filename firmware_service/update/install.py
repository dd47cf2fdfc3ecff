"""From layers to a slot: whole under its name, or not there at all. The same release gives the same bytes every time.

A layer comes whole, or as the difference to the same layer of the kept slot, or not at all where that slot has it: the
tar it gives is the one the manifest names in each case.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from firmware_service.release.layers import apply_patch, installed_tar, unpack, unpack_plain
from firmware_service.release.manifest import Layer, Manifest, Patch, write_manifest
from firmware_service.release.tars import ArchiveError, Digest
from firmware_service.update.guard import At, entry
from hardware.host.files import FULL, sync_file, sync_folder

MANIFEST = "manifest.json"
HASHES = "hashes"
"""A line for each file: SHA-256, kind and path, as `guard.complete` reads it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The slot to take from what did not change."""

    slot: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Bench:
    """Where an update is put together.

    Attributes:
        folder: of its files; on the disk of the slots.
        kept: None when there is none.
    """

    folder: Path
    kept: Kept | None

    def blob(self, layer: Layer) -> Layer | Patch | None:
        """What has to come for a layer; None: nothing."""
        if self.kept is None or self._whole(layer).exists():
            return layer
        old = self.kept.manifest.layer(layer.name)
        if old.tar_sha256 == layer.tar_sha256:
            return None
        return next((patch for patch in layer.patches if patch.base == old.tar_sha256), layer)

    def file(self, blob: Layer | Patch) -> Path:
        """Where it comes to."""
        return self.folder / blob.sha256

    def make_ready(self, layer: Layer) -> bool:
        """Read back what came, and make the tar where it did not come whole; it is on the disk when this returns.

        Returns:
            Whether it is right; else it has to come again, and whole where the kept slot was of no use.

        Raises:
            OSError: the disk is full, or what came cannot be read.
        """
        blob = self.blob(layer)
        if blob is not None and _sha256(self.file(blob)) != blob.sha256:
            self.file(blob).unlink(missing_ok=True)
            return False
        if isinstance(blob, Layer):
            return True
        try:
            self._make_tar(layer, blob)
            sync_file(self._tar(layer))
            sync_folder(self.folder)
        except (ArchiveError, UnicodeError, OSError) as error:
            if isinstance(error, OSError) and error.errno in FULL:
                raise
            self._whole(layer).touch()  # the kept slot is damaged, or cannot be read
            return False
        return True

    def is_ready(self, layer: Layer) -> bool:
        """Whether there is what `unpack` needs; not so when the kept slot was lost since `make_ready`."""
        blob = self.blob(layer)
        return (self.file(blob) if isinstance(blob, Layer) else self._tar(layer)).exists()

    def unpack(self, layer: Layer, into: Path, at: At) -> None:
        """Unpack what `make_ready` found right.

        Raises:
            ArchiveError: the release itself is wrong.
            OSError: the disk.
        """
        blob = self.blob(layer)
        if isinstance(blob, Layer):
            unpack(self.file(blob), layer, into, at)
        else:
            unpack_plain(self._tar(layer), layer, into, at)

    def _make_tar(self, layer: Layer, patch: Patch | None) -> None:
        assert self.kept is not None  # noqa: S101 - else the layer comes whole
        if patch is None:
            made = installed_tar(self.kept.slot, layer.name, self._tar(layer))
            if made != Digest(layer.tar_sha256, layer.tar_size):
                raise ArchiveError(f"{self.kept.slot}: its layer {layer.name} is not what was installed")
            return
        base = self.folder / "base.tar"
        installed_tar(self.kept.slot, layer.name, base)
        apply_patch(base, self.file(patch), patch, layer, self._tar(layer))
        base.unlink()

    def _tar(self, layer: Layer) -> Path:
        return self.folder / f"{layer.name}.tar"

    def _whole(self, layer: Layer) -> Path:
        return self.folder / f"{layer.name}.whole"


def write_slot(bench: Bench, manifest: Manifest, slots: Path, at: At) -> None:
    """Write the slot beside, flush it, give it its name.

    Args:
        bench: with all layers ready.
        manifest: of the release.
        slots: the folder of the slots.
        at: told of each step.

    Raises:
        ArchiveError: the release itself is wrong; nothing is left of it.
        OSError: the disk; nothing is left of it.
    """
    part = slots / f"{manifest.version}.part"
    remove_slot(slots / manifest.version, at)
    shutil.rmtree(part, ignore_errors=True)
    try:
        _write_aside(bench, manifest, part, at)
    except (ArchiveError, OSError):
        shutil.rmtree(part, ignore_errors=True)  # a full disk is the station's too
        raise
    at("slot written")
    part.rename(slots / manifest.version)
    at("slot named")
    sync_folder(slots)


def _write_aside(bench: Bench, manifest: Manifest, part: Path, at: At) -> None:
    part.mkdir(parents=True)
    part.chmod(0o755)  # whatever the umask: the station is another user
    for layer in manifest.layers:
        at(f"{layer.name}: begin")
        bench.unpack(layer, part, lambda name: at(f"{layer.name}: {name}"))  # noqa: B023 - called within this round
    at("manifest")
    _write(part / MANIFEST, write_manifest(manifest))
    at("hashes")
    _write(part / HASHES, _hashes(part).encode())
    sync_folder(part)


def remove_slot(slot: Path, at: At) -> None:
    """Remove a slot; it loses its name first, so that half of one is never taken for a whole."""
    if not slot.exists():
        return
    part = slot.with_name(f"{slot.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    at(f"remove {slot.name}: unname")
    slot.rename(part)
    at(f"remove {slot.name}: remove")
    shutil.rmtree(part)


def _hashes(slot: Path) -> str:
    found = sorted(path for path in slot.rglob("*") if path.is_symlink() or path.is_file())
    return "".join(_line(path, slot) for path in found)


def _line(path: Path, slot: Path) -> str:
    kind, sha256 = entry(path)
    return f"{sha256} {kind} {path.relative_to(slot).as_posix()}\n"


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
