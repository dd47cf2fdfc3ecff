"""How far the wall clock can be trusted."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look
from hardware.host.clock import TRUSTED, Quality

TOPIC = Topic("clock", "时钟", "clock", f"one of {', '.join(TRUSTED)}")
_TODO = "接通网络或时间服务,检查时钟电池 / connect a network or time service, look at the clock battery"


def judge(quality: Quality) -> Finding:
    """Without any time an expiry cannot be judged at all; from a floor it may be judged too late."""
    if quality == "none":
        return TOPIC.found("fail", quality, _TODO)
    return TOPIC.found("ok", quality) if quality in TRUSTED else TOPIC.found("warn", quality, _TODO)


def look_at(look: Look) -> Finding:
    """Take the quality of this look's time."""
    return judge(look.clock.quality)
