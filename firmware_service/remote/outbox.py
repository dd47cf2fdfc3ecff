"""What this machine has to say at the broker: the newest of each topic, said again after each connecting."""

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

    def put(self, topic: str, payload: bytes) -> None:
        """Say this under a topic, in the place of what was said before."""
        with self._lock:
            if self._says.get(topic) != payload:
                self._says[topic] = payload
                self._unsaid[topic] = None

    def drop(self, topic: str) -> None:
        """Say no more under a topic."""
        with self._lock:
            self._says.pop(topic, None)
            self._unsaid.pop(topic, None)

    def again(self) -> None:
        """The broker may have forgotten everything."""
        with self._lock:
            self._unsaid = dict.fromkeys(self._says)

    def take(self) -> Iterator[tuple[str, bytes]]:
        """What is unsaid; what is taken from here counts as said."""
        while True:
            with self._lock:
                topic = next(iter(self._unsaid), None)
                if topic is None:
                    return
                del self._unsaid[topic]
                payload = self._says[topic]
            yield topic, payload
