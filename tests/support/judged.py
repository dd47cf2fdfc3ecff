"""Packages, products and circumstances to judge, and a verdict written on one line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from edge.catalog.product import Level, LotRange, NhsaCode, Order, Product
from edge.rules.judge import judge
from edge.rules.verdict import Audience, Circumstances, Now, Site, TaskName, Verdict
from edge.udi.model import Issuer, Udi
from edge.udi.presentation import Presentation, Shape
from hardware.host.clock import Quality

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)
DI = "06901234567892"
RECALL = Order("R1", "recall", ("0",), lots=(LotRange("A1", "A1"),))
GOOD = Udi(b"x", "]d2", Issuer.GS1, "element_string", di=DI, lot="A1", expires=date(2029, 1, 1))
NHSA = NhsaCode("C0101010010101000001", "udid")
KNOWN = Product(
    DI, DI, Level.SALE_UNIT, 1, "n", "m", "r", device_class=3, nhsa=(NhsaCode("C0101010010101000001", "udid"),)
)
NATIONAL = Site("national", "hospital", "digest")


def now(quality: Quality = "ntp") -> Now:
    return Now(datetime.combine(TODAY, datetime.min.time(), UTC), TODAY, quality)


def udi(**changes: Any) -> Udi:
    return replace(GOOD, **changes)


def product(**changes: Any) -> Product:
    return replace(KNOWN, **changes)


@dataclass(frozen=True, slots=True)
class Item:
    """Something to judge; what is not named is as good as can be."""

    udi: Udi | None = GOOD
    shape: Shape = Shape.COMPLETE
    product: Product | None = KNOWN
    around: Circumstances = field(default_factory=Circumstances)
    quality: Quality = "ntp"
    presentation: Presentation | None = None
    half_pending: bool = False

    def judged(self, task: TaskName, site: Site = NATIONAL) -> Verdict:
        shown = self.presentation or Presentation(self.shape, udi=self.udi)
        clock = now(self.quality)
        return judge(shown, self.product, task, site, clock, self.around, half_pending=self.half_pending)


def line(verdict: Verdict) -> str:
    """``OUTCOME person person | hub hub``; a star behind an outcome that a person may override."""
    person = [each.code for each in verdict.reasons if each.audience is Audience.PERSON]
    hub = [each.code for each in verdict.reasons if each.audience is Audience.HUB]
    words = [verdict.outcome.value + "*" * verdict.overridable, *person, *(["|", *hub] if hub else [])]
    return " ".join(words)
