"""Topics for a broker that takes a dot for the end of a level, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.link_topics import spell, unspell

SPELT = {
    "udi/OR-03/scan": "udi/OR-03/scan",
    "udi/OR-03.fw/cmd/+/+": "udi/OR-03!dfw/cmd/+/+",
    "udi/site/#": "udi/site/#",
    "udi/site/document/A 1.2!": "udi/site/document/A!s1!d2!!",
    "a!d.": "a!!d!d",
}
TEXTS = st.text(st.sampled_from("aDs!. *>/+#\n\u4e00"))


@pytest.mark.parametrize(("topic", "expected"), SPELT.items())
def test_a_topic_is_spelt_and_read_back(topic: str, expected: str) -> None:
    assert spell(topic) == expected
    assert unspell(expected) == topic


@given(TEXTS)
def test_what_is_spelt_has_nothing_that_a_subject_cannot_hold_and_comes_back(topic: str) -> None:
    assert set(spell(topic)).isdisjoint(". *>")
    assert spell(topic).count("/") == topic.count("/")
    assert unspell(spell(topic)) == topic


@pytest.mark.parametrize("topic", ["!x", "a!", "!"])
def test_what_nobody_spelt_stays(topic: str) -> None:
    assert unspell(topic) == topic
