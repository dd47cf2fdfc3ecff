"""Cards from an image to the marker, through the command, with real file systems."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
import yaml
from click.testing import CliRunner, Result

from firmware_service.cli import main
from tests.support import boot_images
from tests.support.boot_images import boot_files, content, fsck, listing, make_image
from tests.support.site_folder import DOT1X_PASSWORD, WIFI_PASSWORD, make_release, make_site

TOKEN = "Zm9yLW9uZS1zdGF0aW9uLW9ubHk"  # noqa: S105
PRIVATE = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1h\n-----END PRIVATE KEY-----\n"


@dataclass(frozen=True, slots=True)
class Desk:
    """A technician's folder."""

    folder: Path

    @property
    def site(self) -> Path:
        return self.folder / "site/site.toml"

    @property
    def bundle(self) -> Path:
        return self.folder / "releases"

    @property
    def token(self) -> Path:
        return self.folder / "token"

    def image(self, edition: str = "2025-11-24", table: Literal["MBR", "GPT"] = "MBR") -> Path:
        return make_image(self.folder / "card.img", boot_files(edition), table)

    def ask(self, *arguments: str | Path) -> Result:
        return CliRunner().invoke(main, ["card", *map(str, arguments)])

    def prepare(self, target: Path, *more: str | Path) -> Result:
        return self.ask("prepare", target, "--site", self.site, "--bundle", self.bundle, "--token", self.token, *more)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    make_site(tmp_path / "site")
    (tmp_path / "site/root.json").write_bytes(make_release(found.bundle))
    found.token.write_text(f"{TOKEN}\n", encoding="ascii")
    return found


@pytest.mark.parametrize("table", ["MBR", "GPT"])
@pytest.mark.parametrize(
    ("edition", "kind", "system", "python"),
    [
        ("2025-11-24", "cloud-init", "trixie", "cp313"),
        ("2025-10-01", "firstrun", "trixie", "cp313"),
        ("2024-11-19", "firstrun", "bookworm", "cp311"),
    ],
)
def test_each_kind_of_card_is_prepared_and_gives_back_what_was_written(
    desk: Desk, table: Literal["MBR", "GPT"], edition: str, kind: str, system: str, python: str
) -> None:
    (desk.folder / "site/root.json").write_bytes(make_release(desk.folder / "own", system=system, python=python))
    image = desk.image(edition, table)
    done = desk.prepare(image, "--station", "OR-03", "--bundle", desk.folder / "own")
    assert done.exit_code == 0, done.output
    assert f"{system} of {edition}, {kind}" in done.output
    names = [name.lower() for name in listing(image)]
    assert sorted(names) == sorted(set(names))
    assert fsck(image) == ""
    marker = json.loads(content(image, "udi/prepared.json"))
    assert (marker["kind"], marker["station"], marker["release"]) == (kind, "OR-03", "1.0.0")
    assert set(marker["files"]) < set(names)
    assert content(image, "udi/token").decode().strip() == TOKEN
    assert b'id = "OR-03"' in content(image, "udi/station.toml")
    cmdline = content(image, "cmdline.txt").decode()
    assert cmdline.count("\n") == 1
    assert cmdline.startswith(boot_images.CMDLINE.decode().strip())
    if kind == "cloud-init":
        assert f"ds=nocloud;i={marker['instance']}" in cmdline.split()
        assert yaml.safe_load(content(image, "meta-data"))["instance-id"] == marker["instance"]
    else:
        assert "systemd.run=/boot/firstrun.sh" in cmdline.split()
        assert subprocess.run(["bash", "-n"], input=content(image, "firstrun.sh"), check=False).returncode == 0
    assert desk.ask("verify", image, "--site", desk.site).exit_code == 0


def test_no_secret_is_said_and_none_but_the_networks_own_is_on_the_card(desk: Desk) -> None:
    image = desk.image()
    said = desk.prepare(image).output + desk.ask("inspect", image).output
    for secret in (TOKEN, WIFI_PASSWORD, DOT1X_PASSWORD):
        assert secret not in said
    assert "there, not used yet" in said
    holders = {name for name in listing(image) if WIFI_PASSWORD.encode() in content(image, name)}
    assert holders == set()
    network = yaml.safe_load(content(image, "network-config"))["network"]
    assert network["ethernets"]["eth0"]["auth"]["password"] == DOT1X_PASSWORD


def test_a_second_preparation_leaves_nothing_of_the_first(desk: Desk) -> None:
    image = desk.image()
    assert desk.prepare(image, "--station", "OR-03").exit_code == 0
    first = json.loads(content(image, "udi/prepared.json"))
    assert desk.ask("prepare", image, "--site", desk.site).exit_code == 0
    second = json.loads(content(image, "udi/prepared.json"))
    assert second["instance"] != first["instance"]
    left = {name for name in listing(image) if name.startswith("udi/")}
    assert left == {*(name for name in second["files"] if name.startswith("udi/")), "udi/prepared.json"}
    assert "udi/token" not in left
    assert content(image, "cmdline.txt").decode().count("ds=nocloud") == 1
    assert desk.ask("verify", image).exit_code == 0


def test_a_folder_where_the_card_is_mounted_is_prepared_the_same(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "mounted"
    for name, data in boot_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    done = desk.prepare(folder)
    assert done.exit_code == 0, done.output
    assert desk.ask("verify", folder).exit_code == 0
    assert "station  unnamed" in desk.ask("inspect", folder).output
    (folder / "user-data").write_bytes(b"#cloud-config\n")
    found = desk.ask("verify", folder)
    assert found.exit_code == 1
    assert "user-data has SHA-256" in found.output


def _full(desk: Desk) -> Path:
    image = desk.image()
    boot_images.fill(image, {"other.bin": bytes(boot_images.SIZE - 8 * 1024 * 1024)})
    return image


def _unknown_key(desk: Desk) -> Path:
    desk.site.write_text(desk.site.read_text("utf-8").replace("proxy =", "proxi ="), encoding="utf-8")
    return desk.image()


def _key_in_bundle(desk: Desk) -> Path:
    (desk.bundle / "keys").mkdir()
    (desk.bundle / "keys/online.pem").write_text(PRIVATE, encoding="ascii")
    return desk.image()


def _key_as_token(desk: Desk) -> Path:
    desk.token.write_text(PRIVATE, encoding="ascii")
    return desk.image()


def _key_as_ca(desk: Desk) -> Path:
    (desk.folder / "site/ca.pem").write_text(PRIVATE, encoding="ascii")
    return desk.image()


def _tampered_layer(desk: Desk) -> Path:
    blob = max((desk.bundle / "blob").iterdir(), key=lambda file: file.stat().st_size)
    blob.write_bytes(blob.read_bytes()[:-20])
    return desk.image()


def _tampered_list(desk: Desk) -> Path:
    file = desk.bundle / "metadata/1.targets.json"
    file.write_bytes(file.read_bytes().replace(b'"version":1', b'"version":2'))
    return desk.image()


def _expired(desk: Desk) -> Path:
    root = make_release(desk.folder / "old", life=timedelta(days=-1))
    (desk.folder / "site/root.json").write_bytes(root)
    (desk.folder / "releases").rename(desk.folder / "unused")
    (desk.folder / "old").rename(desk.folder / "releases")
    return desk.image()


def _truncated(desk: Desk) -> Path:
    image = desk.image()
    os.truncate(image, image.stat().st_size // 2)
    return image


def _not_an_image(desk: Desk) -> Path:
    image = desk.folder / "card.img.xz"
    image.write_bytes(b"\xfd7zXZ" + bytes(5000))
    return image


def _other_system(desk: Desk) -> Path:
    files = {name: data for name, data in boot_files().items() if name != "issue.txt"}
    return make_image(desk.folder / "card.img", files)


def _preseed(desk: Desk) -> Path:
    return make_image(desk.folder / "card.img", boot_files() | {"rpi-preseed.toml": b"[system]\n"})


BAD = [
    (_not_an_image, "no partition table: expected a whole card or a whole image, unpacked"),
    (_other_system, "no issue.txt: expected Raspberry Pi OS"),
    (_preseed, "rpi-preseed.toml is there"),
    (_truncated, "too small: partition 1 ends at byte"),
    (_full, "nothing was written"),
    (_unknown_key, "network.proxi is not a known key: did you mean proxy?"),
    (_key_in_bundle, "online.pem holds a private key: nothing was written"),
    (_key_as_token, "holds a private key"),
    (_key_as_ca, "udi/network-ca.pem holds a private key"),
    (_tampered_layer, "bring a"),
    (_tampered_list, "bring a fresh, whole copy"),
    (_expired, "bring a fresh, whole copy"),
]


@pytest.mark.parametrize(("make", "said"), BAD, ids=lambda value: getattr(value, "__name__", None))
def test_what_cannot_be_prepared_is_said_and_not_touched(desk: Desk, make: object, said: str) -> None:
    assert callable(make)
    target: Path = make(desk)
    before = target.read_bytes()
    done = desk.prepare(target)
    assert done.exit_code == 1, done.output
    assert said in done.output
    assert "Traceback" not in done.output
    assert target.read_bytes() == before


def test_a_mounted_image_is_refused(desk: Desk) -> None:
    assert "belongs to the system that runs here" in desk.ask("prepare", "/", "--site", desk.site).output


def test_a_release_for_another_system_is_refused(desk: Desk) -> None:
    done = desk.prepare(desk.image("2024-11-19"))
    assert done.exit_code == 1
    assert "none of 1 releases in channel stable is for bookworm" in done.output


COMMAND = [sys.executable, "-c", "from firmware_service.cli import main; main()", "card", "prepare"]


@pytest.mark.parametrize("calls", [1, 3, 6, 9, 12, 14, 15, 16, 17, 18])
def test_a_preparation_that_was_killed_between_two_files_is_never_taken_for_a_whole_one(desk: Desk, calls: int) -> None:
    image = desk.image()
    assert len(desk_files(desk)) == 18
    tool = desk.folder / "tools/mcopy"
    tool.parent.mkdir()
    tool.write_text(
        f'#!/bin/sh\n/usr/bin/mcopy "$@"\necho x >>"{desk.folder}/count"\n'
        f'[ "$(wc -l <"{desk.folder}/count")" -lt {calls} ] || kill -9 $PPID\n',
        encoding="utf-8",
    )
    tool.chmod(0o755)
    env = os.environ | {"PATH": f"{tool.parent}:{os.environ['PATH']}"}
    arguments = ["--site", str(desk.site), "--bundle", str(desk.bundle), "--token", str(desk.token)]
    done = subprocess.run([*COMMAND, str(image), *arguments], env=env, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    found = desk.ask("verify", image)
    if calls == 18:  # the marker is there, and so is all that it names
        assert found.exit_code == 0, found.output
    else:
        assert found.exit_code == 1
        assert "not prepared, or only in part: prepare it again" in found.output
        assert "only in part" in desk.ask("inspect", image).output
    if calls < 17:  # cmdline.txt, without which it starts as it came, is the last file before the marker
        assert content(image, "cmdline.txt") == boot_images.CMDLINE
    assert fsck(image) == ""
    assert desk.prepare(image).exit_code == 0
    assert desk.ask("verify", image).exit_code == 0


def desk_files(desk: Desk) -> list[str]:
    """What one preparation writes, in order."""
    image = make_image(desk.folder / "other.img", boot_files())
    said = desk.prepare(image).output.splitlines()
    return [line.split()[0] for line in said if line.startswith("  ") and line.endswith(" bytes")]


@pytest.mark.parametrize("writes", [2, 7])
def test_a_preparation_that_was_killed_in_the_middle_of_a_file_is_noticed(desk: Desk, writes: int) -> None:
    image = desk.image()
    arguments = ["--site", str(desk.site), "--bundle", str(desk.bundle), "--token", str(desk.token)]
    process = subprocess.Popen([*COMMAND, str(image), *arguments], stderr=subprocess.DEVNULL, start_new_session=True)
    _kill_after_writes(process, image, writes)
    assert process.returncode == -signal.SIGKILL
    assert "not prepared, or only in part" in desk.ask("verify", image).output
    again = desk.prepare(image)
    assert again.exit_code == 0 or "write the image again" in again.output, again.output


def _kill_after_writes(process: subprocess.Popen[bytes], image: Path, writes: int) -> None:
    """Kill it, with its mtools, once the image has changed so many times."""
    seen, last = 0, image.stat().st_mtime_ns
    until = time.monotonic() + 60
    while process.poll() is None and seen < writes and time.monotonic() < until:
        now = image.stat().st_mtime_ns
        seen, last = seen + (now != last), now
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
