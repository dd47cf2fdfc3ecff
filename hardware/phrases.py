"""The closed table of what the speaker can say, `phrases.toml`, and the files it is said from.

Nobody's name is among them. Nothing is put together at run time but whole phrases, and the numbers of lines.
"""

from __future__ import annotations

import re
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
"""How long a phrase is at most, and the number of a line, which is put together."""
_DIGITS = "零一二三四五六七八九"
_LINE = re.compile(r"line_([1-9][0-9]{0,2})")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Something the speaker can say."""

    zh: str
    en: str
    spoken: str = ""
    """What the synthesiser is given where it would read a character wrongly: the same with pinyin in its place."""


@cache
def phrases() -> Mapping[str, Phrase]:
    """Key to phrase, each in a file of its own; keys of reasons are the codes of the reasons."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {key: parse(row, Phrase) for key, row in table.items()} | _parts()


def spoken(key: str) -> tuple[str, ...]:
    """The phrases that a key is said in: of ``line_1`` to ``line_999`` the parts of 第…行, of others the key itself.

    Empty: there is no such phrase.
    """
    line = _LINE.fullmatch(key)
    if line is not None:
        return "line", *_number(int(line.group(1))), "line_end"
    return (key,) if key in phrases() else ()


@cache
def _parts() -> dict[str, Phrase]:
    """Recorded beside the digits: twenty-one files for the first 999 lines."""
    ends = {"line": Phrase("第", "line"), "line_end": Phrase("行", "(line)", "hang2")}
    tens = {f"tens_{n}": Phrase(f"{_DIGITS[n]}十", f"{n}0") for n in range(1, 10)}
    hundreds = {f"hundreds_{n}": Phrase(f"{_DIGITS[n]}百", f"{n}00") for n in range(1, 10)}
    return {**ends, "ten": Phrase("十", "10"), **tens, **hundreds}


def _number(number: int) -> tuple[str, ...]:
    """As people say it: 十二, 二十, 一百零五, 一百一十."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    parts = [] if not hundreds else [f"hundreds_{hundreds}"]
    if tens:
        parts.append("ten" if not hundreds and tens == 1 else f"tens_{tens}")
    elif hundreds and ones:
        parts.append("digit_0")
    return (*parts, f"digit_{ones}") if ones else tuple(parts)


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
