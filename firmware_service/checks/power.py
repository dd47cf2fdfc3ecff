"""Undervoltage and what the firmware does about heat: the bits of ``get_throttled``."""

from __future__ import annotations

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look
from hardware.host.board import read_board

TOPIC = Topic("power", "供电", "power supply", "no undervoltage since the start")
_LOW = 0
_LOW_BEFORE = 16
_SLOW = {1: "frequency capped", 2: "throttled", 3: "soft temperature limit"}
_SUPPLY = "换用本板专用电源和短线 / use the power supply made for this board, and a short cable"
_COOL = "改善散热 / improve the cooling"


def judge(bits: int | None) -> Finding:
    """Bits as the firmware gives them; None where it does not.

    Of the past only undervoltage counts: it was too short for any look, and it is what damages cards.
    """
    if bits is None:
        return TOPIC.found("unknown", None)
    if bits >> _LOW & 1:
        return TOPIC.found("fail", "undervoltage now", _SUPPLY)
    slow = [words for bit, words in _SLOW.items() if bits >> bit & 1]
    if slow:
        return TOPIC.found("warn", ", ".join(slow), _COOL)
    if bits >> _LOW_BEFORE & 1:
        return TOPIC.found("warn", "undervoltage since the start", _SUPPLY)
    return TOPIC.found("ok", hex(bits))


def look_at(look: Look) -> Finding:
    """Read what the firmware says."""
    return judge(read_board(look.root).throttled)
