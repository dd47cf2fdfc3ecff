"""Where the boot partition lies on a card, read from its first sectors alone (MBR and GPT): no tool, no mount.

MBR: https://wiki.osdev.org/MBR_(x86); GPT: UEFI Specification 2.10, section 5.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from firmware_service.card.errors import CardError

SECTOR = 512
_FAT_TYPES = {0x01, 0x04, 0x06, 0x0B, 0x0C, 0x0E}
_PROTECTIVE = 0xEE
_GPT_FAT = {
    uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"),  # EFI system partition
    uuid.UUID("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"),  # basic data
}
_MOST_ENTRIES = 256
_LEAST_ENTRY = 128

ReadAt = Callable[[int, int], bytes]
"""Offset and number of bytes to the bytes; fewer at the end."""
Table = Literal["MBR", "GPT"]


class LayoutError(CardError):
    """No card as Raspberry Pi OS makes it; the text says what was found instead."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One entry, in bytes."""

    table: Table
    number: int
    """From 1."""
    offset: int
    size: int
    fat: bool
    """By its type; whether it is one is seen in `boot_partition`."""


def boot_partition(read: ReadAt, size: int) -> Partition:
    """The partition from which the Pi starts: the first one that is FAT.

    Args:
        read: reads the card or the image.
        size: of the whole, in bytes.

    Raises:
        LayoutError: there is none, or the card ends before its partitions do.
    """
    found = partitions(read)
    for each in found:
        if each.offset + each.size > size:
            raise LayoutError(
                f"too small: partition {each.number} ends at byte {each.offset + each.size}, the whole has {size}; "
                "use a larger card, or write the image again"
            )
    fat = next((each for each in found if each.fat and _is_fat(read(each.offset, SECTOR))), None)
    if fat is None:
        raise LayoutError(f"none of its {len(found)} partitions is FAT: expected an image of Raspberry Pi OS")
    return fat


def partitions(read: ReadAt) -> list[Partition]:
    """All partitions, in the table's order.

    Raises:
        LayoutError: there is no table.
    """
    first = read(0, SECTOR)
    if len(first) < SECTOR or first[510:] != b"\x55\xaa":
        raise LayoutError("no partition table: expected a whole card or a whole image, unpacked (not .img.xz)")
    entries = list(_mbr(first))
    if any(kind == _PROTECTIVE for kind, _ in entries):
        return list(_gpt(read))
    if _is_fat(first) and not any(each.fat for _, each in entries):
        raise LayoutError("a single file system: expected the whole card, not one of its partitions")
    return [each for _, each in entries]


def _mbr(first: bytes) -> Iterator[tuple[int, Partition]]:
    for number in range(4):
        entry = first[446 + 16 * number :][:16]
        kind, start, length = entry[4], *struct.unpack_from("<II", entry, 8)
        if kind and length:
            yield kind, Partition("MBR", number + 1, start * SECTOR, length * SECTOR, kind in _FAT_TYPES)


def _gpt(read: ReadAt) -> Iterator[Partition]:
    header = read(SECTOR, SECTOR)
    if header[:8] != b"EFI PART":
        raise LayoutError("the GPT's header is damaged: write the image again")
    start, count, length = struct.unpack_from("<QII", header, 72)
    if not (_LEAST_ENTRY <= length <= SECTOR and count <= _MOST_ENTRIES):
        raise LayoutError(f"the GPT's header is damaged: {count} entries of {length} bytes; write the image again")
    entries = read(start * SECTOR, count * length)
    for number in range(len(entries) // length):
        entry = entries[number * length :][:length]
        kind = uuid.UUID(bytes_le=entry[:16])
        begin, end = struct.unpack_from("<QQ", entry, 32)
        if kind.int and end >= begin:
            yield Partition("GPT", number + 1, begin * SECTOR, (end - begin + 1) * SECTOR, kind in _GPT_FAT)


def _is_fat(sector: bytes) -> bool:
    """A FAT12, FAT16 or FAT32 boot sector."""
    if len(sector) < SECTOR or sector[510:] != b"\x55\xaa":
        return False
    names = (sector[54:59], sector[82:87])
    return any(name in (b"FAT12", b"FAT16", b"FAT32") for name in names)
