"""What a scanner did to a test code on its way. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

GS = b"\x1d"


@dataclass(frozen=True, slots=True)
class Expected:
    """A test code as it must arrive."""

    name: str
    payload: bytes
    symbology: str
    """AIM symbology identifier, such as ``]d2``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a scanner does that its settings can end."""

    code: str
    zh: str
    en: str


NO_IDENTIFIER = Fault("no_identifier", "没有AIM标识符:打开AIM ID前缀", "no AIM identifier: turn the AIM ID prefix on")
WRONG_IDENTIFIER = Fault(
    "wrong_identifier",
    "AIM标识符不对:恢复出厂设置再设",
    "a wrong AIM identifier: reset to factory defaults, set it up anew",
)
GS_LOST = Fault(
    "gs_lost", "GS分隔符丢失:改为USB串口,打开GS/FNC1输出", "GS is lost: set USB serial, turn on that GS (FNC1) is sent"
)
GS_REPLACED = Fault(
    "gs_replaced", "GS被换成别的字符:取消GS替换", "GS is replaced by another character: end the replacement"
)
FNC1_SENT = Fault("fnc1_sent", "开头多了GS:取消输出首位FNC1", "a GS in front: do not send the first FNC1")
CASE_CHANGED = Fault(
    "case_changed", "大小写被改:取消大小写转换和键盘模式", "case is changed: end case conversion and keyboard mode"
)
CUT = Fault("cut", "首尾被截:取消数据编辑", "the beginning or the end is cut: remove data editing")
ADDED = Fault(
    "added",
    "多了前后缀:取消前后缀,只留AIM标识符和回车",
    "something is added: no prefix but the AIM ID, no suffix but CR",
)
OTHER = Fault(
    "other",
    "内容不同:扫的是另一个码,或字符集不对",
    "other content: another code was scanned, or another character set is set",
)


def faults(expected: Expected, payload: bytes, symbology: str | None) -> tuple[Fault, ...]:
    """Everything wrong with a read of this code; empty when it is exact.

    Args:
        expected: the code that was to be scanned.
        payload: what arrived, without identifier and terminator.
        symbology: the identifier; None if none came.
    """
    found = [] if symbology == expected.symbology else [NO_IDENTIFIER if symbology is None else WRONG_IDENTIFIER]
    if payload == expected.payload:
        return tuple(found)
    return (*found, *_content(expected.payload, payload))


def _content(wanted: bytes, got: bytes) -> tuple[Fault, ...]:
    """One cause if one explains it, or case and one other together."""
    for fault, explains in _CAUSES:
        if explains(wanted, got):
            return (fault,)
    for fault, explains in _CAUSES:
        if explains(wanted.lower(), got.lower()):
            return (fault, CASE_CHANGED)
    return (OTHER,)


def _replaced(wanted: bytes, got: bytes) -> bool:
    parts = wanted.split(GS)
    between = len(got) - sum(len(part) for part in parts)
    gaps = len(parts) - 1
    if gaps == 0 or between <= 0 or between % gaps:
        return False
    put = got[len(parts[0]) : len(parts[0]) + between // gaps]
    return put != GS and got == put.join(parts)


_CAUSES: tuple[tuple[Fault, Callable[[bytes, bytes], bool]], ...] = (
    (GS_LOST, lambda wanted, got: GS in wanted and got == wanted.replace(GS, b"")),
    (FNC1_SENT, lambda wanted, got: got == GS + wanted),
    (GS_REPLACED, _replaced),
    (CASE_CHANGED, lambda wanted, got: got.lower() == wanted.lower() and got != wanted),
    (ADDED, lambda wanted, got: wanted in got and got != wanted),
    (CUT, lambda wanted, got: len(got) >= len(wanted) // 2 and got in wanted and got != wanted),
)
