"""The state as it lasts: kept in the journal's own transactions, read at the next start.

Monotonic times mean nothing after a start of the machine, so nothing that waits for something is kept. What is open
comes back suspended: a case until its wristband is shown, a document until somebody resumes it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

from edge.rules.verdict import TaskName
from edge.station.tasks.effects import Effect, Step, session
from edge.station.tasks.state import Case, Counting, Pending, State, Stock, Tally, Work

VERSION = 1


def keep(state: State, bindings: list[Any] | None = None) -> bytes:
    """What of a state lasts.

    Args:
        state: after an event.
        bindings: what was bound a moment ago and may not be on the card yet, as `BindingBook.recent` gives it.
    """
    kept = {
        "version": VERSION,
        "task": state.task.value,
        "operator": state.operator,
        "rights": state.rights,
        "place": state.place,
        "active": state.active,
        "emergencies": state.emergencies,
        "practised": list(state.practised),
        "held": list(state.held),
        "bindings": bindings or [],
        "shelf": [_stock(each) for each in state.shelf],
        "shelved": [_work(each) for each in state.shelved],
        "work": None if state.work is None else _work(state.work),
        "cases": [_case(each) for each in state.cases],  # what changes with each scan stands last: see `Journal.append`
    }
    return json.dumps(kept, separators=(",", ":")).encode()


def recent_bindings(kept: bytes | None) -> list[Any]:
    """What was bound a moment before the process ended."""
    try:
        return list(json.loads(kept or b"{}").get("bindings", ()))
    except (ValueError, AttributeError, TypeError):
        return []


def restore(kept: bytes | None, fresh: State) -> Step:
    """The state after a start, and the events that say what was suspended.

    What cannot be understood, of another version perhaps, is as good as nothing: the home task, with nobody signed on.

    Args:
        kept: what `keep` made; None at the first start.
        fresh: of a station that knows nothing yet, with the moment of the start in `acted_ns`.
    """
    try:
        state = fresh if kept is None else _state(json.loads(kept), fresh, fresh.acted_ns)
    except (ValueError, KeyError, TypeError, AttributeError):
        state = fresh
    events: tuple[Effect, ...] = tuple(
        session(state, "case", "suspended", each.ident, "restart") for each in state.cases if not each.suspended
    )
    if state.work is not None and not state.work.paused:
        events = (*events, session(state, "document", "suspended", state.work.ident, "restart"))
    cases = tuple(replace(each, suspended=True) for each in state.cases)
    work = None if state.work is None else replace(state.work, paused=True)
    return Step(replace(state, cases=cases, work=work), events)


def _work(work: Work) -> dict[str, Any]:
    tallies = [[each.line, each.task.value, each.count, list(each.by)] for each in work.tallies]
    kept = {"ident": work.ident, "paused": work.paused, "tallies": tallies, "kit": work.kit}
    return {**kept, "readings": list(work.readings), "short": list(work.short)}


def _work_again(kept: dict[str, Any], now_ns: int) -> Work:
    tallies = (
        Tally(int(line), TaskName(task), int(count), tuple(map(str, by))) for line, task, count, by in kept["tallies"]
    )
    kit = kept.get("kit")  # of a version before there were kits: none
    if kit not in (None, *get_args(Counting)):
        raise ValueError(f"kit {kit!r}: expected one of {get_args(Counting)}, or none")
    work = Work(str(kept["ident"]), now_ns, bool(kept["paused"]), tallies=tuple(tallies), kit=kit)
    readings, short = kept.get("readings", ()), kept.get("short", ())  # older versions kept none
    return replace(work, readings=tuple(map(float, readings)), short=tuple(map(int, short)))


def _case(case: Case) -> dict[str, Any]:
    return {
        "ident": case.ident,
        "opening": case.opening,
        "who": case.who,
        "number": case.number,
        "suspended": case.suspended,
        "pending": [[each.key, each.count, each.event_id] for each in case.pending],
        "used": list(case.used),
    }


def _stock(each: Stock) -> list[Any]:
    units = (each.received, each.stored, each.picked, each.shipped, each.otherwise)
    return [each.di, each.lot, each.expires, *units]


def _state(kept: dict[str, Any], fresh: State, now_ns: int) -> State:
    if kept["version"] != VERSION:
        return fresh
    return replace(
        fresh,
        task=TaskName(kept["task"]),
        operator=kept["operator"],
        rights=str(kept["rights"]),
        place=kept["place"],
        placed_ns=now_ns,
        active=kept["active"],
        cases=tuple(_restored(each, now_ns) for each in kept["cases"]),
        work=None if kept["work"] is None else _work_again(kept["work"], now_ns),
        shelved=tuple(_work_again(each, now_ns) for each in kept["shelved"]),
        practised=tuple(map(str, kept["practised"])),
        practised_ns=now_ns,
        emergencies=int(kept["emergencies"]),
        held=tuple(map(str, kept.get("held", ()))),
        shelf=tuple(
            Stock(str(di), lot, str(expires), *map(int, units)) for di, lot, expires, *units in kept.get("shelf", ())
        ),
    )


def _restored(kept: dict[str, Any], now_ns: int) -> Case:
    return Case(
        ident=str(kept["ident"]),
        opening=kept["opening"],
        who=kept["who"],
        number=kept["number"],
        pending=tuple(Pending(str(key), int(count), str(event), now_ns) for key, count, event in kept["pending"]),
        used=tuple(map(str, kept["used"])),
        touched_ns=now_ns,
        suspended=bool(kept["suspended"]),
    )
