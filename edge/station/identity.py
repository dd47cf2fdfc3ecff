"""The station's identity at the broker: its certificate's dates, and whether somebody else uses it too."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from edge import wire
from edge.station.notices import Notices
from hardware.host.clock import TRUSTED, ClockReading
from hardware.host.link import TAKEN_OVER, Disconnected, LinkSettings
from hardware.host.tls import advice, notices

log = logging.getLogger(__name__)

HOUR_NS = 3_600_000_000_000
LOOK_NS = HOUR_NS
"""How often the dates of the certificates are looked at."""
ALONE_NS = 2 * HOUR_NS
"""A name that nobody took over for so long is ours alone again."""
STRANGERS = 3
"""So many statuses of other sessions within an hour are those of another device with our name."""

Report = Callable[[Mapping[str, Any]], None]
"""Journals the body of a ``station`` event."""


class Identity:
    """Watches one link; belongs to its thread."""

    def __init__(self, link: LinkSettings, now: Callable[[], ClockReading], notices: Notices, report: Report) -> None:
        """Watch this link.

        Args:
            link: whose identity.
            now: the clock and its quality.
            notices: what people are told.
            report: journals an event.
        """
        self._link = link
        self._now = now
        self._notices = notices
        self._report = report
        self._look_ns = 0
        self._reported_ns: int | None = None
        self._last_ns = 0
        self._strangers_ns: list[int] = []
        self.taken_over = 0
        """How often another client took our name, since the start of the process."""

    def time_trusted(self) -> bool:
        """The clock can judge a certificate's dates."""
        return self._now().quality in TRUSTED

    def lost(self, event: Disconnected) -> None:
        """The connection broke, or none could be made."""
        if event.code == TAKEN_OVER:
            self._rival(time.monotonic_ns())
        else:
            self._notices.hold("link", f"link: {event.reason}{advice(event.reason)}", time.monotonic_ns())

    def stranger(self) -> bool:
        """After we had said our status, one of another session stood there.

        Once or twice it is the late will of a former life, or what a killed broker remembered.

        Returns:
            Whether another client uses our name.
        """
        now_ns = time.monotonic_ns()
        self._strangers_ns = [each for each in self._strangers_ns if now_ns - each < HOUR_NS] + [now_ns]
        if len(self._strangers_ns) < STRANGERS:
            return False
        if not self.taken_over:
            self._rival(now_ns)
        return True

    def connected(self, time_checked: bool | None) -> str | None:
        """The broker accepted us, its certificate's dates checked or not; None without TLS.

        Returns:
            ``checked`` or ``not checked``, for the status.
        """
        self._notices.drop("link")
        if time_checked is False:
            text = (
                "link: the clock is not set, so the dates of the broker's certificate were not checked (the rest was)"
            )
            self._notices.hold("clock", text, time.monotonic_ns())
        else:
            self._notices.drop("clock")
        self._look_ns = 0
        return None if time_checked is None else "checked" if time_checked else "not checked"

    def tick(self) -> None:
        """Look at the dates when it is time to."""
        now_ns = time.monotonic_ns()
        if self.taken_over and now_ns - self._last_ns >= ALONE_NS:
            self._notices.drop("identity")
        if self._link.tls is None or now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        reading = self._now()
        found = notices(self._link.tls, reading.at) if reading.quality in TRUSTED else []
        if found:
            self._notices.hold("certificates", "; ".join(found), now_ns)
        else:
            self._notices.drop("certificates")

    def _rival(self, now_ns: int) -> None:
        self.taken_over += 1
        self._last_ns = now_ns
        name = self._link.client_id
        log.warning("link=taken_over client_id=%s times=%d", name, self.taken_over)
        text = (
            f"another device connects as {name}: is its card a copy? Find it, give it a name and a certificate of its "
            "own, or begin its card anew; until then the two take turns, and nothing is lost"
        )
        self._notices.hold("identity", text, now_ns)
        if self._reported_ns is None or now_ns - self._reported_ns >= HOUR_NS:
            self._reported_ns = now_ns
            self._report(wire.station_change("duplicate_identity", client_id=name, times=self.taken_over))
