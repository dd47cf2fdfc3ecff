"""How long to wait before the next try: full jitter, so that a thousand devices do not come at once. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_MOST_DOUBLINGS = 30


@dataclass(slots=True)
class Backoff:
    """Pauses of 0 to `first_s` seconds, then to twice that, and so on to `most_s`."""

    first_s: float
    most_s: float
    rng: random.Random = field(default_factory=random.Random)
    attempt: int = 0
    """Failures in a row."""

    @property
    def next_most_s(self) -> float:
        """The longest that the next pause can be."""
        return min(self.most_s, self.first_s * float(2 ** min(self.attempt, _MOST_DOUBLINGS)))

    def pause(self, stood_s: float = 0.0) -> float:
        """Seconds to wait before the next try.

        Args:
            stood_s: how long the connection stood that is gone now, 0 if there was none. Only one that outlived the
                longest pause begins the count anew: a broker that takes a connection and closes it is no success.
        """
        if stood_s >= self.most_s:
            self.attempt = 0
        most = self.next_most_s
        self.attempt += 1
        return self.rng.uniform(0, most)
