"""Why, in words: what the speaker says of a verdict. Pure."""

from __future__ import annotations

from edge.rules.verdict import Audience, Outcome, Verdict
from hardware.phrases import phrases

_PLAIN = (Outcome.ACCEPTED, Outcome.CHECKED)
"""Reasons behind these are for the hub, and would only confuse."""


def words_of(verdict: Verdict) -> tuple[str, ...]:
    """The first reason that the person can act on; without one what became of the item. Keys of `hardware.phrases`."""
    reasons = [] if verdict.outcome in _PLAIN else verdict.reasons
    first = next((each.code for each in reasons if each.audience is Audience.PERSON and each.code in phrases()), None)
    return (first or f"outcome_{verdict.outcome.value.lower()}",)
