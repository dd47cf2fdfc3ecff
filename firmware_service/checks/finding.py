"""What a check says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "unknown", "warn", "fail"]
Value = str | int | float | bool | None

STATES: tuple[State, ...] = ("ok", "unknown", "warn", "fail")
"""From the best to the worst."""
BAD: tuple[State, ...] = ("warn", "fail")
"""Somebody should do something."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check at one moment.

    Attributes:
        check: its name, as in ``udi-firmware health --json``.
        state: ``unknown`` where this machine does not tell.
        value: what was found, None where nothing was.
        expected: what is well, in words.
        zh: what was looked at, in zh-CN.
        en: what was looked at, in English.
        todo: what to do, zh-CN and English; empty when there is nothing to do.
    """

    check: str
    state: State
    value: Value
    expected: str
    zh: str
    en: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a check looks at: the part of its findings that never changes."""

    check: str
    zh: str
    en: str
    expected: str

    def found(self, state: State, value: Value, todo: str = "") -> Finding:
        """A finding on this topic."""
        return Finding(self.check, state, value, self.expected, self.zh, self.en, todo)


def worst(findings: tuple[Finding, ...]) -> State:
    """The worst state of all; ``unknown`` is no worse than what is known to be well."""
    return max((each.state for each in findings), key=STATES.index, default="ok")


def to_json(finding: Finding) -> dict[str, Any]:
    """The object of one check, keys in order."""
    return {
        "check": finding.check,
        "state": finding.state,
        "value": finding.value,
        "expected": finding.expected,
        "zh": finding.zh,
        "en": finding.en,
        "todo": finding.todo,
    }
