"""Building a release of a small project from locked wheels: what is in the layers and what is refused."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from firmware_service.release.build import MANIFEST, Order, assemble, build
from firmware_service.release.layers import unpack
from firmware_service.release.manifest import Manifest, read_manifest
from firmware_service.release.tars import names_of
from firmware_service.release.wheels import BuildError, locked
from hardware.host.toml import ConfigError

ORDER = Order("1.0.0", "stable", 1, "aarch64", "cp313")
PROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "udi-station"
version = "{version}"
dependencies = ["alpha>=1"]
[project.optional-dependencies]
camera = ["numpy>=1", "gamma"]
hub = ["delta"]
[project.scripts]
udi-station = "edge.cli:main"
udi-hub = "edge.cli:main"
udi-firmware = "edge.cli:main"
[tool.hatch.build.targets.wheel]
packages = ["edge"]
"""
CLI = """import sys
import alpha
def main():
    print(alpha.__file__, sys.flags.isolated, sys.argv[1:])
    return 3
"""
AARCH64 = "cp39-abi3-manylinux_2_28_aarch64"


def wheel(folder: Path, name: str, tag: str = "py3-none-any") -> str:
    """A package of one module; gives its SHA-256."""
    notes = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": f"NAME = {name!r}\n" * 400,
        f"{notes}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{notes}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{notes}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = "".join(f"{path},sha256={_hash(text)},{len(text)}\n" for path, text in files.items())
    file = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in {**files, f"{notes}/RECORD": record}.items():
            archive.writestr(path, text)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@dataclass(slots=True)
class Workshop:
    """A source tree, its wheels, and where releases are built."""

    tree: Path
    wheels: Path
    folder: Path

    def project(self, version: str) -> None:
        (self.tree / "pyproject.toml").write_text(PROJECT.format(version=version), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
        (self.tree / name).write_text(text, encoding="utf-8")

    def build(self, order: Order = ORDER) -> Manifest:
        self.project(order.version)
        return build(order, self.tree, self.wheels, self.folder / order.version)

    def slot(self, version: str) -> Path:
        out = self.folder / version
        made, slot = read_manifest((out / MANIFEST).read_bytes()), self.folder / f"slot-{version}"
        slot.mkdir()
        for layer in made.layers:
            unpack(out / layer.path, layer, slot)
        return slot


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    made = Workshop(tmp_path / "tree", tmp_path / "wheels", tmp_path / "out")
    for folder in (made.wheels, made.folder):
        folder.mkdir()
    notes = {"alpha": "udi-station (pyproject.toml)", "beta": "alpha", "gamma": "udi-station (pyproject.toml)"}
    notes |= {"delta": "udi-station (pyproject.toml)", "numpy": "gamma", "pip": "beta"}
    lock = "# Written by: make lock\n"
    for name, via in notes.items():
        sha256 = wheel(made.wheels, name, AARCH64 if name == "beta" else "py3-none-any")
        lock += f"{name}==1.0 \\\n    --hash=sha256:{sha256}\n    # via {via}\n"
    made.write("requirements.lock", lock)
    made.write("edge/__init__.py", "")
    made.write("edge/cli.py", CLI)
    made.write("edge/station/journal/schema.toml", "writes = 2\nopens_from = 1\n")
    made.write("systemd/udi-station.service", "[Service]\n")
    return made


def test_a_slot_has_what_runs_and_nothing_that_the_system_brings(workshop: Workshop) -> None:
    made = workshop.build()
    names = names_of(workshop.slot("1.0.0"))
    packages = {name.split("/")[1] for name in names if name.startswith("site-packages/")}
    assert packages == {"alpha", "beta", "gamma", "edge"} | {
        f"{name}-1.0.dist-info" for name in ("alpha", "beta", "gamma")
    } | {"udi_station-1.0.0.dist-info"}
    assert {name for name in names if name.startswith("bin/")} == {"bin/udi-station", "bin/udi-firmware"}
    assert "systemd/udi-station.service" in names
    assert not [name for name in names if name.endswith(("RECORD", "direct_url.json", ".pyc"))]
    assert (made.runs.architecture, made.runs.python, made.runs.systems) == ("aarch64", "cp313", ("trixie",))
    assert "python3-numpy" in made.runs.packages
    assert (made.journal.writes, made.journal.opens_from) == (2, 1)


def test_a_launcher_finds_its_own_slot_through_any_link(workshop: Workshop, tmp_path: Path) -> None:
    workshop.build()
    slot = workshop.slot("1.0.0")
    (tmp_path / "current").symlink_to(slot)
    launcher = tmp_path / "current/bin/udi-station"
    assert launcher.read_text(encoding="utf-8").startswith("#!/usr/bin/python3 -I\n")
    ended = subprocess.run([sys.executable, "-I", launcher, "run"], capture_output=True, text=True, check=False)
    assert ended.stdout.split() == [str(slot / "site-packages/alpha/__init__.py"), "1", "['run']"]
    assert ended.returncode == 3


def test_the_same_source_gives_the_same_bytes(workshop: Workshop) -> None:
    made = workshop.build()
    again = Workshop(workshop.tree, workshop.wheels, workshop.folder / "again")
    again.folder.mkdir()
    assert again.build() == made
    assert str(workshop.folder) not in (workshop.folder / "1.0.0" / MANIFEST).read_text(encoding="utf-8")


@dataclass(slots=True)
class Trees:
    """What pip has left, made by hand: the second half of a build."""

    folder: Path

    def assemble(self, version: str, counter: int, *, journal: tuple[int, int] = (2, 1), after: str = "") -> Manifest:
        work = self.folder / f"work-{version}"
        rows = "".join(f"ROW_{n} = {hashlib.sha256(str(n).encode()).hexdigest()!r}\n" for n in range(2000))
        files = {
            "deps/site-packages/alpha.py": "x = 1\n",
            "app/site-packages/edge/table.py": f"VERSION = {version!r}\n{rows}",
            "app/site-packages/edge/station/journal/schema.toml": "writes = {}\nopens_from = {}\n".format(*journal),
        }
        for name, text in files.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_text(text, encoding="utf-8")
        before = self.folder / after / MANIFEST if after else None
        return assemble(replace(ORDER, version=version, counter=counter), work, self.folder / version, before)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path)


def test_a_change_of_code_keeps_one_layer_and_patches_the_other(trees: Trees) -> None:
    one = trees.assemble("1.0.0", 1)
    two = trees.assemble("1.1.0", 2, after="1.0.0")
    assert two.layer("deps") == one.layer("deps")
    app = two.layer("app")
    (patch,) = app.patches
    assert patch.base == one.layer("app").tar_sha256
    assert patch.size < app.size / 20
    names = {path.name for path in (trees.folder / "1.1.0/blob").iterdir()}
    assert names == {Path(path).name for path in (two.layer("deps").path, app.path, patch.path)}


def test_a_journal_that_the_release_before_cannot_open_is_refused(trees: Trees) -> None:
    trees.assemble("1.0.0", 1)
    trees.assemble("1.1.0", 2, journal=(3, 2), after="1.0.0")
    with pytest.raises(BuildError, match=r"1\.0\.0 has journal schema 2 and could not open"):
        trees.assemble("1.2.0", 3, journal=(3, 3), after="1.0.0")
    assert not (trees.folder / "1.2.0").exists()
    trees.assemble("1.3.0", 4, journal=(3, 3), after="1.1.0")


def test_a_counter_that_does_not_grow_is_refused(trees: Trees) -> None:
    trees.assemble("1.0.0", 1)
    with pytest.raises(BuildError, match=r"release 1\.0\.0 has 1"):
        trees.assemble("1.1.0", 1, after="1.0.0")


def test_a_tree_that_does_not_tell_its_journal_is_refused(trees: Trees) -> None:
    with pytest.raises(ConfigError, match="opens_from = 5: expected at most 2"):
        trees.assemble("1.0.0", 1, journal=(2, 5))


def test_another_version_than_the_project_says_is_refused(workshop: Workshop) -> None:
    workshop.project("1.0.0")
    with pytest.raises(BuildError, match=r"version 2\.0\.0: pyproject\.toml says 1\.0\.0"):
        build(replace(ORDER, version="2.0.0"), workshop.tree, workshop.wheels, workshop.folder / "2.0.0")


def test_a_wheel_with_another_hash_is_refused(workshop: Workshop) -> None:
    with (workshop.wheels / "alpha-1.0-py3-none-any.whl").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BuildError, match=r"(?i)hash"):
        workshop.build()


def test_a_wheel_for_another_machine_is_refused(workshop: Workshop) -> None:
    with pytest.raises(BuildError, match="beta"):
        workshop.build(replace(ORDER, architecture="x86_64"))


def test_a_requirement_that_is_not_locked_is_named(workshop: Workshop) -> None:
    lock = (workshop.tree / "requirements.lock").read_text(encoding="utf-8")
    with pytest.raises(BuildError, match=r"omega is not there: make lock"):
        locked(lock, PROJECT.replace("alpha>=1", "omega>=1"))
