"""The files of the phrases, and how they are put one after the other."""

from __future__ import annotations

import wave

import pytest

from hardware.phrases import MOST_S, RATE, VOICE, phrases, samples, spoken
from hardware.speaker import sound

LOUD, CLIPPED = 60, 126
"""Of 127: a peak below the first is hard to hear, one above the second is cut off."""


@pytest.mark.parametrize("key", phrases())
def test_every_phrase_has_a_file_that_can_be_heard_in_time(key: str) -> None:
    with wave.open(str(VOICE / f"{key}.wav")) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (RATE, 1, 1)
    said = samples(key)
    assert 0.15 * RATE <= len(said) <= MOST_S * RATE
    assert LOUD <= max(abs(each - 128) for each in said) < CLIPPED


def test_no_file_is_of_no_phrase() -> None:
    assert {file.stem for file in VOICE.iterdir()} == set(phrases())


def test_phrases_are_said_one_after_the_other_as_loud_as_asked() -> None:
    whole = sound(("line_7", "no_udi"), 1.0)
    parts = ("line", "digit_7", "line_end", "no_udi")
    assert len(whole) == 2 * sum(len(samples(part)) for part in parts)
    assert not any(sound(("no_udi",), 0.0))


LINES = {
    1: "第一行", 7: "第七行", 10: "第十行", 12: "第十二行", 20: "第二十行", 41: "第四十一行", 99: "第九十九行",
    100: "第一百行", 105: "第一百零五行", 110: "第一百一十行", 117: "第一百一十七行", 200: "第二百行",
    999: "第九百九十九行",
}  # fmt: skip


@pytest.mark.parametrize(("number", "words"), LINES.items())
def test_lines_are_said_as_people_do(number: int, words: str) -> None:
    assert "".join(phrases()[part].zh for part in spoken(f"line_{number}")) == words


def test_every_line_is_said_in_time() -> None:
    lengths = [len(sound((f"line_{number}",), 1.0)) / 2 / RATE for number in range(1, 1000)]
    assert min(lengths) > 0.3
    assert max(lengths) <= MOST_S


@pytest.mark.parametrize("key", ["line_0", "line_1000", "line_01", "line_x", "somebody's name"])
def test_what_is_no_phrase_is_said_in_none(key: str) -> None:
    assert spoken(key) == ()


def test_there_is_no_other_phrase() -> None:
    with pytest.raises(KeyError):
        samples("somebody's name")
