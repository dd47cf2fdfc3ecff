"""What an update weighs on the wire: this tree built for a Raspberry Pi (aarch64, CPython 3.13) from its locked wheels.

The change is one function with a table of numbers more in every tenth module, and another version; it comes as a patch
of the layer ``app``, and the layer ``deps`` stays. The wheels come from the package index.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path

from firmware_service.release.build import MANIFEST, Order, assemble, build
from firmware_service.release.layers import apply_patch, unpack, unpack_plain, unpack_to_tar
from firmware_service.release.manifest import Manifest
from firmware_service.release.wheels import BuildError
from tests.bench.figures import Figure, MissingError, VoidError
from tests.support.site import ROOT

MB = 1e6
MOST_SLOT_MB = 60
MOST_CHANGE_MB = 1
EVERY = 10
NEW_NUMBERS = 32
"""In each of these modules, so that what is new has something that cannot be compressed."""
CHANGE = '''

def _reason_{number}(value: int) -> str:
    """What version {version} says of a value."""
    table = ({table})
    if value < {number}:
        return f"{{value}} is below {number}: expected at least that"
    return ", ".join(str(each * {number}) for each in table)
'''
RESIDENT = """
import sys
from pathlib import Path
from firmware_service.release.layers import apply_patch
from firmware_service.release.manifest import read_manifest
manifest, base, patch, out = map(Path, sys.argv[1:])
layer = read_manifest(manifest.read_bytes()).layer("app")
apply_patch(base, patch, layer.patches[0], layer, out)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(int(peak.split()[1]) / 1024)
"""


def measure(folder: Path) -> list[Figure]:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    order = Order(version, "stable", 1, "aarch64", "cp313")
    one, trees = folder / "one", folder / "trees"
    began = time.monotonic()
    try:
        made = build(order, ROOT, None, one)
    except BuildError as error:
        raise MissingError(f"no release could be built here: {error}") from error
    took_s = time.monotonic() - began
    for layer in made.layers:
        (trees / layer.name).mkdir(parents=True)
        unpack(one / layer.path, layer, trees / layer.name)
    _change(trees / "app/site-packages", version)
    changed = assemble(replace(order, version=f"{version}.1", counter=2), trees, folder / "two", one / MANIFEST)
    return [*_sizes(made, changed, took_s), *_applied(folder, made, changed)]


def _change(packages: Path, version: str) -> None:
    words = random.Random(7)  # noqa: S311 - the same each time
    folders = (packages / name for name in ("edge", "hardware", "firmware_service"))
    modules = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    for number, file in enumerate(modules[::EVERY]):
        table = ", ".join(f"0x{words.getrandbits(64):x}" for _ in range(NEW_NUMBERS))
        with file.open("a", encoding="utf-8") as module:
            module.write(CHANGE.format(number=number, version=version, table=table))
    notes = packages / f"udi_station-{version}.dist-info"
    shutil.move(notes, packages / f"udi_station-{version}.1.dist-info")


def _sizes(made: Manifest, changed: Manifest, took_s: float) -> list[Figure]:
    deps, app = made.layer("deps"), made.layer("app")
    if changed.layer("deps") != deps or not changed.layer("app").patches:
        raise VoidError("the change of code did not leave deps as it was, or gave no patch")
    unpacked = {"unpacked_mb": (deps.tar_size + app.tar_size) / MB}
    return [
        Figure("slot.full_mb", (deps.size + app.size) / MB, "MB", MOST_SLOT_MB, unpacked),
        Figure("slot.deps_mb", deps.size / MB, "MB"),
        Figure("slot.app_mb", app.size / MB, "MB"),
        Figure("slot.change_mb", changed.layer("app").patches[0].size / MB, "MB", MOST_CHANGE_MB),
        Figure("slot.build_s", took_s, "s"),
    ]


def _applied(folder: Path, made: Manifest, changed: Manifest) -> list[Figure]:
    """The slot again from the older one and the patch: the same tree as from the whole layer, else it is void."""
    old, new = made.layer("app"), changed.layer("app")
    base, tar, patch = folder / "base.tar", folder / "app.tar", folder / "two" / new.patches[0].path
    unpack_to_tar(folder / "one" / old.path, old, base)
    began = time.monotonic()
    apply_patch(base, patch, new.patches[0], new, tar)
    took_s = time.monotonic() - began
    slots = folder / "by-patch", folder / "whole"
    for slot in slots:
        slot.mkdir()
    unpack_plain(tar, new, slots[0])
    unpack(folder / "two" / new.path, new, slots[1])
    if subprocess.run(["diff", "-r", *map(str, slots)], check=False, capture_output=True).returncode:
        raise VoidError("the patch gave another tree than the whole layer")
    words = [str(folder / "two" / MANIFEST), str(base), str(patch), str(folder / "again.tar")]
    ended = subprocess.run(
        [sys.executable, "-c", RESIDENT, *words], check=True, capture_output=True, text=True, cwd=ROOT
    )
    return [
        Figure("slot.apply_s", took_s, "s"),
        Figure("slot.apply_resident_mb", float(ended.stdout), "MB"),
    ]
