"""A parse result for a program (one JSON object) and for a person (some lines)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from edge.udi.hri import hri
from edge.udi.model import Kind, NotUdi, Udi
from edge.udi.recover import Alternative
from edge.udi.wording import Lang, advice, message

SCHEMA = 1
_OPEN = frozenset({"ai_required", "gs1_unconfirmed"})
_NAMES = {
    "di": ("产品标识 DI", "device identifier DI"),
    "lot": ("批号", "lot"),
    "serial": ("序列号", "serial"),
    "manufactured": ("生产日期", "made"),
    "expires": ("有效期至", "valid to"),
    "quantity": ("数量", "quantity"),
    "trace_key": ("追溯键", "trace key"),
}
_KINDS = {
    Kind.SSCC: ("物流单元 SSCC", "shipping unit SSCC"),
    Kind.NHSA: ("医保医用耗材编码", "NHSA code for consumables"),
    Kind.STAFF: ("工牌", "badge"),
    Kind.PATIENT: ("患者号", "patient number"),
    Kind.LOCATION: ("位置码", "location"),
    Kind.ASSET: ("资产码", "asset"),
    Kind.DOCUMENT: ("单据", "document"),
    Kind.DRUG: ("药品追溯码", "drug trace code"),
    Kind.PROVIDER: ("HIBC 院内码", "HIBC provider code"),
    Kind.HOUSE: ("内部编号", "house number"),
    Kind.LINK: ("网址", "web address"),
    Kind.TEXT: ("文字", "text"),
    Kind.BINARY: ("二进制数据", "binary data"),
    Kind.EMPTY: ("空", "nothing"),
}


def is_complete(result: Udi | NotUdi) -> bool:
    """A valid DI with every partner its elements need, on better evidence than digits that happen to fit."""
    if isinstance(result, NotUdi):
        return False
    return result.valid and result.di is not None and _OPEN.isdisjoint(f.code for f in result.findings)


def to_json(result: Udi | NotUdi, lang: Lang = "en", alternatives: Sequence[Alternative] = ()) -> dict[str, Any]:
    """The object of ``udi-station parse --json``, schema 1.

    Args:
        result: what `edge.udi.parse.parse` gave.
        lang: language of the messages.
        alternatives: other readings, best first.
    """
    udi = result if isinstance(result, Udi) else None
    return {
        "schema": SCHEMA,
        "valid": result.valid,
        "complete": is_complete(result),
        "has_pi": udi is not None and udi.has_pi,
        "kind": "udi" if isinstance(result, Udi) else result.kind.value,
        "issuer": None if result.issuer is None else result.issuer.value,
        "form": result.form,
        "di": None if udi is None else udi.di,
        "lot": None if udi is None else udi.lot,
        "serial": None if udi is None else udi.serial,
        "manufactured": None if udi is None else _iso(udi.manufactured),
        "expires": None if udi is None else _iso(udi.expires),
        "expires_day_given": udi is None or udi.expires_day_given,
        "quantity": None if udi is None else udi.quantity,
        "donation": None if udi is None else udi.donation,
        "elements": [list(element) for element in result.elements],
        "findings": [
            {"code": f.code, "grade": f.grade.value, "at": f.at, "message": message(f, lang)} for f in result.findings
        ],
        "alternatives": [
            {"elements": [list(element) for element in each.elements], "evidence": list(each.evidence)}
            for each in alternatives
        ],
        "trace_key": None if udi is None else udi.trace_key,
        "hri": None if udi is None else hri(udi),
    }


def to_text(result: Udi | NotUdi, lang: Lang = "zh", alternatives: Sequence[Alternative] = ()) -> str:
    """Some lines for a person: the parts, the findings with what can be done, and other readings, best first."""
    place = 0 if lang == "zh" else 1
    if isinstance(result, NotUdi):
        head = ("不是 UDI", "not a UDI")[place] + f": {_KINDS[result.kind][place]} {result.value or ''}".rstrip()
        lines = [head]
    else:
        state = ("有效", "valid") if result.valid else ("无效", "not valid")
        lines = [f"{result.issuer.value} UDI, {state[place]}"]
        for name, words in _NAMES.items():
            value = getattr(result, name)
            if value is not None:
                lines.append(f"  {words[place]}: {value}")
    for found in result.findings:
        lines.append(f"  [{found.grade.value}] {message(found, lang)} -> {advice(found, lang)}")
    for other in alternatives:
        elements = "".join(f"({code}){value}" for code, value in other.elements)
        lines.append(f"  {('也可能是', 'or perhaps')[place]}: {elements}")
    return "\n".join(lines)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
