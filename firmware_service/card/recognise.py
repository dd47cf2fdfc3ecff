"""Which first start a card's operating system has: told by what lies on its boot partition, never guessed. Pure.

Raspberry Pi OS carries its date in ``issue.txt`` and, from the second edition of trixie on, templates of cloud-init's
three files. Files by edition: https://github.com/raspberrypi/rpi-imager, ``doc/os_customisation_formats.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from firmware_service.card.errors import CardError
from firmware_service.card.fat import Boot

CLOUD_INIT = ("user-data", "meta-data", "network-config")
Kind = Literal["cloud-init", "firstrun"]

_EVERY_CARD = ("cmdline.txt", "config.txt")
_BOOKWORM = date(2023, 10, 10)
"""The first edition of bookworm, and so of NetworkManager and /boot/firmware."""
_TRIXIE = date(2025, 10, 1)
"""The first edition of trixie; the last one without cloud-init."""
_STAGES = {"stage2": "Lite", "stage4": "desktop", "stage5": "full"}


class UnknownCardError(CardError):
    """No card that can be prepared; the text says what was found, what was expected and what to do."""


@dataclass(frozen=True, slots=True)
class System:
    """The operating system of a card."""

    kind: Kind
    edition: date
    codename: Literal["bookworm", "trixie"]
    variant: str
    """Lite, desktop, full, or the name of the stage."""


def recognise(boot: Boot) -> System:
    """Look at a boot partition.

    Raises:
        UnknownCardError: it is not one of the known ones.
    """
    names = {name.lower() for name in boot.names()}
    _refuse_others(names)
    issue = (boot.read("issue.txt") or b"").decode("utf-8", "replace")
    edition, variant = _edition(issue)
    return System(_kind(names, edition), edition, "trixie" if edition >= _TRIXIE else "bookworm", variant)


def _refuse_others(names: set[str]) -> None:
    missing = [name for name in _EVERY_CARD if name not in names]
    if missing:
        raise UnknownCardError(
            f"no {' and no '.join(missing)}: expected the boot partition of Raspberry Pi OS, found {_some(names)}"
        )
    if "rpi-preseed.toml" in names:
        raise UnknownCardError(
            "rpi-preseed.toml is there: an image that is set up by rpi-preseed cannot be prepared; "
            "use the image of Raspberry Pi OS (64-bit) from raspberrypi.com"
        )
    if "kernel8.img" not in names and "kernel_2712.img" not in names:
        raise UnknownCardError("no 64-bit kernel (kernel8.img): use the 64-bit image of Raspberry Pi OS")
    if "issue.txt" not in names:
        raise UnknownCardError(
            f"no issue.txt: expected Raspberry Pi OS as published, found another system with {_some(names)}"
        )


def _edition(issue: str) -> tuple[date, str]:
    told = re.search(r"Raspberry Pi reference (\d{4}-\d\d-\d\d)", issue)
    stage = re.search(r"\b(stage\d)\b", issue)
    try:
        edition = date.fromisoformat(told[1]) if told else None
    except ValueError:
        edition = None
    if edition is None:
        raise UnknownCardError(f"issue.txt says {issue[:80]!r}: expected 'Raspberry Pi reference' and a date")
    name = stage[1] if stage else "unknown stage"
    return edition, _STAGES.get(name, name)


def _kind(names: set[str], edition: date) -> Kind:
    there = [name for name in CLOUD_INIT if name in names]
    if edition < _BOOKWORM:
        raise UnknownCardError(f"edition {edition} is older than bookworm ({_BOOKWORM}): use a current image")
    if edition <= _TRIXIE:
        if there:
            raise UnknownCardError(
                f"edition {edition} has no cloud-init, but {', '.join(there)} is there: write the image again"
            )
        return "firstrun"
    if len(there) == len(CLOUD_INIT):
        return "cloud-init"
    missing = ", ".join(name for name in CLOUD_INIT if name not in there)
    raise UnknownCardError(
        f"edition {edition} should have cloud-init's files, {missing} is missing: write the image again"
    )


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:6]) or "nothing"


def with_tokens(cmdline: bytes, drop: Callable[[str], bool], add: Sequence[str]) -> bytes:
    """The kernel's command line, which has to stay one line, without some words and with others at its end.

    Raises:
        UnknownCardError: it is no command line of Raspberry Pi OS.
    """
    text = cmdline.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1 or "root=" not in lines[0]:
        raise UnknownCardError(f"cmdline.txt holds {text[:80]!r}: expected one line with root=; write the image again")
    kept = [word for word in lines[0].split() if not drop(word)]
    return (" ".join([*kept, *add]) + "\n").encode()
