"""The desk: one thread takes every read, judges it, records it and answers (architecture section 3, steps 2 to 9).

Nothing here waits: reads, button presses and finished writes arrive as messages in one queue, and a slow card delays
neither the next refusal nor the next scan. What things mean is decided in `edge.station.tasks`, and done by the clerk.
"""

from __future__ import annotations

import logging
import queue
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from edge import wire
from edge.catalog.store import Catalog
from edge.documents import Document
from edge.rules.judge import judge
from edge.rules.verdict import Declared, Now, Outcome, TaskName
from edge.station.answers import Show
from edge.station.binding_book import BindingBook
from edge.station.bookings import under
from edge.station.clerk import Clerk
from edge.station.config import SealTable
from edge.station.context import Cards
from edge.station.display import PROMPTS, Display
from edge.station.drafts import ClockWatch, Drafter
from edge.station.house import HouseCodes, overrule
from edge.station.intake import Intake, Presented
from edge.station.journal.writer import JournalWriter
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
from edge.station.patients import Patients
from edge.station.patterns import PatternsTable
from edge.station.reception import Reception
from edge.station.sheet_look import SheetLook
from edge.station.tasks import cold, machine, said
from edge.station.tasks.effects import JudgeAgain, Step
from edge.station.tasks.keeping import recent_bindings, restore
from edge.station.tasks.state import State
from edge.station.trouble import troubles
from edge.udi.read import Read
from edge.udi.stickers import stickers
from hardware.buttons import ButtonEvent
from hardware.indicator import Indicator
from hardware.scanner import ScannerRead
from hardware.signals import Signal

log = logging.getLogger(__name__)

PROBE_NS = 5_000_000_000
"""How often a station in FAULT tries whether its journal can write again."""


class Desk:
    """Judges, and lets tasks and clerk do the rest. `step` runs in one worker; `post` may be called from any thread."""

    def __init__(
        self,
        *,
        home: TaskName,
        mobile: bool,
        patterns: PatternsTable,
        cards: Cards,
        seal: SealTable | None,
        run_dir: Path,
        knowledge: Knowledge,
        drafter: Drafter,
        journal: JournalWriter,
        kept: bytes | None,
        indicator: Indicator,
        speak: Callable[[tuple[str, ...]], None] = lambda _phrases: None,
        mono_ns: Callable[[], int],
        photographs: Photographs | None = None,
        documents: Callable[[str], Document | None] = lambda _ident: None,
        bindings: BindingBook | None = None,
        machine: Callable[[], tuple[str, ...]] = tuple,
        after_step: Callable[[str], None] = lambda _step: None,
    ) -> None:
        """Build the desk with everything it uses.

        Args:
            home: the task that this station returns to.
            mobile: its place is the bed whose label was shown last.
            patterns: what the site's own codes look like.
            cards: reads control cards.
            seal: the hub's key for patients.
            run_dir: emptied when the machine starts.
            knowledge: of products and rules.
            drafter: makes drafts of events.
            journal: takes them.
            kept: what the tasks knew when the process ended; None at the first start.
            indicator: lamps and buzzer.
            speak: says phrases, one after the other; returns at once.
            mono_ns: the clock.
            photographs: takes pictures; None where there is no camera.
            documents: gives the document of a number, if it is known.
            bindings: of house codes; None: only those of this run.
            machine: what the firmware agent holds against this machine, in words.
            after_step: told after ``taken``, ``judged``, ``submitted`` and ``shown``; tests kill the process there.
        """
        self._after_step = after_step
        self._knowledge = knowledge
        self._drafter = drafter
        self._clock_watch = ClockWatch(drafter.clock)
        self._mono_ns = mono_ns
        self._documents = documents
        self._machine = machine
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._display = Display(indicator, after_step, speak)
        self._patients = Patients(run_dir, seal)
        self._bindings = bindings or BindingBook(None)
        self._bindings.restore(recent_bindings(kept))
        self._restored = restore(kept, State(home, home, mobile, acted_ns=mono_ns()))
        self._clerk = Clerk(
            self._restored.state,
            drafter=drafter,
            journal=journal,
            display=self._display,
            patients=self._patients,
            bindings=self._bindings,
            digests=self._digests,
            mono_ns=mono_ns,
            post=self.post,
            after_step=after_step,
        )
        self._intake = Intake(
            lambda di: self._knowledge.expects_no_pi(di),  # noqa: PLW0108 - of whatever is known by then
            lambda dis: self._knowledge.packaging(dis),  # noqa: PLW0108
        )
        self._persons, self._sheet = Persons(patterns), SheetLook()
        self._reception = Reception(patterns, cards, self._patients, self._persons, self._house_codes)
        self._no_code = NoCode(photographs, self._clerk.append)
        self._clerk.no_code = self._photograph
        self._next_second_ns = 0
        self._probe_ns = 0
        self._readers = Readers((), any_left=True)
        self._troubles: tuple[str, ...] = ()

    @property
    def fault(self) -> str | None:
        """Why the station must not be trusted now; None when it may."""
        if not self._readers.any_left:
            return f"no reader left: {', '.join(self._readers.missing)}"
        return self._clerk.answers.fault

    @property
    def busy(self) -> bool:
        """A case or a document is open that goes on."""
        return self._clerk.state.busy

    @property
    def task(self) -> TaskName:
        """What scans mean now."""
        return self._clerk.state.task

    def works_under(self, document: str) -> bool:
        """Whether this document is open here, paused or left for another one."""
        return self._clerk.state.work_of(document) is not None

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
        """First events of this run: the clock, and what a restart suspended.

        Args:
            lying: what the camera saw last before the restart, as journaled; see `edge.station.lying`.
        """
        _, products = self._reception.seen(lying, 0)  # a card among them was heard before the restart
        self._intake.lay(products, self._now().today)
        self._note_clock()
        self._clerk.perform(self._restored)
        self._display.show(Show(Signal.READY))

    def close(self) -> None:
        """Record what still waits for something; called in the desk's thread after its last step."""
        self._no_code.close()

    def step(self) -> None:
        """Take one message, or look at the time."""
        self._renew()
        now_ns = self._mono_ns()
        deadlines = (self._clerk.answers.next_deadline_ns(), self._no_code.next_deadline_ns(), now_ns + 200_000_000)
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
                self._clerk.written(event_id, result)
                if not self._readers.any_left:  # a late answer does not light a station that reads nothing
                    self._display.show(Show(Signal.FAULT))
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
        self._clerk.show(self._clerk.answers.tick(now_ns))
        self._no_code.tick(now_ns)
        if self._sheet.whole(now_ns):
            self._take_sheet(now_ns)
        if now_ns < self._next_second_ns:
            return
        self._next_second_ns = now_ns + 1_000_000_000
        self._present(self._intake.tick(now_ns))
        self._say(said.Passed(), now_ns)
        self._note_clock()
        self._note_trouble()
        if self._clerk.answers.fault is not None and now_ns >= self._probe_ns:
            self._probe_ns = now_ns + PROBE_NS
            self._clerk.tell(wire.Kind.STATION, wire.station_change("fault", why=self._clerk.answers.fault))

    def _scanned(self, scan: ScannerRead) -> None:
        if scan.problem == "no_read":
            self._present(self._intake.nothing_read(scan.t0_ns))
            return
        read = Read(scan.payload, scan.symbology, "scanner", scan.t0_ns)
        heard = self._reception.scanned(read)
        if isinstance(heard, Read):
            self._present(self._intake.scanned(heard, self._now().today))
        elif heard is not None:
            self._say(heard, scan.t0_ns)

    def _seen(self, reads: Sequence[Read], t0_ns: int) -> None:
        self._persons.seen(reads, t0_ns)
        spoken, products = self._reception.seen(reads, t0_ns)
        for each in spoken:
            self._say(each, t0_ns)
        if machine.sheet_awaited(self._clerk.state):
            self._sheet.look(products, self._mono_ns())
            return
        self._present(self._intake.seen(products, t0_ns, self._now().today))

    def _take_sheet(self, now_ns: int) -> None:
        """The stickers of a form, all at once; they lie there and are not presented again."""
        reads, today = self._sheet.take(), self._now().today
        self._intake.lay(reads, today)
        items = tuple(self._judged(Presented(each, now_ns), TaskName.USE) for each in stickers(reads, today=today))
        self._say(said.Sheet(items), now_ns)

    def _prompted(self, number: int, t0_ns: int) -> None:
        """Something lies there that nobody can read: the person may turn it. It books nothing and accuses nobody."""
        if self.fault is None and not self._intake.half_waits:
            self._display.show(Show(PROMPTS[number], t0_ns))

    def _pressed(self, event: ButtonEvent, t0_ns: int) -> None:
        if event is ButtonEvent.NO_CODE:
            self._present(self._intake.nothing_read(t0_ns, gesture=True))
        else:
            self._say(said.Pressed(event), t0_ns)

    def _say(self, what: said.Said, t0_ns: int) -> None:
        """Let the tasks answer, and do what they ask for."""
        new_event, new_case = self._drafter.new_event, lambda: f"c{secrets.token_hex(8)}"
        moment = said.Moment(self._mono_ns(), new_event, new_case, self._documents, self._now().today)
        step = machine.step(self._clerk.state, what, moment)
        again = [each for each in step.effects if isinstance(each, JudgeAgain)]
        self._clerk.perform(Step(step.state, tuple(each for each in step.effects if each not in again)), t0_ns)
        for each in again:
            presented = Presented(each.item.presentation, t0_ns)
            self._say(self._judged(presented, declared=each.declared, corrects=each.corrects), t0_ns)

    def _present(self, presented: Sequence[Presented]) -> None:
        for each in presented:
            item = self._judged(each)
            if each.half_pending:
                self._display.show(Show(Signal(Outcome.INCOMPLETE.value), each.t0_ns))
                continue
            self._after_step("judged")
            self._say(item, each.t0_ns)

    def _judged(
        self,
        presented: Presented,
        task: TaskName | None = None,
        *,
        declared: Declared | None = None,
        corrects: str | None = None,
    ) -> said.Item:
        presentation, now, state = presented.presentation, self._now(), self._clerk.state
        di = None if presentation.udi is None else presentation.udi.di
        product = self._knowledge.lookup(di, now.today)
        at = task or machine.judged_as(state)
        document = under(None if state.work is None else state.work.ident, at)
        booked = self._clerk.bookings.circumstances(document, presentation.udi)
        booked = replace(booked, measured=cold.measured(state.work, product, self._knowledge.site.cold_up_to))
        verdict = judge(
            presentation,
            product,
            at,
            self._knowledge.site,
            now,
            self._knowledge.circumstances(di, product, now, booked, declared),
            half_pending=presented.half_pending,
        )
        verdict = overrule(verdict, presentation, now.today, self._knowledge.packaging, self._house_codes())
        return said.Item(verdict, presented.t0_ns, presentation, product, presented.gesture, corrects)

    def _house_codes(self) -> HouseCodes:
        return HouseCodes(self._knowledge.tables, self._bindings)

    def _photograph(self, draft: wire.Draft) -> None:
        """The event waits a moment for the picture of what lies under the camera; the light is on already."""
        self._no_code.record(draft, may=self._may_photograph(), now_ns=self._mono_ns())

    def _may_photograph(self) -> bool:
        """Never while a wristband or badge is expected or near, and only where there is a camera."""
        persons = machine.person_awaited(self._clerk.state) or self._persons.near(self._mono_ns())
        return not persons and CAMERA not in self._readers.missing

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
            self._clerk.tell(wire.Kind.CLOCK, change)

    def _note_trouble(self) -> None:
        now = self._now()
        known = self._knowledge
        found = troubles(
            now, known.age_days(now.today), known.site, (*known.lacking, *self._machine()), self._readers.missing
        )
        if found == self._troubles:
            return
        self._troubles = found
        log.warning("trouble=%s", "; ".join(found) or "-")
        self._display.set_trouble(bool(found))

    def _digests(self) -> tuple[str | None, str]:
        catalog = self._knowledge.catalog
        return None if catalog is None else catalog.digest or None, self._knowledge.site.digest

    def _now(self) -> Now:
        reading = self._drafter.clock.now()
        today = _local_day(max(reading.at, self._drafter.clock.floor))  # it cannot be earlier, whatever the clock says
        return Now(reading.at, today, reading.quality)


def _local_day(at: datetime) -> date:
    return at.astimezone().date()
