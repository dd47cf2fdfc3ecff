"""Layers: the same tree gives the same bytes, and comes back as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from firmware_service.release.layers import (
    apply_patch,
    installed_tar,
    make_patch,
    pack,
    unpack,
    unpack_plain,
    write_layer,
)
from firmware_service.release.manifest import Layer, LayerName, Patch
from firmware_service.release.tars import ArchiveError, names_of

FILES = {"bin/tool": "#!/bin/sh\n", "site-packages/a/__init__.py": "", "site-packages/a/b.py": "x = 1\n" * 5000}


def tree(folder: Path, files: dict[str, str], *, mtime: int = 0) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o700 if name.startswith("bin/") else 0o600)
        os.utime(file, (mtime, mtime))
    return folder


def layer(source: Path, name: LayerName, out: Path) -> Layer:
    """Made in `out`: ``<name>.tar`` and ``<name>.zst``."""
    out.mkdir(exist_ok=True)
    tar = write_layer(source, name, out / f"{name}.tar")
    packed = pack(out / f"{name}.tar", out / f"{name}.zst")
    return Layer(name, packed.sha256, packed.size, tar.sha256, tar.size)


def test_order_time_owner_and_mask_do_not_matter(tmp_path: Path) -> None:
    one = layer(tree(tmp_path / "one", FILES), "app", tmp_path / "out1")
    other = layer(tree(tmp_path / "two", dict(reversed(FILES.items())), mtime=1_700_000_000), "app", tmp_path / "out2")
    assert one == other


def test_two_layers_in_one_tree_and_each_tar_again(tmp_path: Path) -> None:
    app = layer(tree(tmp_path / "app", FILES), "app", tmp_path / "out")
    deps = layer(tree(tmp_path / "deps", {"site-packages/dep.py": "y = 2\n"}), "deps", tmp_path / "out")
    slot = tmp_path / "slot"
    slot.mkdir()
    told = list[str]()
    unpack(tmp_path / "out/deps.zst", deps, slot)
    unpack(tmp_path / "out/app.zst", app, slot, told.append)
    assert told == names_of(tmp_path / "app")
    assert set(names_of(slot)) == set(names_of(tmp_path / "app")) | set(names_of(tmp_path / "deps"))
    assert (slot / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (slot / "site-packages/a/b.py").stat().st_mode & 0o777 == 0o644
    (slot / "site-packages/a/__pycache__").mkdir()
    for each in (app, deps):
        assert installed_tar(slot, each.name, tmp_path / "again").sha256 == each.tar_sha256


def test_a_patch_gives_the_same_tree_and_is_small(tmp_path: Path) -> None:
    old = layer(tree(tmp_path / "old", FILES), "app", tmp_path / "out1")
    changed = {**FILES, "site-packages/a/b.py": "x = 1\n" * 2500 + "x = 2\n" + "x = 1\n" * 2500}
    new = layer(tree(tmp_path / "new", changed), "app", tmp_path / "out2")
    digest = make_patch(tmp_path / "out1/app.tar", tmp_path / "out2/app.tar", tmp_path / "patch")
    patch = Patch(old.tar_sha256, digest.sha256, digest.size)
    apply_patch(tmp_path / "out1/app.tar", tmp_path / "patch", patch, new, tmp_path / "tar")
    assert (tmp_path / "tar").read_bytes() == (tmp_path / "out2/app.tar").read_bytes()
    (tmp_path / "slot").mkdir()
    unpack_plain(tmp_path / "tar", new, tmp_path / "slot")
    assert (tmp_path / "slot/site-packages/a/b.py").read_text(encoding="utf-8") == changed["site-packages/a/b.py"]
    assert digest.size < new.size
    with pytest.raises(ArchiveError, match="not the tar that the patch was made from"):
        apply_patch(tmp_path / "out2/app.tar", tmp_path / "patch", patch, new, tmp_path / "tar")
    (tmp_path / "patch").write_bytes((tmp_path / "patch").read_bytes()[:-20])
    with pytest.raises(ArchiveError):
        apply_patch(tmp_path / "out1/app.tar", tmp_path / "patch", patch, new, tmp_path / "tar")


@pytest.mark.parametrize("damage", ["truncated", "flipped", "another", "longer", "empty"])
def test_other_bytes_than_promised_are_refused(damage: str, tmp_path: Path) -> None:
    made = layer(tree(tmp_path / "tree", FILES), "app", tmp_path / "out")
    packed = tmp_path / "out/app.zst"
    data = packed.read_bytes()
    if damage == "another":
        layer(tree(tmp_path / "other", {"evil.py": "x"}), "app", tmp_path / "out")
    elif damage == "longer":
        layer(tree(tmp_path / "tree", {"site-packages/more.py": "x" * 100_000}), "app", tmp_path / "out")
    else:
        flipped = bytes([*data[:-9], data[-9] ^ 1, *data[-8:]])
        packed.write_bytes({"truncated": data[: len(data) // 2], "flipped": flipped, "empty": b""}[damage])
    (tmp_path / "slot").mkdir()
    with pytest.raises(ArchiveError):
        unpack(packed, made, tmp_path / "slot")


def test_a_tree_that_has_lost_a_file_is_no_base(tmp_path: Path) -> None:
    layer(tree(tmp_path / "tree", FILES), "app", tmp_path / "out")
    (tmp_path / "tree/bin/tool").unlink()
    with pytest.raises(ArchiveError, match="bin/tool"):
        installed_tar(tmp_path / "tree", "app", tmp_path / "tar")
