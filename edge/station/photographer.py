"""Between the desk, which decides whether a picture may be taken, and camera and card, which take their time."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from dataclasses import dataclass, field

from edge.station.pictures import PictureStore
from hardware.host.worker import Worker

FRESH_S = 30.0
"""A slow card is no hung thread; the journal waits as long."""


@dataclass(frozen=True, slots=True)
class _Jpeg:
    ident: str
    data: bytes = field(repr=False)


class Photographer:
    """Requests on their way to the camera link, and JPEGs on their way to the card; nothing here waits for either."""

    def __init__(self, store: PictureStore) -> None:
        """Use the folder of pictures; `worker` seals and stores in a thread of its own."""
        self._store = store
        self._requests: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._jpegs: queue.SimpleQueue[_Jpeg] = queue.SimpleQueue()
        self.on_kept: Callable[[str, str | None], None] = lambda _ident, _name: None
        """Called in the worker's thread with the picture's name, or None where it was refused."""
        self.worker = Worker("pictures", self._step, fresh_within=FRESH_S)

    def ask(self, ident: str) -> bool:
        """Have a picture taken under this name for the answer; False where there is no room to keep it."""
        if not self._store.takes_more():
            return False
        self._requests.put(ident)
        return True

    def requests(self) -> list[str]:
        """What was asked for since the last call; the camera link sends it."""
        found = []
        with contextlib.suppress(queue.Empty):
            while True:
                found.append(self._requests.get_nowait())
        return found

    def keep(self, ident: str, jpeg: bytes) -> None:
        """Have it sealed and stored."""
        self._jpegs.put(_Jpeg(ident, jpeg))

    def drop(self, name: str) -> None:
        """Delete a picture that no event will name."""
        self._store.remove(name)

    def _step(self) -> None:
        try:
            jpeg = self._jpegs.get(timeout=0.2)
        except queue.Empty:
            return
        self.on_kept(jpeg.ident, self._store.keep(jpeg.data))
