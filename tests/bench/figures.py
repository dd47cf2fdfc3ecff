"""What a part measured, and the file that keeps the newest figure of each name."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hardware.host.files import replace


class VoidError(Exception):
    """What was measured is worth nothing; `figures` take the place of earlier ones with no value."""

    def __init__(self, why: str, figures: Sequence[Figure] = ()) -> None:
        super().__init__(why)
        self.figures = tuple(figures)


class MissingError(Exception):
    """This machine lacks what the part needs."""


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float | None
    unit: str
    goal: float | None = None
    """At most this, or at least this if `floor`; None where nothing was promised."""
    rivals: Mapping[str, float] = field(default_factory=dict)
    """What the value was held against in the same run."""
    floor: bool = False

    def line(self) -> str:
        value = "void" if self.value is None else f"{self.value:.3f}".rstrip("0").rstrip(".")
        goal = ""
        if self.goal is not None and self.value is not None:
            met = self.value >= self.goal if self.floor else self.value <= self.goal
            goal = f"goal {'>=' if self.floor else '<='} {self.goal:g}: {'met' if met else 'MISSED'}"
        rivals = "  ".join(f"{name}={value:.3f}" for name, value in self.rivals.items())
        return f"  {self.name:28} {value:>10} {self.unit:9} {goal:22} {rivals}".rstrip()

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "unit": self.unit, "goal": self.goal, "rivals": dict(self.rivals)}


def percentile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least `q` of all values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(q * len(ranked)) - 1)]


def keep(file: Path, figures: Sequence[Figure]) -> None:
    """Put these figures into the file; those of other parts stay."""
    kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    kept.update((figure.name, figure.to_json()) for figure in figures)
    text = json.dumps(dict(sorted(kept.items())), indent=2, allow_nan=False)
    replace(file, f"{text}\n".encode(), mode=0o644)
