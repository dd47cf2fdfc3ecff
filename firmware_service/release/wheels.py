"""The packages of a slot: wheels with locked hashes for the device, unpacked on the machine that builds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

PROJECT = "udi-station"
EXTRA = "camera"
FROM_SYSTEM = frozenset({"numpy", "opencv-python-headless", "picamera2", "lgpio", "evdev"})
"""The operating system brings them, in the one version that fits its kernel and camera."""
NEVER_RUN = frozenset({"pip", "setuptools"})
"""Named as requirements by packages that use them in commands that no device runs."""
GLIBC = range(36, 16, -1)
"""Minor versions of glibc 2 that a wheel may have been built for; bookworm has 2.36."""
_NOTES = ("RECORD", "REQUESTED", "INSTALLER", "direct_url.json")
"""What pip writes about this installation; it differs with the machine that builds."""


class BuildError(Exception):
    """A release cannot be built; the text says of what and why."""


def locked(lock: str, project: str) -> str:
    """The part of a lock file that a slot needs.

    Args:
        lock: text of ``requirements.lock``, whose ``# via`` notes say who needs what.
        project: text of ``pyproject.toml``.

    Returns:
        A file of requirements with hashes.

    Raises:
        BuildError: a requirement of the project is not locked.
    """
    blocks = {_name(block): block for block in _blocks(lock)}
    taken = _wanted(project)
    if missing := sorted(taken - blocks.keys()):
        raise BuildError(f"requirements.lock: {', '.join(missing)} is not there: make lock")
    while more := {name for name, block in blocks.items() if _via(block) & taken} - taken - FROM_SYSTEM - NEVER_RUN:
        taken |= more
    return "".join(f"{block}\n" for block in _blocks(lock) if _name(block) in taken)


def install(requirements: str, into: Path, architecture: str, python: str, wheels: Path | None) -> None:
    """Unpack these packages for a device; nothing of them is run.

    Args:
        requirements: with hashes, see `locked`.
        into: ``site-packages``.
        architecture: of the device.
        python: of the device, such as ``cp313``.
        wheels: a folder with the wheels; from the package index if None.

    Raises:
        BuildError: a wheel is missing or has another hash.
    """
    platforms = [f"manylinux_2_{minor}_{architecture}" for minor in GLIBC] + [f"manylinux2014_{architecture}"]
    options = [option for each in platforms for option in ("--platform", each)]
    options += ["--implementation", "cp", "--python-version", python.removeprefix("cp"), "--only-binary=:all:"]
    options += ["--no-deps", "--require-hashes", "--no-compile", "--target", str(into)]
    options += ["--no-index", "--find-links", str(wheels)] if wheels else []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requirements.txt"
        file.write_text(requirements, encoding="utf-8")
        _pip("install", *options, "-r", str(file))
    shutil.rmtree(into / "bin", ignore_errors=True)
    for notes in into.glob("*.dist-info"):
        for name in _NOTES:
            (notes / name).unlink(missing_ok=True)


def project_wheel(tree: Path, folder: Path) -> Path:
    """Build the wheel of this project.

    Raises:
        BuildError: it does not build.
    """
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(tree))
    return next(folder.glob(f"{PROJECT.replace('-', '_')}-*.whl"))


def unpack_project(wheel: Path, into: Path) -> str:
    """Unpack the wheel of this project; gives its version."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    notes = next(into.glob(f"{PROJECT.replace('-', '_')}-*.dist-info"))
    for name in _NOTES:
        (notes / name).unlink(missing_ok=True)
    return notes.name.removesuffix(".dist-info").partition("-")[2]


def _pip(*words: str) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    command = [sys.executable, "-m", "pip", words[0], *options, *words[1:]]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if ended.returncode:
        said: Sequence[str] = [line for line in ended.stderr.splitlines() if "ERROR" in line] or [ended.stderr.strip()]
        raise BuildError(f"pip {words[0]}: {said[0]}")


def _blocks(lock: str) -> list[str]:
    """Each package of a lock file: its line, hashes and notes."""
    return [block.strip() for block in re.split(r"\n(?=[a-z0-9])", lock) if re.match(r"[a-z0-9]", block)]


def _name(block: str) -> str:
    return re.split(r"[=<>!~;\[ ]", block, maxsplit=1)[0]


def _via(block: str) -> set[str]:
    """Who needs it."""
    notes = (line.strip().removeprefix("#").strip() for line in block.splitlines() if line.strip().startswith("#"))
    return {note.removeprefix("via").strip() for note in notes} - {""}


def _wanted(project: str) -> set[str]:
    data: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(project)["project"].get("optional-dependencies", {})
    wanted = [*tomllib.loads(project)["project"]["dependencies"], *data.get(EXTRA, ())]
    return {_name(each).lower() for each in wanted} - FROM_SYSTEM
