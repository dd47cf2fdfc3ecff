"""One step: something was said to the station; what is known now, and what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from edge.cards import Card, CardKind
from edge.rules.verdict import TaskName
from edge.station.tasks import (
    acts,
    answers,
    cases,
    goods,
    held,
    kits,
    papers,
    people,
    practice,
    receive,
    sheet,
    times,
    tray,
    undo,
    use,
)
from edge.station.tasks.effects import UNDERSTOOD, Repeat, Say, Step, refuses
from edge.station.tasks.said import (
    Badge,
    Bed,
    Document,
    Item,
    Moment,
    Passed,
    Patient,
    Pressed,
    Said,
    Sheet,
    Shown,
)
from edge.station.tasks.state import State
from hardware.buttons import ButtonEvent

_Handle = Callable[[State, Moment], Step]


def step(state: State, said: Said, moment: Moment) -> Step:
    """The next state, and what is to be done.

    Args:
        state: before.
        said: by whom or what; an `Item` was judged at the task that `judged_as` names for `state`.
        moment: now; time never goes back.
    """
    ended = times.passed(state, moment)
    if isinstance(said, Passed):
        return ended
    begun = replace(ended.state, acted_ns=moment.now_ns)
    number = Step(begun) if _of_a_number(said) else practice.practised(answers.whole(begun, moment))
    done = practice.practised(_said(number.state, said, moment))
    return _apart(number.state, done).after(*ended.effects, *number.effects)


def _of_a_number(said: Said) -> bool:
    """A digit goes on with a number, and an undo takes it back; at anything else it is whole."""
    if isinstance(said, Shown):
        return said.card.kind is CardKind.DIGIT or said.card.value == "UNDO"
    return said == Pressed(ButtonEvent.UNDO)


def _apart(before: State, done: Step) -> Step:
    """What was said of an item of one case or document is never said of another one's."""
    after = done.state
    work, former = (None if each.work is None else each.work.ident for each in (after, before))
    if after.active == before.active and work == former:
        return done
    return Step(replace(after, armed=None, asked=None, digits=None, last=None), done.effects)


def judged_as(state: State) -> TaskName:
    """The task at which the next item is judged."""
    armed = None if state.armed is None else acts.task_of(state.armed.act)
    return armed or kits.counting(state) or state.task


def sheet_awaited(state: State) -> bool:
    """Whether the next picture is one of a form full of stickers."""
    return state.armed is not None and state.armed.act == acts.SHEET


def person_awaited(state: State) -> bool:
    """Whether a badge or wristband is expected: no picture may be taken."""
    return state.asked is not None or (state.task is TaskName.USE and use.awaited(state) is not None)


def _said(state: State, said: Said, moment: Moment) -> Step:
    match said:
        case Item():
            kit = tray.label(state, said, moment)
            return _item(state, said, moment) if kit is None else _said(state, Document(kit), moment)
        case Sheet():
            return sheet.sheet(state, said, moment)
        case Badge():
            return people.badge(state, said, moment)
        case Patient(who):
            return _work(state, lambda calm: cases.shown(calm, who, moment))
        case Document(ident):
            return _work(state, lambda calm: papers.shown(calm, ident, moment))
        case Bed(place):
            return people.bed(state, place, moment)
        case Shown(card):
            return _card(state, card, moment)
        case Pressed(event):
            return _pressed(state, event, moment)
        case Passed():
            return Step(state)


def _item(state: State, shown: Item, moment: Moment) -> Step:
    """A question stands for what was there when it was asked: another item is no answer to it."""
    state = replace(state, asked=None)
    if state.armed is not None and state.armed.act in acts.ACTS:
        return acts.item(state, state.armed.act, shown, moment)
    match state.task:
        case TaskName.CHECK:
            looked_at = held.warned(state, shown)
            return use.seen(state, looked_at, looked_at.verdict, moment, refused=True)
        case TaskName.USE:
            return use.item(state, shown, moment)
        case TaskName.TRAY:
            return tray.item(state, shown, moment)
        case _:
            return goods.item(state, shown, moment)


def _work(state: State, begin: Callable[[State], Step]) -> Step:
    """Patients and documents are work: practice is over."""
    over = practice.end(state, "work")
    return begin(over.state).after(*over.effects)


def _pressed(state: State, event: ButtonEvent, moment: Moment) -> Step:
    match event:
        case ButtonEvent.UNDO:
            return undo.undo(state, moment)
        case ButtonEvent.EMERGENCY:
            return _work(state, lambda calm: cases.emergency(calm, moment))
        case _:
            return Step(state, (Repeat(),))


def _card(state: State, card: Card, moment: Moment) -> Step:
    return _CARDS[card.kind](state, card, moment)


def _case_card(state: State, card: Card, moment: Moment) -> Step:
    who = f"case card {card.value}"
    return _work(state, lambda calm: cases.shown(calm, who, moment, opening="card", number=card.value))


def _emergency_card(state: State, card: Card, moment: Moment) -> Step:
    return _work(state, lambda calm: cases.emergency(calm, moment, card.value))


_CARDS: Mapping[CardKind, Callable[[State, Card, Moment], Step]] = {
    CardKind.TASK: lambda state, card, _moment: _task(state, TaskName(card.value)),
    CardKind.OPERATOR: lambda state, card, moment: people.badge(state, Badge(card.value, card.rights), moment),
    CardKind.PLACE: lambda state, card, moment: people.bed(state, card.value, moment),
    CardKind.DOCUMENT: lambda state, card, moment: _said(state, Document(card.value), moment),
    CardKind.CASE: _case_card,
    CardKind.EMERGENCY: _emergency_card,
    CardKind.DIGIT: lambda state, card, moment: answers.digit(state, card.value, moment),
    CardKind.QUANTITY: lambda state, card, moment: answers.number(state, card.value, moment),
    CardKind.LINE: lambda state, card, moment: _line(state, int(card.value), moment),
    CardKind.MADE: lambda state, card, moment: answers.made(state, card.value, moment),
    CardKind.REASON: lambda state, card, moment: answers.because(state, card.value, moment),
    CardKind.OVERRIDE: lambda state, card, moment: use.ask_witness(state, card.value, moment),
    CardKind.ACT: lambda state, card, moment: _act(state, card.value, moment),
}


def _line(state: State, line: int, moment: Moment) -> Step:
    """The card of a line stands for one piece of the loaner kit that nobody can read."""
    shown = tray.of_line(state, line, moment)
    return _item(state, shown, moment) if isinstance(shown, Item) else shown


def _task(state: State, task: TaskName) -> Step:
    """Change the task. What is open stays open, and is gone on with at its own task."""
    place = state.place if state.mobile else None
    after = replace(state, task=task, armed=None, asked=None, digits=None, place=place)
    return Step(after, (UNDERSTOOD, Say((f"task_{task.value.lower()}",))))


def _close(state: State, moment: Moment) -> Step:
    at_patient = state.task is TaskName.USE and state.case is not None
    return cases.close(state, moment) if at_patient or state.work is None else papers.close(state, moment)


_ACTS: Mapping[str, _Handle] = {
    "CLOSE": _close,
    "RESUME": lambda state, moment: _work(state, lambda calm: answers.resume(calm, moment)),
    "UNDO": undo.undo,
    "REPEAT": lambda state, _moment: Step(state, (Repeat(),)),
    "MORE": answers.more,
    "OVER": lambda state, moment: (
        tray.arm(state, kits.MORE_CAME, moment)
        if kits.counting(state) is not None
        else receive.so_it_is(state, "OVER", moment)
    ),
    kits.MISSING: lambda state, moment: tray.arm(state, kits.MISSING, moment),
    "TRAY_REST": tray.rest,
    "MIXED": lambda state, moment: receive.so_it_is(state, "MIXED", moment),
    "LOT_UNKNOWN": lambda state, moment: answers.reason(state, "LOT_UNKNOWN", moment),
    "BROKEN": lambda state, moment: answers.reason(state, "BROKEN", moment),
    "SHORT": lambda state, moment: papers.close(state, moment, short=True),
    "REFUSE": lambda state, moment: receive.without_code(state, "REFUSE", moment),
    "HOLD": lambda state, moment: receive.without_code(state, "HOLD", moment),
    "SUPPLIER": lambda state, moment: receive.without_code(state, "SUPPLIER", moment),
    "TRAINING": practice.begin,
    "PROMOTE": practice.promote,
}


def _act(state: State, act: str, moment: Moment) -> Step:
    if act in acts.ACTS or act == acts.SHEET:
        return acts.arm(state, act, moment)
    handle = _ACTS.get(act)
    return Step(state, refuses("nothing_to_answer")) if handle is None else handle(state, moment)
