"""How hot the processor is."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look
from hardware.host.board import read_board

HOT_C = 80.0
"""From here on a Raspberry Pi slows itself down."""
TOO_HOT_C = 85.0
"""Where it may go no further: it slows down hard."""
TOPIC = Topic("temperature", "处理器温度", "temperature of the processor", f"below {HOT_C:.0f} °C")
_TODO = "离开热源,检查散热片 / move it away from heat, look at the heat sink"


def judge(celsius: float | None) -> Finding:
    """Degrees Celsius; None where the board does not tell."""
    if celsius is None:
        return TOPIC.found("unknown", None)
    value = round(celsius, 1)
    if celsius >= TOO_HOT_C:
        return TOPIC.found("fail", value, _TODO)
    return TOPIC.found("warn", value, _TODO) if celsius >= HOT_C else TOPIC.found("ok", value)


def look_at(look: Look) -> Finding:
    """Read the first thermal zone."""
    return judge(read_board(look.root).temperature_c)
