"""What a signal sounds and looks like to whoever has only its WAV and its picture, and what no signal may be.

The bounds are those of alarms in the room: red that flashes at 1.4 to 2.8 Hz and yellow at 0.4 to 0.8 Hz, 3 + 2 and 3
tones, pulses of 150 to 1000 Hz; and of WCAG 2.3.1, three flashes a second.
"""

from __future__ import annotations

import io
import itertools
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from hardware.signals import LAMPS, Pattern, Signal
from hardware.timeline import svg, wav

SVG = "{http://www.w3.org/2000/svg}"
LOWEST_HZ = 2000
GAP_MS = 5
"""A shorter silence splits no tone."""
TELLS_APART = 1.5
"""Lengths of sound that differ less are one rhythm."""
BRIGHTER = 2.0
"""Levels that differ less are one brightness."""


@dataclass(frozen=True)
class Pulse:
    start_ms: int
    length_ms: int
    pitches: tuple[int, ...]


def pulses(sound: bytes) -> tuple[Pulse, ...]:
    with wave.open(io.BytesIO(sound)) as reader:
        rate = reader.getframerate()
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(float)
    step = rate // 1000
    loud = np.abs(samples[: len(samples) // step * step]).reshape(-1, step).max(axis=1) > 500
    runs = [(key, len(list(run))) for key, run in itertools.groupby(loud.tolist())]
    found: list[tuple[int, int]] = []
    at = 0
    for is_loud, length in runs:
        if is_loud and found and at - found[-1][1] < GAP_MS:
            found[-1] = (found[-1][0], at + length)
        elif is_loud:
            found.append((at, at + length))
        at += length
    return tuple(Pulse(a, b - a, _pitches(samples[a * step : b * step], rate)) for a, b in found)


def _pitches(samples: NDArray[np.float64], rate: int) -> tuple[int, ...]:
    """The frequencies one after the other, by the time between upward crossings of zero."""
    up = np.flatnonzero((samples[:-1] < 0) & (samples[1:] >= 0))
    exact = up - samples[up] / (samples[up + 1] - samples[up])
    heard: list[int] = []
    for ten in range(0, len(exact) - 10, 10):
        hz = round(10 * rate / (exact[ten + 10] - exact[ten]))
        if not heard or abs(hz - heard[-1]) > heard[-1] / 20:
            heard.append(hz)
    return tuple(heard)


Trace = NDArray[np.float64]


def traces(picture: str) -> dict[str, Trace]:
    """Brightness of each window, pixel by pixel."""
    found = {}
    for group in ET.fromstring(picture).iter(f"{SVG}g"):  # noqa: S314 - made here
        bars = group.findall(f"{SVG}rect")
        found[group.attrib["id"]] = np.concatenate(
            [np.full(round(float(bar.attrib["width"])), float(bar.attrib["fill-opacity"])) for bar in bars]
            or [np.zeros(0)]
        )
    return found


def rises(trace: Trace, before: float, ms: float) -> list[float]:
    """When a window became brighter, in ms."""
    levels = np.concatenate([[before], trace])
    return [n * ms for n in range(len(trace)) if levels[n + 1] > 0 and levels[n + 1] >= BRIGHTER * levels[n]]


Heard = Mapping[Signal, tuple[Pulse, ...]]


def bad_sounds(table: Heard) -> Iterator[str]:
    for signal, heard in table.items():
        if any(hz < LOWEST_HZ * 0.99 for pulse in heard for hz in pulse.pitches):
            yield f"{signal}: low"
        if len(heard) in (3, 5) and _alike([pulse.length_ms for pulse in heard]):
            yield f"{signal}: {len(heard)} equal pulses"
        if [len(group) for group in _groups(heard)] == [3, 2]:
            yield f"{signal}: 3 + 2"


def _alike(lengths: list[int]) -> bool:
    return max(lengths) < 1.2 * min(lengths)


def _groups(heard: tuple[Pulse, ...]) -> list[list[Pulse]]:
    groups: list[list[Pulse]] = []
    for pulse in heard:
        if groups and pulse.start_ms - groups[-1][-1].start_ms < 400:
            groups[-1].append(pulse)
        else:
            groups.append([pulse])
    return groups


def bad_lights(table: Mapping[Signal, Pattern], ms: float) -> Iterator[str]:
    rest = traces(svg("", table[Signal.READY]))
    for signal, pattern in table.items():
        seen = traces(svg("", pattern))
        for lamp in LAMPS:
            times = rises(seen[lamp], rest[lamp][-1], ms)
            if any(0.4 <= 1000 / (b - a) <= 2.8 for a, b in itertools.pairwise(times)):
                yield f"{signal}: {lamp} blinks"
            if any(b - a <= 1000 for a, b in zip(times, times[3:], strict=False)):
                yield f"{signal}: {lamp} flashes"


def rhythm(heard: tuple[Pulse, ...]) -> tuple[float, ...]:
    """Lengths of pulses and of the gaps between them: all that an active buzzer tells."""
    marks = [mark for pulse in heard for mark in (pulse.start_ms, pulse.start_ms + pulse.length_ms)]
    return tuple(float(b - a) for a, b in itertools.pairwise(marks))


def same_sounds(table: Heard) -> Iterator[str]:
    rhythms = {signal: rhythm(heard) for signal, heard in table.items() if heard}
    for (one, a), (other, b) in itertools.combinations(rhythms.items(), 2):
        if len(a) == len(b) and all(max(x, y) < TELLS_APART * min(x, y) for x, y in zip(a, b, strict=True)):
            yield f"{one} sounds like {other}"


Shape = tuple[frozenset[str], ...]


def shape(pattern: Pattern, ready: Pattern) -> Shape:
    """Which windows stand out from the ready panel, one after the other; not how bright, not for how long."""
    rest, seen = traces(svg("", ready)), traces(svg("", pattern))
    pixels = [
        frozenset(_stands_out(lamp, float(seen[lamp][n]), float(rest[lamp][-1])) for lamp in LAMPS) - {""}
        for n in range(len(seen["ready"]))
    ]
    return tuple(windows for windows, _ in itertools.groupby(pixels))


def _stands_out(lamp: str, level: float, rest: float) -> str:
    if level > 0 and level >= BRIGHTER * rest:
        return lamp
    return f"no {lamp}" if rest >= BRIGHTER * level and rest > 0 else ""


def same_shapes(table: Mapping[Signal, Pattern]) -> Iterator[str]:
    seen = {signal: shape(pattern, table[Signal.READY]) for signal, pattern in table.items()}
    for (one, a), (other, b) in itertools.combinations(seen.items(), 2):
        if a == b:
            yield f"{one} looks like {other}"


def complaints(table: Mapping[Signal, Pattern], ms: float) -> list[str]:
    heard = {signal: pulses(wav(pattern)) for signal, pattern in table.items()}
    return [*bad_sounds(heard), *bad_lights(table, ms), *same_sounds(heard), *same_shapes(table)]
