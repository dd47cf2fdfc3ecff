"""Units, users, folders, device rules: what systemd is told of a slot, installed from it and taken away again.

Plain copies below ``/etc``, so that a machine shows what it does; which they are is written down, and nothing else is
ever removed. Data is never touched.
"""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from firmware_service.places import Places
from hardware.host import files

log = logging.getLogger(__name__)

Role = Literal["station", "hub", "authority"]
TIMEOUT_S = 120.0
UDEV = Path("/run/udev/control")
"""Where udev listens; a machine without it reads the rules at its next start."""
INSTALLED = Path("etc/udi-station/units.json")
"""What was installed, by role."""
TARGETS: Mapping[str, str] = {
    ".service": "etc/systemd/system",
    ".timer": "etc/systemd/system",
    ".path": "etc/systemd/system",
    "sysusers.d": "etc/sysusers.d",
    "tmpfiles.d": "etc/tmpfiles.d",
    "udev.rules.d": "etc/udev/rules.d",
    "journald.conf.d": "etc/systemd/journald.conf.d",
    "system.conf.d": "etc/systemd/system.conf.d",
}
UNITS: Mapping[Role, tuple[str, ...]] = {
    "station": (
        "udi-station.service",
        "udi-camera.service",
        "udi-room-label.service",
        "udi-identity.service",
        "udi-firmware.service",
        "udi-boot-guard.service",
        "udi-trial.service",
        "udi-trial.timer",
    ),
    "hub": ("udi-hub.service",),
    "authority": ("udi-authority.service", "udi-authority-published.service", "udi-authority-published.path"),
}
ENABLED: Mapping[Role, tuple[str, ...]] = {
    "station": tuple(name for name in UNITS["station"] if name != "udi-trial.service"),
    "hub": UNITS["hub"],
    "authority": ("udi-authority.service",),
}
"""Those that run by themselves. A site whose broker is elsewhere, or is told in another way, does without the path."""
OTHERS: Mapping[Role, tuple[str, ...]] = {
    "station": (
        "sysusers.d/udi-station.conf",
        "tmpfiles.d/udi-station.conf",
        "udev.rules.d/99-udi-station.rules",
        "journald.conf.d/50-udi-station.conf",
        "system.conf.d/50-udi-station.conf",
    ),
    "hub": ("sysusers.d/udi-hub.conf", "tmpfiles.d/udi-hub.conf"),
    "authority": ("sysusers.d/udi-authority.conf", "tmpfiles.d/udi-authority.conf"),
}


class UnitsError(OSError):
    """What could not be installed, and why."""


def run(command: Sequence[str]) -> None:
    """Run one of systemd's programs.

    Raises:
        UnitsError: it is not there, or says no.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise UnitsError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise UnitsError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-500:]}")


@dataclass(frozen=True, slots=True)
class Units:
    """Installs for one role.

    Attributes:
        source: a slot's ``systemd`` folder.
        root: ``/``, or a tree that stands for it; then nothing is started.
        role: of this machine.
        run: runs a program of systemd.
    """

    source: Path
    root: Path = Path("/")
    role: Role = "station"
    run: Callable[[Sequence[str]], None] = run

    def install(self) -> list[Path]:
        """Copy, make users and folders, enable; gives what was written. Units of before that are no more go.

        Raises:
            UnitsError: something is missing in the slot, or systemd says no; a second run goes on.
        """
        wanted = self._wanted()
        former = self._read()
        self._note({**former, self.role: sorted({*former.get(self.role, []), *map(str, wanted)})})
        for target, source in wanted.items():
            (self.root / target).parent.mkdir(parents=True, exist_ok=True)
            files.replace(self.root / target, source.read_bytes(), mode=0o644)
        self._remove(set(former.get(self.role, [])) - set(map(str, wanted)))
        self._note({**former, self.role: sorted(map(str, wanted))})
        self._apply()
        return [self.root / each for each in wanted]

    def uninstall(self) -> list[Path]:
        """Stop, disable and remove what was installed for this role; gives what was removed.

        Raises:
            UnitsError: systemd says no.
        """
        former = self._read()
        gone = former.get(self.role, [])
        names = [Path(each).name for each in gone if each.startswith("etc/systemd/system/")]
        if names:
            self.run([*self._systemctl(), "disable", *([] if self._elsewhere else ["--now"]), *names])
        self._remove(set(gone))
        self._note({role: paths for role, paths in former.items() if role != self.role})
        if not self._elsewhere:
            self.run(["systemctl", "daemon-reload"])
        return [self.root / each for each in gone]

    @property
    def stale(self) -> bool:
        """Something that is installed is not what the slot has.

        Raises:
            UnitsError: something is missing in the slot.
            OSError: a file cannot be read.
        """
        return any(
            not (self.root / target).exists() or (self.root / target).read_bytes() != source.read_bytes()
            for target, source in self._wanted().items()
        )

    @property
    def _elsewhere(self) -> bool:
        return self.root != Path("/")

    def _wanted(self) -> dict[Path, Path]:
        """Target below the root to its file in the slot."""
        found: dict[Path, Path] = {}
        for name in (*UNITS[self.role], *OTHERS[self.role]):
            source = self.source / name
            if not source.is_file():
                raise UnitsError(f"{source} is missing: is {self.source} the systemd folder of a slot?")
            folder = TARGETS[source.suffix if "/" not in name else name.partition("/")[0]]
            found[Path(folder) / source.name] = source
        return found

    def _apply(self) -> None:
        at = [f"--root={self.root}"] if self._elsewhere else []
        for program, words in (("systemd-sysusers", []), ("systemd-tmpfiles", ["--create"])):
            kind = program.removeprefix("systemd-")
            names = [Path(each).name for each in OTHERS[self.role] if each.startswith(kind)]
            self.run([program, *at, *words, *names])
        if not self._elsewhere:
            self.run(["systemctl", "daemon-reload"])
            if self.role == "station" and UDEV.exists():
                self.run(["udevadm", "control", "--reload"])
        self.run([*self._systemctl(), "enable", *ENABLED[self.role]])

    def _systemctl(self) -> list[str]:
        return ["systemctl", *([f"--root={self.root}"] if self._elsewhere else [])]

    def _remove(self, names: set[str]) -> None:
        for name in sorted(names):
            (self.root / name).unlink(missing_ok=True)

    def _read(self) -> dict[str, list[str]]:
        try:
            told = json.loads((self.root / INSTALLED).read_bytes())
            return {str(role): [str(each) for each in paths] for role, paths in told.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise UnitsError(f"{self.root / INSTALLED} cannot be read: {error}; remove it and install again") from error

    def _note(self, installed: Mapping[str, list[str]]) -> None:
        file = self.root / INSTALLED
        file.parent.mkdir(parents=True, exist_ok=True)
        files.replace(file, json.dumps(installed, indent=1, sort_keys=True).encode(), mode=0o644)


def keep_units(places: Places) -> None:
    """Install the running slot's units where they differ: after an update, and after a return from one.

    Through systemd, outside of the agent's own sandbox, which may not touch the users of the machine. What goes wrong
    is told, and everything runs on with the units that are there.
    """
    source = places.current / "systemd"
    if places.root != Path("/") or not source.is_dir():
        return
    try:
        if Units(source).stale:
            log.warning("units=installing from=%s", source)
            program = str(places.current / "bin/udi-firmware")
            run(["systemd-run", "--wait", "--collect", "--quiet", program, "units", "install"])
    except OSError as error:
        log.error("units=not_installed problem=%s", error)  # noqa: TRY400 - the text says it all


def keep_guard(places: Places, committed: str | None) -> None:
    """Bring the guard up to date, from a slot that was kept and never from one on trial."""
    source = places.slots / str(committed) / "site-packages/firmware_service/update/guard.py"
    target = places.root / "opt/udi/guard/guard.py"
    if committed is None or not source.is_file():
        return
    if not target.exists() or target.read_bytes() != source.read_bytes():
        target.parent.mkdir(parents=True, exist_ok=True)
        files.replace(target, source.read_bytes(), mode=0o644)
        log.info("guard=replaced from=%s", committed)
