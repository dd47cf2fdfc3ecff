"""What a signal does to lamps and buzzer as time goes by, and the same as a picture (SVG) and as sound (WAV). Pure.

The panel plays `changes`; picture and sound are made of them too, so that what is measured is what a person gets.
"""

from __future__ import annotations

import io
import itertools
import math
import sys
import wave
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hardware.signals import LAMPS, Pattern, Tone

RATE = 48_000
"""Samples a second."""
TAIL_MS = 500
"""Silence after the last tone, and how long a lamp that stays is drawn."""
PX_MS = 5
"""A pixel of the picture is so many milliseconds."""
ROW_PX = 24
LEFT_PX = 80
LEAST_PX = 640
"""So wide that the words fit."""
_AMPLITUDE = 12_000
_COLOURS = {"ready": "#ffffff", "tick": "#00c8a0", "cross": "#ff2020", "bar": "#ffb000", "wrench": "#ffb000"}


@dataclass(frozen=True, slots=True)
class Lit:
    """From a time on these lamps are lit, and no others."""

    at_ms: int
    levels: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Sounding:
    """From a time on the buzzer sounds at a frequency; 0 is silence."""

    at_ms: int
    hz: int


def changes(pattern: Pattern) -> tuple[Lit | Sounding, ...]:
    """Everything that happens, in order. Tones that touch are one sound that changes its pitch."""
    begins = itertools.accumulate((step.ms for step in pattern.steps), initial=0)
    lit = [Lit(at_ms, step.levels) for at_ms, step in zip(begins, pattern.steps, strict=False)]
    return tuple(sorted([*lit, *_sounding(pattern.tones)], key=lambda change: change.at_ms))


def _sounding(tones: Sequence[Tone]) -> Iterator[Sounding]:
    begins = {tone.start_ms for tone in tones}
    for tone in tones:
        yield Sounding(tone.start_ms, tone.hz)
        end_ms = tone.start_ms + tone.length_ms
        if end_ms not in begins:
            yield Sounding(end_ms, 0)


def wav(pattern: Pattern) -> bytes:
    """What a passive buzzer sounds like that is driven by a square wave: 16 bits, mono, `RATE` samples a second."""
    sounds = [change for change in changes(pattern) if isinstance(change, Sounding)]
    ends = [*(sound.at_ms for sound in sounds), _end_ms(pattern)]
    samples = array("h", bytes(2 * _at(ends[0])))
    phase = 0.0
    for sound, end_ms in zip(sounds, ends[1:], strict=True):
        for _ in range(_at(end_ms) - len(samples)):
            samples.append(round(_AMPLITUDE * _square(phase, sound.hz)))
            phase = math.fmod(phase + sound.hz / RATE, 1.0)
    return _file(samples)


def _at(ms: int) -> int:
    return ms * RATE // 1000


def _square(phase: float, hz: int) -> float:
    """A square wave without what lies above half the rate, which would fold down and be heard."""
    if hz == 0:
        return 0.0
    return sum(math.sin(math.tau * n * phase) / n for n in range(1, RATE // (2 * hz) + 1, 2))


def _file(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.tobytes())
    return file.getvalue()


def svg(title: str, pattern: Pattern) -> str:
    """Lamps and buzzer from left to right: a row each, `PX_MS` to the pixel, as opaque as the lamp is bright."""
    end_ms = _end_ms(pattern)
    width, height = max(LEAST_PX, LEFT_PX + end_ms / PX_MS), ROW_PX * (len(LAMPS) + 3)
    rows = [_row(number, name, _lamp_bars(pattern, name, end_ms)) for number, name in enumerate(LAMPS, 1)]
    rows.append(_row(len(LAMPS) + 1, "buzzer", _tone_bars(pattern, end_ms)))
    rows.append(_scale(len(LAMPS) + 2, end_ms))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height}" font-family="sans-serif" '
        f'font-size="13" fill="#ffffff"><rect width="100%" height="100%" fill="#202428"/>'
        f'<text x="4" y="17">{title}: {pattern.zh} / {pattern.en}</text>{"".join(rows)}</svg>\n'
    )


def _end_ms(pattern: Pattern) -> int:
    return max(change.at_ms for change in changes(pattern)) + TAIL_MS


@dataclass(frozen=True, slots=True)
class _Bar:
    from_ms: int
    to_ms: int
    fill: str
    opacity: float
    words: str


def _lamp_bars(pattern: Pattern, name: str, end_ms: int) -> Iterator[_Bar]:
    lit = [change for change in changes(pattern) if isinstance(change, Lit)]
    ends = [*(each.at_ms for each in lit[1:]), end_ms]
    for each, to_ms in zip(lit, ends, strict=True):
        level = each.levels.get(name, 0.0)
        yield _Bar(each.at_ms, to_ms, _COLOURS[name], level, f"{level:.1%}")


def _tone_bars(pattern: Pattern, end_ms: int) -> Iterator[_Bar]:
    sounds = [change for change in changes(pattern) if isinstance(change, Sounding)]
    ends = [*(each.at_ms for each in sounds[1:]), end_ms]
    for each, to_ms in zip(sounds, ends, strict=False):
        yield _Bar(each.at_ms, to_ms, "#80a0ff", min(1.0, each.hz / 4000), f"{each.hz} Hz")


def _row(number: int, name: str, bars: Iterator[_Bar]) -> str:
    y = number * ROW_PX
    drawn = [
        f'<rect x="{LEFT_PX + bar.from_ms / PX_MS:g}" y="{y + 2}" width="{(bar.to_ms - bar.from_ms) / PX_MS:g}" '
        f'height="{ROW_PX - 4}" fill="{bar.fill}" fill-opacity="{bar.opacity:g}"><title>{bar.words}</title></rect>'
        for bar in bars
    ]
    return f'<g id="{name}"><text x="4" y="{y + 17}">{name}</text>{"".join(drawn)}</g>'


def _scale(number: int, end_ms: int) -> str:
    marks = range(0, end_ms + 1, 500)
    return "".join(
        f'<text x="{LEFT_PX + at_ms / PX_MS:g}" y="{number * ROW_PX + 17}">{at_ms / 1000:g} s</text>' for at_ms in marks
    )
