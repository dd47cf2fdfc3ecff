"""What every rule may look at, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from edge.catalog.product import Product
from edge.rules.decisions import Stage
from edge.rules.verdict import Circumstances, Now, Site, TaskName
from edge.udi.model import Issuer, Udi
from edge.udi.presentation import Presentation

NO_UDI = Udi(b"", None, Issuer.GS1, "")
"""Stands for the UDI of an item that shows none: every part is unknown."""


@dataclass(frozen=True, slots=True)
class Case:
    """One presentation with everything that is known beside it."""

    presentation: Presentation
    udi: Udi
    product: Product | None
    task: TaskName
    stage: Stage
    site: Site
    now: Now
    circumstances: Circumstances
    half_pending: bool


class Found(NamedTuple):
    """One reason that a rule found; `edge.rules.decisions` says what it does."""

    code: str
    detail: str = ""
    source: str = ""
    """The order and its article, where the rule has them from the region's file."""


Ask = Callable[[Case], Sequence[Found]]
NOTHING: Sequence[Found] = ()
