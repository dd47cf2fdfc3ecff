"""The release on a card: the newest that fits, believed on the technician's PC, for a first start without network.

A fresh Raspberry Pi OS has neither the framework's client nor, for certain, Zstandard, and whoever can write to the
card could write a first start of their own. So the signatures are judged here, before anything is written; the card has
the SHA-256 of each file and the layers as gzip, which every Python reads. The station itself judges signatures from its
first update on.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import zstandard
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import TargetFile
from tuf.api.serialization import DeserializationError
from tuf.ngclient import FetcherInterface, Updater

from firmware_service.card.errors import CardError
from firmware_service.card.private_keys import refuse_private_key
from firmware_service.card.recognise import System
from firmware_service.release.manifest import Layer, Manifest, ManifestError, read_manifest

GZIP_LEVEL = 6
_METADATA = "metadata"
_PIECE = 1 << 20
_MOST_KEY_FILE = 1 << 20
_ARCHITECTURE = "aarch64"
_PYTHONS = {"bookworm": "cp311", "trixie": "cp313"}


class BundleError(CardError):
    """No release that may or can go on this card; nothing was written."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A release as it lies on the card."""

    manifest: Manifest
    files: dict[str, bytes]
    """By name below the card's folder: ``manifest.json`` as it was signed, ``layer/<tar's SHA-256>.tar.gz``, and the
    signed ``metadata``."""


def read_bundle(folder: Path, root: bytes, channel: str, system: System, now: datetime) -> Bundle:
    """Read and judge a repository of releases in a folder.

    Args:
        folder: with ``metadata``, ``release`` and ``blob``.
        root: the metadata with which trust begins.
        channel: whose newest release is taken.
        system: of the card.
        now: UTC.

    Raises:
        BundleError: it is not signed by who may, out of date, not whole, or has nothing for this system.
        PrivateKeyError: a key lies in it.
        OSError: it cannot be read.
    """
    _refuse_keys(folder)
    try:
        targets = _believed(folder, root, now)
        manifest, data = _newest(folder, targets, channel, system)
        layers = {f"layer/{layer.tar_sha256}.tar.gz": _repacked(folder, layer) for layer in manifest.layers}
    except (RepositoryError, DownloadError, DeserializationError, ManifestError, ValueError) as error:
        raise BundleError(f"{folder}: {error}: bring a fresh, whole copy of the repository") from error
    metadata = {f"{_METADATA}/{file.name}": file.read_bytes() for file in sorted((folder / _METADATA).glob("*.json"))}
    return Bundle(manifest, {**metadata, "manifest.json": data, **layers})


def _refuse_keys(folder: Path) -> None:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.stat().st_size <= _MOST_KEY_FILE:
            refuse_private_key(str(file), file.read_bytes())


def _believed(folder: Path, root: bytes, now: datetime) -> dict[str, TargetFile]:
    with TemporaryDirectory() as cache:
        updater = Updater(cache, _METADATA, fetcher=_Folder(folder), bootstrap=root)
        updater._trusted_set.reference_time = now  # noqa: SLF001 - the framework has no other way to say the time
        updater.refresh()
        return dict(updater._trusted_set.targets.targets)  # noqa: SLF001 - nor to list what there is


def _newest(folder: Path, targets: dict[str, TargetFile], channel: str, system: System) -> tuple[Manifest, bytes]:
    found = [
        (read_manifest(data), data)
        for path, target in targets.items()
        if path.startswith(f"release/{channel}/")
        for data in (_verified(folder, target),)
    ]
    fitting = [each for each in found if _fits(each[0], system)]
    if not fitting:
        raise BundleError(
            f"{folder}: none of {len(found)} releases in channel {channel} is for {system.codename} on {_ARCHITECTURE}"
        )
    return max(fitting, key=lambda each: each[0].counter)


def _fits(manifest: Manifest, system: System) -> bool:
    runs = manifest.runs
    wanted = (_ARCHITECTURE, _PYTHONS[system.codename])
    return (runs.architecture, runs.python) == wanted and system.codename in runs.systems


def _verified(folder: Path, target: TargetFile) -> bytes:
    data = (folder / target.get_prefixed_paths()[0]).read_bytes()
    target.verify_length_and_hashes(data)
    return data


def _repacked(folder: Path, layer: Layer) -> bytes:
    """A layer's tar as gzip, always the same bytes; the tar is what the manifest promises."""
    digest, size, packed = hashlib.sha256(), 0, io.BytesIO()
    with gzip.GzipFile("", "wb", GZIP_LEVEL, packed, mtime=0) as out:
        for piece in _unpacked(folder / f"blob/{layer.sha256}.tar.zst"):
            digest.update(piece)
            size += len(piece)
            if size > layer.tar_size:
                break
            out.write(piece)
    if (digest.hexdigest(), size) != (layer.tar_sha256, layer.tar_size):
        raise BundleError(f"{folder}: layer {layer.name} is not what the manifest promises: bring a whole copy")
    return packed.getvalue()


def _unpacked(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            read: Callable[[], bytes] = lambda: reader.read(_PIECE)  # noqa: E731
            yield from iter(read, b"")
    except zstandard.ZstdError as error:
        raise BundleError(f"{file}: {error}: bring a whole copy") from error


class _Folder(FetcherInterface):
    """Metadata from a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            yield (self._folder / url).read_bytes()
        except FileNotFoundError:
            raise DownloadHTTPError(f"{url} is not there", 404) from None
        except OSError as error:
            raise DownloadError(str(error)) from error
