"""Whether the camera gives pictures, where one is configured."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

TOPIC = Topic("camera", "相机", "camera", "gives pictures, where one is configured")


def judge(*, configured: bool, delivers: bool | None) -> Finding:
    """Args: whether there is a ``[camera]``, and whether it delivers; None when no station answers."""
    if not configured:
        return TOPIC.found("ok", "none configured")
    if delivers is None:
        return TOPIC.found("unknown", None)
    if not delivers:
        return TOPIC.found(
            "fail", "no pictures", "看排线,再看 journalctl -u udi-camera / look at its cable, then its log"
        )
    return TOPIC.found("ok", "delivers")


def look_at(look: Look) -> Finding:
    """Take what the station says of it."""
    delivers = look.part("camera").get("delivers") if look.station is not None else None
    return judge(configured="camera" in look.configured, delivers=delivers if isinstance(delivers, bool) else None)
