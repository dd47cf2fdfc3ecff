"""Who may import whom, who touches which outside package, and how the code is cut: held by its syntax trees.

Each rule is a function from a tree to the places where it is broken, and each is shown to find a deliberately bad tree.
"""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("edge", "hardware", "firmware_service")
MOST_LINES = 400

# An area is the longest of these names a module lies under. Patterns match a module and everything below it.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "edge.udi": (),
    "edge.catalog": ("edge.udi", "edge.sign", "hardware.host"),
    "edge.rules": ("edge.udi", "edge.catalog", "hardware.host.toml"),  # the strict reader of its region files
    "edge.vision": ("edge.udi.read", "hardware.camera*", "hardware.host"),
    "edge.station": (
        "edge.udi",
        "edge.catalog",
        "edge.rules",
        "edge.wire",
        "edge.seal",
        "edge.sign",
        "edge.cards",
        "edge.revocation",
        "edge.bindings",
        "edge.document*",
        "hardware",
    ),
    "edge.hub": (
        "edge.udi",
        "edge.catalog",
        "edge.rules",
        "edge.wire",
        "edge.seal",
        "edge.sign",
        "edge.cards",
        "edge.revocation",
        "edge.bindings",
        "edge.document*",
        "edge.vision.symbols",
        "hardware.host",
    ),
    "edge.wire": (),
    "edge.seal": (),
    "edge.sign": (),
    "edge.cards": ("edge.sign", "hardware.host.toml"),
    "edge.revocation": ("edge.sign", "edge.cards"),
    "edge.bindings": ("edge.sign",),
    "edge.documents": (),
    "edge.document_notices": ("edge.documents", "edge.sign"),
    "edge": (),
    "hardware.host": (),
    "hardware": ("hardware",),
    "firmware_service": ("hardware",),
}
EXEMPT = ("*/cli.py", "*/__main__.py", "edge/demo/*")

# Where an outside package touches the world; patterns of file names.
IMPORTED_IN: Mapping[str, tuple[str, ...]] = {
    "zxingcpp": ("edge/vision/symbols.py",),
    "sqlite_utils": ("hardware/host/sqlite.py",),
    "paho": ("hardware/host/link.py", "hardware/host/link_client.py"),
    "picamera2": ("hardware/camera_pi.py",),
    "libcamera": ("hardware/camera_pi.py",),
    "serial": ("hardware/scanner_serial.py",),
    "evdev": ("hardware/scanner_hid.py",),
    "gpiozero": ("hardware/panel.py",),
    "lgpio": ("hardware/panel.py",),
    "sqlalchemy": ("edge/hub/*",),
    "alembic": ("edge/hub/schema.py", "edge/hub/migrations/*"),
    "msgspec": ("edge/wire.py", "edge/hub/reading.py"),
    "starlette": ("edge/hub/*",),
    "uvicorn": ("edge/hub/*",),
    "jinja2": ("edge/hub/*",),
    "iotcore": ("edge/demo/*",),
    "cryptography": (
        "edge/seal.py",
        "edge/sign.py",
        "hardware/host/tls.py",
        "edge/hub/*key*.py",
        "edge/hub/patients.py",
        "firmware_service/authority/*",
        "firmware_service/signed.py",
        "firmware_service/identity/*",
        "firmware_service/release/*key*.py",
        "firmware_service/card/room_label.py",
    ),
    "tuf": ("firmware_service/release/*", "firmware_service/update/trust.py", "firmware_service/card/bundle.py"),
    "securesystemslib": ("firmware_service/release/*", "firmware_service/update/trust.py"),
    "zstandard": ("firmware_service/release/layers.py", "firmware_service/card/bundle.py"),
    "segno": ("firmware_service/card/labels.py",),
    "fpdf": ("edge/hub/cards_pdf.py", "firmware_service/card/labels.py", "firmware_service/sheets.py"),
    "xlsxwriter": ("edge/hub/documents/sheets.py",),
    "python_calamine": ("edge/catalog/tables.py",),
    "cv2": ("edge/vision/pixels.py",),
    "numpy": ("edge/vision/*", "edge/demo/*", "hardware/camera*.py"),
    "PIL": ("edge/vision/*", "edge/demo/*", "hardware/camera*.py"),
}
ONE_FILE = ("zxingcpp", "cv2", "sqlite_utils", "paho", "picamera2", "serial", "evdev", "gpiozero")
BROAD_EXCEPT_IN = "hardware/host/worker.py"
BROAD = ("Exception", "BaseException")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of product code."""

    path: str
    module: str
    is_package: bool
    lines: int
    tree: ast.Module


def sources(root: Path) -> list[Source]:
    """Every file of product code below `root`."""
    return list(_this_tree()) if root == ROOT else _parsed(root)


@functools.cache
def _this_tree() -> tuple[Source, ...]:
    """It takes seconds, and every rule asks for it."""
    return tuple(_parsed(ROOT))


def _parsed(root: Path) -> list[Source]:
    found = []
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            path = file.relative_to(root)
            parts = path.with_suffix("").parts
            is_package = parts[-1] == "__init__"
            text = file.read_text(encoding="utf-8")
            module = ".".join(parts[:-1] if is_package else parts)
            tree = ast.parse(text, str(path))
            found.append(Source(path.as_posix(), module, is_package, len(text.splitlines()), tree))
    return found


def imports(source: Source, modules: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Line and full name of every module a file imports, at any depth, by statement or by a literal name."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    inner = f"{module}.{alias.name}"
                    yield node.lineno, inner if inner in modules else module
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name
            case _:
                pass


def _names(found: list[Source]) -> frozenset[str]:
    return frozenset(source.module for source in found)


def _covers(pattern: str, module: str) -> bool:
    return fnmatchcase(module, pattern) or fnmatchcase(module, f"{pattern}.*")


def _area(module: str) -> str:
    return max((area for area in MAY_IMPORT if _covers(area, module)), key=len)


def wrong_directions(root: Path) -> list[str]:
    found = sources(root)
    modules = _names(found)
    wrong = []
    for source in found:
        if any(fnmatchcase(source.path, pattern) for pattern in EXEMPT):
            continue
        area = _area(source.module)
        for line, name in imports(source, modules):
            inside = name.split(".")[0] in PACKAGES
            if inside and not any(_covers(pattern, name) for pattern in (*MAY_IMPORT[area], area)):
                wrong.append(f"{source.path}:{line}: {area} must not import {name}")
    return wrong


def wrong_outside_packages(root: Path) -> list[str]:
    found = sources(root)
    modules = _names(found)
    wrong = []
    for source in found:
        for line, name in imports(source, modules):
            outside = name.split(".")[0]
            places = IMPORTED_IN.get(outside)
            if places is not None and not any(fnmatchcase(source.path, place) for place in places):
                wrong.append(f"{source.path}:{line}: {outside} is imported in {', '.join(places)} only")
    return wrong


def relative_imports(root: Path) -> list[str]:
    return [
        f"{source.path}:{node.lineno}: relative import"
        for source in sources(root)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]


def imports_of_own_package(root: Path) -> list[str]:
    """Submodules that import the ``__init__`` they lie under, which makes import order matter."""
    found = sources(root)
    modules = _names(found)
    return [
        f"{source.path}:{line}: imports its own package {name}"
        for source in found
        if not source.is_package
        for line, name in imports(source, modules)
        if source.module.startswith(f"{name}.")
    ]


def broad_excepts(root: Path) -> list[str]:
    wrong = []
    for source in sources(root):
        if source.path == BROAD_EXCEPT_IN:
            continue
        for node in ast.walk(source.tree):
            match node:
                case ast.ExceptHandler(type=None):
                    broad = True
                case ast.ExceptHandler(type=ast.Tuple(elts=caught)):
                    broad = any(_is_broad(one) for one in caught)
                case ast.ExceptHandler(type=ast.expr() as one):
                    broad = _is_broad(one)
                case ast.Call(func=ast.Attribute(attr="suppress") | ast.Name(id="suppress"), args=caught):
                    broad = any(_is_broad(one) for one in caught)
                case _:
                    continue
            if broad:
                wrong.append(f"{source.path}:{node.lineno}: broad except; only {BROAD_EXCEPT_IN} has one")
    return wrong


def _is_broad(caught: ast.expr) -> bool:
    name = caught.attr if isinstance(caught, ast.Attribute) else getattr(caught, "id", "")
    return name in BROAD


def long_modules(root: Path) -> list[str]:
    return [
        f"{source.path}: {source.lines} lines, at most {MOST_LINES}"
        for source in sources(root)
        if source.lines > MOST_LINES
    ]


def dead_scripts(root: Path) -> list[str]:
    """Commands in pyproject.toml whose function does not exist."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    trees = {source.module: source.tree for source in sources(root)}
    wrong = []
    for command, target in project["scripts"].items():
        module, name = target.split(":")
        if name not in _top_names(trees.get(module)):
            wrong.append(f"pyproject.toml: {command} = {target!r} does not exist")
    return wrong


def _top_names(tree: ast.Module | None) -> set[str]:
    found: set[str] = set()
    for node in [] if tree is None else tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.ImportFrom):
            found.update(alias.asname or alias.name for alias in node.names)
    return found


def lock_problems(root: Path) -> list[str]:
    """The lock file names every direct requirement, a hash for each package, and no place to fetch from."""
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    wrong = [f"requirements.lock: names a place: {line}" for line in text.splitlines() if "://" in line]
    locked: dict[str, bool] = {}
    for block in re.split(r"\n(?=[a-z0-9])", text):
        if name := re.match(r"([a-z0-9-]+)==", block):
            locked[name[1]] = "--hash=sha256:" in block or locked.get(name[1], False)
    wrong += [f"requirements.lock: {name} has no hash" for name, hashed in locked.items() if not hashed]
    wrong += [f"requirements.lock: {name} is missing: make lock" for name in _required(root) if name not in locked]
    return wrong


def _required(root: Path) -> list[str]:
    """Direct requirements of what ``make env`` installs; hid and gpio come from the operating system."""
    data = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    extras = data["project"].get("optional-dependencies", {})
    wanted = [*data["project"].get("dependencies", []), *data.get("dependency-groups", {}).get("dev", [])]
    wanted += [entry for extra in ("camera", "hub", "cards", "demo") for entry in extras.get(extra, [])]
    return [re.split(r"[<>=!~;\[ ]", entry)[0].lower() for entry in wanted]


RULES = [
    lock_problems,
    wrong_directions,
    wrong_outside_packages,
    relative_imports,
    imports_of_own_package,
    broad_excepts,
    long_modules,
    dead_scripts,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_this_tree(rule: object) -> None:
    assert callable(rule)
    assert "\n".join(rule(ROOT)) == ""


@pytest.mark.parametrize("package", ONE_FILE)
def test_the_one_importing_file_does_import_it(package: str) -> None:
    found = sources(ROOT)
    users = {s.path for s in found for _, name in imports(s, _names(found)) if name.split(".")[0] == package}
    assert users == set(IMPORTED_IN[package])


PROJECT = """[project]
dependencies = ["click>=8,<9"]
[project.scripts]
a = "edge.cli:main"
"""
LOCK = """# Written by: make lock
click==8.5.1 \\
    --hash=sha256:00
"""


def _tree(root: Path, files: Mapping[str, str]) -> Path:
    for name in ("edge", "edge/udi", "edge/station", "edge/hub", "edge/vision", "hardware", "hardware/host"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "__init__.py").write_text("", encoding="utf-8")
    (root / "edge/cli.py").write_text("def main(): pass\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "requirements.lock").write_text(LOCK, encoding="utf-8")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


GOOD = {
    "edge/udi/read.py": "import json\n",
    "edge/wire.py": "import hashlib\n",
    "edge/station/daemon.py": "from edge import wire\nfrom edge.udi import read\nimport hardware.host.worker\n",
    "edge/station/cli.py": "from edge.vision.symbols import x\n",
    "edge/vision/symbols.py": "import zxingcpp\nimport numpy as np\nfrom edge.udi.read import Read\n",
    "edge/hub/labels.py": "from edge.vision.symbols import x\nimport sqlalchemy.orm\n",
    "edge/demo/__main__.py": "import iotcore, PIL\nfrom edge.hub import labels\nimport firmware_service\n",
    "hardware/camera.py": "import numpy\n",
    "hardware/host/link.py": "from paho.mqtt import client\n",
    "hardware/host/worker.py": "try:\n    pass\nexcept Exception:\n    pass\n",
    "firmware_service/health.py": "from hardware.host import link\n",
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_tree_passes(rule: object, tmp_path: Path) -> None:
    assert callable(rule)
    assert rule(_tree(tmp_path, GOOD)) == []


BAD = [
    (wrong_directions, "edge/udi/parse.py", "from edge.rules.judge import judge"),
    (wrong_directions, "edge/udi/parse.py", "import hardware.host.files"),
    (wrong_directions, "edge/udi/parse.py", "from edge import wire"),
    (wrong_directions, "edge/udi/parse.py", "def f():\n    import edge.station.desk"),
    (wrong_directions, "edge/station/desk.py", "from edge.hub.store import Store"),
    (wrong_directions, "edge/station/desk.py", "from edge.vision.symbols import read_symbols"),
    (wrong_directions, "edge/station/desk.py", "import importlib\nimportlib.import_module('edge.vision.symbols')"),
    (wrong_directions, "edge/vision/process.py", "from edge.udi.parse import parse"),
    (wrong_directions, "edge/vision/process.py", "from hardware.scanner import Scanner"),
    (wrong_directions, "edge/hub/collector.py", "from hardware.indicator import Indicator"),
    (wrong_directions, "edge/hub/collector.py", "from edge.station.desk import Desk"),
    (wrong_directions, "edge/wire.py", "from edge.udi.read import Read"),
    (wrong_directions, "edge/rules/judge.py", "from hardware.host.files import replace"),
    (wrong_directions, "hardware/scanner.py", "from edge.udi.read import Read"),
    (wrong_directions, "hardware/host/link.py", "from hardware.scanner import Scanner"),
    (wrong_directions, "firmware_service/reboot.py", "import edge"),
    (wrong_directions, "edge/catalog/store.py", "import firmware_service.reboot"),
    (wrong_outside_packages, "edge/hub/labels.py", "import zxingcpp"),
    (wrong_outside_packages, "edge/station/uplink.py", "from paho.mqtt.client import Client"),
    (wrong_outside_packages, "edge/station/desk.py", "def f():\n    from numpy import array"),
    (wrong_outside_packages, "edge/udi/read.py", "import numpy.typing"),
    (wrong_outside_packages, "edge/catalog/cli.py", "import sqlite_utils"),
    (wrong_outside_packages, "edge/station/store.py", "import sqlalchemy"),
    (wrong_outside_packages, "hardware/scanner_hid.py", "import serial"),
    (wrong_outside_packages, "hardware/host/local.py", "import PIL.Image"),
    (wrong_outside_packages, "edge/hub/daemon.py", "import cryptography"),
    (relative_imports, "edge/udi/parse.py", "from . import read"),
    (relative_imports, "edge/udi/parse.py", "from .read import Read"),
    (imports_of_own_package, "edge/udi/parse.py", "from edge.udi import parse_all"),
    (imports_of_own_package, "edge/udi/parse.py", "import edge"),
    (imports_of_own_package, "edge/udi/parse.py", "from edge import VERSION"),
    (broad_excepts, "edge/udi/parse.py", "try:\n    pass\nexcept:\n    pass"),
    (broad_excepts, "edge/udi/parse.py", "try:\n    pass\nexcept Exception:\n    pass"),
    (broad_excepts, "edge/udi/parse.py", "try:\n    pass\nexcept (OSError, BaseException):\n    pass"),
    (broad_excepts, "edge/udi/parse.py", "import builtins\ntry:\n    pass\nexcept builtins.Exception:\n    pass"),
    (broad_excepts, "edge/udi/cli.py", "import contextlib\nwith contextlib.suppress(Exception):\n    pass"),
    (long_modules, "edge/udi/parse.py", "x = 1\n" * (MOST_LINES + 1)),
    (dead_scripts, "pyproject.toml", PROJECT.replace(":main", ":mein")),
    (dead_scripts, "pyproject.toml", PROJECT.replace("edge.cli", "edge.no.cli")),
    (lock_problems, "requirements.lock", f"--index-url https://packages.example\n{LOCK}"),
    (lock_problems, "requirements.lock", "click==8.5.1"),
    (lock_problems, "requirements.lock", LOCK.replace("click", "clock")),
]


@pytest.mark.parametrize(("rule", "path", "text"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_a_bad_tree_is_noticed(rule: object, path: str, text: str, tmp_path: Path) -> None:
    assert callable(rule)
    broken = rule(_tree(tmp_path, GOOD | {path: f"{text}\n"}))
    assert len(broken) == 1
    assert path in broken[0]
