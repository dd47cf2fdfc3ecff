"""A verdict rule by rule: what was asked, what it looked at, what it answered, on whose word. For `udi-station judge`.

It tells the steps that `judge` itself took; nothing is decided here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from edge.catalog.product import Order
from edge.rules.case import Case, Found
from edge.rules.decisions import DECISIONS, Stage
from edge.rules.judge import Step
from edge.rules.reasons import Lang, say
from edge.rules.verdict import Audience, Outcome, Verdict
from edge.udi.model import Finding

SCHEMA = 1
_OUTCOMES = {
    Outcome.ACCEPTED: ("已登记", "booked"),
    Outcome.CHECKED: ("已核对,未记账", "checked, nothing booked"),
    Outcome.ATTENTION: ("请注意,有您现在能处理的事", "something for you to act on"),
    Outcome.INCOMPLETE: ("请扫第二个码", "second code please"),
    Outcome.REDO: ("重扫", "again"),
    Outcome.MISSING: ("缺码", "no UDI"),
    Outcome.STOP: ("停用", "do not use"),
    Outcome.FAULT: ("本机停用", "station out of service"),
}
_AUDIENCES = {Audience.PERSON: ("人", "person"), Audience.HUB: ("中心", "hub")}


def to_json(verdict: Verdict, steps: Sequence[Step], lang: Lang = "en") -> dict[str, Any]:
    """The object of ``udi-station judge --json``, schema 1."""
    case = steps[0].case
    return {
        "schema": SCHEMA,
        "outcome": verdict.outcome.value,
        "overridable": verdict.overridable,
        "task": case.task.value,
        "stage": case.stage,
        "region": case.site.region,
        "role": case.site.role,
        "reasons": [
            {"code": each.code, "audience": each.audience.value, "detail": each.detail, "message": say(each.code, lang)}
            for each in verdict.reasons
        ],
        "rules": [_step(each, lang) for each in steps],
    }


def to_text(verdict: Verdict, steps: Sequence[Step], lang: Lang = "zh") -> str:
    """The outcome, its reasons, and a paragraph for each rule."""
    place = 0 if lang == "zh" else 1
    lines = [f"{verdict.outcome.value} {_OUTCOMES[verdict.outcome][place]}"]
    if verdict.overridable:
        lines[0] += (";可强制登记,须记录", "; may be booked all the same, on the record")[place]
    for reason in verdict.reasons:
        detail = f" ({reason.detail})" if reason.detail else ""
        lines.append(f"  [{_AUDIENCES[reason.audience][place]}] {reason.code}{detail}: {say(reason.code, lang)}")
    for step in steps:
        told = _step(step, lang)
        said = ", ".join(_said(each) for each in told["found"]) or ("无", "nothing")[place]
        looked = "; ".join(f"{name} = {_short(value)}" for name, value in told["looked_at"].items())
        lines += [f"{told['rule']} · {told['title']} -> {said}", f"    {looked}"]
        lines.append(f"    {('依据', 'source')[place]}: {told['source']}")
    return "\n".join(lines)


def _step(step: Step, lang: Lang) -> dict[str, Any]:
    row = DECISIONS.rules[step.rule]
    own = [each.source for each in step.found if each.source]
    return {
        "rule": row.name,
        "title": row.zh if lang == "zh" else row.en,
        "looked_at": {name: _look(step.case, name) for name in row.looks},
        "found": [_answer(each, step.case.stage) for each in step.found],
        "source": own[0] if own else row.source,
    }


def _answer(found: Found, stage: Stage) -> dict[str, str]:
    cell = DECISIONS.cells[stage][found.code]
    does = "-" if cell is None else "hub" if cell.outcome is None else cell.outcome.value
    return {"code": found.code, "detail": found.detail, "does": does}


def _said(answer: Mapping[str, str]) -> str:
    detail = f" ({answer['detail']})" if answer["detail"] else ""
    return f"{answer['code']}{detail}: {answer['does']}"


def _look(case: Case, name: str) -> Any:
    value: Any = case
    for part in name.split("."):
        value = None if value is None else getattr(value, part)
    return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Finding():
            return value.code
        case Order():
            return f"{value.kind} {value.order}"
        case date():
            return value.isoformat()
        case tuple() | frozenset():
            return sorted(map(_plain, value)) if isinstance(value, frozenset) else [_plain(each) for each in value]
        case _ if dataclasses.is_dataclass(value):
            return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
        case _:
            return value


def _short(value: Any) -> str:
    """A value on one line: of a table only what is known."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items() if each is not None) or "-"
    if isinstance(value, list):
        return " + ".join(map(_short, value)) or "-"
    return "-" if value is None or value == "" else str(value)
