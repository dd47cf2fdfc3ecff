"""What a technician names: an image, a whole card in a reader, or the folder where a boot partition is mounted."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from firmware_service.card.errors import CardError
from firmware_service.card.fat import Boot, BootFolder, FatPartition
from firmware_service.card.layout import boot_partition

LEAST_CARD = 7_000_000_000
"""Bytes; what is sold as 8 GB. The system takes 3, the rest is slots and what was scanned."""
_OWN_BOOT = (Path("/"), Path("/boot"), Path("/boot/firmware"), Path("/boot/efi"))


class TargetError(CardError):
    """Nothing that may be written to; the text says why and what to do."""


def open_target(path: Path, *, writing: bool, root: Path = Path("/")) -> Boot:
    """The boot partition that `path` means.

    Args:
        path: an image, a device or a folder.
        writing: refuse what is in use or too small.
        root: where ``proc`` and ``sys`` are.

    Raises:
        TargetError: it may not be written to.
        LayoutError: it has no boot partition.
        OSError: it cannot be read.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        if writing and path.resolve() in _OWN_BOOT:
            raise TargetError(f"{path} belongs to the system that runs here: give the card's folder")
        return BootFolder(path)
    is_device = stat.S_ISBLK(status.st_mode)
    if writing:
        refuse_in_use(path, f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}" if is_device else None, root)
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if writing and is_device and size < LEAST_CARD:
            raise TargetError(f"{path} has {size / 1e9:.1f} GB: too small, expected a card of 8 GB or more")
        partition = boot_partition(lambda offset, length: os.pread(file.fileno(), length, offset), size)
    return FatPartition(path, partition)


def refuse_in_use(path: Path, number: str | None, root: Path) -> None:
    """Go on only with what the system here does not use.

    Args:
        path: an image or a device.
        number: of the device, such as ``8:16``; None for an image.
        root: where ``proc`` and ``sys`` are.

    Raises:
        TargetError: it is used, and by what.
    """
    if number is None:
        for loop in _loops(path, root):
            raise TargetError(f"{path} is attached as {loop}: detach it first (losetup -d /dev/{loop})")
        return
    disk = (root / "sys/dev/block" / number).resolve()
    if not (disk / "partition").exists():
        for part in (disk, *(each.parent for each in sorted(disk.glob("*/partition")))):
            if use := _use(part, root):
                raise TargetError(
                    f"{path} is in use ({part.name}: {use}): it is a disk of this system, or unmount it first"
                )
        return
    raise TargetError(f"{path} is a partition: give the whole card, /dev/{disk.parent.name}")


def _use(part: Path, root: Path) -> str | None:
    """How a device or a partition of it is used now."""
    number = (part / "dev").read_text(encoding="ascii").strip()
    for line in (root / "proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if fields[2] == number:
            return f"mounted at {fields[4]}"
    for line in (root / "proc/swaps").read_text(encoding="utf-8").splitlines()[1:]:
        if Path(line.split()[0]).name == part.name:
            return "swap"
    holders = part / "holders"
    names = sorted(each.name for each in holders.iterdir()) if holders.is_dir() else []
    return f"held by {', '.join(names)}" if names else None


def _loops(path: Path, root: Path) -> Iterator[str]:
    for file in sorted((root / "sys/block").glob("loop*/loop/backing_file")):
        if file.read_text(encoding="utf-8").strip() == str(path.resolve()):
            yield file.parents[1].name
