"""Whether a release may be installed here: everything is asked before a single byte is written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from firmware_service.release.manifest import Manifest, Runs
from firmware_service.update.machine import Machine
from firmware_service.update.machine import refusals as machine_refusals
from firmware_service.update.packages import RangeError, fits
from firmware_service.update.slots import Slots

JOURNAL_BYTES = 200 * 1024 * 1024
"""What a station's journal takes of the disk at its first start."""
LEAST_FREE_BYTES = 64 * 1024 * 1024
"""Left beside the journal, for logs and pictures."""


@dataclass(frozen=True, slots=True)
class Here:
    """What this device is and has."""

    machine: Machine
    packages: Mapping[str, str]
    """Installed Debian packages and their versions."""
    free_bytes: int
    """Of the disk with the slots."""
    journal_bytes: int
    """Size of the journal's file; up to `JOURNAL_BYTES` of the disk are its own whether it has taken them or not."""


def refusals(manifest: Manifest, slots: Slots, kept: Manifest | None, here: Here) -> list[str]:
    """Why a release is not installed, a text each; empty when it is.

    Args:
        manifest: of the release, verified.
        slots: what this device has.
        kept: manifest of the committed slot; None when there is none.
        here: this device.
    """
    return [
        *machine_refusals(manifest.runs, here.machine),
        *_packages(manifest.runs, here.packages),
        *_history(manifest, slots, kept),
        *_space(manifest, here),
    ]


def _packages(runs: Runs, installed: Mapping[str, str]) -> Iterator[str]:
    for name, wanted in runs.packages.items():
        found = installed.get(name)
        try:
            if found is None:
                yield f"it needs the package {name} ({wanted}), which is not installed: apt-get install {name}"
            elif not fits(found, wanted):
                yield f"it needs the package {name} ({wanted}), installed is {found}"
        except RangeError as error:
            yield f"it needs the package {name}: {error}"


def _history(manifest: Manifest, slots: Slots, kept: Manifest | None) -> Iterator[str]:
    if manifest.counter < slots.floor:  # the newest one kept may come again: its slot was lost
        yield f"its counter is {manifest.counter}, this device has kept {slots.floor}: an older one is not installed"
    if manifest.version in (slots.committed, slots.previous):
        yield f"a release of version {manifest.version} is in its slot already"
    if reason := slots.refused.get(manifest.version):
        yield f"it failed here ({reason}): a newer one is needed"
    if kept is not None and kept.journal.writes < manifest.journal.opens_from:
        yield (
            f"after a rollback {kept.version} could not open the journal: it has schema {kept.journal.writes}, "
            f"{manifest.version} leaves one that is opened from {manifest.journal.opens_from} on"
        )


def needed_bytes(manifest: Manifest) -> int:
    """The most that an update takes of the disk: the slot, the packed layers, their tars, and the base of a patch."""
    base = max(layer.tar_size for layer in manifest.layers)
    return base + sum(layer.size + 2 * layer.tar_size for layer in manifest.layers)


def _space(manifest: Manifest, here: Here) -> Iterator[str]:
    left = max(0, JOURNAL_BYTES - here.journal_bytes) + LEAST_FREE_BYTES
    needed = needed_bytes(manifest)
    if here.free_bytes - left < needed:
        yield (
            f"it takes {needed / 1e6:.0f} MB, {here.free_bytes / 1e6:.0f} MB are free and {left / 1e6:.0f} MB of them "
            "stay for the journal: fit a larger card"
        )
