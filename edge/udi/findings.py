"""Every finding a parser can give: what it means, the clause, and what a person can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edge.udi.model import Finding, Grade

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class FindingText:
    """The words of one finding; ``{value}`` is replaced by the offending text."""

    grade: Grade
    clause: str
    zh: str
    en: str
    zh_advice: str
    en_advice: str


_GS = "GS1 General Specifications"
_E, _W, _N = Grade.ERROR, Grade.WARNING, Grade.NOTE
_AGAIN = ("重扫;仍不行,报供应商换标签", "scan again; if it stays, report the label to the supplier")
_LABEL = ("可以使用;把标签问题报给供应商", "usable; report the label to the supplier")
_NONE = ("不用处理", "nothing to do")
_HALF = ("扫包装上的另一个码", "scan the other code on the package")

TEXTS: Mapping[str, FindingText] = {
    "too_long": FindingText(_E, "ISO/IEC 16022", "内容太长:{value} 字节", "too long: {value} bytes", *_AGAIN),
    "ai_unknown": FindingText(
        _E, f"{_GS} 3.2", "“{value}”不是已知的应用标识符", "{value!r} is no known application identifier", *_AGAIN
    ),
    "ai_too_short": FindingText(
        _E,
        f"{_GS} 3",
        "应用标识符 {value} 的内容太短",
        "the content of application identifier {value} is too short",
        *_AGAIN,
    ),
    "ai_too_long": FindingText(
        _E,
        f"{_GS} 3",
        "应用标识符 {value} 的内容太长",
        "the content of application identifier {value} is too long",
        *_AGAIN,
    ),
    "ai_charset": FindingText(
        _E, f"{_GS} 7.11", "{value} 含有不允许的字符", "{value} has a character that is not allowed", *_AGAIN
    ),
    "ai_repeat_conflict": FindingText(
        _E,
        f"{_GS} 4.13",
        "应用标识符 {value} 出现两次而且不一样",
        "application identifier {value} occurs twice with different values",
        *_AGAIN,
    ),
    "ai_excluded": FindingText(_E, f"{_GS} 4.13", "{value} 不能同时出现", "{value} must not occur together", *_AGAIN),
    "ai_required": FindingText(
        _N, f"{_GS} 4.14", "{value} 缺少配对的标识", "{value} needs a partner that is not in this code", *_HALF
    ),
    "check_digit": FindingText(_E, f"{_GS} 7.9", "校验位不对:{value}", "wrong check digit: {value}", *_AGAIN),
    "date_impossible": FindingText(_E, f"{_GS} 3.4", "没有这个日期:{value}", "there is no such date: {value}", *_AGAIN),
    "date_day_missing": FindingText(
        _N,
        f"{_GS} 7.12",
        "日期没有写日,按当月最后一天:{value}",
        "the date has no day, the last of the month is meant: {value}",
        *_NONE,
    ),
    "pieces_impossible": FindingText(
        _E, f"{_GS} 3.9", "件序大于总件数:{value}", "piece number above the total: {value}", *_AGAIN
    ),
    "separator_missing": FindingText(
        _E, f"{_GS} 7.8", "可能缺少分隔符,在 {value}", "a separator seems to be missing at {value}", *_AGAIN
    ),
    "not_gs1_symbol": FindingText(
        _W, f"{_GS} 5", "码制标识 {value} 不是 GS1 符号", "symbology identifier {value} is not a GS1 symbol", *_LABEL
    ),
    "brackets_in_symbol": FindingText(
        _W, f"{_GS} 4.2", "码里写进了括号", "brackets were encoded in the symbol", *_LABEL
    ),
    "bracketed_text": FindingText(_N, f"{_GS} 4.2", "读的是印刷文字形式", "read from the human readable form", *_NONE),
    "link_unsupported": FindingText(
        _E,
        "GS1 Digital Link 1.4",
        "不支持这种数字链接:{value}",
        "this kind of Digital Link is not supported: {value}",
        *_AGAIN,
    ),
    "symbols_disagree": FindingText(
        _E,
        "–",
        "同一件上的码说法不一:{value}",
        "codes on one package contradict each other: {value}",
        "停用,报质量部门",
        "do not use; tell the quality department",
    ),
    "joined_by_time": FindingText(
        _N, "–", "两个码先后扫入,合为一件", "two codes scanned one after the other were joined", *_NONE
    ),
}


def finding(code: str, at: int | None = None, value: str = "") -> Finding:
    """A finding with the grade of the table."""
    return Finding(code, TEXTS[code].grade, at, value)


def message(found: Finding, lang: Lang) -> str:
    """What the finding says, in words."""
    text = TEXTS[found.code]
    template = text.zh if lang == "zh" else text.en
    return template.replace("{value!r}", repr(found.value)).replace("{value}", found.value)


def advice(found: Finding, lang: Lang) -> str:
    """What a person can do about it."""
    text = TEXTS[found.code]
    return text.zh_advice if lang == "zh" else text.en_advice
