"""A machine that really boots: this system's own files under an overlay that is thrown away, and systemd first.

Needs root, overlayfs and systemd-nspawn; takes a second. Nothing of it reaches the system it runs on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

from firmware_service.update import guard
from tests.support.needs import MissingError

ROOT = Path(__file__).parents[2]
TREE, PYTHON, PACKAGES, OUT = "/opt/udi-tree", "/opt/udi-python", "/opt/udi-packages", "/opt/udi-out"
LAUNCHER = f"""\
#!/bin/sh
export PYTHONPATH={TREE}:{PACKAGES} PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH={PYTHON}/lib
exec {PYTHON}/bin/python{sys.version_info.major}.{sys.version_info.minor} -c 'from MODULE import main; main()' "$@"
"""
"""The interpreter itself, not the virtual environment: that may lie, or point, where a unit sees nothing."""
COMMANDS = {"udi-station": "edge.cli", "udi-hub": "edge.hub.cli", "udi-firmware": "firmware_service.cli"}
UNIT = """\
[Unit]
Description=the test
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash {out}/script.sh
ExecStopPost=/bin/systemctl poweroff --force
StandardOutput=file:{out}/stdout
StandardError=file:{out}/stderr
TimeoutStartSec={seconds}
"""


def lacking() -> str | None:
    """Why no machine can be booted here; None: one can."""
    if os.getuid() != 0:
        return "only root can boot a machine"
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is missing: on Debian apt-get install systemd-container"
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="ascii"):
        return "this kernel has no overlayfs"
    if not Path("/sbin/init").exists():
        return "there is no systemd to boot: on Debian apt-get install systemd-sysv"
    done = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, check=False)
    return f"this root may not mount: {done.stderr.decode().strip()}" if done.returncode else None


FAILED = """\
set -eu
failed() { echo "failed at line $1" >&2; journalctl -o cat -n 60 -u 'udi-*' >&2; }
trap 'failed $LINENO' ERR
"""


def unpack(into: Path) -> None:
    """Unpack what `make test` has fetched of Debian for a first start; it is installed nowhere.

    Raises:
        MissingError: it was not fetched.
    """
    packages = sorted(Path(sys.prefix, "debs").glob("*.deb"))
    if not packages and shutil.which("cloud-init") is None:
        raise MissingError("cloud-init, netplan and NetworkManager are not here: as root, `make test` fetches them")
    for name in ("bin", "sbin", "lib"):
        (into / "usr" / name).mkdir(parents=True)
        (into / name).symlink_to(f"usr/{name}")
    for package in packages:
        # Not dpkg --extract: that makes /lib a folder where Debian has a link.
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as made:
            words = ["tar", "--extract", "--keep-directory-symlink", "-C", str(into)]
            subprocess.run(words, stdin=made.stdout, check=True)


class Machine:
    """One machine, from its first file to its last word."""

    def __init__(self, folder: Path, *, raspberry: bool = False) -> None:
        """Prepare.

        Args:
            folder: for its files.
            raspberry: it has what Raspberry Pi OS starts with the first time, see `unpack`.
        """
        self.folder, self._raspberry = folder, raspberry
        self.root = folder / "root"
        self.out = folder / "out"
        self._layers = folder / "layers"
        self._mounted: list[Path] = []

    def __enter__(self) -> Self:
        for each in (self.root, self.out, self._layers):
            each.mkdir()
        with contextlib.ExitStack() as stack:
            stack.callback(self._unmount)
            self._make()
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._unmount()

    def _make(self) -> None:
        self._mount("tmpfs", "tmpfs", self._layers)
        for name in ("over", "upper", "work"):
            (self._layers / name).mkdir()
        over = f"{self._layers / 'over'}:" if self._raspberry else ""
        if self._raspberry:
            unpack(self._layers / "over")
        layers = f"lowerdir={over}/,upperdir={self._layers / 'upper'},workdir={self._layers / 'work'}"
        self._mount("overlay", "overlay", self.root, layers)
        if self._raspberry:
            subprocess.run(["/sbin/ldconfig", "-r", str(self.root)], check=True)
        for name in (TREE, PYTHON, PACKAGES, OUT):
            self.path(name).mkdir(parents=True, exist_ok=True)
        self.slot("1.0.0")
        self.path("/opt/udi/current").symlink_to("slots/1.0.0")
        self.write("/etc/systemd/system/udi-test.service", "")

    def _unmount(self) -> None:
        for each in reversed(self._mounted):
            subprocess.run(["umount", "--lazy", str(each)], check=True)
        self._mounted.clear()

    def slot(self, version: str, **launchers: str) -> None:
        """A slot that runs this project; `launchers` are others for some of its commands."""
        slot = f"/opt/udi/slots/{version}"
        for name, module in COMMANDS.items():
            text = launchers.get(name.removeprefix("udi-"), LAUNCHER.replace("MODULE", module))
            self.write(f"{slot}/bin/{name}", text, 0o755)
        files = sorted(each for each in self.path(slot).rglob("*") if each.is_file() and each.name != "hashes")
        lines = []
        for each in files:
            kind, sha256 = guard.entry(each)
            lines.append(f"{sha256} {kind} {each.relative_to(self.path(slot))}\n")
        self.write(f"{slot}/hashes", "".join(lines))

    def path(self, name: str) -> Path:
        """A file of the machine, seen from outside."""
        return self.root / name.lstrip("/")

    def write(self, name: str, text: str, mode: int = 0o644) -> None:
        """Put a file there before it boots."""
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text, encoding="utf-8")
        self.path(name).chmod(mode)

    def boot(self, script: str, *, seconds: int = 100, target: str = "basic.target", words: Sequence[str] = ()) -> str:
        """Boot up to a target, run a script of bash as root, power off; gives what it printed.

        Args:
            script: run as soon as the target is reached.
            seconds: it may take.
            target: of systemd.
            words: more of them for the command line of the first process.
        """
        (self.out / "script.sh").write_text(f"{FAILED}\n{script}", encoding="utf-8")
        self.write("/etc/systemd/system/udi-test.service", UNIT.format(out=OUT, seconds=seconds))
        wants = self.path("/etc/systemd/system/basic.target.wants")
        wants.mkdir(parents=True, exist_ok=True)
        (wants / "udi-test.service").unlink(missing_ok=True)
        (wants / "udi-test.service").symlink_to("../udi-test.service")
        done = self._run((f"systemd.unit={target}", *words), seconds)
        errors = self.out / "stderr"
        said = errors.read_text(encoding="utf-8") if errors.exists() else done.stdout[-2000:].decode("utf-8", "replace")
        assert "failed at line" not in said, said
        if not (self.out / "stdout").exists():
            pytest.skip(f"units were not really started: systemd-nspawn says {done.stderr[-300:].decode()!r}")
        return (self.out / "stdout").read_text(encoding="utf-8")

    def start(self, words: Sequence[str], *, seconds: int = 100) -> str:
        """Boot with nothing but these words on the command line, until it powers itself off; gives its console."""
        (self.path("/etc/systemd/system/basic.target.wants") / "udi-test.service").unlink(missing_ok=True)
        return self._run(words, seconds).stdout.decode("utf-8", "replace")

    def _run(self, words: Sequence[str], seconds: int) -> subprocess.CompletedProcess[bytes]:
        packages = sysconfig.get_path("purelib")
        binds = [f"{ROOT}:{TREE}", f"{sys.base_prefix}:{PYTHON}", f"{packages}:{PACKAGES}"]
        command = ["systemd-nspawn", "--quiet", "-D", str(self.root), *(f"--bind-ro={each}" for each in binds)]
        command += [f"--bind={self.out}:{OUT}", "--private-network", "--register=no", "--keep-unit"]
        command += ["--timezone=off", "--boot"]
        return subprocess.run(
            [*command, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds + 60, check=False
        )

    def _mount(self, kind: str, source: str, at: Path, options: str = "mode=0755") -> None:
        subprocess.run(["mount", "-t", kind, source, "-o", options, str(at)], check=True)
        self._mounted.append(at)
