"""The record of a loaner kit (外来器械): line by line what came, was used, went back and is missing, and who signed.

The counts are those of the events that count; what is open is what came and is neither used, wasted, returned nor
missing. A station lets a kit go only when nothing is open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from edge.hub.counting import Standing
from edge.hub.goods_record import Remark, remark
from edge.hub.sessions import Presence, Step, presences, steps
from edge.hub.tables import document_line
from edge.hub.trace import Question, Trace, trace
from edge.hub.words import REASONS, STEPS, Lang, local, said, word

COMES, BACK, GONE = "TRAY", "TRAY_BACK", "TRAY_MISSING"
_SIGNED = ("opened", "closed")
_OFF_LIST = "0"


@dataclass(frozen=True, slots=True)
class KitLine:
    """One line of a kit; units are pieces."""

    line: str
    """``0``: on no line of its list."""
    name: str | None
    di: str | None
    listed: int | None
    """None: no list, or not on it."""
    came: int
    used: int
    wasted: int
    """Opened for a patient, and not used."""
    returned: int
    missing: int
    open: int
    """What nobody has said yet; below 0: more went than came."""


@dataclass(frozen=True, slots=True)
class KitRecord:
    """One kit."""

    kit: str
    owner: str | None
    lender: str | None
    opened: str | None
    state: str | None
    """Its last change."""
    pictures: int
    """Showings without a code; where no list came, the picture of the open tray is among them."""
    signatures: tuple[Step, ...]
    """``opened``: two people counted it in; ``closed``: two people settled it."""
    cases: tuple[str, ...]
    """In which its pieces were used."""
    people: tuple[Presence, ...]
    lines: tuple[KitLine, ...]
    missing: tuple[Remark, ...]
    steps: tuple[Step, ...]


def kit_record(connection: Connection, kit: str) -> KitRecord | None:
    """Everything of one kit; None if nobody has counted anything of it.

    Args:
        connection: to the store.
        kit: the number of its list or label.
    """
    signed, changes = steps(connection, "tray", kit), steps(connection, "document", kit)
    rows = trace(connection, Question(document=kit))
    if not signed and not any(row.task == COMES for row in rows):
        return None
    counting = [row for row in rows if row.standing == Standing.COUNTS]
    every = sorted([*signed, *changes], key=lambda each: each.at)
    seen = [*((each.at, each.operator) for each in every), *((row.earliest or row.at, row.operator) for row in rows)]
    return KitRecord(
        kit=kit,
        owner=_first(row.owner for row in counting),
        lender=_first(row.counterparty for row in counting),
        opened=_first(each.at for each in changes if each.what == "opened"),
        state=changes[-1].what if changes else None,
        pictures=sum(row.count is None and row.outcome == "MISSING" for row in counting),
        signatures=tuple(each for each in signed if each.what in _SIGNED),
        cases=tuple(sorted({row.case for row in counting if row.case is not None and row.line is not None})),
        people=presences(seen),
        lines=tuple(lines(listed(connection, kit), counting)),
        missing=tuple(remark(row) for row in counting if row.task == GONE),
        steps=tuple(every),
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A line as the kit's list has it."""

    line: str
    name: str | None
    di: str | None
    units: int | None


def lines(told: Sequence[Listed], rows: Iterable[Trace]) -> Iterator[KitLine]:
    """What became of each line, in their order. Pure.

    Args:
        told: the list; empty where none came.
        rows: scans of the kit that count.
    """
    done: dict[str, dict[str, int]] = {each.line: {} for each in told}
    for row in rows:
        if row.count is not None and row.line is not None:
            units = done.setdefault(row.line, {})
            units[row.task or ""] = units.get(row.task or "", 0) + row.count
    known = {each.line: each for each in told}
    for line in sorted(done, key=_order):
        says = known.get(line, Listed(line, None, None, None))
        came, used, wasted, back, gone = (done[line].get(task, 0) for task in (COMES, "USE", "WASTE", BACK, GONE))
        left = came - used - wasted - back - gone
        yield KitLine(line, says.name, says.di, says.units, came, used, wasted, back, gone, left)


def kit_text(record: KitRecord, lang: Lang) -> Iterator[str]:
    """A kit, line by line, in zh-CN or English."""
    zh = lang == "zh"
    yield f"{'外来器械' if zh else 'loaner kit'} {record.kit} {word(STEPS, record.state, lang)}"
    yield f"  {'出借方' if zh else 'lender'}: {record.lender or '–'}"
    if record.pictures:
        yield f"  {'照片或缺码' if zh else 'pictures or no code'}: {record.pictures}"
    for each in record.signatures:
        what = _SIGNATURES[each.what][0 if zh else 1]
        signed = f"{each.operator or '–'} + {each.witness or '–'}"
        yield f"  {what}: {signed}  {local(each.at)}  {said(each.why, lang)}".rstrip()
    yield f"  {'使用于' if zh else 'used in'}: {', '.join(record.cases) or '–'}"
    for line in record.lines:
        yield _line(line, zh=zh)
    for lost in record.missing:
        why = word(REASONS, lost.what, lang)
        where = f"第{lost.line}行" if zh else f"line {lost.line}"
        what = f"{'缺失' if zh else 'missing'} {lost.units}"
        yield f"  ! {what}  {where}  {why}  {local(lost.at)}  {lost.operator or '–'}"
    for step in record.steps:
        what = f"{word(STEPS, step.what, lang)}  {step.operator or '–'}"
        yield f"  {local(step.at)}  {what}  {said(step.why, lang)}".rstrip()


_SIGNATURES = {"opened": ("双人清点接收", "counted in by two"), "closed": ("双人结清", "settled by two")}
_COUNTS = {
    "came": ("入", "in"),
    "used": ("用", "used"),
    "wasted": ("开封未用", "wasted"),
    "returned": ("还", "returned"),
    "missing": ("缺", "missing"),
}


def _line(line: KitLine, *, zh: bool) -> str:
    counts = "  ".join(f"{words[0 if zh else 1]} {getattr(line, name)}" for name, words in _COUNTS.items())
    name = line.name or line.di or ("清单外" if zh else "on no line") if line.line == _OFF_LIST else line.name or "–"
    listed = "" if line.listed is None else f"  {'清单' if zh else 'listed'} {line.listed}"
    open_ = f"  ! {'对不上' if zh else 'open'} {line.open:+}" if line.open else ""
    return f"  {line.line:>3}  {name}{listed}  {counts}{open_}"


def listed(connection: Connection, kit: str) -> list[Listed]:
    """The list of a kit, in its order; empty where none came."""
    c = document_line.c
    query = select(c.number, c.name, c.di, c.quantity).where(c.ident == kit).order_by(c.number)
    return [Listed(str(row.number), row.name, row.di, row.quantity) for row in connection.execute(query)]


def _order(line: str) -> tuple[int, str]:
    return (int(line) if line.isdecimal() else 1 << 31), line


def _first(values: Iterable[str | None]) -> str | None:
    return next((each for each in values if each is not None), None)
