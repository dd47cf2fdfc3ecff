"""The clock that runs without power: whether there is one, whether it keeps time, whether its battery is charged."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_service.checks.finding import Finding, Topic
from firmware_service.checks.look import Look, files_of, number_of
from hardware.host.clock import Clock

LOW_MV = 2500
"""A lithium cell of 3 V below this is empty, or there is none."""
TOPIC = Topic("rtc", "时钟电池", "clock battery", f"a clock of its own with a battery above {LOW_MV / 1000:g} V")


@dataclass(frozen=True, slots=True)
class Rtc:
    """What is known of it; None where it does not tell.

    Attributes:
        keeps_time: its time is not before that of the image.
        battery_mv: of the battery; a Raspberry Pi 5 tells it, a clock on I2C does not.
        charging_mv: what the battery is charged to; 0 is not charged.
    """

    keeps_time: bool | None
    battery_mv: int | None = None
    charging_mv: int | None = None


def judge(rtc: Rtc | None) -> Finding:
    """None: no such clock."""
    if rtc is None:
        return TOPIC.found("fail", "none", "装时钟模块(RTC) / fit a clock module (RTC)")
    if rtc.battery_mv is not None and rtc.battery_mv < LOW_MV:
        return TOPIC.found("fail", f"{rtc.battery_mv} mV", _low(charged=bool(rtc.charging_mv)))
    if rtc.keeps_time is False:
        return TOPIC.found("fail", "lost the time", "换时钟电池 / replace the clock battery")
    if rtc.battery_mv is not None:
        return TOPIC.found("ok", f"{rtc.battery_mv} mV, {'charged' if rtc.charging_mv else 'not charged'}")
    return TOPIC.found("unknown" if rtc.keeps_time is None else "ok", "present")


def _low(*, charged: bool) -> str:
    if charged:
        return "装上或更换时钟电池 / fit or replace the clock battery"
    return "装电池;可充电电池加 dtparam=rtc_bbat_vchg / fit a battery; a rechargeable one needs dtparam=rtc_bbat_vchg"


def look_at(look: Look) -> Finding:
    """Read the first clock that the kernel knows."""
    for device in files_of(look.root / "sys/class/rtc", "rtc*"):
        since = number_of(device / "since_epoch")
        floor = Clock(look.root).floor.timestamp()
        keeps = None if since is None else since >= floor
        volts, charging = number_of(device / "battery_voltage"), number_of(device / "charging_voltage")
        return judge(Rtc(keeps, _milli(volts), _milli(charging)))
    return judge(None)


def _milli(micro: int | None) -> int | None:
    return None if micro is None else micro // 1000
