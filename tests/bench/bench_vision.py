"""The camera path beside other readers, on the same frames in the same run.

Rates on generated frames (`tests.bench.cases`) compare readers; they are no field rates. Pictures with truth come from
a folder::

    make bench ONLY=vision IMAGES=DIR FRAMES=12 SEED=5

`IMAGES` holds pictures and a ``manifest.jsonl`` (`tests.support.images`), `FRAMES` is the number of frames of each
condition and size (3), `SEED` chooses others. Times are processor time. Beside each rate stand wrong payloads.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from edge.vision.eye import Eye
from tests.bench.cases import FORMATS, NONE, OVER, PX, SEED, SEEN, generated, peened, real, turned_over
from tests.bench.contest import Contest, Tally, hold
from tests.bench.figures import Figure
from tests.bench.readers import OURS, ZXING, Reader, readers
from tests.support import frames
from tests.support.frames import CONDITIONS, Kind

FRAMES = int(os.environ.get("FRAMES", "3"))
FRAMES_PER_S = 10
RATES: dict[Kind, float] = {"datamatrix": 0.97, "qr": 0.98, "code128": 0.90}
TIME_RATIOS: dict[Kind, float | None] = {"datamatrix": 0.06, "qr": None, "code128": None}
STILL_PX, STILL_FRAMES, STILL_RATE = 1.75, 4, 0.90
SHEETS, STICKERS, SHEET_MS = 3, 12, 400.0
IDLE_MS, IDLE_LOOKS, IDLE_S = 0.1, 200, 5.0


def measure(_folder: Path) -> list[Figure]:
    found, missing = readers()
    _say(f"seed {SEED}, {FRAMES} frames of each condition and size; processor time")
    for each in missing:
        _say(f"not measured: {each}")
    contest = hold(chain(generated(FRAMES), turned_over(FRAMES), peened(FRAMES)), found, seed=SEED)
    figures = [figure for kind in FORMATS for figure in _kind(contest, kind)]
    figures += [_rate(f"vision.{name}_rate", _together(contest, name), None) for name in (*OVER, "peened")]
    figures += [_none("vision.false_reads", _together(contest, NONE)), *_still(), *_sheets(), _idle()]
    figures += _real(found)
    for fault in contest.faults:
        _say(fault)
    return figures


def _kind(contest: Contest, kind: Kind) -> Iterator[Figure]:
    """Rate and time of one kind of symbol, and a table of its conditions and sizes."""
    all_of = _together(contest, kind)
    _say(f"{kind}: {OURS}/{ZXING} of {FRAMES} read at {', '.join(f'{px:g}' for px in PX)} px")
    for condition in SEEN[kind]:
        cells = [contest.of(f"{kind} {condition} {px:g}") for px in PX]
        _say(f"  {condition:12} " + "  ".join(f"{each[OURS].read}/{each[ZXING].read}" for each in cells))
    ours, zxing = all_of[OURS], all_of[ZXING]
    yield _rate(f"vision.{kind}_rate", all_of, RATES[kind])
    yield Figure(
        f"vision.{kind}_time",
        ours.median_ms / zxing.median_ms,
        "x zxing",
        TIME_RATIOS[kind],
        {"of_means": ours.mean_ms / zxing.mean_ms, **_times(all_of), "ours_p95_ms": ours.p95_ms},
    )


def _rate(name: str, tallies: dict[str, Tally], goal: float | None) -> Figure:
    rivals = {each: tally.rate for each, tally in tallies.items() if each != OURS}
    wrong = {f"{each}_wrong": float(tally.wrong) for each, tally in tallies.items()}
    return Figure(
        name, tallies[OURS].rate, "share", goal, {"of": float(tallies[OURS].of), **rivals, **wrong}, floor=True
    )


def _none(name: str, tallies: dict[str, Tally]) -> Figure:
    """What was read where nothing is."""
    rivals = {each: float(tally.wrong) for each, tally in tallies.items() if each != OURS}
    frames_seen = {"frames": float(len(tallies[OURS].ms))}
    return Figure(name, float(tallies[OURS].wrong), "reads", 0, frames_seen | rivals | _times(tallies))


def _times(tallies: dict[str, Tally]) -> dict[str, float]:
    return {f"{each}_ms": tally.median_ms for each, tally in tallies.items()}


def _together(contest: Contest, start: str) -> dict[str, Tally]:
    """The tallies of all sets whose names begin so, by the name of the reader."""
    whole: dict[str, Tally] = {}
    for group, tallies in contest.tallies.items():
        for name, tally in tallies.items() if group.startswith(start) else ():
            sum_ = whole.setdefault(name, Tally())
            sum_.of, sum_.read, sum_.wrong = sum_.of + tally.of, sum_.read + tally.read, sum_.wrong + tally.wrong
            sum_.ms.extend(tally.ms)
    return dict(sorted(whole.items()))


def _real(found: Sequence[Reader]) -> list[Figure]:
    """No set of real pictures below zxing-cpp."""
    cases = real()
    if not cases:
        _say("real pictures: not measured, IMAGES=DIR names a folder of them with its manifest.jsonl")
        return []
    contest = hold(cases, found, seed=SEED)
    for fault in contest.faults:
        _say(fault)
    return [
        *_sets(contest),
        Figure("vision.real.wrong", float(contest.wrong(OURS)), "reads", 0, _wrongs(contest, found)),
    ]


def _sets(contest: Contest) -> Iterator[Figure]:
    for group in sorted(contest.tallies):
        tallies = dict(sorted(contest.of(group).items()))
        if tallies[OURS].of == 0:
            yield _none(f"vision.real.{group}", tallies)
            continue
        figure = _rate(f"vision.real.{group}", tallies, tallies[ZXING].rate)
        yield Figure(figure.name, figure.value, "share", figure.goal, {**figure.rivals, **_times(tallies)}, floor=True)


def _wrongs(contest: Contest, found: Sequence[Reader]) -> dict[str, float]:
    return {each.name: float(contest.wrong(each.name)) for each in found if each.name != OURS}


def _still() -> Iterator[Figure]:
    """A label held still, at which a single frame fails: how many read within four frames of a camera."""
    read = wrong = 0
    labels = 2 * FRAMES
    for number in range(labels):
        scene, placed = frames.scene("datamatrix", STILL_PX, seed=SEED * 7001 + number)
        eye, payloads = Eye(), set[bytes]()
        for turn in range(STILL_FRAMES):
            luma = frames.again(scene, CONDITIONS["typical"], seed=number * 100 + turn)
            payloads |= {each.payload for each in eye.look(luma, turn * 10**9 // FRAMES_PER_S).reads}
        read += placed.payload in payloads
        wrong += len(payloads - {placed.payload})
    rivals = {"labels": float(labels), "wrong": float(wrong)}
    yield Figure("vision.held_still_rate", read / labels, "share", STILL_RATE, rivals, floor=True)


def _sheets() -> Iterator[Figure]:
    """An implant form with twelve stickers in one picture."""
    counts, wrong, ours_ms, zxing = [], 0, list[float](), list[int]()
    readers_ = {each.name: each for each in readers()[0]}
    for number in range(SHEETS):
        taken = frames.sheet("datamatrix", 3.0, seed=SEED * 31 + number, condition=CONDITIONS["typical"])
        truth = {each.payload for each in taken.truth}
        payloads, ms = readers_[OURS].timed(taken.luma, STICKERS)
        counts.append(len(payloads & truth))
        wrong += len(payloads - truth)
        ours_ms.append(ms)
        zxing.append(len(readers_[ZXING].timed(taken.luma, STICKERS)[0] & truth))
    rivals = {"zxing_least": float(min(zxing)), "wrong": float(wrong), "sheets": float(SHEETS)}
    yield Figure("vision.sheet_of_12_least", float(min(counts)), "codes", STICKERS, rivals, floor=True)
    yield Figure("vision.sheet_of_12_ms", statistics.median(ours_ms), "ms", SHEET_MS, {"most": max(ours_ms)})


def _idle() -> Figure:
    """A look at an empty view in which nothing changes, once the eye has settled."""
    eye, took = Eye(), list[float]()
    luma = frames.empty("plain", seed=SEED)
    until = time.monotonic() + IDLE_S
    for number in range(IDLE_LOOKS):
        again = luma.copy()
        began = time.process_time()
        eye.look(again, number * 10**9 // FRAMES_PER_S)
        took.append((time.process_time() - began) * 1e3)
        if time.monotonic() > until:
            break
    settled = took[len(took) // 2 :]
    rivals = {"first": took[0], "most": max(settled), "looks": float(len(settled))}
    return Figure("vision.idle_frame_ms", statistics.median(settled), "ms", IDLE_MS, rivals)


def _say(words: str) -> None:
    print(f"  {words}", flush=True)  # noqa: T201
