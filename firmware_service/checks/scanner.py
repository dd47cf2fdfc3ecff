"""Whether every scanner that is configured is there."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

TOPIC = Topic("scanner", "扫码枪", "scanners", "all that are configured are there")


def judge(configured: Sequence[str], missing: Sequence[str] | None) -> Finding:
    """Devices of the configuration, and those of them that are not there; None when no station answers."""
    if not configured:
        return TOPIC.found("ok", "none configured")
    if missing is None:
        return TOPIC.found("unknown", None)
    gone = [device for device in configured if device in missing]
    if gone:
        return TOPIC.found("fail", ", ".join(gone)[:120], "插好线,按设置单设为串口 / plug it in; set it to USB serial")
    return TOPIC.found("ok", len(configured))


def look_at(look: Look) -> Finding:
    """Take what the station misses."""
    tables = look.configured.get("scanner")
    tables = tables if isinstance(tables, list) else []
    devices = [str(each["device"]) for each in tables if isinstance(each, dict) and "device" in each]
    missing = None if look.station is None else look.station.get("missing_readers", ())
    return judge(devices, missing)
