"""Setup sheets for scanners, from `scanners.toml`. Pure but for reading that file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hardware.host.toml import load


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to set."""

    zh: str
    en: str
    where: str
    """Chapter of the vendor's manual."""
    setting: str
    """Its name there."""
    value: str
    checked: bool
    """The name was seen in a manual of that vendor."""


@dataclass(frozen=True, slots=True)
class Family:
    """Scanners of one vendor that are set up alike."""

    key: str
    name: str
    manuals: tuple[str, ...]
    no_read: str
    """What such a scanner sends when nothing was read, as it has to stand in the station's file."""
    setting: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    family: tuple[Family, ...]


@cache
def families() -> tuple[Family, ...]:
    """All families."""
    return load(Path(__file__).with_name("scanners.toml"), _Table).family


def sheet(family: Family) -> Sequence[str]:
    """The lines of a setup sheet; ``# `` begins a heading."""
    steps = [line for number, each in enumerate(family.setting, 1) for line in _setting(number, each)]
    return [
        f"# 扫码枪设置单 / scanner setup: {family.name}",
        "按所用型号手册中的设置码逐项设置 / use the programming codes in the manual of your very model",
        f"手册 / manuals: {'; '.join(family.manuals)}",
        "",
        "0. 恢复出厂设置 / reset to factory defaults",
        *steps,
        "",
        "# station.toml",
        "[[scanner]]",
        'kind = "serial"',
        'device = "/dev/serial/by-id/usb-…"      ls /dev/serial/by-id',
        'framing = "cr"',
        f'no_read = "{family.no_read}"      以自检所见为准 / as the self-test shows it',
        "",
        "# 验证 / proof",
        "udi-station bench codes codes.svg      在工程师电脑上打印测试码 / print the test codes on the technician's PC",
        "udi-firmware selftest      GS、大小写、AIM标识符都对才算完成 / done when GS, case and identifier are right",
    ]


def _setting(number: int, setting: Setting) -> list[str]:
    unsure = "" if setting.checked else "  (名称以手册为准 / name as in your manual)"
    return [
        f"{number}. {setting.zh} / {setting.en}",
        f"    {setting.where}: {setting.setting}{unsure}",
        f"    = {setting.value}",
    ]
