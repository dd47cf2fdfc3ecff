"""Whether the station reaches the broker, and the hub behind it. Scanning goes on without either."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

TOPIC = Topic("broker", "消息服务器", "broker and hub", "connected, hub present")
HUB_ABSENT = "hub absent"
_NETWORK = "看网线、地址、端口和证书 / look at cable, address, port and certificate"
_HUB = "让信息科看中心服务 udi-hub / have IT look at udi-hub"


def judge(*, connected: bool | None, hub: bool | None) -> Finding:
    """None when no station answers."""
    if connected is None:
        return TOPIC.found("unknown", None)
    if not connected:
        return TOPIC.found("warn", "not connected", _NETWORK)
    return TOPIC.found("ok", "hub present") if hub else TOPIC.found("warn", HUB_ABSENT, _HUB)


def look_at(look: Look) -> Finding:
    """Take what the station says of its link."""
    link = look.part("link")
    return judge(connected=link.get("connected"), hub=link.get("hub_present"))
