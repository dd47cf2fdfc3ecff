"""Sends pictures to the hub over the uplink's link, behind all events (architecture section 7)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from edge import wire
from edge.station.identity import Report
from edge.station.notices import Notices
from edge.station.photo_window import OVERHEAD, PhotoWindow
from edge.station.pictures import PictureStore
from hardware.host.clock import ClockReading
from hardware.host.link import Disconnected, Link, Published

log = logging.getLogger(__name__)

LOOK_NS = 2_000_000_000
"""How often the folder is looked at when there was nothing to send."""
TIDY_NS = 3_600_000_000_000


class PhotoUplink:
    """Belongs to the uplink's thread and speaks through its link."""

    def __init__(
        self,
        station: str,
        store: PictureStore | None,
        link: Link,
        notices: Notices,
        *,
        now: Callable[[], ClockReading],
        report: Report,
        after_step: Callable[[str], None],
    ) -> None:
        """Prepare.

        Args:
            station: whose pictures.
            store: where they are; None: nowhere.
            link: the uplink's.
            notices: what people are told.
            now: the clock and its quality.
            report: journals the body of a ``station`` event.
            after_step: told after ``photo`` (sent) and ``photo-ack`` (heard, the file is still there).
        """
        self._station = station
        self._store = store or PictureStore.none()
        self._link = link
        self._now = now
        self._notices = notices
        self._report = report
        self._after_step = after_step
        self._window = PhotoWindow()
        self._mid: int | None = None
        self._looked_ns: int | None = None
        self._tidied_ns: int | None = None
        self._delivered = 0

    def on_connected(self) -> None:
        """Ask for the hub's answers; they are not retained, what they were missed for is sent again."""
        self._link.subscribe(wire.topic(self._station, "photo-ack"))

    def on_hub(self, *, present: bool) -> None:
        """The hub came or went."""
        self._window.on_hub(present=present)

    def on_disconnected(self, event: Disconnected) -> bool:
        """The connection broke; whether a picture takes the blame."""
        self._mid = None
        return self._window.on_disconnected(event.reason, time.monotonic_ns(), hung_up=event.hung_up)

    def on_published(self, event: Published) -> bool:
        """The broker's answer to a message; whether the message was a picture."""
        if event.mid != self._mid:
            return False
        self._mid = None
        if event.ok:
            self._window.taken()
        else:
            log.warning("the broker refused picture %s: %s", self._window.out, event.reason)
            self._window.failed(event.reason, time.monotonic_ns())
        return True

    def on_ack(self, payload: bytes) -> None:
        """The hub has a picture: the one that is out, or one of before.

        Raises:
            WireError: not an answer of schema 1.
        """
        name = wire.PhotoAck.decode(payload).sha256
        self._after_step("photo-ack")
        if self._store.remove(name):
            self._delivered += 1
            log.info("picture=%s at the hub", name)
        self._window.answered(name)

    def work(self, *, events_wait: bool) -> None:
        """Send what is due, delete what is over.

        Args:
            events_wait: some event is not covered by the hub's watermark; it goes first.

        Raises:
            NotConnected: the connection just broke.
        """
        now_ns = time.monotonic_ns()
        if self._tidied_ns is None or now_ns - self._tidied_ns >= TIDY_NS:
            self._tidied_ns = now_ns
            self._store.tidy(self._now())
        name = self._window.next(now_ns, events_wait=events_wait)
        if name is not None:
            self._send(name, now_ns)
        elif not events_wait and (self._looked_ns is None or now_ns - self._looked_ns >= LOOK_NS):
            self._looked_ns = now_ns
            self._window.offer(self._store.names())
        self._tell()

    def stats_json(self) -> dict[str, Any]:
        """For ``udi-station status``."""
        return {**self._store.stats_json(), "delivered": self._delivered, "set_aside": list(self._window.aside)}

    def _send(self, name: str, now_ns: int) -> None:
        data = self._store.read(name)
        if data is None:
            self._window.passed(name)
            return
        most = self._link.maximum_packet_size
        if most is not None and len(data) + OVERHEAD > most:
            self._window.too_large(name, f"the broker takes {most} bytes at most", now_ns)
            return
        self._mid = self._link.publish(wire.photo_topic(self._station, name), data)
        self._window.sent(name, now_ns)
        self._after_step("photo")

    def _tell(self) -> None:
        for refused in self._window.take_reports():
            size = self._store.size(refused.name)
            if size is not None:
                self._notices.hold("picture", refused.text(size), time.monotonic_ns())
                self._report(refused.change(size))
        if not self._window.aside:
            self._notices.drop("picture")
