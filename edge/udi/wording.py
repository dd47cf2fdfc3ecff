"""The words of every finding, and the table of them for the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from edge.udi.findings import GRADES
from edge.udi.model import Finding
from edge.udi.wording_agencies import AGENCIES
from edge.udi.wording_gs1 import GENERAL, GS1

Lang = Literal["zh", "en"]


class Advice(NamedTuple):
    """What a person can do."""

    zh: str
    en: str


class Wording(NamedTuple):
    """One finding in words; ``{value}`` stands for the offending text."""

    clause: str
    """Standard and clause."""
    zh: str
    en: str
    advice: Advice


_ADVICE: Mapping[str, Advice] = {
    "again": Advice("重扫;仍不行,报供应商换标签", "scan again; if it stays, report the label to the supplier"),
    "label": Advice("可以使用;把标签问题报给供应商", "usable; report the label to the supplier"),
    "compare": Advice("对照印刷文字核对", "compare with the printed text"),
    "reader": Advice("请信息科检查扫码枪设置", "have IT check the settings of the scanner"),
    "other": Advice("扫包装上的 UDI 码", "scan the UDI on the package"),
    "half": Advice("扫包装上的另一个码", "scan the other code on the package"),
    "stop": Advice("停用,报质量部门", "do not use; tell the quality department"),
    "none": Advice("不用处理", "nothing to do"),
}

TEXTS: Mapping[str, Wording] = {
    code: Wording(clause, zh, en, _ADVICE[advice])
    for code, (clause, zh, en, advice) in (GENERAL | GS1 | AGENCIES).items()
}
"""Every finding in words, by its code."""


def message(found: Finding, lang: Lang) -> str:
    """What the finding says, in words."""
    text = TEXTS[found.code]
    return (text.zh if lang == "zh" else text.en).replace("{value}", found.value)


def advice(found: Finding, lang: Lang) -> str:
    """What a person can do about it."""
    words = TEXTS[found.code].advice
    return words.zh if lang == "zh" else words.en


def page() -> str:
    """The page of the documentation that lists every finding, in the order of the grades."""
    return _PAGE.format(count=len(GRADES), table=_table())


_PAGE = """# Findings: what can be wrong with a code

What `edge.udi.parse` can say about a code, {count} findings in all. An **error** means that this is not the UDI it
claims to be; a **warning** is a fault of the label or of the reader, and the parts can still be read; a **note** is
worth knowing. A code is `valid` if it has no finding of grade error. Written by `make docs` from
`edge/udi/findings.py` and the words beside it; `…` stands for the offending text.

{table}"""


def _table() -> str:
    lines = [
        "| code | grade | 说明 · meaning | 依据 · clause | 怎么办 · what to do |",
        "|--|--|--|--|--|",
        *(
            f"| `{code}` | {grade} | {text.zh}<br>{text.en} | {text.clause} | {text.advice.zh}<br>{text.advice.en} |"
            for code, grade in GRADES.items()
            for text in (TEXTS[code],)
        ),
    ]
    return "\n".join(line.replace("{value}", "…") for line in lines) + "\n"
