"""What a site means to the operating system: time servers, proxy, mirror of packages. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hardware.host.files import replace

KINDS = ("http", "https")
_HOSTS = re.compile(r"https?://(deb\.debian\.org|security\.debian\.org|archive\.raspberrypi\.(?:com|org))/([a-z-]+)/?")


def apply_network(network: Mapping[str, Any], root: Path) -> Iterator[str]:
    """Write what a site asks for; a line for each thing done.

    Args:
        network: ``[network]`` of the site's settings.
        root: of the system.

    Raises:
        OSError: it cannot be written.
    """
    if servers := network.get("ntp"):
        _write(root / "etc/systemd/timesyncd.conf.d/50-udi-site.conf", f"[Time]\nNTP={' '.join(servers)}\n")
        yield f"time servers: {', '.join(servers)}"
    if proxy := network.get("proxy"):
        apt = apt_proxy(proxy, network.get("direct", ()), network.get("mirror", ""))
        _write(root / "etc/apt/apt.conf.d/50udi-proxy", apt)
        yield f"proxy: {proxy}"
    if mirror := network.get("mirror"):
        changed = sum(_to_mirror(file, mirror.rstrip("/")) for file in _lists(root / "etc/apt"))
        yield f"mirror of packages: {mirror} in {changed} lists"


def apt_proxy(proxy: str, direct: Sequence[str], mirror: str) -> str:
    """The configuration of apt. Pure.

    It knows no domains: of what lies below one only the mirror is named. Nor can it name an address with colons.
    """
    host = urlsplit(mirror).hostname or ""
    hosts = dict.fromkeys(each.lower() for each in direct if not each.startswith((".", "[")))
    if any(each.startswith(".") and host.endswith(each.lower()) for each in direct):
        hosts[host] = None
    lines = [f'Acquire::{kind}::Proxy "{proxy}";' for kind in KINDS]
    lines += [f'Acquire::{kind}::Proxy::{each} "DIRECT";' for each in hosts for kind in KINDS]
    return "\n".join(lines) + "\n"


def with_mirror(text: str, mirror: str) -> str:
    """A list of package sources that points to the mirror. Pure."""
    return _HOSTS.sub(lambda found: f"{mirror}/{'raspberrypi' if 'raspberrypi' in found[1] else found[2]}/", text)


def _to_mirror(file: Path, mirror: str) -> bool:
    old = file.read_text(encoding="utf-8")
    new = with_mirror(old, mirror)
    if new != old:
        _write(file, new)
    return new != old


def _lists(folder: Path) -> list[Path]:
    inner = folder / "sources.list.d"
    return [
        file for file in [folder / "sources.list", *inner.glob("*.list"), *inner.glob("*.sources")] if file.is_file()
    ]


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    replace(file, text.encode(), mode=0o644)
