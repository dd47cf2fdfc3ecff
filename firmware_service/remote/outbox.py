"""What this machine has to say at the broker: the newest of each topic, said again after each connecting.

And what is said only once: the pieces of an archive. Whoever says them knows by itself when to say them again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator


class Outbox:
    """Filled by any thread, emptied by the link's."""

    def __init__(self) -> None:
        """Begin with nothing to say."""
        self._lock = threading.Lock()
        self._says: dict[str, bytes] = {}
        self._unsaid: dict[str, None] = {}
        self._once: dict[str, bytes] = {}

    def put(self, topic: str, payload: bytes) -> None:
        """Say this under a topic, in the place of what was said before."""
        with self._lock:
            if self._says.get(topic) != payload:
                self._says[topic] = payload
                self._unsaid[topic] = None

    def put_once(self, topic: str, payload: bytes) -> bool:
        """Say this once, for whoever listens then; False: what was to be said so under this topic still waits."""
        with self._lock:
            if topic in self._once:
                return False
            self._once[topic] = payload
            return True

    def drop(self, topic: str) -> None:
        """Say no more under a topic."""
        with self._lock:
            self._says.pop(topic, None)
            self._unsaid.pop(topic, None)

    def again(self) -> None:
        """The broker may have forgotten everything."""
        with self._lock:
            self._unsaid = dict.fromkeys(self._says)

    def take(self) -> Iterator[tuple[str, bytes, bool]]:
        """What is unsaid, and whether it shall stand at the broker; what is taken from here counts as said."""
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[str, bytes, bool] | None:
        with self._lock:
            if (topic := next(iter(self._unsaid), None)) is not None:
                del self._unsaid[topic]
                return topic, self._says[topic], True
            if (topic := next(iter(self._once), None)) is not None:
                return topic, self._once.pop(topic), False
            return None
