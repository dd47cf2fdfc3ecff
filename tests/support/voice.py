"""Makes the files of `hardware.phrases`: ``make voice``, with espeak-ng and pypinyin.

espeak-ng reads pinyin well and characters badly, so every phrase is turned into pinyin first; where a character has
another reading than the usual one the table says so (`Phrase.spoken`).
"""

from __future__ import annotations

import io
import subprocess
import wave
from array import array
from collections.abc import Sequence

from pypinyin import Style, lazy_pinyin

from hardware.phrases import MOST_S, RATE, VOICE, Phrase, phrases

SPEEDS = (185, 210, 235, 260)
"""Words a minute; the slowest at which a phrase keeps its time."""
PEAK = 0.8
QUIET = 0.02
"""Share of full scale below which there is nothing to hear, at either end."""


def pinyin(phrase: Phrase) -> str:
    """What the synthesiser is given."""
    return " ".join(lazy_pinyin(phrase.spoken or phrase.zh, style=Style.TONE3, neutral_tone_with_five=True))


def made(phrase: Phrase) -> bytes:
    """A phrase as 8 bits unsigned, mono, `RATE` samples a second.

    Raises:
        ValueError: it takes longer than `MOST_S` however fast.
    """
    for speed in SPEEDS:
        loud = _trimmed(_spoken(pinyin(phrase), speed))
        if len(loud) <= MOST_S * RATE:
            most = max(abs(each) for each in loud)
            return bytes(round(128 + 127 * PEAK * each / most) for each in loud)
    raise ValueError(f"{phrase.zh}: longer than {MOST_S} s at {SPEEDS[-1]} words a minute; use fewer words")


def _spoken(text: str, speed: int) -> Sequence[float]:
    done = subprocess.run(
        ["espeak-ng", "-b", "1", "-v", "cmn-latn-pinyin", "-s", str(speed), "--stdout", text],
        check=True,
        capture_output=True,
    )
    with wave.open(io.BytesIO(done.stdout)) as reader:
        rate, samples = reader.getframerate(), array("h", reader.readframes(2**24))
    step = rate / RATE
    count = int((len(samples) - 1) / step)
    return [_between(samples, place * step) / 32768 for place in range(count)]


def _between(samples: Sequence[int], place: float) -> float:
    at, share = int(place), place % 1
    return samples[at] * (1 - share) + samples[at + 1] * share


def _trimmed(samples: Sequence[float]) -> Sequence[float]:
    heard = [place for place, each in enumerate(samples) if abs(each) >= QUIET]
    return samples[heard[0] : heard[-1] + 1]


def main() -> None:
    VOICE.mkdir(parents=True, exist_ok=True)
    for key, phrase in phrases().items():
        with wave.open(str(VOICE / f"{key}.wav"), "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(1)
            writer.setframerate(RATE)
            writer.writeframes(made(phrase))
    print(f"voice: {len(phrases())} phrases in {VOICE}")  # noqa: T201


if __name__ == "__main__":
    main()
