"""Images of cards as Raspberry Pi OS has them: a partition table and a FAT boot partition, made by real tools."""

from __future__ import annotations

import struct
import subprocess
import uuid
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

START = 8192 * 512
SIZE = 64 * 1024 * 1024
CMDLINE = (
    b"console=serial0,115200 console=tty1 root=PARTUUID=deadbeef-02 rootfstype=ext4 fsck.repair=yes rootwait quiet "
    b"init=/usr/lib/raspberrypi-sys-mods/firstboot\n"
)
_ESP = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
_LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")


def issue(edition: str, stage: str = "stage2") -> bytes:
    return (
        f"Raspberry Pi reference {edition}\n"
        f"Generated using pi-gen, https://github.com/RPi-Distro/pi-gen, 0123456789abcdef, {stage}\n"
    ).encode()


def boot_files(edition: str = "2025-11-24", *, cloud_init: bool | None = None) -> dict[str, bytes]:
    """The files of an edition that matter; with cloud-init's from the second edition of trixie on."""
    found = {
        "cmdline.txt": CMDLINE,
        "config.txt": b"arm_64bit=1\n",
        "issue.txt": issue(edition),
        "kernel8.img": b"\x1f\x8b kernel" * 1000,
        "overlays/README": b"overlays\n",
    }
    if cloud_init if cloud_init is not None else edition > "2025-10-01":
        found |= {
            "user-data": b"#cloud-config\n# nothing yet\n",
            "meta-data": b"dsmode: local\ninstance_id: rpios-image\n",
            "network-config": b"# nothing yet\n",
        }
    return found


def make_image(path: Path, files: Mapping[str, bytes], table: Literal["MBR", "GPT"] = "MBR", size: int = SIZE) -> Path:
    """An image with a boot partition of `size` bytes and a root partition of 4 MiB."""
    root = 4 * 1024 * 1024
    with path.open("wb") as file:
        file.truncate(START + size + root + 33 * 512)
        file.write(_mbr(size, root) if table == "MBR" else _gpt(size, root, path.stat().st_size // 512))
    subprocess.run(
        [
            "/usr/sbin/mkfs.vfat",
            "-F",
            "32",
            "-n",
            "bootfs",
            "--offset",
            str(START // 512),
            str(path),
            str(size // 1024),
        ],
        check=True,
        capture_output=True,
    )
    fill(path, files)
    return path


def fill(path: Path, files: Mapping[str, bytes]) -> None:
    """Put files there with mcopy, as the makers of images do: short names get lower-case flags."""
    scratch = path.with_name(f"{path.name}.file")
    for name, data in files.items():
        scratch.write_bytes(data)
        if "/" in name:
            subprocess.run(
                ["mmd", "-D", "s", "-i", drive(path), f"::/{name.split('/')[0]}"], check=False, capture_output=True
            )
        subprocess.run(["mcopy", "-o", "-i", drive(path), str(scratch), f"::/{name}"], check=True)
    scratch.unlink(missing_ok=True)


def drive(path: Path) -> str:
    return f"{path}@@{START}"


def content(path: Path, name: str) -> bytes:
    """A file's bytes, read by mtools itself."""
    return subprocess.run(["mtype", "-i", drive(path), f"::/{name}"], check=True, capture_output=True).stdout


def listing(path: Path) -> list[str]:
    """All files on the partition with their folders."""
    done = subprocess.run(
        ["mdir", "-/", "-a", "-b", "-i", drive(path), "::/"], check=True, capture_output=True, text=True
    )
    return [line.removeprefix("::/") for line in done.stdout.splitlines() if line and not line.endswith("/")]


def fsck(path: Path) -> str:
    """What fsck says; empty when the file system is clean."""
    copy = path.with_name(f"{path.name}.fat")
    with path.open("rb") as file:
        file.seek(START)
        copy.write_bytes(file.read(SIZE))
    done = subprocess.run(["/usr/sbin/fsck.vfat", "-n", str(copy)], check=False, capture_output=True, text=True)
    copy.unlink()
    return "" if done.returncode == 0 else done.stdout


def _entry(kind: int, start: int, sectors: int) -> bytes:
    return struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, sectors)


def _mbr(size: int, root: int) -> bytes:
    entries = _entry(0x0C, START // 512, size // 512) + _entry(0x83, (START + size) // 512, root // 512)
    return bytes(446) + entries + bytes(32) + b"\x55\xaa"


def _gpt(size: int, root: int, sectors: int) -> bytes:
    protective = bytes(446) + _entry(0xEE, 1, sectors - 1) + bytes(48) + b"\x55\xaa"
    entries = b"".join(
        kind.bytes_le
        + uuid.uuid4().bytes_le
        + struct.pack("<QQQ", start // 512, (start + length) // 512 - 1, 0)
        + bytes(72)
        for kind, start, length in ((_ESP, START, size), (_LINUX, START + size, root))
    ).ljust(128 * 128, b"\0")
    fields = (1, sectors - 1, 34, sectors - 34)
    head = struct.pack("<8sIIII4Q16s", b"EFI PART", 0x10000, 92, 0, 0, *fields, uuid.uuid4().bytes_le)
    head += struct.pack("<QIII", 2, 128, 128, zlib.crc32(entries))
    head = head[:16] + struct.pack("<I", zlib.crc32(head)) + head[20:]
    return protective + head.ljust(512, b"\0") + entries
