"""Codes of the store as people say them, in zh-CN and English, and times as their clocks show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from edge.cards import Card, CardKind, values, words

Lang = Literal["zh", "en"]
Words = Mapping[str, tuple[str, str]]
"""Code -> zh-CN, English."""


def _of(kind: CardKind) -> dict[str, tuple[str, str]]:
    """The words of the cards of a kind, from the one table of them."""
    return {code: words(Card(kind, code, "0")) for code in values(kind)}


OUTCOMES = {
    "ACCEPTED": ("✔", "已登记", "booked"),
    "CHECKED": ("✔", "已核对,未记账", "checked, not booked"),
    "ATTENTION": ("✔!", "请注意", "attention"),
    "INCOMPLETE": ("½", "请扫第二个码", "second code needed"),
    "REDO": ("✖", "重扫", "scan again"),
    "MISSING": ("▬", "缺码", "no UDI"),
    "STOP": ("✖", "停用!(勿用)", "stop, do not use"),
    "FAULT": ("○", "本机停用", "station out of order"),
}
"""Mark, zh-CN, English."""
STATES: Words = {
    "ready": ("正常", "ready"),
    "lost": ("失联", "lost"),
    "stopped": ("已停", "stopped"),
    "fault": ("故障", "fault"),
    "unknown": ("未知", "unknown"),
}
SUBJECTS: Words = {
    "case": ("病例/手术", "case"),
    "document": ("单据", "document"),
    "station": ("站点", "station"),
    "machine": ("机器", "machine"),
}
CHANGES: Words = {"opened": ("进行中", "open"), "resumed": ("进行中", "open"), "suspended": ("已挂起", "suspended")}
"""How something stands whose last change was this."""
STEPS: Words = {
    "opened": ("开始", "opened"),
    "suspended": ("挂起", "suspended"),
    "resumed": ("继续", "resumed"),
    "closed": ("结束", "closed"),
    "completed": ("补录", "completed later"),
    "verified": ("复核", "verified"),
    "released": ("放行", "released"),
    "shipped": ("出库", "shipped"),
    "refused": ("拒收", "refused"),
}
_NO_CARD = {
    "TRAY_BACK": ("外来器械归还", "loaner kit returned"),
    "TRAY_MISSING": ("外来器械缺失", "missing of a loaner kit"),
}
"""What no card says alone: at TRAY a kit comes first and goes back later, and missing is an act of its own there."""
TASKS: Words = _of(CardKind.TASK) | _of(CardKind.ACT) | _NO_CARD
"""What is done; most acts are tasks of their own for one item."""
ITEMS: Words = {
    "used": ("已使用", "used"),
    "used_despite": ("强制登记(已使用)", "used despite the verdict"),
    "wasted": ("开封未用(损耗)", "opened, not used"),
    "returned": ("退库", "returned"),
    "sent_back": ("退货", "sent back to the supplier"),
    "explanted": ("取出", "explanted"),
    "pending": ("已核对,未用未退", "checked, neither used nor returned"),
    "stopped": ("停用,未使用", "stopped, not used"),
    "without_code": ("缺码", "no UDI"),
    "undone": ("已撤销", "taken back"),
    "other": ("其他", "other"),
}
REASONS: Words = _of(CardKind.REASON) | _of(CardKind.OVERRIDE) | _of(CardKind.ACT)
"""What reason and override cards say, and acts that say why (拆零、短少…)."""
WHYS: Words = {
    "12 h": ("12 小时未动", "untouched for 12 h"),
    "30 min": ("30 分钟未动", "untouched for 30 min"),
    "another document": ("换了单据", "another document"),
    "restart": ("本机重启", "the station restarted"),
    "sheet": ("按登记单核对", "by its sheet"),
    "undo": ("撤销", "taken back"),
    "card": ("病例卡", "case card"),
    "differs": ("与清单不符", "differs from the list:"),
    "emergency": ("急诊临时号", "emergency number"),
    "pending": ("未用未退", "neither used nor returned:"),
    "short": ("短少行数", "short lines:"),
    "unsettled": ("对不上", "does not add up:"),
}
"""Why a station says that a case, document or kit changed: all of it, or its first word before a number or lines."""
_SHORT = re.compile(r"short (\d+) of (\d+) lines")


def word(words: Words, code: str | None, lang: Lang = "zh") -> str:
    """A code in one language; none as a dash."""
    if code is None:
        return "–"
    zh, en = pair(words, code)
    return zh if lang == "zh" else en


def pair(words: Words, code: str) -> tuple[str, str]:
    """A code in both languages; one that a newer station made up as it is. Cards have hyphens for underscores."""
    return words.get(code.replace("-", "_"), (code, code))


def said(why: str | None, lang: Lang) -> str:
    """Why something changed, as a station put it down; what it does not know stands as it is."""
    text = _SHORT.sub(r"short \1 / \2", why or "")
    if text in WHYS:
        return word(WHYS, text, lang)
    first, space, rest = text.partition(" ")
    return f"{word(WHYS, first, lang)} {rest}" if space and first in WHYS else text


def zone(at: str) -> str:
    """The hub's time zone at a time of the wire: ``UTC+08:00``."""
    text = datetime.fromisoformat(at).astimezone().strftime("%z")
    return f"UTC{text[:3]}:{text[3:]}"


def local(at: str | None) -> str:
    """A time of the wire in the hub's local time, to the second; a dash for None."""
    if at is None:
        return "–"
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return at
