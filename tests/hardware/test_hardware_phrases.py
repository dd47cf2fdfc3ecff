"""The files of the phrases, and how they are put one after the other."""

from __future__ import annotations

import wave

import pytest

from hardware.phrases import MOST_S, RATE, VOICE, chinese, phrases, samples
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
    assert len(whole) == 2 * (len(samples("line_7")) + len(samples("no_udi")))
    assert not any(sound(("no_udi",), 0.0))


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (7, "七"), (10, "十"), (12, "十二"), (20, "二十"), (40, "四十")]
)
def test_numbers_are_said_as_people_do(number: int, words: str) -> None:
    assert chinese(number) == words
    assert phrases()[f"line_{number}"].zh == f"第{words}行"


def test_there_is_no_other_phrase() -> None:
    with pytest.raises(KeyError):
        samples("somebody's name")
