"""Room on the card. The journal has its own, taken at the first start: this is for all the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

MIB = 2**20
LEAST_MIB = 512
"""For a second slot beside the first."""
NONE_MIB = 64
TOPIC = Topic("space", "存储卡空间", "free space on the card", f"at least {LEAST_MIB} MiB")
_TODO = "删除其他文件或换大卡 / remove other files or fit a larger card"
STATE_DIR = Path("var/lib/udi-station")


def judge(free_bytes: int) -> Finding:
    """What the station's user may still fill."""
    free = free_bytes // MIB
    if free < NONE_MIB:
        return TOPIC.found("fail", free, _TODO)
    return TOPIC.found("warn", free, _TODO) if free < LEAST_MIB else TOPIC.found("ok", free)


def look_at(look: Look) -> Finding:
    """Ask the file system that holds the journal."""
    return judge(shutil.disk_usage(existing(look.root / STATE_DIR)).free)


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists: before installation there is no state folder yet."""
    while not path.exists():
        path = path.parent
    return path
