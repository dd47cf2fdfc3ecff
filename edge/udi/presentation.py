"""What a package showed: the result types of `edge.udi.assemble`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.udi.model import Finding, NotUdi, Udi
from edge.udi.read import Read


class Shape(StrEnum):
    """What a presentation as a whole turned out to be (architecture section 5)."""

    COMPLETE = "complete"
    """A DI with production identifiers."""
    DI_ONLY = "di_only"
    PI_ONLY = "pi_only"
    SEVERAL = "several"
    """Two packages in view, or nobody can tell: unrelated DIs, lots that differ, a half in two places."""
    INVALID = "invalid"
    """It claims to be a UDI and is not (wrong check digit, impossible date ...)."""
    OTHER = "other"
    """Codes, but no UDI among them."""
    NOTHING = "nothing"
    """No symbol: a no-read message or the NO CODE gesture."""


@dataclass(frozen=True)
class Presentation:
    """Everything one package showed, joined."""

    shape: Shape
    reads: tuple[Read, ...] = ()
    udi: Udi | None = None
    """The joined UDI, or the single half; the first faulty one when INVALID."""
    companions: tuple[NotUdi, ...] = ()
    findings: tuple[Finding, ...] = ()
    """All findings of the parts plus those of joining (`joined_by_time`, `symbols_disagree` ...)."""
