"""The decision table `decisions.toml`: which reason concerns whom at which stage, and what it does to the light."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from edge.rules.verdict import Outcome, TaskName
from hardware.host.toml import load

FILE = Path(__file__).with_name("decisions.toml")
Stage = Literal["look", "goods", "patient", "away"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Word = Literal["-", "hub", "ATTENTION", "INCOMPLETE", "REDO", "REDO*", "MISSING", "MISSING*", "STOP"]
RANK = (Outcome.STOP, Outcome.REDO, Outcome.MISSING, Outcome.INCOMPLETE, Outcome.ATTENTION)
"""The worst outcome first."""


@dataclass(frozen=True, slots=True)
class _TaskRow:
    name: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class _ReasonRow:
    code: str
    look: Word
    goods: Word
    patient: Word
    away: Word


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as the table names it."""

    name: str
    zh: str
    en: str
    source: str
    """On whose word."""
    looks: tuple[str, ...]
    """Dotted names within `edge.rules.case.Case`."""


@dataclass(frozen=True, slots=True)
class _File:
    task: tuple[_TaskRow, ...]
    reason: tuple[_ReasonRow, ...]
    rule: tuple[RuleRow, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one reason does at one stage."""

    outcome: Outcome | None
    """What it makes of the light; None where only the hub is told."""
    overridable: bool
    weight: int
    """The weightiest reason has the smallest."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The table, ready to be asked."""

    stage: Mapping[TaskName, Stage]
    cells: Mapping[Stage, Mapping[str, Cell | None]]
    """Per stage and code; None where nothing is said."""
    rules: Mapping[str, RuleRow]
    digest: bytes
    """SHA-256 of the file."""


def _cell(word: Word, row: int) -> Cell | None:
    if word == "-":
        return None
    outcome = None if word == "hub" else Outcome(word.removesuffix("*"))
    rank = len(RANK) if outcome is None else RANK.index(outcome)
    return Cell(outcome, word.endswith("*"), rank * 1000 + row)


def _decisions() -> Decisions:
    table = load(FILE, _File)
    return Decisions(
        stage={TaskName(each.name): each.stage for each in table.task},
        cells={
            stage: {each.code: _cell(getattr(each, stage), row) for row, each in enumerate(table.reason)}
            for stage in STAGES
        },
        rules={each.name: each for each in table.rule},
        digest=hashlib.sha256(FILE.read_bytes()).digest(),
    )


DECISIONS = _decisions()
