"""Acts that wait for their item: the card first, then the package (报废、退库、退货、取出、绑码、隔离、放行、抽检).

Each is a task of its own for one item. What was pending of it under the open case no longer is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks import goods, held, kits, lines, shelf
from edge.station.tasks.effects import UNDERSTOOD, Light, Record, Say, Step, by, refuses
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import Armed, Case, Last, State, Work
from edge.station.tasks.use import refused, remembered, seen, shown_as
from hardware.signals import Signal

ARMED_NS = 20_000_000_000
"""How long an act waits for its item."""
SHEET, BIND = "SHEET", "BIND"
SHEET_NS = 60_000_000_000
QUALITY = "Q"
"""The right of an operator who may release what was held."""


@dataclass(frozen=True, slots=True)
class _Act:
    """What one act does with its item."""

    task: TaskName
    books: bool
    """Units leave or come: its event has a count."""
    of_case: bool = False
    """Only under an open case."""
    leaves: bool = False
    """The piece is not at the patient any more: what was pending of it no longer is."""
    without_udi: bool = False
    """It really happened to something that shows no UDI, too."""
    right: str = ""
    """Of the operator."""
    of_kit: bool = False
    """Of the loaner kit that is open, whatever its list says."""


ACTS: Mapping[str, _Act] = {
    "WASTE": _Act(TaskName.WASTE, books=True, leaves=True, without_udi=True),
    "RETURN": _Act(TaskName.RETURN, books=True, leaves=True, without_udi=True),
    "SEND_BACK": _Act(TaskName.SEND_BACK, books=True, leaves=True, without_udi=True),
    "EXPLANT": _Act(TaskName.EXPLANT, books=True, of_case=True, without_udi=True),
    kits.PIECE: _Act(TaskName.USE, books=True, of_case=True, leaves=True, without_udi=True, of_kit=True),
    BIND: _Act(TaskName.BIND, books=False),
    "QUARANTINE": _Act(TaskName.QUARANTINE, books=False, leaves=True, without_udi=True),
    "RELEASE": _Act(TaskName.RELEASE, books=False, without_udi=True, right=QUALITY),
    "SAMPLE": _Act(TaskName.SAMPLE, books=True, leaves=True, without_udi=True),
}


_LEAVE = {TaskName.USE, *(each.task for each in ACTS.values() if each.leaves)}


def arm(state: State, act: str, moment: Moment) -> Step:
    """Wait for the item; the same card again lets it be."""
    if state.armed is not None and state.armed.act == act:
        return Step(replace(state, armed=None), (UNDERSTOOD,))
    if act == SHEET:
        return _arm_sheet(state, moment)
    missing = _missing(state, ACTS[act])
    if missing is not None:
        return Step(state, refuses(missing))
    armed = Armed(act, moment.now_ns + ARMED_NS)
    return Step(replace(state, armed=armed, asked=None), (UNDERSTOOD, Say((f"act_{act.lower()}",))))


def task_of(act: str) -> TaskName | None:
    """The task at which an act's item is judged; None: the running one."""
    return ACTS[act].task if act in ACTS else None


def _missing(state: State, does: _Act) -> str | None:
    """What has to be shown before this act can be done."""
    case = _at_patient(state)
    if (case is not None and case.suspended) or (does.of_case and case is None):
        return "patient_missing"
    if state.operator is None and (case is None or case.opening != "emergency"):
        return "operator_missing"
    if does.of_kit and not kits.open_here(state):
        return "kit_missing_first"
    return "right_missing" if does.right and does.right not in state.rights else None


def _at_patient(state: State) -> Case | None:
    return state.case if state.task is TaskName.USE else None


def item(state: State, act: str, shown: Item, moment: Moment) -> Step:
    """The item that the act waited for."""
    does, case = ACTS[act], _at_patient(state)
    missing = _missing(state, does)
    if missing is not None:
        return refused(replace(state, armed=None), shown, missing, moment)
    if does.leaves and shown.serial and case is not None and case.gone(shown.key):
        return refused(replace(state, armed=None), shown, "serial_seen", moment)
    if act == BIND:
        return _bind(state, shown, moment)
    state = replace(state, armed=None)
    if not shown.fit and not (does.without_udi and shown.verdict.outcome is Outcome.MISSING):
        return seen(state, shown, shown.verdict, moment)
    work = state.work
    if case is None and shown.fit and work is not None and not work.paused and lines.of_document(work, does.task):
        return goods.at_task(state, does.task, lambda at: goods.item(at, shown, moment))
    return _done(state, does, shown, Booking(), moment)


def _bind(state: State, shown: Item, moment: Moment) -> Step:
    """A house code and the UDI it is to stand for, in one view or one after the other in any order."""
    former = None if state.armed is None else state.armed.code
    codes = [each.house_code for each in (former, shown) if each is not None and each.house_code is not None]
    both = [each for each in (shown, former) if each is not None]
    whole = next((each for each in both if each.fit and not each.stands_in), None)
    if _contradict(both, whole):
        return _bound_otherwise(replace(state, armed=None), whole or shown, codes, moment)
    if whole is not None and (whole.udi is None or whole.udi.trace_key is None):
        return refused(replace(state, armed=None), whole, "pi_missing", moment)
    if codes and whole is not None:
        return _done(replace(state, armed=None), ACTS[BIND], whole, Booking(house_code=codes[-1]), moment)
    if former is not None or not (codes or whole):
        return refused(replace(state, armed=None), shown, "house_code_missing", moment)
    armed = Armed(BIND, moment.now_ns + ARMED_NS, shown)
    return Step(replace(state, armed=armed), (Light(Signal.INCOMPLETE),))


def _bound_otherwise(state: State, shown: Item, codes: list[str], moment: Moment) -> Step:
    """Nothing is bound; that somebody wanted to is recorded with the code."""
    verdict = Verdict(Outcome.STOP, (Reason("house_code_conflict", Audience.PERSON),))
    step = seen(state, shown, verdict, moment)
    code = next(iter(codes), None)
    named = (replace(r, booking=replace(r.booking, house_code=code)) for r in step.effects if isinstance(r, Record))
    return Step(step.state, tuple(named))


def _contradict(both: list[Item], whole: Item | None) -> bool:
    """The code is bound to another UDI already, here or elsewhere."""
    said = {reason.code for each in both for reason in each.verdict.reasons}
    other = whole is not None and any(each.stands_in and each.fit and each.key != whole.key for each in both)
    return other or "house_code_conflict" in said


def _done(state: State, does: _Act, shown: Item, booking: Booking, moment: Moment) -> Step:
    before, event = _at_patient(state), moment.new_event()
    opened = before is not None and shown.key != "" and before.pends(shown.key) is not None
    only_checked = does.task is TaskName.RETURN and opened
    count, work = 1 if before is not None else shown.units, None if _is_kit(state.work) else state.work
    booking = replace(
        booking,
        count=count if does.books and not only_checked else None,
        case=None if before is None else before.ident,
        document=None if work is None or work.paused else work.ident,
    )
    counted = kits.at_patient(state, shown, does.task, booking, moment, of_kit=does.of_kit)
    state, booking = counted.state, counted.booking
    verdict, signal = shown_as(shown.verdict, booking)
    record = Record(event, shown, verdict, booking, by(state, does.task), signal)
    if before is not None:
        after = after_act(before, does.task, shown.key, booking.count, 1)
        state = state.with_case(replace(after, touched_ns=moment.now_ns))
    state = remembered(state, (event,), moment, before, work, counted.before)
    if not counted.before:  # a kit's piece is not of this house's stock
        state = shelf.moved(state, shown, does.task, booking.count or 0)
    if does.task is TaskName.RELEASE:
        state = held.released(state, shown)
    if does.task is TaskName.QUARANTINE:
        state = held.kept(state, shown)
    last = Last(shown, event, moment.now_ns, does.task, booking.count, booking=booking)
    return Step(replace(state, last=last), (record,))


def _is_kit(work: Work | None) -> bool:
    """What is done beside a loaner kit is not done under its list, unless the piece is of it."""
    return work is not None and work.kit is not None


def after_act(case: Case, task: TaskName, key: str, count: int | None, pieces: int) -> Case:
    """A case after an act or a use: what leaves is not pending any more, and what was consumed is no longer there.

    Args:
        case: before.
        task: of the act.
        key: of the pieces.
        count: booked; None: nothing.
        pieces: that it was done to.
    """
    if task not in _LEAVE:
        return case
    return case.settled(key, pieces) if count is None or task is TaskName.RETURN else case.consumed(key, pieces)


def _arm_sheet(state: State, moment: Moment) -> Step:
    if state.case is None:
        return Step(state, refuses("patient_missing"))
    armed = Armed(SHEET, moment.now_ns + SHEET_NS)
    return Step(replace(state, armed=armed, asked=None), (UNDERSTOOD, Say(("act_sheet",))))
