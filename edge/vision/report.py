"""A calibration as text for a technician and as JSON for a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from edge.vision.calibrate import Calibration
from edge.vision.quality import Measured
from edge.vision.verdict import Finding, Values, good_enough

SCHEMA = 1


def settings(values: Values) -> dict[str, int | float]:
    """What goes into ``[camera]``."""
    lens = {} if values.lens_position is None else {"lens_position": values.lens_position}
    return {**lens, "exposure_us": values.exposure_us, "gain": values.gain}


def as_json(found: Calibration, findings: tuple[Finding, ...]) -> Mapping[str, Any]:
    """``{schema, good, values, measured, findings}``; ``measured`` is null when the target was not found."""
    m = found.measured
    more = {} if m is None else {"contrast": m.contrast, "matrix_mm": m.matrix_mm, "linear_mm": m.linear_mm}
    return {
        "schema": SCHEMA,
        "good": good_enough(findings),
        "values": settings(found.values),
        "measured": None if m is None else asdict(m) | more,
        "findings": [asdict(finding) for finding in findings],
    }


def as_text(found: Calibration, findings: tuple[Finding, ...]) -> str:
    """Values, measures, and what to do, in Chinese and English."""
    lines = [f"  {key} = {value}" for key, value in settings(found.values).items()]
    lines = ["找到的设置 / values for [camera]:", *lines]
    if found.measured is not None:
        lines += ["测得 / measured:", *(f"  {line}" for line in _measures(found.measured))]
    for finding in findings:
        mark = "✖" if finding.bad else "·"
        lines += [f"{mark} {finding.zh}", f"  {finding.en}"]
    good = good_enough(findings)
    again = "✖ 还不行,请按上面逐项处理后再做一次 / not good enough: see above, then do it again"
    lines.append("✔ 可以使用 / good" if good else again)
    return "\n".join(lines)


def _measures(m: Measured) -> list[str]:
    wide, high = m.field_mm
    due = f"{_due('Data Matrix', m.matrix_mm)}, {_due('Code 128', m.linear_mm)}"
    return [
        f"视野 / field             {wide:.0f} x {high:.0f} mm, {m.symbols} 个码 / symbols",
        f"分辨率 / resolution      {m.px_per_mm:.1f} px/mm: {due}",
        f"最细读出 / finest read    {_read('Data Matrix', m.matrix_read_mm)}, {_read('Code 128', m.linear_read_mm)}",
        f"模糊 / blur              {m.blur:.2f} px, 边角 / corners {m.blur_edges:.2f} px",
        f"噪声 / noise             {m.noise:.1f}",
        f"白纸、黑墨 / paper, ink   {m.paper:.0f}, {m.ink:.0f}: 对比度 / contrast {m.contrast:.0%}",
        f"均匀度 / evenness        {m.evenness:.0%}, 闪烁 / flicker {m.flicker:.1%}, 倾斜 / tilt {m.tilt:.1%}",
        f"灰阶 / grey steps        {'-' if m.greys < 0 else m.greys} / 7",
    ]


def _due(kind: str, mm: float) -> str:
    return f"{kind} >= {mm:.2f} mm"


def _read(kind: str, mm: float | None) -> str:
    return f"{kind} {'-' if mm is None else f'{mm:.2f} mm'}"


def live(measured: Measured | None) -> str:
    """One line to look at while a lens is turned or a camera moved."""
    if measured is None:
        return "看不到标定页 / the target is not seen"
    m = measured
    return (
        f"模糊 / blur {m.blur:5.2f} px   {m.px_per_mm:5.1f} px/mm   白纸 / paper {m.paper:3.0f}   "
        f"噪声 / noise {m.noise:4.1f}   倾斜 / tilt {m.tilt:.1%}"
    )
