"""The first start on the device: from the card to a running slot, without a network. Standard library only.

It runs from ``udi/first-start.pyz`` as root, again and again until it has come through; each step leaves either what
was there or the whole new thing. pip is never run. Debian packages that the release needs and the image lacks are
fetched with apt where there is a network, and named in the report where there is none.
"""

from __future__ import annotations

import argparse
import contextlib
import grp
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from firmware_service.card.first_slot import HERE, FirstStartError, Machine, install_slot, refuse_other_machine
from firmware_service.card.first_system import apply_network
from firmware_service.card.marker import NAME as MARKER
from firmware_service.card.marker import Marker, MarkerError, read_marker, wrong_files
from firmware_service.card.report import TOKEN, interfaces, report, write_report
from firmware_service.places import Places
from hardware.host.board import read_board
from hardware.host.files import replace

DONE = "first-start-done"
_SETTINGS = ("site.toml", "root.json", "template.toml", "station.toml", "network-ca.pem")
_USED_UP = ("network-config", "cmdline.txt", "firstrun.sh", TOKEN)
"""What is no longer as it was written, once the system has started with it."""
_APT_S = 1200
_COMMAND_S = 120


def main(arguments: Sequence[str] | None = None) -> None:
    """Start for the first time, then reboot. Exit status 0 when it is done, 1 when it has to be tried again."""
    os.umask(0o022)
    parser = argparse.ArgumentParser(prog="first-start")
    parser.add_argument("--boot", type=Path, default=Path("/boot/firmware"))
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--architecture", default=HERE.architecture)
    parser.add_argument("--python", default=HERE.python)
    given = parser.parse_args(arguments)
    places = Places(given.root)
    if is_done(given.boot, places):
        sys.exit(0)
    lines: list[str] = []
    try:
        for line in first_start(given.boot, places, Machine(given.architecture, given.python)):
            print(line, file=sys.stderr)  # noqa: T201 - the journal
            lines.append(line)
    except (FirstStartError, OSError, subprocess.SubprocessError) as error:
        lines.append(f"未完成,60 秒后重试 / not done, tried again in 60 s: {error}")
        print(lines[-1], file=sys.stderr)  # noqa: T201
    _report(given.boot, places, lines)
    if not is_done(given.boot, places):
        sys.exit(1)
    try:
        _command(["systemctl", "--no-block", "reboot"])  # so that the first time is like every other time
    except (OSError, subprocess.SubprocessError) as error:
        sys.exit(f"no reboot: {error}; switch it off and on")


def is_done(boot: Path, places: Places) -> bool:
    """Whether this preparation of the card has come through; another one starts anew."""
    try:
        done = (places.state / DONE).read_text(encoding="utf-8").strip()
        return done == read_marker((boot / MARKER).read_bytes()).instance
    except (OSError, MarkerError):
        return False


def first_start(boot: Path, places: Places, machine: Machine) -> Iterator[str]:
    """Do all of it; a line for each step that is done.

    Raises:
        FirstStartError: the card is not whole, or the release does not fit.
        OSError: a disk is full or broken.
        subprocess.SubprocessError: a command of the system failed.
    """
    marker = _whole_card(boot)
    yield f"card whole: site {marker.site}, station {marker.station or '-'}, release {marker.release or '-'}"
    places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    _copy_settings(boot, places, marker.instance)
    yield from apply_network(_site(places).get("network", {}), places.root)
    if not (places.current.exists() and places.slots_file.exists()):
        yield from _install_release(boot, places, machine, marker)
    _install_units(places)
    yield "units installed"
    _forget_passwords(boot)
    replace(places.state / DONE, f"{marker.instance}\n".encode())
    yield from _health(places)


def _install_release(boot: Path, places: Places, machine: Machine, marker: Marker) -> Iterator[str]:
    """Only where there is none: later ones come by updates, which know what may follow what."""
    if marker.release is None:
        raise FirstStartError("the card has no release: prepare it again with --bundle")
    manifest = json.loads((boot / "udi/manifest.json").read_bytes())
    refuse_other_machine(manifest, machine)
    yield from _packages(manifest["runs"].get("packages", {}), places.root)
    install_slot(boot, places, manifest)
    yield f"release {manifest['version']} installed"


def _whole_card(boot: Path) -> Marker:
    try:
        marker = read_marker((boot / MARKER).read_bytes())
    except FileNotFoundError:
        raise FirstStartError("the card was not prepared to its end: prepare it again") from None
    except MarkerError as error:
        raise FirstStartError(str(error)) from None
    wrong = [each for each in wrong_files(marker, lambda name: _read(boot / name)) if not each.startswith(_USED_UP)]
    if wrong:
        raise FirstStartError(f"the card is damaged ({'; '.join(wrong)}): prepare it again, or use another card")
    return marker


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _copy_settings(boot: Path, places: Places, instance: str) -> None:
    """Once for each preparation: what the station has made of its file since is not thrown away by a second try."""
    stamp = places.state / "settings-of"
    if _read(stamp) == instance.encode():
        return
    folder = places.site_file.parent
    folder.mkdir(parents=True, exist_ok=True)
    for name in _SETTINGS:
        if (data := _read(boot / "udi" / name)) is not None:
            replace(folder / name, data, mode=0o640)
    replace(stamp, instance.encode())


def _site(places: Places) -> dict[str, Any]:
    return tomllib.loads(places.site_file.read_text(encoding="utf-8"))


def _packages(wanted: dict[str, str], root: Path) -> Iterator[str]:
    """Fetch what is missing where that is possible; never a reason not to go on: a scanner works without a camera."""
    missing = [name for name in wanted if not _has_package(name)]
    if missing and any(net.up for net in interfaces(root)):
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            _command(["apt-get", "update"], _APT_S)
            _command(["apt-get", "install", "-y", "--no-install-recommends", *missing], _APT_S)
        missing = [name for name in missing if not _has_package(name)]
    if missing:
        yield f"缺少系统软件包 / packages are missing: {' '.join(missing)}"


def _has_package(name: str) -> bool:
    try:
        said = _command(["dpkg-query", "-W", "-f", "${db:Status-Status}", name])
    except subprocess.CalledProcessError:
        return False
    return said.strip() == "installed"


def _install_units(places: Places) -> None:
    """By the release's own program, which also makes the users; the guard of the slots lies outside of every slot."""
    guard = places.current / "site-packages/firmware_service/update/guard.py"
    if guard.is_file():
        target = places.root / "opt/udi/guard/guard.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        replace(target, guard.read_bytes(), mode=0o644)
    where = [] if places.root == Path("/") else ["--root", str(places.root)]
    _command([str(places.current / "bin/udi-firmware"), "units", "install", *where])
    with contextlib.suppress(KeyError):
        group = grp.getgrnam("udi").gr_gid
        for name in _SETTINGS:
            if (file := places.site_file.with_name(name)).exists():
                os.chown(file, 0, group)


def _forget_passwords(boot: Path) -> None:
    """The network's passwords are where the system keeps them; a card can be read by anybody."""
    if (boot / "network-config").exists():
        replace(boot / "network-config", b"network: {config: disabled}\n", mode=0o644)


def _health(places: Places) -> Iterator[str]:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [str(places.current / "bin/udi-firmware"), "health"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        yield f"udi-firmware health: {error}"
        return
    yield from (done.stdout or done.stderr).splitlines()


def _report(boot: Path, places: Places, lines: Sequence[str]) -> None:
    marker = None
    with contextlib.suppress(OSError, MarkerError):
        marker = read_marker((boot / MARKER).read_bytes())
    enrolled = (places.identity / "agent/certificate.pem").exists()
    text = report(
        read_board(places.root),
        interfaces(places.root),
        station=marker.station if marker else None,
        enrolled=enrolled,
        lines=lines,
        now=datetime.now(UTC),
    )
    try:
        write_report(boot, text)
    except OSError as error:
        print(f"no report: {error}", file=sys.stderr)  # noqa: T201


def _command(command: Sequence[str], timeout_s: float = _COMMAND_S) -> str:
    """Run a command of the system.

    Raises:
        subprocess.SubprocessError: it failed.
        OSError: it is not there.
    """
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(  # noqa: S603 - fixed commands
        command, check=True, capture_output=True, text=True, timeout=timeout_s, env=env
    ).stdout
