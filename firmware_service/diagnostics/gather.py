"""What goes into the archive: named sources only, no folder is walked, and every text goes through the scrubbing."""

from __future__ import annotations

import io
import json
import platform
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from firmware_service.checks.look import Look, files_of, json_of, text_of
from firmware_service.diagnostics.scrub import people_of, scrub_object, scrub_table, scrub_text, secrets_of
from firmware_service.health import as_json, read_health
from hardware.host.toml import ConfigError, read_table

UNITS = ("udi-station", "udi-camera", "udi-firmware", "udi-boot-guard", "udi-hub")
LINES = 1000
"""Of each unit's log."""
RUN_S = 20.0
FOLDER = "diagnostics"
ABOUT = """诊断包 / diagnostics of one machine

health.json      检查结果 / every check
versions.json    版本 / versions
network.json     网络 / network as the kernel and ip see it
slots.json       更新槽 / update slots
selftest.json    自检 / last self-test
config/          配置,机密已去除 / configuration without secrets
log/             本程序日志的末尾 / the end of our units' logs

密钥、口令、令牌、患者与工作人员信息均已去除。
Keys, passwords, tokens, patients and staff have been taken out, and with them whatever looked like one.
"""

Run = Callable[[Sequence[str]], str]
"""Runs a command and gives what it printed; empty when it cannot be run."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive."""

    name: str
    data: bytes


def gather(look: Look, run: Run) -> tuple[Member, ...]:
    """Everything, scrubbed.

    Args:
        look: at the machine.
        run: for the log and the network.
    """
    tables = {name: _table(file) for name, file in _configs(look).items()}
    secrets = frozenset().union(*(secrets_of(table) for table in tables.values()))
    people = people_of(look.configured.get("patterns"))

    def clean(name: str, content: object) -> Member:
        return Member(name, _dump(scrub_object(content, secrets, people)))

    def log(unit: str) -> Member:
        return Member(f"log/{unit}.log", scrub_text(run(_journalctl(unit)), secrets, people).encode())

    objects = {
        "health.json": as_json(read_health(look)),
        "versions.json": versions(look),
        "network.json": network(look, run),
        "slots.json": json_of(look.places.slots_file),
        "selftest.json": json_of(look.places.state / "selftest.json"),
    }
    return (
        Member("about.txt", ABOUT.encode()),
        *(clean(name, content) for name, content in objects.items()),
        *(clean(f"config/{name}.json", scrub_table(table)) for name, table in tables.items()),
        *(log(unit) for unit in UNITS),
    )


def _configs(look: Look) -> Mapping[str, Path]:
    return {"station": look.places.station_file, "site": look.places.site_file}


def _table(file: Path) -> dict[str, Any]:
    try:
        return read_table(file)
    except ConfigError:
        return {}  # half a file is not shown at all: nobody can tell what in it is secret


def _dump(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _journalctl(unit: str) -> list[str]:
    return ["journalctl", "--unit", unit, "--lines", str(LINES), "--no-pager", "--output", "short-iso"]


def versions(look: Look) -> dict[str, Any]:
    """What runs here."""
    release = text_of(look.root / "etc/os-release") or ""
    names = [line.partition("=")[2].strip('"') for line in release.splitlines() if line.startswith("PRETTY_NAME=")]
    current = look.places.current
    return {
        "udi-station": version("udi-station"),
        "python": platform.python_version(),
        "system": names[0] if names else None,
        "kernel": text_of(look.root / "proc/sys/kernel/osrelease"),
        "slot": current.resolve().name if current.is_symlink() else None,
        "slots": [each.name for each in files_of(look.places.slots, "*") if each.is_dir()],
    }


_ADDRESS = ("family", "local", "prefixlen", "scope", "dynamic")
_ROUTE = ("dst", "gateway", "dev", "protocol", "metric")


def network(look: Look, run: Run) -> dict[str, Any]:
    """Interfaces with MAC and state, addresses, routes, name servers; no name and no secret of a Wi-Fi."""
    return {
        "interfaces": [_interface(folder) for folder in files_of(look.root / "sys/class/net", "*")],
        "addresses": list(_addresses(run(["ip", "-json", "address"]))),
        "routes": [_only(row, _ROUTE) for row in _rows(run(["ip", "-json", "route"]))],
        "dns": [line.split()[1] for line in _lines(look.root / "etc/resolv.conf") if line.startswith("nameserver ")],
    }


def _interface(folder: Path) -> dict[str, str | None]:
    facts = {name: text_of(folder / name) for name in ("address", "operstate", "carrier", "speed")}
    return {"name": folder.name, **facts}


def _addresses(text: str) -> Iterator[dict[str, Any]]:
    for row in _rows(text):
        for each in row.get("addr_info", ()):
            yield {"interface": row.get("ifname"), **_only(each, _ADDRESS)}


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _only(row: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: row[key] for key in keys if key in row}


def _lines(file: Path) -> list[str]:
    return [line for line in (text_of(file) or "").splitlines() if len(line.split()) > 1]


def pack(members: Sequence[Member], at: int) -> bytes:
    """A tar.gz of them in one folder.

    Args:
        members: in order.
        at: the time that each file gets, seconds since 1970.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member in members:
            info = tarfile.TarInfo(f"{FOLDER}/{member.name}")
            info.size, info.mtime, info.mode = len(member.data), at, 0o600
            archive.addfile(info, io.BytesIO(member.data))
    return out.getvalue()


def run_here(words: Sequence[str]) -> str:
    """Run on this machine."""
    try:
        ended = subprocess.run(words, capture_output=True, check=False, timeout=RUN_S)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return ""
    return ended.stdout.decode("utf-8", "replace")
