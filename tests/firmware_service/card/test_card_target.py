from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_service.card.target import TargetError, open_target, refuse_in_use
from tests.support.boot_images import boot_files, make_image


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PC whose system is on sda and mapped from sdb, with a card in sdc."""
    files = {
        "proc/self/mountinfo": "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "29 22 8:49 / /media/x\\040y rw - vfat /dev/sdd1 rw\n",
        "proc/swaps": "Filename Type Size Used Priority\n/dev/sde2 partition 1 0 -2\n",
    }
    for number, name in enumerate("abcde"):
        disk = f"sys/devices/sd{name}"
        files[f"{disk}/dev"] = f"8:{16 * number}\n"
        for part in (1, 2):
            files[f"{disk}/sd{name}{part}/dev"] = f"8:{16 * number + part}\n"
            files[f"{disk}/sd{name}{part}/partition"] = f"{part}\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "sys/devices/sdb/sdb2/holders/dm-0").mkdir(parents=True)
    links = tmp_path / "sys/dev/block"
    links.mkdir(parents=True)
    for number, name in enumerate("abcde"):
        (links / f"8:{16 * number}").symlink_to(f"../../devices/sd{name}")
        (links / f"8:{16 * number + 1}").symlink_to(f"../../devices/sd{name}/sd{name}1")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        ("sda", "8:0", r"/dev/sda is in use \(sda1: mounted at /\): it is a disk of this system"),
        ("sdb", "8:16", r"sdb2: held by dm-0"),
        ("sdd", "8:48", r"sdd1: mounted at /media"),
        ("sde", "8:64", r"sde2: swap"),
        ("sdc1", "8:33", r"/dev/sdc1 is a partition: give the whole card, /dev/sdc"),
    ],
)
def test_what_this_system_uses_is_refused(machine: Path, name: str, number: str, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        refuse_in_use(Path("/dev") / name, number, machine)


def test_a_card_that_nobody_uses_is_taken(machine: Path) -> None:
    refuse_in_use(Path("/dev/sdc"), "8:32", machine)


def test_an_image_that_is_attached_is_refused_for_writing_only(tmp_path: Path) -> None:
    image = make_image(tmp_path / "card.img", boot_files())
    backing = tmp_path / "sys/block/loop7/loop/backing_file"
    backing.parent.mkdir(parents=True)
    backing.write_text(f"{image}\n", encoding="utf-8")
    with pytest.raises(TargetError, match=r"is attached as loop7: detach it first \(losetup -d /dev/loop7\)"):
        open_target(image, writing=True, root=tmp_path)
    assert open_target(image, writing=False, root=tmp_path).read("config.txt") == b"arm_64bit=1\n"


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Path]:
    """A real block device of 8 GB with a card on it."""
    image = make_image(tmp_path / "disk.img", boot_files())
    os.truncate(image, 8_000_000_000)
    done = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no loop device here: {done.stderr.strip()}")
    yield Path(done.stdout.strip())
    subprocess.run(["losetup", "-d", done.stdout.strip()], check=True)


def test_a_real_device_is_read_and_written(loop: Path) -> None:
    boot = open_target(loop, writing=True)
    boot.write("udi/new", b"x" * 100_000)
    boot.flush()
    assert open_target(loop, writing=False).read("udi/new") == b"x" * 100_000
    assert boot.faults() == ""


def test_a_real_device_that_is_mounted_is_refused(loop: Path, tmp_path: Path) -> None:
    subprocess.run(["/usr/sbin/mkfs.ext2", "-q", str(loop), "100M"], check=True, capture_output=True)
    mount = tmp_path / "mnt"
    mount.mkdir()
    done = subprocess.run(["mount", str(loop), str(mount)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        with pytest.raises(TargetError, match=f"mounted at {mount}"):
            open_target(loop, writing=True)
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_real_device_that_is_too_small_is_refused(loop: Path, tmp_path: Path) -> None:
    os.truncate(tmp_path / "disk.img", 4_000_000_000)
    subprocess.run(["losetup", "-c", str(loop)], check=True)
    with pytest.raises(TargetError, match=r"has 4\.0 GB: too small, expected a card of 8 GB or more"):
        open_target(loop, writing=True)


@pytest.mark.parametrize("folder", ["/", "/boot"])
def test_this_systems_own_folders_are_refused(folder: str) -> None:
    with pytest.raises(TargetError, match="belongs to the system that runs here"):
        open_target(Path(folder), writing=True)
