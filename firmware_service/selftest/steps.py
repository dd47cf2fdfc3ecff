"""What a technician is led through at this station, in order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from firmware_service.selftest.reading import Expected

How = Literal["card", "clock", "see", "hear", "press", "scan", "no_read", "camera"]
"""By what a step is answered: a measurement, the technician's yes or no, a button, a scanner, the camera command."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        key: its name, which lasts.
        how: by what it is answered.
        zh: what is asked or done, in zh-CN.
        en: the same in English.
        what: the lamp, button or scanner it is about; empty if none.
        expected: the code to scan, where one is.
        trial: a no is allowed, and makes this a station for trial only.
    """

    key: str
    how: How
    zh: str
    en: str
    what: str = ""
    expected: Expected | None = None
    trial: bool = False


_LAMPS = {
    "ready": ("只有 ● 亮吗?", "Is ● lit, alone?"),
    "tick": ("只有 ✔ 亮吗?", "Is ✔ lit, alone?"),
    "cross": ("只有 ✖ 亮吗?", "Is ✖ lit, alone?"),
    "bar": ("只有 ▬ 亮吗?", "Is ▬ lit, alone?"),
    "wrench": ("只有扳手亮吗?", "Is the wrench lit, alone?"),
    "light": ("照明灯亮吗?", "Is the light for the camera on?"),
}
_BUTTONS = {
    "ok": ("按一下 确认", "Press OK"),
    "no_code": ("按住 缺码 一秒", "Hold NO CODE for one second"),
    "undo": ("按一下 撤销", "Press UNDO"),
}


def steps_of(facts: Mapping[str, Any], codes: Sequence[Expected]) -> tuple[Step, ...]:
    """All steps of one station.

    Args:
        facts: as ``udi-station bench facts`` prints them.
        codes: as ``udi-station bench codes --json`` prints them.
    """
    return (
        Step("card", "card", "测写卡速度,约需几秒", "Measuring the card; this takes some seconds"),
        Step("clock", "clock", "检查时钟模块和电池", "Looking at the clock and its battery"),
        *(_lamp(str(name)) for name in facts["lamps"]),
        *_windows(facts),
        *_buzzer(facts),
        *(Step(f"button_{name}", "press", *_BUTTONS[name], what=name) for name in facts["buttons"]),
        *_camera(facts),
        *(step for scanner in facts["scanners"] for step in _scanner(scanner, codes)),
    )


def _lamp(name: str) -> Step:
    task = name.removeprefix("task:")
    zh, en = _LAMPS.get(name, (f"● 和任务灯 {task} 亮吗?", f"Are ● and the task lamp {task} lit?"))
    return Step(f"lamp_{task}", "see", zh, en, what=name)


def _windows(facts: Mapping[str, Any]) -> Sequence[Step]:
    if not facts["lamps"]:
        return ()
    zh, en = "五个窗口是分开的、各有镂空形状吗?", "Are there five separate windows, each with its cut-out shape?"
    return (Step("windows", "see", zh, en, trial=True),)


def _buzzer(facts: Mapping[str, Any]) -> Sequence[Step]:
    if facts["buzzer"] is None:
        return ()
    return (Step("buzzer", "hear", "听到低、中、高三声吗?", "Did you hear three tones?", what="buzzer"),)


def _camera(facts: Mapping[str, Any]) -> Sequence[Step]:
    if not facts["camera"]:
        return ()
    zh = "把标定页平放在放包装的位置,然后按 y"
    return (Step("camera", "camera", zh, "Lay the target where packages will lie, then press y"),)


def _scanner(facts: Mapping[str, Any], codes: Sequence[Expected]) -> Sequence[Step]:
    name = str(facts["name"])
    scans = [
        Step(f"scan_{code.name}", "scan", f"扫 {code.name}", f"Scan {code.name}", what=name, expected=code)
        for code in codes
    ]
    if facts["no_read"] is None:
        return scans
    zh, en = "对着空处扣一下扳机", "Pull the trigger at nothing"
    return [*scans, Step("no_read", "no_read", zh, en, what=name)]


def wiring_trial(facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What of the wiring is for trial only, zh-CN and English each; the technician's own eyes say the rest."""
    if facts["buzzer"] != "passive":
        return ()
    zh = "无源蜂鸣器由软件PWM驱动:仅供试用,正式使用请换有源蜂鸣器"
    en = "a passive buzzer is driven by software PWM: for trial only, fit an active one for use"
    return ((zh, en),)
