"""A card made ready: all is thought through before the first byte is written, and read back after the last.

In this order: the old marker goes, then our folder is filled, then come the files of the first start, ``cmdline.txt``
as the last of them, then the new marker. So a card that was pulled out in the middle starts as it came, or says by
itself that it is not whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from firmware_service.card import cloudinit, firstrun
from firmware_service.card.archive import first_start_archive
from firmware_service.card.bundle import Bundle
from firmware_service.card.errors import CardError
from firmware_service.card.fat import Boot
from firmware_service.card.first_files import FOLDER, NETWORK_CA, PROGRAM, Plan
from firmware_service.card.marker import NAME as MARKER
from firmware_service.card.marker import Marker, read_marker, sha256, write_marker, wrong_files
from firmware_service.card.private_keys import refuse_private_key
from firmware_service.card.recognise import System
from firmware_service.card.report import TOKEN
from firmware_service.card.site import Site, for_card
from firmware_service.card.site_text import station_file, write_site

SPARE = 16 * 1024 * 1024
"""Bytes that stay free for the system's own kernels and for the report."""
_CLUSTER = 32 * 1024
"""The largest there is: what a file may take more than its size."""

Told = Callable[[int], None]
"""Is told how many bytes were written since the last time."""


class PrepareError(CardError):
    """A card that could not be prepared; the text says whether something was written."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the technician asks for, with everything read."""

    site: Site
    root: bytes
    """The content of `Site.release`'s root."""
    template: str
    network_ca: bytes | None
    station: str | None = None
    place: str | None = None
    address: str | None = None
    token: str | None = None
    bundle: Bundle | None = None


def contents(wish: Wish, system: System, cmdline: bytes, instance: str) -> dict[str, bytes]:
    """All files by name, in the order in which they are written. Pure.

    Raises:
        UnknownCardError: the command line is not one of Raspberry Pi OS.
        PrivateKeyError: one of them is a key.
        EditError: the template has no [station].
    """
    plan = Plan(wish.site, instance, wish.station, wish.address or _listed_address(wish))
    kind = cloudinit if system.kind == "cloud-init" else firstrun
    found = {**_ours(wish), **kind.files(plan, cmdline)}
    for name, data in found.items():
        if not name.startswith(f"{FOLDER}/layer/"):
            refuse_private_key(name, data)
    return found


def _listed_address(wish: Wish) -> str | None:
    static = wish.site.network.static
    return None if static is None or wish.station is None else static.addresses.get(wish.station)


def _ours(wish: Wish) -> dict[str, bytes]:
    settings = write_site(for_card(wish.site)).encode()
    found = {"site.toml": settings, "root.json": wish.root, "template.toml": wish.template.encode()}
    if wish.station is not None:
        found["station.toml"] = station_file(wish.template, wish.station, wish.place or wish.station).encode()
    bundle = {} if wish.bundle is None else wish.bundle.files
    named = {f"{FOLDER}/{name}": data for name, data in {**bundle, **found}.items()}
    named[PROGRAM] = first_start_archive()
    if wish.network_ca is not None:
        named[NETWORK_CA] = wish.network_ca
    if wish.token is not None:
        named[TOKEN] = f"{wish.token}\n".encode()
    return named


def prepare(boot: Boot, wish: Wish, system: System, instance: str, now: datetime, told: Told) -> dict[str, bytes]:
    """Write a card and read it back.

    Args:
        boot: its boot partition.
        wish: what it is to become.
        system: what it is.
        instance: a new identifier.
        now: UTC.
        told: for a progress bar.

    Returns:
        What was written, by name.

    Raises:
        PrepareError: it has not the room (nothing was written), or does not give back what was written.
        FatError, OSError: it could not be written.
    """
    cmdline = boot.read("cmdline.txt") or b""
    files = contents(wish, system, cmdline, instance)
    files[MARKER] = write_marker(_marker(wish, system, instance, now, files))
    gone = _stale(boot, files)
    _refuse_full(boot, files)
    boot.remove(MARKER)
    boot.flush()
    for name in gone:
        boot.remove(name)
    for name, data in files.items():
        if name == MARKER:
            boot.flush()
        boot.write(name, data)
        told(len(data))
    boot.flush()
    _read_back(boot, files)
    return files


def _marker(wish: Wish, system: System, instance: str, now: datetime, files: Mapping[str, bytes]) -> Marker:
    return Marker(
        site=wish.site.site.name,
        station=wish.station,
        place=wish.place,
        kind=system.kind,
        edition=system.edition.isoformat(),
        instance=instance,
        prepared=now.isoformat(timespec="seconds"),
        release=None if wish.bundle is None else wish.bundle.manifest.version,
        files={name: sha256(data) for name, data in files.items()},
    )


def _stale(boot: Boot, files: Mapping[str, bytes]) -> list[str]:
    """What an earlier preparation left and this one does not replace, such as an old token."""
    there = [f"{FOLDER}/{name}" for name in boot.names(FOLDER)]
    inner = [
        f"{FOLDER}/{folder}/{name}" for folder in ("layer", "metadata") for name in boot.names(f"{FOLDER}/{folder}")
    ]
    folders = (f"{FOLDER}/layer", f"{FOLDER}/metadata")
    return [name for name in [*there, *inner] if name not in files and name not in folders and name != MARKER]


def _refuse_full(boot: Boot, files: Mapping[str, bytes]) -> None:
    needed = sum(len(data) + _CLUSTER for data in files.values())
    freed = sum(len(boot.read(name) or b"") for name in files)
    free = boot.free() + freed
    if needed + SPARE > free:
        raise PrepareError(
            f"the boot partition is full: {needed / 1e6:.1f} MB are to be written and {SPARE / 1e6:.1f} MB left, "
            f"{free / 1e6:.1f} MB are free; nothing was written. Use a fresh image, whose boot partition has 512 MB"
        )


def _read_back(boot: Boot, files: Mapping[str, bytes]) -> None:
    wrong = [name for name, data in files.items() if boot.read(name) != data]
    twice = sorted(_twice(boot.names()) | _twice(boot.names(FOLDER)))
    if wrong or twice:
        boot.remove(MARKER)
        boot.flush()
        bad = ", ".join([*wrong, *(f"{name} twice" for name in twice)])
        raise PrepareError(
            f"the card does not give back what was written ({bad}): "
            "it is not prepared; write the image again, or use another card"
        )
    if faults := boot.faults():
        boot.remove(MARKER)
        boot.flush()
        raise PrepareError(f"the file system is damaged, the card is not prepared; write the image again: {faults}")


def _twice(names: list[str]) -> set[str]:
    """Names that are there more than once; FAT does not tell capitals apart."""
    lower = [name.lower() for name in names]
    return {name for name in lower if lower.count(name) > 1}


def problems(boot: Boot) -> Iterator[str]:
    """What is wrong with a card that was prepared, a text each; none when it is as it should be.

    Raises:
        MarkerError: its marker is damaged.
        FatError, OSError: it cannot be read.
    """
    data = boot.read(MARKER)
    if data is None:
        yield "not prepared, or only in part: prepare it again"
        return
    yield from wrong_files(read_marker(data), boot.read)
    yield from (f"{name} is there twice" for name in sorted(_twice(boot.names()) | _twice(boot.names(FOLDER))))
    if faults := boot.faults():
        yield f"the file system is damaged: {faults}"
