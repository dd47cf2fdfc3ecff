"""TRAY 外来器械: a loaner kit is counted in, its pieces are used, what is left is counted out, and all has to add up.

The gestures; a number card or digits may follow each of them, and say how many:

    the kit's label or document card     opens the kit; from a patient it comes back to it; shown once more it closes
    a piece that can be read             one of its line came; after the kit was taken in: one went back
    the card of a line                   the same of a piece that cannot be read; at a patient: one was used
    NO CODE, then the line's number      the same, with a picture, where no card of the line is at hand
    TRAY_REST 其余齐全                    of every line all that is still to come, or to go back
    TRAY_MISSING 缺失, then the line      one is not there; a reason card says why
    OVER 多货, then the line              one more had come than was counted
    TRAY_PIECE 外来器械件, then the piece  it was used and is of the kit, though the list does not say so
    CLOSE 结束, then another badge        two people have counted it in; later: it is settled and may go (SHORT 短少 for
                                         CLOSE: without asking about what the list says)

A piece whose line the list names is counted there when it is used as any other is, paused or not. Where no list came,
a picture of the open tray stands for it (NO CODE at the task TRAY), followed by how many pieces it shows; the lines are
then as people number them, and 0 is the tray as a whole. Nothing that happened is refused for the list's sake: what
is over or on no line is counted and said. Only the close waits until ``in = used + returned + missing`` for each line.
"""

from __future__ import annotations

from dataclasses import replace

from edge.documents import NAME, Document, DocumentKind
from edge.rules.verdict import Audience, Outcome, Reason, TaskName, Verdict
from edge.station.record import Booking
from edge.station.tasks import kits, lines, use
from edge.station.tasks.effects import UNDERSTOOD, Record, Say, Step, by, refuses
from edge.station.tasks.kits import COMES, GONE, MISSING, MORE_CAME
from edge.station.tasks.said import Item, Moment
from edge.station.tasks.state import Armed, Last, State, Work
from edge.station.tasks.use import ANSWER_NS, refused, remembered, seen, shown_as
from edge.udi.model import Kind
from edge.udi.presentation import Presentation, Shape
from hardware.signals import Signal

BY_LINE, NOT_FOUND = "by_line", "NOT_FOUND"
_REASONS = {GONE: NOT_FOUND}
_OF_KITS = (None, "WASTE", kits.PIECE, MISSING, MORE_CAME)
"""Acts that the card of a line may follow; None: it stands alone."""


def is_kit(state: State, known: Document | None) -> bool:
    """Whether a document that is being opened is a loaner kit."""
    return state.task is TaskName.TRAY if known is None else known.kind is DocumentKind.KIT


def label(state: State, shown: Item, moment: Moment) -> str | None:
    """The number of the kit whose own code (GIAI, GRAI) this is; None: it is a piece, or of no kit."""
    if state.armed is not None or shown.udi is not None:
        return None
    codes = shown.presentation.companions
    number = next((each.value for each in codes if each.kind is Kind.ASSET and each.valid and each.value), None)
    if number is None or not NAME.fullmatch(number):
        return None
    known = moment.document(number)
    ours = state.work_of(number) is not None or (known is not None and known.kind is DocumentKind.KIT)
    return number if ours or state.task is TaskName.TRAY else None


def task(state: State, work: Work) -> TaskName:
    """The task after a kit was opened or resumed: beside a patient its pieces go on to be used."""
    at_patient = state.task is TaskName.USE and state.case is not None and not state.case.suspended
    return TaskName.USE if at_patient and work.kit == "out" else TaskName.TRAY


def item(state: State, shown: Item, moment: Moment) -> Step:
    """A piece at the task TRAY."""
    work, counting, lacking = state.work, kits.counting(state), _lacking(state)
    if work is None or counting is None or lacking is not None:
        return refused(state, shown, lacking or "kit_missing_first", moment).then(
            Say((lacking or "kit_missing_first",))
        )
    if not shown.fit and shown.line is None:
        return seen(state, shown, shown.verdict, moment, refused=True)
    return _counted(state, work, counting, shown, shown.units, moment)


def of_line(state: State, line: int, moment: Moment) -> Item | Step:
    """The piece that the card of a line stands for; a step: it means nothing now."""
    act = None if state.armed is None else state.armed.act
    open_here = kits.open_here(state)
    if not open_here or state.task not in (TaskName.TRAY, TaskName.USE) or act not in _OF_KITS:
        return Step(state, refuses("nothing_to_answer" if open_here else "kit_missing_first"))
    known = open_here[0].known or moment.document(open_here[0].ident)
    if line != kits.OFF_LIST and known is not None and known.line(line) is None:
        return Step(state, refuses("not_on_document"))
    return _unread(line, moment)


def line_of(state: State, last: Last, text: str) -> int | None:
    """The line that a number names, of a piece that showed no code; without a list the number is how many there are."""
    work = state.work
    nameless = last.refused and not last.item.key and last.item.verdict.outcome is Outcome.MISSING
    here = state.task in (TaskName.TRAY, TaskName.USE) and not (work is None or work.kit is None or work.paused)
    if work is None or not (nameless and here and last.booking.document == work.ident and text.isdecimal()):
        return None
    if work.known is None:
        return kits.OFF_LIST if state.task is TaskName.TRAY and int(text) > 0 else None
    return int(text) if int(text) == kits.OFF_LIST or work.known.line(int(text)) is not None else None


def numbered(state: State, last: Last, line: int, number: int, moment: Moment) -> Step:
    """What showed no code is of this line. A picture that stands for the list stays, and the count is another event."""
    work, counting = state.work, kits.counting(state)
    piece = replace(last.item, gesture=False, line=line)
    if work is not None and counting is not None and work.known is None:
        return _counted(state, work, counting, piece, number, moment)
    piece = replace(piece, corrects=last.event_id)
    return item(state, piece, moment) if counting is not None else use.item(state, piece, moment)


def arm(state: State, act: str, moment: Moment) -> Step:
    """A piece is missing, or one more had come; which line, is shown next. The same card again lets it be."""
    if state.armed is not None and state.armed.act == act:
        return Step(replace(state, armed=None), (UNDERSTOOD,))
    lacking = _lacking(state) or (None if state.work is not None and state.work.kit == "out" else "kit_not_taken")
    if lacking is not None:
        return Step(state, refuses(lacking))
    armed = Armed(act, moment.now_ns + ANSWER_NS)
    return Step(replace(state, armed=armed, asked=None), (UNDERSTOOD, Say((f"act_{act.lower()}",))))


def rest(state: State, moment: Moment) -> Step:
    """Of every line all that is still to come as the list says, or to go back: looked at, and not scanned."""
    work, counting, lacking = state.work, kits.counting(state), _lacking(state)
    if work is None or counting is None or lacking is not None:
        return Step(state, refuses(lacking or "kit_missing_first"))
    known, before = work.known, work
    listed = () if known is None else tuple(each.number for each in known.lines)
    numbers = listed if counting is COMES else tuple(sorted({each.line for each in work.tallies}))
    units = {line: kits.left(work, known, line, counting) for line in numbers}
    records: list[Record] = []
    for line, left in ((line, left) for line, left in units.items() if left > 0):
        booking = kits.booking(Booking(count=left), work, known, line)
        shown, signal = _unread(line, moment), None if records else Signal.ATTENTION
        records.append(Record(moment.new_event(), shown, shown.verdict, booking, by(state, counting), signal))
        state = lines.counted(state, booking, counting, left)
    if not records:
        return Step(state, refuses("nothing_to_answer"))
    state = remembered(_touched(state, moment), tuple(each.event_id for each in records), moment, None, before)
    return Step(replace(state, last=None, armed=None, asked=None), tuple(records))


def _counted(state: State, work: Work, counting: TaskName, shown: Item, units: int, moment: Moment) -> Step:
    known = work.known
    line, fault = kits.place(work, known, counting, shown, units)
    if fault is not None:
        shown = replace(shown, verdict=lines.doubted(shown.verdict, fault))
    why = MORE_CAME if state.armed is not None and state.armed.act == MORE_CAME else _REASONS.get(counting)
    booking = kits.booking(Booking(count=units, reason=why, corrects=shown.corrects), work, known, line)
    event, (verdict, signal) = moment.new_event(), shown_as(shown.verdict, booking)
    record = Record(event, shown, verdict, booking, by(state, counting), signal)
    after = remembered(_touched(state, moment), (event,), moment, None, work)
    after = lines.counted(after, booking, counting, units)
    last = Last(shown, event, moment.now_ns, counting, units, booking=booking)
    said = () if fault is None else (Say((kits.said(line), fault)),)
    return Step(replace(after, last=last, armed=None, asked=None), (record, *said))


def _unread(line: int, moment: Moment) -> Item:
    """A piece of which nobody read a code: only its line is known."""
    verdict = Verdict(Outcome.ATTENTION, (Reason(BY_LINE, Audience.PERSON),))
    return Item(verdict, moment.now_ns, Presentation(Shape.NOTHING), line=line)


def _lacking(state: State) -> str | None:
    """What has to be done before a piece can be counted at the task TRAY."""
    if state.work is None or kits.counting(state) is None:
        return "kit_missing_first"
    if state.work.paused:
        return "resume_or_close"
    return "operator_missing" if state.operator is None else None


def _touched(state: State, moment: Moment) -> State:
    return state if state.work is None else replace(state, work=replace(state.work, touched_ns=moment.now_ns))
