"""Records, stock and duplicates as the ``udi-hub`` command prints them, in zh-CN or English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from edge.hub.case_record import CaseRecord, Item
from edge.hub.duplicates import Duplicate
from edge.hub.goods_record import Compared, GoodsRecord, Line, Remark
from edge.hub.ledger import Balance
from edge.hub.sessions import Presence, Step, Waiting
from edge.hub.words import CHANGES, ITEMS, OUTCOMES, REASONS, STEPS, SUBJECTS, TASKS, Lang, local, said, word
from edge.rules.reasons import say

_HEADINGS = {
    "opened": ("开始", "opened"),
    "completed": ("补录", "completed"),
    "closed": ("结束", "closed"),
    "where": ("地点", "where"),
    "people": ("人员", "people"),
    "witnesses": ("见证人", "witnesses"),
    "patient": ("患者", "patient"),
    "pending": ("未用未退", "pending"),
    "lines": ("行数", "lines"),
    "picked": ("拣货人", "picked by"),
    "verified": ("复核人", "verified by"),
    "released": ("放行人", "released by"),
    "shipped": ("出库人", "shipped by"),
    "held": ("隔离", "held"),
    "on_hand": ("库存", "on hand"),
    "came": ("入", "in"),
    "went": ("出", "out"),
    "counted": ("盘点", "stock-take"),
}

HANDOVER: Mapping[Lang, str] = {"zh": " → 交接班 ", "en": " → handover to "}
"""Between those who were responsible for a case in turn."""


def case_text(record: CaseRecord, lang: Lang) -> Iterator[str]:
    """A case, line by line."""
    kinds = {"patient": ("腕带", "wristband"), "card": ("病例卡", "case card"), "emergency": ("急诊", "emergency")}
    title = _in(lang, "使用登记 / 植入登记", "record of use and implants")
    yield f"{title} {record.case} {word(kinds, record.opening, lang)} {record.number or ''}".rstrip()
    yield _row(lang, "opened", local(record.opened))
    if record.opening == "emergency":
        due = _in(lang, "未补录", "patient not said yet")
        yield _row(lang, "completed", local(record.completed) if record.completed else due)
    yield _row(lang, "closed", local(record.closed) if record.closed else _in(lang, "未结束", "not closed"))
    yield _row(lang, "where", ", ".join(record.places or record.stations))
    yield _row(lang, "people", _turns(record.people, HANDOVER[lang]))
    yield _row(lang, "witnesses", ", ".join(record.witnesses) or "–")
    known = _in(lang, "可按住院号追溯", "found by a trace with the patient's number")
    unknown = _in(lang, "本中心没有可追溯的住院号", "no trace by patient finds it at this hub")
    yield _row(lang, "patient", known if record.patient_indexed else unknown)
    yield _row(lang, "pending", str(record.pending))
    for item in record.items:
        yield from _item(item, lang)
    yield from _steps(record.steps, lang)


def goods_text(record: GoodsRecord, lang: Lang) -> Iterator[str]:
    """A document, line by line."""
    state = word(STEPS, record.state, lang)
    yield f"{_in(lang, '单据', 'document')} {record.document} {state}"
    yield _row(lang, "opened", local(record.opened))
    expected = "?" if record.lines_expected is None else str(record.lines_expected)
    yield _row(lang, "lines", f"{record.lines_booked} / {expected}")
    yield _row(lang, "people", _turns(record.people))
    for name in ("picked", "verified", "released", "shipped"):
        who: tuple[str, ...] = getattr(record, f"{name}_by")
        if who:
            yield _row(lang, name, ", ".join(who))
    if record.verified_alone:
        yield _in(lang, "复核人和拣货人是同一人", "picked and verified by the same person")
    for line in record.lines:
        yield _line(line, lang)
    for each in record.compared:
        if each.difference:
            yield _compared(each, lang)
    for remark in record.remarks:
        yield from _remark(remark, lang)
    yield from _steps(record.steps, lang)


def waiting_text(found: Iterable[Waiting], lang: Lang) -> Iterator[str]:
    """What is open, suspended or to be completed, one line each."""
    for each in found:
        marks = []
        if each.suspended:
            marks.append(_in(lang, "挂起(12 小时以上未动)", "suspended: untouched for 12 h and more"))
        if each.to_complete:
            marks.append(_in(lang, "待补录", "patient to be said"))
        if each.alert:
            marks.append(_in(lang, "超过 24 小时!", "for more than 24 h!"))
        state = word(CHANGES if each.state in CHANGES else STEPS, each.state, lang)
        hours = _in(lang, f"{each.age_h} 小时", f"{each.age_h} h")
        name = f"{word(SUBJECTS, each.subject, lang)} {each.ident} {each.number or ''}".rstrip()
        yield f"{name}  {each.station}  {state}  {local(each.opened)}  {hours}  {' '.join(marks)}".rstrip()


def duplicates_text(found: Iterable[Duplicate], lang: Lang) -> Iterator[str]:
    """Each serial, and under it where it was booked."""
    for each in found:
        used, received = f"使用 {each.times} 次", f"入库 {each.times} 次"
        english = f"{each.what} {each.times} times"
        yield f"{each.di} / {each.serial}: {_in(lang, used if each.what == 'used' else received, english)}"
        for event in each.events:
            under = event["case"] or event["document"] or "–"
            task = word(TASKS, event["task"], lang)
            yield f"  {local(event['at'])}  {event['station']}  {task}  {under}  {event['operator'] or '–'}"


def stock_text(found: Sequence[Balance], lang: Lang) -> Iterator[str]:
    """Each account, and under it where it is, what is held and what was counted."""
    for each in found:
        owner = "" if each.owner is None else f"{each.owner}  "
        yield f"{owner}{_thing(each.di, each.lot, each.serial)}  {each.expires or ''}".rstrip()
        sums = ((name, getattr(each, name)) for name in ("came", "went", "on_hand"))
        wrong = _in(lang, " !出多于入", " ! more went than came") if each.on_hand < 0 else ""
        yield "  " + "  ".join(f"{_heading(lang, name)} {count}" for name, count in sums) + wrong
        for place, count in each.at.items():
            yield f"    {place}: {count}"
        if each.held is not None:
            hold = each.held
            why = "" if hold.reason is None else word(REASONS, hold.reason, lang)
            yield _row(lang, "held", f"{local(hold.since)}  {hold.place}  {hold.operator or '–'}  {why}".rstrip())
        for counted in each.counted:
            seen = f"{counted.observed} / {counted.expected}"
            yield _row(lang, "counted", f"{local(counted.at)}  {counted.place}  {seen}")


def _item(item: Item, lang: Lang) -> Iterator[str]:
    what = word(TASKS, item.task, lang) if item.state == "other" else word(ITEMS, item.state, lang)
    first = (
        "" if not item.checked or item.state == "pending" else _in(lang, "(开封前已核对)", " (checked before opening)")
    )
    thing = _thing(item.di, item.lot, item.serial)
    if item.kit is not None:
        thing += _in(lang, f"  外来器械 {item.kit} 第{item.line}行", f"  loaner kit {item.kit} line {item.line}")
    who = f"{local(item.at)}  {item.operator or '–'}"
    yield f"  {what}{first} {item.units}  {thing}  {item.expires or ''}  {who}"
    if item.state in ("used_despite", "stopped", "without_code"):
        yield f"    {word({code: words[1:] for code, words in OUTCOMES.items()}, item.outcome, lang)}"
        yield from _why(item.reasons, lang)
    if item.override is not None:
        witness = _in(lang, "见证人", "witness")
        yield f"    {word(REASONS, item.override, lang)}  {witness} {item.witness or '–'}"
    if item.reason is not None:
        yield f"    {word(REASONS, item.reason, lang)}"


def _line(line: Line, lang: Lang) -> str:
    units = "  ".join(f"{word(TASKS, task, lang)} {count}" for task, count in line.units.items())
    held = f"  {_heading(lang, 'held')}!" if line.held else ""
    owner = "" if line.owner is None else f"  {line.owner}"
    return f"  {line.line or '–':>3}  {_thing(line.di, line.lot, line.serial)}{owner}  {units}{held}"


def _compared(each: Compared, lang: Lang) -> str:
    what = word(REASONS, "SHORT" if each.difference < 0 else "OVER", lang)
    units = f"{what} {abs(each.difference)}  {each.booked} / {each.announced}"
    return f"  ! {each.line or '–':>3}  {units}  {each.di or '–'}"


def _remark(remark: Remark, lang: Lang) -> Iterator[str]:
    missing = {"MISSING": OUTCOMES["MISSING"][1:]}
    what = word({**REASONS, **missing}, remark.what, lang)
    thing = _thing(remark.di, remark.lot, remark.serial)
    yield f"  ! {remark.line or '–':>3}  {what}  {thing}  {local(remark.at)}  {remark.operator or '–'}"
    yield from _why(remark.reasons, lang)


def _why(reasons: Iterable[tuple[str, str]], lang: Lang) -> Iterator[str]:
    return (f"    {say(code, lang)}" for code, audience in reasons if audience == "person")


def _steps(steps: Iterable[Step], lang: Lang) -> Iterator[str]:
    for each in steps:
        what = f"{word(STEPS, each.what, lang)}  {each.operator or '–'}"
        yield f"  {local(each.at)}  {what}  {said(each.why, lang)}".rstrip()


def _turns(people: Iterable[Presence], between: str = " → ") -> str:
    return between.join(f"{each.operator} ({local(each.first)} – {local(each.last)})" for each in people) or "–"


def _thing(di: str | None, lot: str | None, serial: str | None) -> str:
    return f"{di or '–'}  {lot or '–'} / {serial or '–'}"


def _row(lang: Lang, name: str, value: str) -> str:
    return f"  {_heading(lang, name)}: {value}"


def _heading(lang: Lang, name: str) -> str:
    return word(_HEADINGS, name, lang)


def _in(lang: Lang, zh: str, en: str) -> str:
    return zh if lang == "zh" else en
