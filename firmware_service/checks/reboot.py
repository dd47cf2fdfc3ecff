"""Whether the station asks for a reboot."""

from __future__ import annotations

from pathlib import Path

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

WANTED = Path("run/udi-station/reboot-wanted")
TOPIC = Topic("reboot", "重启请求", "request for a reboot", "none")


def judge(*, wanted: bool) -> Finding:
    """Wanted where a camera hangs that even SIGKILL does not end."""
    if wanted:
        return TOPIC.found(
            "warn", "the station asks for a reboot", "等待自动重启,或手动重启 / wait for it, or reboot by hand"
        )
    return TOPIC.found("ok", "none")


def look_at(look: Look) -> Finding:
    """See whether the station has put its file there."""
    return judge(wanted=(look.root / WANTED).exists())
