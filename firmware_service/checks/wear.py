"""How much of its life the storage has used, where it tells: eMMC and NVMe do, most SD cards do not."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look, files_of, text_of

WORN = 80
WORN_OUT = 100
TOPIC = Topic("storage_wear", "存储卡寿命", "wear of the storage", f"less than {WORN} % of its life used")
_TODO = "换卡,重新开卡 / fit a new card and prepare it"
SMART_S = 10.0
_STEP = 10
"""Per cent in one step of JEDEC's device life time estimation."""
_MOST_STEPS = 11
"""Its highest value: the life is exceeded."""
_URGENT = 3
"""JEDEC's pre end of life information: most of the reserved blocks are used."""

Smart = Callable[[str], bytes | None]
"""From the name of a disk to what ``smartctl --json`` prints of it; None where there is no answer."""


def judge(used: int | None) -> Finding:
    """Per cent of its life used, of the worst device; None where none tells."""
    if used is None:
        return TOPIC.found("unknown", None)
    if used >= WORN_OUT:
        return TOPIC.found("fail", used, _TODO)
    return TOPIC.found("warn", used, _TODO) if used >= WORN else TOPIC.found("ok", used)


def life_time(estimation: str | None, pre_end: str | None) -> int | None:
    """Per cent used, from the kernel's ``life_time`` and ``pre_eol_info`` of an MMC device.

    Both are hexadecimal: the first has two numbers, one for each kind of memory cell, 1 to 11 in steps of 10 %, and 0
    where it is not told.
    """
    steps = [step for step in _hex(estimation) if 0 < step <= _MOST_STEPS]
    urgent = any(number >= _URGENT for number in _hex(pre_end))
    if not steps:
        return WORN_OUT if urgent else None
    return max(max(steps) * _STEP, WORN_OUT if urgent else 0)


def _hex(text: str | None) -> list[int]:
    try:
        return [int(word, 16) for word in (text or "").split()]
    except ValueError:
        return []


def percentage_used(smart: Mapping[str, Any]) -> int | None:
    """Of an NVMe disk, from smartctl's JSON; None where it does not stand there."""
    log = smart.get("nvme_smart_health_information_log")
    found = log.get("percentage_used") if isinstance(log, Mapping) else None
    return found if isinstance(found, int) else None


def look_at(look: Look, smart: Smart | None = None) -> Finding:
    """Read every device that can hold the journal.

    Args:
        look: at the machine.
        smart: asks a disk; None runs smartctl where it is installed, on the running system only.
    """
    ask = smart or (_smartctl if look.root == Path("/") else _nobody)
    return judge(max(_all(look.root / "sys/block", ask), default=None))


def _all(blocks: Path, smart: Smart) -> Iterator[int]:
    for device in files_of(blocks, "mmcblk*"):
        used = life_time(text_of(device / "device/life_time"), text_of(device / "device/pre_eol_info"))
        if used is not None:
            yield used
    for disk in files_of(blocks, "nvme*"):
        used = percentage_used(_object(smart(disk.name)))
        if used is not None:
            yield used


def _object(data: bytes | None) -> Mapping[str, Any]:
    try:
        found = json.loads(data or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _nobody(_name: str) -> bytes | None:
    return None


def _smartctl(name: str) -> bytes | None:
    command = shutil.which("smartctl")
    if command is None:
        return None
    try:
        asked = [command, "--json", "-A", f"/dev/{name}"]
        return subprocess.run(asked, capture_output=True, check=False, timeout=SMART_S).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
