from __future__ import annotations

from pathlib import Path

import pytest

from firmware_service.card.first_system import apply_network, apt_proxy, with_mirror

MIRROR = "http://mirror.site/os"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("URIs: http://deb.debian.org/debian/", f"URIs: {MIRROR}/debian/"),
        ("URIs: http://deb.debian.org/debian-security/", f"URIs: {MIRROR}/debian-security/"),
        ("deb http://security.debian.org/debian-security trixie", f"deb {MIRROR}/debian-security/ trixie"),
        ("URIs: http://archive.raspberrypi.com/debian/", f"URIs: {MIRROR}/raspberrypi/"),
        ("deb https://archive.raspberrypi.org/debian/ bookworm main", f"deb {MIRROR}/raspberrypi/ bookworm main"),
        ("URIs: http://other.site/debian/", "URIs: http://other.site/debian/"),
        (f"URIs: {MIRROR}/debian/", f"URIs: {MIRROR}/debian/"),
    ],
)
def test_each_list_points_to_the_mirror(before: str, after: str) -> None:
    assert with_mirror(before, MIRROR) == after


def direct_hosts(text: str) -> list[str]:
    return [line.split("::")[-1].split()[0] for line in text.splitlines() if '"DIRECT"' in line and "https" in line]


@pytest.mark.parametrize(
    ("direct", "mirror", "hosts"),
    [
        ([], "", []),
        (["Updates.site", "10.0.0.7"], "", ["updates.site", "10.0.0.7"]),
        (["[fd00::7]", "updates.site"], "", ["updates.site"]),
        ([".site"], MIRROR, ["mirror.site"]),
        ([".other"], MIRROR, []),
        (["mirror.site", ".site"], MIRROR, ["mirror.site"]),
    ],
)
def test_apt_reaches_hosts_inside_the_site_directly(direct: list[str], mirror: str, hosts: list[str]) -> None:
    text = apt_proxy("http://proxy.site:3128", direct, mirror)
    assert direct_hosts(text) == hosts
    assert text.startswith('Acquire::http::Proxy "http://proxy.site:3128";\n')


def test_a_site_that_asks_for_nothing_changes_nothing(tmp_path: Path) -> None:
    assert list(apply_network({}, tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_what_was_done_is_done_again_without_harm(tmp_path: Path) -> None:
    network = {"ntp": ["ntp.site"], "proxy": "http://proxy.site:3128", "mirror": f"{MIRROR}/"}
    lists = tmp_path / "etc/apt/sources.list.d"
    lists.mkdir(parents=True)
    (lists / "debian.sources").write_text("URIs: http://deb.debian.org/debian/\n", encoding="ascii")
    assert len(list(apply_network(network, tmp_path))) == 3
    files = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    list(apply_network(network, tmp_path))
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == files
    assert (lists / "debian.sources").read_text("ascii") == f"URIs: {MIRROR}/debian/\n"
