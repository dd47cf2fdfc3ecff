"""The desk: one thread takes every read, judges it, records it and answers (architecture section 3, steps 2 to 9).

Nothing here waits: reads, button presses and finished writes arrive as messages in one queue, and a slow card delays
neither the next refusal nor the next scan.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Sequence
from datetime import date, datetime

from edge import wire
from edge.catalog.product import Product
from edge.catalog.store import Catalog
from edge.rules.judge import judge
from edge.rules.verdict import Now, Outcome, TaskName, Verdict
from edge.station.answers import Answers, Show
from edge.station.bookings import Bookings, LastBooked
from edge.station.cases import CaseBook
from edge.station.context import ContextCode, Doubtful, recognise, recordable
from edge.station.display import PROMPTS, Display
from edge.station.drafts import ClockWatch, Drafter
from edge.station.house import overrule, stand_in
from edge.station.intake import Intake, Presented
from edge.station.journal.store import JournalError
from edge.station.journal.writer import Committed, JournalWriter
from edge.station.knowledge import Knowledge
from edge.station.messages import (
    CAMERA,
    Kept,
    Message,
    Photographed,
    Pressed,
    Prompted,
    Readers,
    Scanned,
    Seen,
    Written,
)
from edge.station.no_code import NoCode, Persons, Photographs
from edge.station.patterns import PatternsTable
from edge.station.record import correction_body, scan_body
from edge.station.tasks import Placed, Running, awaited, place
from edge.station.trouble import troubles
from edge.udi.presentation import Presentation
from edge.udi.read import Read
from hardware.buttons import ButtonEvent
from hardware.indicator import Indicator
from hardware.scanner import ScannerRead
from hardware.signals import Signal

log = logging.getLogger(__name__)

PROBE_NS = 5_000_000_000
"""How often a station in FAULT tries whether its journal can write again."""


class Desk:
    """Judges, places, records and answers. `step` runs in one worker; `post` may be called from any thread."""

    def __init__(
        self,
        *,
        task: TaskName,
        patterns: PatternsTable,
        knowledge: Knowledge,
        drafter: Drafter,
        cases: CaseBook,
        journal: JournalWriter,
        indicator: Indicator,
        mono_ns: Callable[[], int],
        photographs: Photographs | None = None,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Build the desk with everything it uses; it opens nothing itself.

        `after_step` is told after ``taken``, ``judged``, ``submitted`` and ``shown``; tests kill the process there.
        """
        self._after_step = after_step
        self._patterns = patterns
        self._knowledge = knowledge
        self._drafter = drafter
        self._clock_watch = ClockWatch(drafter.clock)
        self._cases = cases
        self._journal = journal
        self._display = Display(indicator, after_step)
        self._mono_ns = mono_ns
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._intake = Intake(
            lambda di: self._knowledge.expects_no_pi(di),  # noqa: PLW0108 - of whatever is known by then
            lambda dis: self._knowledge.packaging(dis),  # noqa: PLW0108
        )
        self._persons = Persons(patterns)
        self._no_code = NoCode(photographs, self._append)
        self._answers = Answers()
        self._last_booked = LastBooked()
        self._bookings = Bookings()
        self._next_second_ns = 0
        self._probe_ns = 0
        self._readers = Readers((), any_left=True)
        self._troubles: tuple[str, ...] = ()
        self.running = Running(task)

    @property
    def fault(self) -> str | None:
        """Why the station must not be trusted now; None when it may."""
        if not self._readers.any_left:
            return f"no reader left: {', '.join(self._readers.missing)}"
        return self._answers.fault

    @property
    def missing_readers(self) -> tuple[str, ...]:
        """Readers that are configured and not there."""
        return self._readers.missing

    @property
    def catalog(self) -> Catalog | None:
        """The catalogue in service; read from other threads for its release, rows and digest only."""
        return self._knowledge.catalog

    def post(self, message: Message) -> None:
        """Hand a message to the desk; returns at once."""
        self._inbox.put(message)

    def open(self, lying: Sequence[Read] = ()) -> None:
        """First events of this run: the clock, and the case that a restart suspended.

        Args:
            lying: what the camera saw last before the restart, as journaled; see `edge.station.lying`.
        """
        self._intake.lay([self._stand_in(read) for read in lying], self._now().today)
        self._note_clock()
        case = self._cases.suspended()
        if case is not None:
            self._submit(wire.Kind.SESSION, wire.session_change("case", "suspended", case, "restart"))
        self._display.show(Show(Signal.READY))

    def close(self) -> None:
        """Record what still waits for something; called in the desk's thread after its last step."""
        self._no_code.close()

    def step(self) -> None:
        """Take one message, or look at the time."""
        self._renew()
        now_ns = self._mono_ns()
        deadlines = (self._answers.next_deadline_ns(), self._no_code.next_deadline_ns(), now_ns + 200_000_000)
        deadline = min(each for each in deadlines if each is not None)
        try:
            message = self._inbox.get(timeout=max(0.0, (deadline - now_ns) / 1e9))
        except queue.Empty:
            message = None
        if message is not None:
            self._after_step("taken")
            self._take(message)
        self._tick(self._mono_ns())

    def _renew(self) -> None:
        former, self._knowledge = self._knowledge, self._knowledge.renewed()
        if former.catalog is not None and former.catalog is not self._knowledge.catalog:
            former.catalog.close()

    def _take(self, message: Message) -> None:
        match message:
            case Written(event_id, result):
                self._written(event_id, result)
            case Scanned(read):
                self._scanned(read)
            case Seen(reads, t0_ns):
                self._seen(reads, t0_ns)
            case Prompted(number, t0_ns):
                self._prompted(number, t0_ns)
            case Photographed(reads=reads):
                self._no_code.photographed(message, may=self._may_photograph() and not self._persons.among(reads))
            case Kept():
                self._no_code.kept(message)
            case Pressed(event, t0_ns):
                self._pressed(event, t0_ns)
            case Readers():
                self._readers_changed(message)

    def _tick(self, now_ns: int) -> None:
        self._show_all(self._answers.tick(now_ns))
        self._no_code.tick(now_ns)
        if now_ns < self._next_second_ns:
            return
        self._next_second_ns = now_ns + 1_000_000_000
        self._present(self._intake.tick(now_ns))
        self._note_clock()
        self._note_trouble()
        if self._answers.fault is not None and now_ns >= self._probe_ns:
            self._probe_ns = now_ns + PROBE_NS
            self._submit(wire.Kind.STATION, wire.station_change("fault", why=self._answers.fault))

    def _scanned(self, scan: ScannerRead) -> None:
        if scan.problem == "no_read":
            self._present(self._intake.nothing_read(scan.t0_ns))
            return
        read = Read(scan.payload, scan.symbology, "scanner", scan.t0_ns)
        code = recognise(read, self._patterns, self._knowledge.tables)
        if code is not None:
            self._context(code, scan.t0_ns)
        else:
            self._present(self._intake.scanned(self._stand_in(read), self._now().today))

    def _seen(self, reads: Sequence[Read], t0_ns: int) -> None:
        self._persons.seen(reads, t0_ns)
        products = []
        for read in reads:
            code = recognise(read, self._patterns, self._knowledge.tables)
            if code is None:
                products.append(self._stand_in(read))
            elif not self._cases.seen_lately(code, t0_ns):
                self._context(code, t0_ns)
        self._present(self._intake.seen(products, t0_ns, self._now().today))

    def _stand_in(self, read: Read) -> Read:
        return stand_in(read, self._knowledge.tables, self._patterns)

    def _prompted(self, number: int, t0_ns: int) -> None:
        """Something lies there that nobody can read: the person may turn it. It books nothing and accuses nobody."""
        if self.fault is None and not self._intake.half_waits:
            self._display.show(Show(PROMPTS[number], t0_ns))

    def _pressed(self, event: ButtonEvent, t0_ns: int) -> None:
        match event:
            case ButtonEvent.NO_CODE:
                self._present(self._intake.nothing_read(t0_ns, gesture=True))
            case ButtonEvent.UNDO:
                self._undo(t0_ns)
            case ButtonEvent.OK:
                self._display.acknowledge()
            case _:
                log.info("button=%s has no meaning in this task", event.value)

    def _context(self, code: ContextCode | Doubtful, t0_ns: int) -> None:
        """A badge, wristband or document: it changes the task, and the light says that it was understood."""
        if code.person:
            self._persons.shown(t0_ns)
        if isinstance(code, Doubtful):
            self._record(Presented(code.presentation, t0_ns), None, place(self.running, code.verdict, None))
            return
        self.running, changes = self._cases.show(self.running, code)
        log.info("context=%s changes=%d", code, len(changes))
        for change in changes:
            self._submit(wire.Kind.SESSION, wire.session_change(change.of, change.what, change.ident))
        self._display.show(Show(Signal.CONTEXT, t0_ns))

    def _present(self, presented: Sequence[Presented]) -> None:
        for each in presented:
            self._judge(each)

    def _judge(self, presented: Presented) -> None:
        presentation = presented.presentation
        di = None if presentation.udi is None else presentation.udi.di
        now = self._now()
        product = self._knowledge.lookup(di, now.today)
        booked = self._bookings.circumstances(self.running, presentation.udi)
        verdict = judge(
            presentation,
            product,
            self.running.task,
            self._knowledge.site,
            now,
            self._knowledge.circumstances(di, product, now, booked),
            half_pending=presented.half_pending,
        )
        verdict = overrule(verdict, presentation, now.today, self._knowledge.packaging)
        if presented.half_pending:
            self._display.show(Show(Signal(Outcome.INCOMPLETE.value), presented.t0_ns))
            return
        placed = place(self.running, verdict, product)
        self._after_step("judged")
        event_id = self._record(presented, product, placed)
        if placed.booking.count is not None:
            self._last_booked.put(event_id, presented.t0_ns)
            self._bookings.booked(event_id, self.running, presentation.udi, placed.verdict)

    def _record(self, presented: Presented, product: Product | None, placed: Placed) -> str:
        catalog = self._knowledge.catalog
        body = scan_body(
            recordable(presented.presentation),
            presented.presentation.udi,
            product,
            placed.verdict,
            placed.booking,
            catalogue=None if catalog is None else catalog.digest or None,
            rules=self._knowledge.site.digest,
        )
        journal = self._photograph if presented.gesture else self._append
        event_id = self._submit(wire.Kind.SCAN, body, placed.verdict, presented.t0_ns, journal)
        log.info(
            "event_id=%s t0_ns=%d outcome=%s reasons=%s udi=%s",
            event_id,
            presented.t0_ns,
            placed.verdict.outcome.value,
            ",".join(f"{reason.code}@{reason.audience.value}" for reason in placed.verdict.reasons) or "-",
            _name(presented.presentation),
        )
        return event_id

    def _submit(
        self,
        kind: wire.Kind,
        body: dict[str, object],
        verdict: Verdict | None = None,
        t0_ns: int | None = None,
        journal: Callable[[wire.Draft], None] | None = None,
    ) -> str:
        draft = self._drafter.draft(kind, body, self.running)
        outcome = None if verdict is None else verdict.outcome
        shows = self._answers.submitted(draft.event_id, outcome, t0_ns, self._mono_ns())
        self._show_all(shows)
        (journal or self._append)(draft)
        return draft.event_id

    def _append(self, draft: wire.Draft) -> None:
        self._journal.submit(draft, lambda result: self.post(Written(draft.event_id, result)))
        self._after_step("submitted")

    def _photograph(self, draft: wire.Draft) -> None:
        """The event waits a moment for the picture of what lies under the camera; the light is on already."""
        self._no_code.record(draft, may=self._may_photograph(), now_ns=self._mono_ns())

    def _may_photograph(self) -> bool:
        """Never while a wristband or badge is expected or near, and only where there is a camera."""
        persons = awaited(self.running) is not None or self._persons.near(self._mono_ns())
        return not persons and CAMERA not in self._readers.missing

    def _written(self, event_id: str, result: Committed | JournalError) -> None:
        if isinstance(result, JournalError):
            log.error("event_id=%s not recorded: %s", event_id, result)
            self._bookings.not_booked(event_id)
            self._show_all(self._answers.refused(event_id, str(result)))
            return
        self._show_all(self._answers.written(event_id))
        log.info("event_id=%s seq=%d flush_ms=%.2f", event_id, result.seq, result.took_ms)

    def _undo(self, t0_ns: int) -> None:
        event_id = self._last_booked.take(t0_ns)
        if event_id is None:
            self._display.show(Show(Signal(Outcome.REDO.value), t0_ns))
            return
        self._submit(wire.Kind.CORRECTION, correction_body(event_id, "undo"))
        self._bookings.not_booked(event_id)
        self._display.show(Show(Signal.CONTEXT, t0_ns))

    def _readers_changed(self, readers: Readers) -> None:
        was, self._readers = self.fault, readers
        log.warning("readers missing=%s", ",".join(readers.missing) or "-")
        self._note_trouble()
        if self.fault is not None:
            self._display.show(Show(Signal.FAULT))
        elif was is not None or not readers.missing:
            self._display.show(Show(Signal.READY))
        else:
            self._display.show(Show(Signal.TROUBLE))

    def _note_clock(self) -> None:
        change = self._clock_watch.changed()
        if change is not None:
            self._submit(wire.Kind.CLOCK, change)

    def _note_trouble(self) -> None:
        now = self._now()
        known = self._knowledge
        found = troubles(now, known.age_days(now.today), known.site, known.lacking, self._readers.missing)
        if found == self._troubles:
            return
        self._troubles = found
        log.warning("trouble=%s", "; ".join(found) or "-")
        self._display.set_trouble(bool(found))

    def _show_all(self, shows: Sequence[Show]) -> None:
        for show in shows:
            self._display.show(show)

    def _now(self) -> Now:
        reading = self._drafter.clock.now()
        today = _local_day(max(reading.at, self._drafter.clock.floor))  # it cannot be earlier, whatever the clock says
        return Now(reading.at, today, reading.quality)


def _name(presentation: Presentation) -> str:
    """What a log may say of a package: its UDI, never the content of other codes."""
    udi = presentation.udi
    return "-" if udi is None else udi.trace_key or f"{udi.issuer.value}|{udi.di or '?'}"


def _local_day(at: datetime) -> date:
    return at.astimezone().date()
