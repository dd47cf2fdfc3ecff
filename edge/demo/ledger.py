"""The demo's own count: what the stations said they recorded, held against what the hub has."""

from __future__ import annotations

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edge.demo.world import DEPOT_STATION, OR_STATION, World
from edge.hub.reconcile import Held, held
from edge.hub.store import Store
from edge.hub.trace import Question, trace
from edge.rules.reasons import say
from hardware.host.local import ask
from hardware.signals import Signal, load_signals

STATIONS = (OR_STATION, DEPOT_STATION)
SETTLED_S = 10.0
_SYMBOLS = {
    "ACCEPTED": "✔ green", "CHECKED": "✔ half", "ATTENTION": "✔ amber", "INCOMPLETE": "✔ half/half",
    "REDO": "✖ amber", "MISSING": "▬", "STOP": "✖ RED", "FAULT": "● out", "CONTEXT": "● bright",
    "ASK": "✔▬ half",
}  # fmt: skip


@dataclass(slots=True)
class Ledger:
    """Listens to the stations' signals and logs. `on_line` is called from several threads."""

    tell: Callable[[str], None]
    ready: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    recorded: set[str] = field(default_factory=set)
    """event_id of every event that a station said is on its card."""
    to_signal_ms: list[float] = field(default_factory=list)
    _about: dict[int, dict[str, str]] = field(default_factory=dict)
    _early: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last_s: float = field(default_factory=time.monotonic)

    def on_line(self, station: str, line: str) -> None:
        """One line of a station: a signal as JSON, or a log line as key=value."""
        with self._lock:
            if line.startswith("{"):
                self._signal(station, json.loads(line))
            else:
                self._log(station, dict(part.split("=", 1) for part in line.split() if "=" in part))

    def connected(self, world: World, station: str) -> bool:
        """The station has seen the hub."""
        status = _ask(world, station)
        return status is not None and bool(status["link"]["hub_present"])

    def buffered(self, world: World) -> int:
        """Events that wait on the cards."""
        found = [_ask(world, station) for station in STATIONS]
        return sum(1 if status is None else int(status["unacknowledged"]) for status in found)

    def tell_buffers(self, world: World) -> None:
        """Show how many events wait on each card."""
        for station in STATIONS:
            status = _ask(world, station)
            waiting = "?" if status is None else status["unacknowledged"]
            self.tell(f"{'':12} {station:9} {waiting} events wait on the card for the hub")

    def quiet_for(self, _world: World, seconds: float) -> bool:
        """Nothing was shown for some seconds."""
        return time.monotonic() - self._last_s > seconds

    def reconcile(self, world: World, lot: str) -> bool:
        """Print the final table; True if nothing was lost and nothing was counted twice."""
        store = Store.open_reader(world.store)
        try:
            hub = _settled(store)
            with store.read() as connection:
                found = trace(connection, Question(lot=lot))
        finally:
            store.close()
        lost = self.recorded - hub.events
        self._table(hub, len(lost))
        self._trace(lot, found)
        return bool(self.recorded) and not lost and hub.doubled == 0 and len(hub.counted) == self.outcomes.total()

    def _signal(self, station: str, shown: dict[str, Any]) -> None:
        if shown.get("t0_ns") is None:  # nobody scanned for it; the camera's lamp neither
            return
        self._last_s = time.monotonic()
        if shown["signal"] in (Signal.WORKING, Signal.READY, Signal.PROMPT, Signal.PROMPT_AGAIN):
            return
        self.to_signal_ms.append((shown["at_ns"] - shown["t0_ns"]) / 1e6)
        about = self._about.get(shown["t0_ns"])
        if about is None and shown["signal"] not in (Signal.CONTEXT, Signal.INCOMPLETE):
            self._early.setdefault(shown["t0_ns"], []).append((station, shown["signal"]))
            return
        self._row(station, shown["signal"], about or {})

    def _log(self, station: str, found: dict[str, str]) -> None:
        if found.get("state") == "ready":
            self.ready.add(station)
        if "event_id" in found and "seq" in found:
            self.recorded.add(found["event_id"])
        if "outcome" in found:
            self.outcomes[found["outcome"]] += 1
            t0_ns = int(found["t0_ns"])
            self._about[t0_ns] = found
            for early_station, signal in self._early.pop(t0_ns, []):
                self._row(early_station, signal, found)

    def _row(self, station: str, signal: str, about: dict[str, str]) -> None:
        why = _why(about.get("reasons", "-")) or load_signals()[Signal(signal)].zh
        clock = time.strftime("%H:%M:%S")
        self.tell(f"{clock:12} {station:9} {_SYMBOLS.get(signal, signal):11} {about.get('udi', ''):34} {why}")

    def _table(self, hub: Held, lost: int) -> None:
        times = sorted(self.to_signal_ms) or [0.0]
        p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        rows = [
            ("scanned", str(self.outcomes.total())),
            *((f"  {outcome}", str(count)) for outcome, count in sorted(self.outcomes.items())),
            ("units booked", str(hub.units)),
            ("events recorded", str(len(self.recorded))),
            ("events delivered", str(len(self.recorded & hub.events))),
            ("lost", str(lost)),
            ("counted twice", str(hub.doubled)),
            ("t0 to signal", f"median {statistics.median(times):.1f} ms, p99 {p99:.1f} ms"),
        ]
        self.tell("")
        for name, value in rows:
            self.tell(f"  {name:20} {value}")

    def _trace(self, lot: str, found: Any) -> None:
        self.tell(f"\n  where is lot {lot}")
        for row in found:
            whom = f"case {row.case}" if row.case else f"document {row.document or '-'}"
            self.tell(f"    {row.at[:19]} {row.place:9} {row.task:8} {row.outcome:10} {row.serial or '-':6} {whom}")


def _settled(store: Store) -> Held:
    """What the hub holds once it has put everything stored in its place; at most `SETTLED_S` later."""
    deadline = time.monotonic() + SETTLED_S
    while True:
        with store.read() as connection:
            hub = held(connection)
        if hub.waiting == 0 or time.monotonic() > deadline:
            return hub
        time.sleep(0.05)


def _why(reasons: str) -> str:
    """The weightiest reason that the person can act on, in words."""
    pairs = [reason.split("@") for reason in reasons.split(",") if "@" in reason]
    return next((say(code) for code, audience in pairs if audience == "person"), "")


def _ask(world: World, station: str) -> dict[str, Any] | None:
    return ask(world.station_dir(station) / "station.sock", {"ask": "status"}, within_s=1.0)
