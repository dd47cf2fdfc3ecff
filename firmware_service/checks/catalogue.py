"""How old the catalogue is, where one is configured."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look

OLD_DAYS = 35
"""A monthly release of the database and a few days."""
TOPIC = Topic("catalogue", "产品库", "age of the catalogue", f"at most {OLD_DAYS} days")
_TODO = "从中心或U盘更新产品库 / update it from the hub or a stick"


def judge(*, configured: bool, answered: bool, age_days: int | None) -> Finding:
    """Days since its release; None where the station has none in service."""
    if not configured:
        return TOPIC.found("ok", "none configured")
    if not answered:
        return TOPIC.found("unknown", None)
    if age_days is None:
        return TOPIC.found("warn", "none", _TODO)
    return TOPIC.found("warn", age_days, _TODO) if age_days > OLD_DAYS else TOPIC.found("ok", age_days)


def look_at(look: Look) -> Finding:
    """Take what the station has in service."""
    table = look.configured.get("catalogue")
    products = isinstance(table, dict) and bool(table.keys() & {"file", "folder"})
    return judge(
        configured=products, answered=look.station is not None, age_days=look.part("catalogue").get("age_days")
    )
