"""Whether the station answers, and whether it promises safety."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

TOPIC = Topic("station", "扫码站", "station", "ready")


def judge(status: Mapping[str, Any] | None) -> Finding:
    """What it answered; None when nothing did."""
    if status is None:
        return TOPIC.found("fail", "no answer", "看日志:journalctl -u udi-station / read its log")
    fault = status.get("fault")
    if fault:
        return TOPIC.found("fail", str(fault)[:80], "按所说处理 / do what it says; journalctl -u udi-station")
    state = str(status.get("state"))
    if state != "ready":
        return TOPIC.found("warn", state, "等一分钟再看 / wait a minute and look again")
    return TOPIC.found("ok", state)


def look_at(look: Look) -> Finding:
    """Take what the station answered."""
    return judge(look.station)
