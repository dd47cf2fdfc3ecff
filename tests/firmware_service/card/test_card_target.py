from __future__ import annotations

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


def test_the_disk_this_very_system_runs_from_is_refused() -> None:
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
    disks = [fields[2] for fields in mounts if (Path("/sys/dev/block") / fields[2] / "dev").exists()]
    for number in disks:
        with pytest.raises(TargetError):
            refuse_in_use(Path("/dev/x"), number, Path("/"))


@pytest.mark.parametrize("folder", ["/", "/boot"])
def test_this_systems_own_folders_are_refused(folder: str) -> None:
    with pytest.raises(TargetError, match="belongs to the system that runs here"):
        open_target(Path(folder), writing=True)
