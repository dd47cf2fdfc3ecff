"""One thread, one job: the only broad ``except`` of the code base is here."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

WATCHDOG_S = 1.0


class Worker:
    """A thread that calls `step` again and again until it is stopped or `step` raises."""

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        *,
        fresh_within: float = 5.0,
        on_stop: Callable[[], None] | None = None,
    ) -> None:
        """Prepare the thread; `start` starts it.

        Args:
            name: for logs.
            step: one short piece of work; it may wait, but for less than `fresh_within`.
            fresh_within: seconds after which a step that has not ended counts as hung.
            on_stop: called in the thread after the last step, also after an error.
        """
        self.name = name
        self.stopping = threading.Event()
        self.error: BaseException | None = None
        self._step = step
        self._on_stop = on_stop
        self._fresh_ns = int(fresh_within * 1e9)
        self._beat_ns = time.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def alive(self) -> bool:
        """The thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """Say that work goes on; a long step may call it in between."""
        self._beat_ns = time.monotonic_ns()

    def fresh(self, now_ns: int) -> bool:
        """Whether the last beat is recent enough at this monotonic time."""
        return now_ns - self._beat_ns <= self._fresh_ns

    def stop(self, timeout: float = 2.0) -> None:
        """Ask the thread to end and wait for it, at most `timeout` seconds."""
        self.stopping.set()
        if self.alive:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.beat()
                self._step()
        except BaseException as error:  # noqa: BLE001 - a thread has nobody above it: say it, keep it, end
            self._fail(error)
        try:
            if self._on_stop is not None:
                self._on_stop()
        except BaseException as error:  # noqa: BLE001 - as above
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        log.error("worker=%s failed", self.name, exc_info=error)
        self.error = self.error or error


def supervise(
    workers: Sequence[Worker], stop: threading.Event, notify: Callable[[str], None], *, poll_s: float = 0.2
) -> int:
    """Watch the workers from the main thread until `stop` is set or one of them fails.

    ``WATCHDOG=1`` is sent only while every worker is fresh, so that a hung one lets systemd act.

    Returns:
        0 when `stop` was set; 1 when a worker failed or stayed stale.
    """
    next_ping = 0.0
    while not stop.wait(poll_s):
        sick = _sick(workers)
        if sick is not None:
            log.error("worker=%s %s: stopping", sick.name, "failed" if not sick.alive else "is stale")
            return 1
        if time.monotonic() >= next_ping:
            next_ping = time.monotonic() + WATCHDOG_S
            notify("WATCHDOG=1")
    return 0


def _sick(workers: Sequence[Worker]) -> Worker | None:
    now_ns = time.monotonic_ns()
    for worker in workers:
        if worker.error is not None or not worker.alive or not worker.fresh(now_ns):
            return worker
    return None
