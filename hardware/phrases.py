"""The closed table of what the speaker can say, `phrases.toml`, and the files it is said from.

Nobody's name is among them, and nothing is put together at run time but whole phrases.
"""

from __future__ import annotations

import tomllib
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hardware.host.toml import parse

TABLE = Path(__file__).with_name("phrases.toml")
VOICE = Path(__file__).with_name("voice") / "zh-CN"
RATE = 16_000
"""Samples a second of every file."""
MOST_S = 2.0
"""How long a phrase is at most."""
MOST_LINE = 40
"""The last line of a document that has a phrase of its own."""
_DIGITS = "零一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something the speaker can say."""

    zh: str
    en: str
    spoken: str = ""
    """What the synthesiser is given where it would read a character wrongly: the same with pinyin in its place."""


@cache
def phrases() -> Mapping[str, Phrase]:
    """Key to phrase; keys of reasons are the codes of the reasons, lines are ``line_1`` to ``line_40``."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {key: parse(row, Phrase) for key, row in table.items()} | _lines()


def _lines() -> dict[str, Phrase]:
    numbers = [(number, chinese(number)) for number in range(1, MOST_LINE + 1)]
    return {f"line_{n}": Phrase(f"第{zh}行", f"line {n}", f"第{zh}hang2") for n, zh in numbers}


def chinese(number: int) -> str:
    """A number from 0 to 99 in Chinese."""
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")


@cache
def samples(key: str) -> bytes:
    """The phrase as it was recorded: 8 bits unsigned, mono, `RATE` samples a second.

    Raises:
        KeyError: there is no such phrase.
    """
    if key not in phrases():
        raise KeyError(key)
    with wave.open(str(VOICE / f"{key}.wav"), "rb") as reader:
        return reader.readframes(reader.getnframes())
