"""When something was scanned last: a station that nobody uses is one that nobody trusts, or that reads nothing."""

from __future__ import annotations

from datetime import datetime

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look
from hardware.host.clock import TRUSTED

LONG_H = 7 * 24
TOPIC = Topic("last_scan", "上次扫码", "hours since the last scan", f"within {LONG_H // 24} days")
_TODO = "试扫一件,问科室为何不用 / scan something, and ask why it is not used"


def judge(hours: int | None) -> Finding:
    """Hours since then; None where nobody knows."""
    if hours is None:
        return TOPIC.found("unknown", None)
    return TOPIC.found("warn", hours, _TODO) if hours > LONG_H else TOPIC.found("ok", hours)


def look_at(look: Look) -> Finding:
    """Take what the station's journal says, by a clock that can be trusted."""
    at = (look.station or {}).get("last_scan")
    if not isinstance(at, str) or look.clock.quality not in TRUSTED:
        return judge(None)
    try:
        passed = look.clock.at - datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return judge(None)
    return judge(max(0, int(passed.total_seconds() // 3600)))
