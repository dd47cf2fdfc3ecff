"""A site's folder on a technician's PC: settings, template, certificate, root of trust, a release."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import zstandard
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from firmware_service.card.room_label import new_key

_Signed = TypeVar("_Signed", Root, Targets, Snapshot, Timestamp)
LABEL_KEY, LABEL_PUBLIC = new_key()
WIFI_PASSWORD = "geheim-'\"$(x)`\\"  # noqa: S105
DOT1X_PASSWORD = "p #w: ' \" \\ %"  # noqa: S105
TEMPLATE = """# one for every theatre
[station]
id = "TEMPLATE"
organisation = { id = "H510104", role = "hospital" }
place = "TEMPLATE"
home_task = "CHECK"

[camera]
source = "picamera2"
"""


def site_toml(**changes: str) -> str:
    """A whole site's settings; `changes` replaces a table's lines."""
    tables = {
        "site": 'name = "第一医院"\n',
        "network": 'proxy = "http://proxy.site:3128"\nntp = ["ntp.site", "10.0.0.1"]\nmirror = "http://mirror.site"\n',
        "network.wifi": f"ssid = \"OR 'Wi-Fi' 手术\"\npassword = {json.dumps(WIFI_PASSWORD)}\n",
        "network.dot1x": f'method = "peap"\nidentity = "udi"\npassword = {json.dumps(DOT1X_PASSWORD)}\nca = "ca.pem"\n',
        "network.static": 'gateway = "10.20.3.1"\ndns = ["10.0.0.2"]\naddresses = { "OR-03" = "10.20.3.17/24" }\n',
        "account": 'ssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA technician"]\n',
        "authority": (
            f'url = "https://udi.site:8443"\npin = "{"0" * 64}"\n'
            f'label_key = "{base64.b64encode(LABEL_PUBLIC).decode()}"\n'
        ),
        "release": 'root = "root.json"\nurl = "https://udi.site/releases"\n',
        "station": 'template = "station.toml"\n',
    } | {name.replace("__", "."): text for name, text in changes.items()}
    return "\n".join(f"[{name}]\n{text}" for name, text in tables.items() if text)


def make_site(folder: Path, **changes: str) -> Path:
    """Write it; gives site.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "site.toml"
    file.write_text(site_toml(**changes), encoding="utf-8")
    (folder / "station.toml").write_text(TEMPLATE, encoding="utf-8")
    (folder / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", encoding="ascii")
    if not (folder / "root.json").exists():
        (folder / "root.json").write_bytes(b"{}")
    return file


def app_files(version: str = "1.0.0") -> dict[str, bytes]:
    """What the app layer of a release holds, as far as a first start touches it."""
    program = f"#!/bin/sh\n[ $1 != units ] || exec record-units $*\necho 'udi-firmware {version} well'\n"
    return {
        "bin/udi-firmware": program.encode(),
        "bin/udi-station": b"#!/bin/sh\n",
        "site-packages/edge/__init__.py": b"",
        "site-packages/firmware_service/update/guard.py": b"# guard\n",
        "systemd/udi-station.service": b"[Service]\nExecStart=/opt/udi/current/bin/udi-station run\n",
    }


def make_tar(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755 if name.startswith("bin/") else 0o644
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def make_release(
    folder: Path,
    *,
    system: str = "trixie",
    python: str = "cp313",
    channel: str = "stable",
    life: timedelta = timedelta(days=90),
    deps: bytes = b"wheels",
    app: Mapping[str, bytes] | None = None,
) -> bytes:
    """A repository of one signed release, with other files of its app if `app`; gives its root, where trust begins."""
    signer, now = CryptoSigner.generate_ed25519(), datetime.now(UTC).replace(microsecond=0)
    layers = [
        _layer(folder, "app", make_tar(app_files() if app is None else app)),
        _layer(folder, "deps", make_tar({"site-packages/wheel.py": deps})),
    ]
    manifest = {
        "schema": 1,
        "version": "1.0.0",
        "channel": channel,
        "counter": 7,
        "layers": layers,
        "runs": {"architecture": "aarch64", "python": python, "systems": [system], "packages": {"python3": "*"}},
        "journal": {"writes": 1, "opens_from": 1},
    }
    data = json.dumps(manifest).encode()
    target = TargetFile.from_data(f"release/{channel}/1.0.0.json", data, ["sha256"])
    _write(folder / target.get_prefixed_paths()[0], data)
    expires = now + life
    root = Root(version=1, expires=now + timedelta(days=1000), consistent_snapshot=True)
    for role in ("root", "targets", "snapshot", "timestamp"):
        root.add_key(signer.public_key, role)
    targets = Targets(version=1, expires=expires)
    targets.targets[target.path] = target
    signed_root, signed_targets = _signed(root, signer), _signed(targets, signer)
    snapshot = Snapshot(
        version=1, expires=expires, meta={"targets.json": MetaFile.from_data(1, signed_targets, ["sha256"])}
    )
    signed_snapshot = _signed(snapshot, signer)
    timestamp = Timestamp(version=1, expires=expires, snapshot_meta=MetaFile.from_data(1, signed_snapshot, ["sha256"]))
    for name, text in {
        "1.root": signed_root,
        "1.targets": signed_targets,
        "1.snapshot": signed_snapshot,
        "timestamp": _signed(timestamp, signer),
    }.items():
        _write(folder / f"metadata/{name}.json", text)
    return signed_root


def _layer(folder: Path, name: str, tar: bytes) -> dict[str, object]:
    packed = zstandard.compress(tar)
    sha256 = hashlib.sha256(packed).hexdigest()
    _write(folder / f"blob/{sha256}.tar.zst", packed)
    return {
        "name": name,
        "sha256": sha256,
        "size": len(packed),
        "tar_sha256": hashlib.sha256(tar).hexdigest(),
        "tar_size": len(tar),
    }


def _signed(signed: _Signed, signer: CryptoSigner) -> bytes:
    metadata = Metadata(signed)
    metadata.sign(signer)
    return metadata.to_bytes()


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
