"""Everything that a station may say has its words."""

from __future__ import annotations

import pytest

from edge.rules.reasons import TEXTS
from edge.rules.verdict import Audience, Outcome, Reason, Verdict
from edge.station.phrases import words_of
from hardware.phrases import phrases


@pytest.mark.parametrize("code", TEXTS)
def test_every_reason_is_said_in_the_words_of_its_table(code: str) -> None:
    assert phrases()[code].zh == TEXTS[code].voice


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_words(outcome: Outcome) -> None:
    (key,) = words_of(Verdict(outcome))
    assert key in phrases()


def test_the_first_reason_of_the_person_is_said() -> None:
    reasons = (Reason("watched", Audience.HUB), Reason("expired", Audience.PERSON), Reason("recalled", Audience.PERSON))
    assert words_of(Verdict(Outcome.STOP, reasons)) == ("expired",)


def test_beside_green_no_reason_is_said() -> None:
    assert words_of(Verdict(Outcome.ACCEPTED, (Reason("watched", Audience.HUB),))) == ("outcome_accepted",)
