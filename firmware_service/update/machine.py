"""What this machine is, as far as a release must fit it."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from firmware_service.release.manifest import Runs

UPDATER = 1
"""The number of this updater: raised when manifests ask for what older ones cannot do."""


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine."""

    architecture: str
    """As the kernel says it."""
    python: str
    """Such as ``cp313``."""
    system: str
    """Code name of the operating system, such as ``trixie``; empty when it does not say."""
    updater: int = UPDATER

    @classmethod
    def here(cls, root: Path = Path("/")) -> Machine:
        """The machine this process runs on; its operating system is the one under `root`."""
        try:
            release = platform.freedesktop_os_release() if root == Path("/") else _read_release(root)
        except OSError:
            release = {}
        python = f"cp{sys.version_info.major}{sys.version_info.minor}"
        return cls(platform.machine(), python, release.get("VERSION_CODENAME", ""))


def refusals(runs: Runs, machine: Machine) -> list[str]:
    """Why a release does not run here, a text each; empty when it does. Its packages are looked at at installation."""
    found = []
    if machine.architecture != runs.architecture:
        found.append(f"it is for {runs.architecture}, this is {machine.architecture}")
    if machine.python != runs.python:
        found.append(f"it is for Python {runs.python}, this has {machine.python}")
    if machine.system not in runs.systems:
        found.append(f"it is for {', '.join(runs.systems)}, this is {machine.system or 'a system without a code name'}")
    if machine.updater < runs.updater:
        found.append(f"it needs updater {runs.updater}, this is {machine.updater}: write the card anew")
    return found


def _read_release(root: Path) -> dict[str, str]:
    lines = (root / "etc/os-release").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: value.strip("\"'") for name, _, value in pairs}
