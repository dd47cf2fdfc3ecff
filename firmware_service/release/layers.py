"""Layers of a release: a tar packed with Zstandard, or the difference to an older one (``zstd --patch-from``).

A layer lists its own entries in ``layers/<name>``: so an installed tree gives its tar again, to the byte, and a device
needs no second copy to apply a patch to. https://datatracker.ietf.org/doc/html/rfc8878
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import zstandard

from firmware_service.release.manifest import Layer, LayerName, Patch
from firmware_service.release.tars import ArchiveError, Digest, DigestReader, names_of, unpack_tar, write_tar

LEVEL = 19
WINDOW_LOG = 23
"""8 MiB: what a device needs of memory to unpack a layer."""
MOST_BASE_LOG = 27
"""128 MiB: of two tars of which one is made a patch; a device holds the older one in memory."""
_PIECE = 256 * 1024


def listing(name: LayerName) -> str:
    """Where a layer lists its entries, itself included, a line each."""
    return f"layers/{name}"


def write_layer(tree: Path, name: LayerName, out: Path) -> Digest:
    """Write a tree's tar, with its listing; the listing is put into the tree."""
    file = tree / listing(name)
    file.parent.mkdir(exist_ok=True)
    file.touch()
    file.write_text("".join(f"{entry}\n" for entry in names_of(tree)), encoding="utf-8")
    return write_tar(tree, names_of(tree), out)


def installed_tar(slot: Path, name: LayerName, out: Path) -> Digest:
    """The tar of a layer again, from the tree it was unpacked into together with others.

    Raises:
        ArchiveError: the tree does not list it or has lost a part of it.
        OSError: it cannot be read, or `out` cannot be written.
    """
    file = slot / listing(name)
    if not file.is_file():
        raise ArchiveError(f"{file}: no such listing")
    return write_tar(slot, file.read_text(encoding="utf-8").splitlines(), out)


def pack(tar: Path, out: Path) -> Digest:
    """Pack a tar."""
    params = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=WINDOW_LOG, enable_ldm=True, write_checksum=True, threads=2
    )
    return _compress(zstandard.ZstdCompressor(compression_params=params), tar, out)


def make_patch(base: Path, tar: Path, out: Path) -> Digest:
    """Write what makes `tar` of `base`.

    Raises:
        ArchiveError: they are too large for that.
    """
    _refuse_large(base, tar)
    params = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, window_log=MOST_BASE_LOG, enable_ldm=True, write_checksum=True
    )
    compressor = zstandard.ZstdCompressor(dict_data=_dictionary(base), compression_params=params)
    return _compress(compressor, tar, out)


def apply_patch(base: Path, patch: Path, made: Patch, layer: Layer, out: Path) -> None:
    """Make a layer's tar of the older tar.

    Args:
        base: the older tar.
        patch: the file.
        made: what the manifest says of the patch.
        layer: what the manifest says of the layer.
        out: the tar; whole and right when this returns.

    Raises:
        ArchiveError: it is another base, or another tar would come out.
        OSError: a file cannot be read or written.
    """
    if _sha256(base) != made.base:
        raise ArchiveError(f"{base}: not the tar that the patch was made from")
    _refuse_large(base)
    decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(base), max_window_size=1 << MOST_BASE_LOG)
    _expand(decompressor, patch, layer, out)


def unpack_to_tar(packed: Path, layer: Layer, out: Path) -> None:
    """The tar in a layer's file.

    Raises:
        ArchiveError: it is not what the manifest says.
        OSError: a file cannot be read or written.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << WINDOW_LOG)
    _expand(decompressor, packed, layer, out)


def unpack(packed: Path, layer: Layer, into: Path, on_file: Callable[[str], object] = lambda _: None) -> None:
    """Unpack a layer into a tree; every file is flushed.

    Args:
        packed: the layer's file, whose SHA-256 was verified.
        layer: what the manifest says of it.
        into: the tree; another layer may be there, but nothing of this one's.
        on_file: told the name of each entry once it is written.

    Raises:
        ArchiveError: it is not what the manifest says: throw the tree away.
        OSError: the tree cannot be written.
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << WINDOW_LOG)
    with packed.open("rb") as source, decompressor.stream_reader(source) as stream:
        reader = DigestReader(stream, layer.tar_size)
        try:
            unpack_tar(reader, into, on_file)
            reader.drain()
        except zstandard.ZstdError as error:
            raise ArchiveError(f"{packed}: {error}") from error
    _refuse_other(packed, reader.digest(), layer)


def unpack_plain(tar: Path, layer: Layer, into: Path, on_file: Callable[[str], object] = lambda _: None) -> None:
    """`unpack` for a tar that a patch gave."""
    with tar.open("rb") as source:
        reader = DigestReader(source, layer.tar_size)
        unpack_tar(reader, into, on_file)
        reader.drain()
    _refuse_other(tar, reader.digest(), layer)


def _expand(decompressor: zstandard.ZstdDecompressor, packed: Path, layer: Layer, out: Path) -> None:
    with packed.open("rb") as source, decompressor.stream_reader(source) as stream, out.open("wb") as file:
        reader = DigestReader(stream, layer.tar_size)
        try:
            while piece := reader.read(_PIECE):
                file.write(piece)
        except zstandard.ZstdError as error:
            raise ArchiveError(f"{packed}: {error}") from error
    _refuse_other(packed, reader.digest(), layer)


def _compress(compressor: zstandard.ZstdCompressor, source: Path, out: Path) -> Digest:
    with source.open("rb") as tar, out.open("wb") as packed:
        compressor.copy_stream(tar, packed, size=source.stat().st_size)
    return Digest(_sha256(out), out.stat().st_size)


def _dictionary(base: Path) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base.read_bytes(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _refuse_large(*tars: Path) -> None:
    for tar in tars:
        if tar.stat().st_size > 1 << MOST_BASE_LOG:
            raise ArchiveError(f"{tar}: {tar.stat().st_size} bytes, a patch takes at most {1 << MOST_BASE_LOG}")


def _refuse_other(file: Path, found: Digest, layer: Layer) -> None:
    if found != Digest(layer.tar_sha256, layer.tar_size):
        expected = f"{layer.tar_size} bytes with SHA-256 {layer.tar_sha256}"
        raise ArchiveError(f"{file}: expected a tar of {expected}, found {found.size} with {found.sha256}")


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
