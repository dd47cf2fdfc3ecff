"""SHEET 扫登记单: the normal close of a case. The stickers of one picture against what was checked.

On the sheet and checked: used. On the sheet and not checked before: used too, and amber. Checked and not on the sheet:
asked, and the case stays open. A picture taken twice books nothing twice, and nor do two stickers of one serial.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks import held, kits
from edge.station.tasks.acts import SHEET
from edge.station.tasks.cases import close_quietly
from edge.station.tasks.effects import QUESTION, UNDERSTOOD, Record, Say, Step, by, refuses
from edge.station.tasks.said import Item, Moment, Sheet
from edge.station.tasks.state import Case, State, Work
from edge.station.tasks.use import awaited, refused, remembered
from hardware.signals import Signal

NOT_CHECKED = "not_checked"
_RANK = (Outcome.STOP, Outcome.REDO, Outcome.MISSING, Outcome.INCOMPLETE, Outcome.ATTENTION, Outcome.ACCEPTED)


@dataclass(frozen=True, slots=True)
class _Counted:
    """One sticker and what becomes of it."""

    item: Item
    verdict: Verdict
    booked: bool


def sheet(state: State, shown: Sheet, moment: Moment) -> Step:
    """Match the stickers of a picture with the case that is open."""
    case, missing = state.case, awaited(state)
    if state.armed is None or state.armed.act != SHEET:
        return Step(state, refuses("nothing_to_answer"))
    state = replace(state, armed=None, last=None)
    if not shown.stickers:
        return Step(state, refuses("sheet_empty"))
    if case is None or missing is not None:
        return refused(state, shown.stickers[0], missing or "patient_missing", moment)
    counted, after = _match(case, tuple(held.warned(state, each) for each in shown.stickers))
    return _told(state, case, replace(after, touched_ns=moment.now_ns), counted, moment)


def _match(case: Case, stickers: tuple[Item, ...]) -> tuple[list[_Counted], Case]:
    """What of a sheet is booked, and the case after it. Pieces used before are on the sheet as well: no event."""
    counted: list[_Counted] = []
    before = list(case.used)
    for sticker in stickers:
        if sticker.serial and case.gone(sticker.key):
            continue
        if sticker.key in before:
            before.remove(sticker.key)
        elif sticker.fit and case.pends(sticker.key) is not None:
            counted.append(_Counted(sticker, _booked(sticker.verdict), booked=True))
            case = case.consumed(sticker.key)
        elif not sticker.fit:
            counted.append(_Counted(sticker, sticker.verdict, booked=False))
        else:
            reasons = (Reason(NOT_CHECKED, Audience.PERSON), *sticker.verdict.reasons)
            counted.append(_Counted(sticker, Verdict(Outcome.ATTENTION, reasons), booked=True))
            case = case.consumed(sticker.key)
    return counted, case


def _booked(verdict: Verdict) -> Verdict:
    return replace(verdict, outcome=Outcome.ACCEPTED) if verdict.outcome is Outcome.CHECKED else verdict


def _told(state: State, before: Case, after: Case, counted: list[_Counted], moment: Moment) -> Step:
    """One light for the whole sheet, after its last event."""
    answer = _answer(after, counted)
    state, records, of_kits = _recorded(state.with_case(after), after, counted, moment)
    if records:
        records = (*records[:-1], replace(records[-1], signal=answer))
    events = tuple(each.event_id for each in records if each.booking.count)
    state = remembered(state, events, moment, before, also=of_kits)
    if answer is Signal.ASK:
        return Step(state, (*records, *(() if records else (QUESTION,)), Say(("items_pending",))))
    if answer not in (Signal.ACCEPTED, Signal.ATTENTION):
        return Step(state, records)
    understood = () if records else (UNDERSTOOD,)
    return close_quietly(state, "sheet").after(*records).then(*understood, Say(("case_closed",)))


def _recorded(
    state: State, case: Case, counted: list[_Counted], moment: Moment
) -> tuple[State, tuple[Record, ...], tuple[Work, ...]]:
    """An event for each sticker; the state with what is of a loaner kit counted there, and those kits before."""
    records: list[Record] = []
    of_kits: dict[str, Work] = {}
    for each in counted:
        booking = Booking(count=1 if each.booked else None, case=case.ident)
        counts = kits.at_patient(state, each.item, TaskName.USE, booking, moment)
        state = counts.state
        of_kits = {kit.ident: kit for kit in counts.before} | of_kits
        told = by(state, TaskName.USE)
        records.append(Record(moment.new_event(), each.item, each.verdict, counts.booking, told, None))
    return state, tuple(records), tuple(of_kits.values())


def _answer(case: Case, counted: list[_Counted]) -> Signal:
    """What cannot be booked comes first, then what the sheet lacks."""
    worst = min((each.verdict.outcome for each in counted), key=_RANK.index, default=Outcome.ACCEPTED)
    if worst in _RANK[:4]:
        return Signal(worst.value)
    return Signal.ASK if case.waiting else Signal(worst.value)
