"""The power fails while the first slot is installed: what was not flushed is lost, and the next try makes it whole."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from firmware_service.card.first_slot import install_slot
from firmware_service.places import Places
from firmware_service.update.guard import complete, named
from firmware_service.update.slots import Store
from tests.support.power import before_each_call, power_disk

FILES = {"bin/udi-firmware": "#!/bin/sh\n" * 40, "site-packages/a/one.py": "1\n" * 900, "systemd/unit": "[Unit]\n"}


@pytest.fixture
def boot(tmp_path: Path) -> Path:
    """The card's boot partition with one layer."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, text in FILES.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), 0o755 if name.startswith("bin/") else 0o644
            archive.addfile(info, io.BytesIO(text.encode()))
    sha256 = hashlib.sha256(tar.getvalue()).hexdigest()
    manifest = {"version": "1.0.0", "counter": 7, "layers": [{"tar_sha256": sha256}]}
    layer = tmp_path / f"boot/udi/layer/{sha256}.tar.gz"
    layer.parent.mkdir(parents=True)
    layer.write_bytes(gzip.compress(tar.getvalue()))
    (tmp_path / "boot/udi/manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path / "boot"


def manifest_of(boot: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((boot / "udi/manifest.json").read_bytes())
    return found


def is_whole(places: Places) -> bool:
    slot = places.slots / "1.0.0"
    return complete(slot, by_hash=True) and {*FILES, "manifest.json"} <= {
        line.split(" ", 2)[2] for line in (slot / "hashes").read_text(encoding="utf-8").splitlines()
    }


def test_the_power_fails_before_each_call(boot: Path) -> None:
    manifest = dict(manifest_of(boot))
    with power_disk() as disk:
        places, cuts = Places(disk.folder), list[tuple[str, bytes]]()
        places.state.mkdir(parents=True)
        places.slots.mkdir(parents=True)
        disk.settle()
        with before_each_call(lambda name: cuts.append((name, disk.reached()))):
            install_slot(boot, places, manifest)
        cuts.append(("done", disk.reached()))
        for place, (name, reached) in enumerate(cuts):
            disk.cut(reached)
            at = f"call {place}, {name}"
            if name == "done":
                assert named(places.current) == "1.0.0", at
                assert places.slots_file.stat().st_size > 0, at
            if (places.slots / "1.0.0").exists():
                assert is_whole(places), at
            install_slot(boot, places, manifest)
            assert named(places.current) == "1.0.0", at
            assert is_whole(places), at
            assert Store(places).read().committed == "1.0.0", at
        of_slot, of_state, of_link = "sync rename fsync", "fsync rename fsync", "symlink replace fsync"
        called = " ".join(name for name, _ in cuts if name not in ("mkdir", "unlink"))
        assert called == f"{of_slot} {of_state} {of_link} done"
