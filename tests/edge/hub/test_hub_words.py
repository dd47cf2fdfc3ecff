"""Every code that stations put on the wire has words in both languages, and those of cards are the cards'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge import cards, wire
from edge.cards import Card, CardKind
from edge.hub.words import OUTCOMES, REASONS, STEPS, TASKS, Words, pair, word
from edge.rules.verdict import Outcome, TaskName
from edge.station.tasks.acts import ACTS

SCHEMA: dict[str, Any] = json.loads(
    (Path(wire.__file__).with_name("schema") / "event.schema.json").read_text(encoding="utf-8")
)["$defs"]


def changes(kind: str) -> list[str]:
    found: list[str] = SCHEMA[kind]["properties"]["change"]["properties"]["what"]["enum"]
    return found


CODES: dict[str, tuple[Words, list[str]]] = {
    "tasks": (TASKS, [*map(str, TaskName)]),
    "acts": (TASKS, [*ACTS]),
    "reasons": (REASONS, [*cards.values(CardKind.REASON), *cards.values(CardKind.OVERRIDE)]),
    "acts that are reasons": (REASONS, ["BROKEN", "MIXED", "SHORT", "OVER", "REFUSE", "HOLD", "SUPPLIER"]),
    "a lot that nobody knows": (REASONS, ["LOT_UNKNOWN"]),
    "sessions": (STEPS, changes("session")),
    "documents": (STEPS, changes("document")),
}


@pytest.mark.parametrize(("words", "codes"), CODES.values(), ids=CODES.keys())
def test_every_code_of_the_wire_has_words_in_both_languages(words: Words, codes: list[str]) -> None:
    assert [code for code in codes if code not in words] == []
    for code in codes:
        zh, en = words[code]
        assert any("\u4e00" <= each <= "\u9fff" for each in zh), code
        assert en.isascii(), code
        assert en.strip(), code


def test_every_outcome_has_a_mark_and_words() -> None:
    assert OUTCOMES.keys() == set(map(str, Outcome))


def test_the_words_are_those_on_the_cards() -> None:
    assert pair(REASONS, "WRONG-SIZE") == cards.words(Card(CardKind.REASON, "WRONG_SIZE", "1"))
    assert pair(TASKS, "SHIP") == cards.words(Card(CardKind.TASK, "SHIP", "1"))
    assert (word(TASKS, None), word(TASKS, "FUTURE"), word(TASKS, "BIND", "en")) == ("–", "FUTURE", "bind house code")
