"""Does what a step asks for: journals events with the state after them, shows lights, says words.

The events of one step are on the card together with the state after it, or none of them is. The state that counts is
the one after the last event that the card took. If the card refuses events, everything that was built on them is taken
back: the tasks are again as the card has them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from edge import wire
from edge.bindings import Symbol
from edge.catalog.bindings import as_symbol
from edge.rules.verdict import TaskName, Verdict
from edge.station.answers import Answers, Show
from edge.station.binding_book import BindingBook
from edge.station.bookings import Bookings, under
from edge.station.context import recordable
from edge.station.display import Display
from edge.station.drafts import Drafter
from edge.station.journal.store import JournalError
from edge.station.journal.writer import Committed, JournalWriter
from edge.station.messages import Written
from edge.station.patients import Patients
from edge.station.phrases import words_of
from edge.station.record import correction_body, scan_body
from edge.station.tasks import undo
from edge.station.tasks.effects import (
    By,
    Correct,
    DocumentDone,
    Effect,
    Hold,
    Light,
    Record,
    Repeat,
    Say,
    Session,
    Step,
)
from edge.station.tasks.keeping import keep
from edge.station.tasks.state import State
from edge.udi.presentation import Presentation
from hardware.signals import Signal

log = logging.getLogger(__name__)


class Clerk:
    """Belongs to the desk's thread."""

    def __init__(
        self,
        state: State,
        *,
        drafter: Drafter,
        journal: JournalWriter,
        display: Display,
        patients: Patients,
        bindings: BindingBook,
        digests: Callable[[], tuple[str | None, str]],
        mono_ns: Callable[[], int],
        post: Callable[[Written], None],
        after_step: Callable[[str], None],
    ) -> None:
        """Begin with this state.

        Args:
            state: as restored.
            drafter: makes drafts of events.
            journal: takes them.
            display: shows signals.
            patients: seals them.
            bindings: of house codes.
            digests: of the catalogue and the rules in service.
            mono_ns: the clock.
            post: takes the news that an event is on the card, or is not.
            after_step: told ``submitted``; tests kill the process there.
        """
        self.state = state
        self.answers = Answers()
        self.bookings = Bookings()
        self.no_code: Callable[[wire.Draft], None] = self.append
        """Takes events of the gesture, which wait for their picture."""
        self._drafter = drafter
        self._journal = journal
        self._display = display
        self._patients = patients
        self._bindings = bindings
        self._digests = digests
        self._mono_ns = mono_ns
        self._post = post
        self._after_step = after_step
        self._sure = state
        """After the newest event that the card took."""
        self._after: dict[str, State | None] = {}
        """Events on their way to the card, and the state after each step; None: built on one that was refused."""
        self._act: list[wire.Draft] = []
        """Events of the step that is being performed: they are on the card together, or none of them is."""

    def perform(self, step: Step, t0_ns: int | None = None) -> None:
        """Take a step: its state holds from now on, and its effects happen in their order.

        Args:
            step: what the tasks answered.
            t0_ns: when the read or press began that it answers.
        """
        self.state = step.state
        for effect in step.effects:
            self._do(effect, t0_ns)
        drafts, self._act = self._act, []
        self._append(drafts)
        self._display.set_task(step.state.task.value)
        self._display.set_pending(any(case.waiting for case in step.state.cases))

    def tell(self, kind: wire.Kind, body: Mapping[str, Any], by: By | None = None) -> str:
        """Journal an event that shows nothing."""
        return self._submit(self._drafter.draft(kind, body, by), None, None, self.append)

    def append(self, draft: wire.Draft) -> None:
        """Hand a draft to the journal, with what the tasks know after it."""
        self._append([draft])

    def _append(self, drafts: Sequence[wire.Draft]) -> None:
        if drafts:
            self._journal.submit_together(
                [(each, self._told(each.event_id)) for each in drafts], keep(self.state, self._bindings.recent())
            )
            self._after_step("submitted")

    def _told(self, event_id: str) -> Callable[[Committed | JournalError], None]:
        return lambda result: self._post(Written(event_id, result))

    def written(self, event_id: str, result: Committed | JournalError) -> None:
        """An event is on the card, or the card refused it."""
        after = self._after.pop(event_id, None)
        self._bindings.settled(event_id, recorded=not isinstance(result, JournalError))
        if isinstance(result, JournalError):
            log.error("event_id=%s not recorded: %s", event_id, result)
            self.bookings.not_booked(event_id)
            self.state = self._sure = undo.forgotten(self._sure, event_id)
            self._after = dict.fromkeys(self._after)
            self.show(self.answers.refused(event_id, str(result)))
            return
        self._sure = after or self._sure
        self.show(self.answers.written(event_id))
        log.info("event_id=%s seq=%d flush_ms=%.2f", event_id, result.seq, result.took_ms)

    def show(self, shows: Sequence[Show]) -> None:
        """Show signals."""
        for each in shows:
            self._display.show(each)

    def _do(self, effect: Effect, t0_ns: int | None) -> None:
        match effect:
            case Record():
                self._record(effect)
            case Correct(corrects, why, by):
                event = self._note(wire.Kind.CORRECTION, correction_body(corrects, why), by)
                if why == "undo":
                    self._bindings.take_back(event, corrects)
                self.bookings.not_booked(corrects)
            case Session(of, what, ident, by, why):
                self._note(wire.Kind.SESSION, self._session(of, what, ident, why), by)
            case DocumentDone(event_id, ident, what, lines, by):
                self._note(wire.Kind.DOCUMENT, wire.document_change(ident, what, lines), by, event_id)
            case Light(signal):
                self._display.show(Show(signal, t0_ns))
            case Say(phrases):
                self._display.say(phrases)
            case Repeat():
                self._display.acknowledge()
            case Hold(case, who):
                self._patients.hold(case, who)

    def _note(self, kind: wire.Kind, body: Mapping[str, Any], by: By, event_id: str | None = None) -> str:
        return self._submit(self._drafter.draft(kind, body, by, event_id), None, None, self._act.append)

    def _session(self, of: str, what: str, ident: str | None, why: str | None) -> dict[str, Any]:
        sealed = self._patients.sealed(ident) if what == "completed" else None
        return wire.session_change(of, what, ident, why, None if sealed is None else sealed.to_json())

    def _record(self, effect: Record) -> None:
        item, booking = effect.item, effect.booking
        catalogue, rules = self._digests()
        body = scan_body(
            recordable(item.presentation),
            item.udi,
            item.product,
            effect.verdict,
            booking,
            patient=self._patients.sealed(booking.case),
            catalogue=catalogue,
            rules=rules,
        )
        draft = self._drafter.draft(wire.Kind.SCAN, body, effect.by, effect.event_id)
        self._submit(draft, effect.signal, item.t0_ns, self.no_code if item.gesture else self._act.append)
        if effect.signal is not None:
            self._display.remember(words_of(effect.verdict))
        if booking.count is not None and booking.document is not None:
            place = under(booking.document, effect.by.task)
            self.bookings.booked(effect.event_id, place, item.udi, effect.verdict)
        if effect.by.task is TaskName.BIND and not effect.by.training:
            self._bind(effect, date.fromisoformat(draft.at[:10]))
        _log(effect, item.presentation, effect.verdict)

    def _bind(self, effect: Record, today: date) -> None:
        code, udi = effect.booking.house_code, effect.item.udi
        made = None if code is None or udi is None else as_symbol(udi, today)
        if code is not None and made is not None:
            self._bindings.bind(effect.event_id, code, Symbol(*made))

    def _submit(
        self,
        draft: wire.Draft,
        signal: Signal | None,
        t0_ns: int | None,
        journal: Callable[[wire.Draft], None],
    ) -> str:
        self._after[draft.event_id] = self.state
        self.show(self.answers.submitted(draft.event_id, signal, t0_ns, self._mono_ns()))
        journal(draft)
        return draft.event_id


def _log(effect: Record, presentation: Presentation, verdict: Verdict) -> None:
    log.info(
        "event_id=%s t0_ns=%d outcome=%s reasons=%s udi=%s task=%s count=%s",
        effect.event_id,
        effect.item.t0_ns,
        verdict.outcome.value,
        ",".join(f"{reason.code}@{reason.audience.value}" for reason in verdict.reasons) or "-",
        _name(presentation),
        effect.by.task.value,
        effect.booking.count,
    )


def _name(presentation: Presentation) -> str:
    """What a log may say of a package: its UDI, never the content of other codes."""
    udi = presentation.udi
    return "-" if udi is None else udi.trace_key or f"{udi.issuer.value}|{udi.di or '?'}"
