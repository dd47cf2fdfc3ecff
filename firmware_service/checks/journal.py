"""How many events wait for the hub: at the capacity scans are refused."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

MUCH = 0.8
TOPIC = Topic("journal", "待传记录", "events that wait for the hub", f"less than {MUCH:.0%} of the capacity")
_TODO = "恢复与中心的网络 / restore the network to the hub"


def judge(waiting: int | None, capacity: int | None) -> Finding:
    """Events; None when no station answers."""
    if waiting is None or not capacity:
        return TOPIC.found("unknown", waiting)
    share = waiting / capacity
    if share >= 1:
        return TOPIC.found("fail", waiting, _TODO)
    return TOPIC.found("warn", waiting, _TODO) if share >= MUCH else TOPIC.found("ok", waiting)


def look_at(look: Look) -> Finding:
    """Take what the station counted."""
    status = look.station or {}
    return judge(status.get("unacknowledged"), status.get("capacity"))
