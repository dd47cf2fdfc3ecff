"""How often one address may ask, and all together: buckets that refill. Pure but for what it remembers."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

ADDRESSES = 4096
"""Most that are remembered; those that asked longest ago are forgotten first."""


@dataclass(slots=True)
class Bucket:
    """Holds `most`, refills by `per_s` each second."""

    most: float
    per_s: float
    left: float
    at_s: float

    def wait_s(self, now_s: float) -> float:
        """Seconds until there is one to take; 0: now."""
        self.left = min(self.most, self.left + (now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return 0.0 if self.left >= 1 else (1 - self.left) / self.per_s


@dataclass(slots=True)
class Limits:
    """The buckets of one server. A room takes six requests to be enrolled, and three an hour after that."""

    most: float = 120
    """Requests that one address may make at once."""
    per_s: float = 2
    most_in_total: float = 600
    per_s_in_total: float = 20
    _total: Bucket | None = None
    _each: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def take(self, address: str, now_s: float) -> float:
        """Count a request.

        Args:
            address: who asks.
            now_s: seconds, monotonic.

        Returns:
            0, or after how many seconds to ask again; then nothing was counted.
        """
        own, total = self._of(address, now_s), self._all(now_s)
        wait_s = max(own.wait_s(now_s), total.wait_s(now_s))
        if wait_s == 0:
            own.left -= 1
            total.left -= 1
        return wait_s

    def charge(self, address: str, requests: float, now_s: float) -> None:
        """Count what an address did as so many requests more: a wrong token costs."""
        bucket = self._of(address, now_s)
        bucket.left = max(0.0, bucket.left - requests)

    def _of(self, address: str, now_s: float) -> Bucket:
        bucket = self._each.setdefault(address, Bucket(self.most, self.per_s, self.most, now_s))
        self._each.move_to_end(address)
        while len(self._each) > ADDRESSES:
            self._each.popitem(last=False)
        return bucket

    def _all(self, now_s: float) -> Bucket:
        if self._total is None:
            self._total = Bucket(self.most_in_total, self.per_s_in_total, self.most_in_total, now_s)
        return self._total
