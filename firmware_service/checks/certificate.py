"""How long the identities of this machine still hold: the station's and the agent's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look
from hardware.host.clock import TRUSTED
from hardware.host.tls import valid_until

SOON_DAYS = 30
TOPIC = Topic("certificate", "证书", "certificates", f"valid for more than {SOON_DAYS} days")
_TODO = "接通证书服务,或用U盘换证 / reach the authority, or renew by USB stick"


def judge(days_left: int | None) -> Finding:
    """Days that the first of them still holds; None where there is none, or no clock to judge it by."""
    if days_left is None:
        return TOPIC.found("unknown", None)
    if days_left < 0:
        return TOPIC.found("fail", days_left, _TODO)
    return TOPIC.found("warn", days_left, _TODO) if days_left < SOON_DAYS else TOPIC.found("ok", days_left)


def look_at(look: Look) -> Finding:
    """Read the certificates that the station's file and the agent's folder name."""
    if look.clock.quality not in TRUSTED:
        return judge(None)
    ends = [end for file in _certificates(look) if (end := valid_until(file)) is not None]
    return judge(_days(min(ends), look.clock.at) if ends else None)


def _certificates(look: Look) -> Iterator[Path]:
    yield from (look.places.identity / who / "certificate.pem" for who in ("station", "agent"))
    link = look.configured.get("link")
    tls = link.get("tls") if isinstance(link, dict) else None
    if isinstance(tls, dict) and isinstance(tls.get("certificate"), str):
        yield look.root / tls["certificate"].lstrip("/")


def _days(end: datetime, now: datetime) -> int:
    return (end - now).days
