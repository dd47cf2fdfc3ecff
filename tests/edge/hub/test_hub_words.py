"""Every code that stations put on the wire has words in both languages, and those of cards are the cards'."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge import cards, wire
from edge.cards import Card, CardKind
from edge.hub.words import OUTCOMES, REASONS, STEPS, TASKS, WHYS, Words, pair, said, word
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
    "why something changed": (WHYS, [*WHYS]),
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


SAID = {
    "12 h": ("12 小时未动", "untouched for 12 h"),
    "pending 2": ("未用未退 2", "neither used nor returned: 2"),
    "emergency E-7": ("急诊临时号 E-7", "emergency number E-7"),
    "short 1 of 3 lines": ("短少行数 1 / 3", "short lines: 1 / 3"),
    "differs 3:-6 0:+1": ("与清单不符 3:-6 0:+1", "differs from the list: 3:-6 0:+1"),
    "card": ("病例卡", "case card"),
    "a word of later 3": ("a word of later 3", "a word of later 3"),
    None: ("", ""),
}


@pytest.mark.parametrize(("why", "expected"), SAID.items())
def test_why_something_changed_is_said_in_both_languages(why: str | None, expected: tuple[str, str]) -> None:
    assert (said(why, "zh"), said(why, "en")) == expected
