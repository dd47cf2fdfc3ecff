"""A parse result for a program (one JSON object) and for a person (some lines)."""

from __future__ import annotations

from datetime import date
from typing import Any

from edge.udi.findings import Lang, advice, message
from edge.udi.model import Grade, NotUdi, Udi

SCHEMA = 1
_NAMES = {
    "di": ("产品标识 DI", "device identifier DI"),
    "lot": ("批号", "lot"),
    "serial": ("序列号", "serial"),
    "manufactured": ("生产日期", "made"),
    "expires": ("有效期至", "valid to"),
    "quantity": ("数量", "quantity"),
    "trace_key": ("追溯键", "trace key"),
}


def hri(udi: Udi) -> str:
    """Human readable interpretation in GS1's style: ``(01)…(17)…``."""
    return "".join(f"({code}){value}" for code, value in udi.elements)


def is_complete(result: Udi | NotUdi) -> bool:
    """A valid DI with every partner it needs and at least one production identifier."""
    if isinstance(result, NotUdi):
        return False
    return result.valid and result.di is not None and all(f.code != "ai_required" for f in result.findings)


def to_json(result: Udi | NotUdi, lang: Lang = "en") -> dict[str, Any]:
    """The object of ``udi-station parse --json``, schema 1."""
    udi = result if isinstance(result, Udi) else None
    return {
        "schema": SCHEMA,
        "valid": all(f.grade is not Grade.ERROR for f in result.findings),
        "complete": is_complete(result),
        "has_pi": udi is not None and udi.has_pi,
        "kind": "udi" if isinstance(result, Udi) else result.kind.value,
        "issuer": None if udi is None else udi.issuer.value,
        "form": None if udi is None else udi.form,
        "di": None if udi is None else udi.di,
        "lot": None if udi is None else udi.lot,
        "serial": None if udi is None else udi.serial,
        "manufactured": None if udi is None else _iso(udi.manufactured),
        "expires": None if udi is None else _iso(udi.expires),
        "expires_day_given": udi is None or udi.expires_day_given,
        "quantity": None if udi is None else udi.quantity,
        "donation": None if udi is None else udi.donation,
        "elements": [] if udi is None else [list(element) for element in udi.elements],
        "findings": [
            {"code": f.code, "grade": f.grade.value, "at": f.at, "message": message(f, lang)} for f in result.findings
        ],
        "alternatives": [],
        "trace_key": None if udi is None else udi.trace_key,
        "hri": None if udi is None else hri(udi),
    }


def to_text(result: Udi | NotUdi, lang: Lang = "zh") -> str:
    """Some lines for a person."""
    place = 0 if lang == "zh" else 1
    if isinstance(result, NotUdi):
        head = ("不是 UDI", "not a UDI")[place] + f": {result.kind.value} {result.value or ''}".rstrip()
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
    return "\n".join(lines)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
