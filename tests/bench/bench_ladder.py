"""What each rung of the decode ladder is worth, and what each kind of symbol costs.

Every rung is tried on every region that `locate` finds, and on the whole picture, of generated frames and of a folder
of pictures::

    make bench ONLY=ladder IMAGES=DIR          # prints the tables
    make bench ONLY=ladder IMAGES=DIR WRITE=1  # and writes the order found into edge/vision/ladder.toml

The order is greedy: next is the rung with the most reads, of what is still unread, for its time on what can be read at
all: what no rung reads costs the same in any order. A wrong payload undoes ten right ones, ten dot-peened marks are
worth one label, and a rung that adds nothing to these pictures, but reads some of them, comes after the others. The
second table tells for each kind of symbol what looking for it costs on a frame without a code, what it reads, and what
it reads where it is not: the ground of `DEFAULT_FORMATS`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import edge.vision.ladder
from edge.vision.confirm import sure
from edge.vision.ladder import formats_of
from edge.vision.locate import locate
from edge.vision.pixels import Luma
from edge.vision.reads import read_of
from edge.vision.regions import Region
from edge.vision.rungs import RUNGS, Rung
from edge.vision.symbols import read_symbols
from hardware.camera_settings import DEFAULT_FORMATS
from tests.bench.cases import SEED, Case, generated, peened, real
from tests.bench.contest import doubted
from tests.bench.figures import Figure, VoidError
from tests.bench.format_costs import Costs
from tests.bench.readers import OURS, readers
from tests.bench.rung_order import Place, Step, Tried, alone, ranked

TABLE = Path(edge.vision.ladder.__file__).with_name("ladder.toml")
FRAMES = int(os.environ.get("FRAMES", "1"))
KINDS = ("matrix", "linear")
WHOLE = "whole"
LAST = "full"
GLANCES, DOTS = 2, frozenset({"DataMatrix"})
"""So many views for marks of dots as large as the picture are tried early, as long as nothing was read."""
HEAD = """\
# In which order rungs are tried on a region, by what the region looks like, early in a glance at the whole frame, and
# at last on the whole frame.
# Written by: make bench ONLY=ladder IMAGES=DIR WRITE=1
# Behind each rung: regions that it read and no rung before it, of those tried; milliseconds of a try; wrong payloads.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture: what every rung did on each of its regions, by their kind, and on the whole."""

    regions: Mapping[str, Sequence[Place]]
    whole: Place


def measure(_folder: Path) -> list[Figure]:
    _say(f"seed {SEED}, {FRAMES} frames of each condition and size; processor time")
    if not os.environ.get("IMAGES"):
        _say("real pictures: not measured, IMAGES=DIR names a folder of them with its manifest.jsonl")
    seen, costs = list[Seen](), Costs()
    others = [each for each in readers()[0] if each.name != OURS]
    for case in chain(generated(FRAMES), peened(FRAMES), real()):
        luma = case.luma()
        if doubted(case, luma, others):
            continue
        seen.append(_seen(case, luma))
        costs.add(case, luma)
    places = {kind: [place for each in seen for place in each.regions[kind]] for kind in KINDS}
    steps = {kind: _with_rest(ranked(places[kind], _rungs(kind))[0], places[kind], _rungs(kind)) for kind in KINDS}
    places[WHOLE] = [each.whole for each in seen if not _read(each, steps)]
    steps[WHOLE] = _with_last(ranked(places[WHOLE], tuple(RUNGS))[0], places[WHOLE])
    for name in (*KINDS, WHOLE):
        _tell(name, places[name], steps[name])
    costs.tell(_say)
    if os.environ.get("WRITE") == "1":
        _write(steps)
    return list(_figures(seen, steps))


def _rungs(kind: str) -> tuple[str, ...]:
    return tuple(name for name, rung in RUNGS.items() if kind in rung.kinds and name != LAST)


def _seen(case: Case, luma: Luma) -> Seen:
    regions: dict[str, list[Place]] = {kind: [] for kind in KINDS}
    for region in locate(luma):
        regions[region.kind].append(_place(case, luma, region, _rungs(region.kind)))
    everything = Region(0, 0, luma.shape[1], luma.shape[0], "matrix")
    return Seen(regions, _place(case, luma, everything, (*_rungs("matrix"), LAST)))


def _place(case: Case, luma: Luma, region: Region, rungs: Sequence[str]) -> Place:
    tries = {name: _tried(case, luma, region, RUNGS[name]) for name in rungs}
    return Place({name: each for name, each in tries.items() if each is not None}, case.weight)


def _tried(case: Case, luma: Luma, region: Region, rung: Rung) -> Tried | None:
    """None: the rung declines."""
    began = time.process_time()
    view = rung.make(region.crop(luma), region)
    if view is None:
        return None
    formats = formats_of(rung, region.kind, DEFAULT_FORMATS)
    found = read_symbols(view.luma, formats, rotate=rung.rotate, invert=rung.invert, downscale=rung.downscale)
    if rung.complete is not None:
        found = tuple(rung.complete(view.luma, symbol) for symbol in found)
    ms = (time.process_time() - began) * 1e3
    reads = [read_of(symbol, view.back, rung=rung.name, t0_ns=0, took_ms=ms) for symbol in found]
    right = any(case.holds(each.payload) for each in reads)
    return Tried(ms, right=right, wrong=sum(sure(each) and not case.holds(each.payload) for each in reads))


def _read(seen: Seen, steps: Mapping[str, Sequence[Step]]) -> bool:
    """Whether a region of the picture was read by a rung of the order."""
    return any(place.read_by(step.rung) for kind in KINDS for place in seen.regions[kind] for step in steps[kind])


def _with_rest(steps: Sequence[Step], places: Sequence[Place], rungs: Sequence[str]) -> list[Step]:
    """What the pictures did not need may be what the next one needs."""
    taken = {step.rung for step in steps}
    rest = [alone(places, rung) for rung in rungs if rung not in taken]
    spare = sorted((step for step in rest if step.worth > 0), key=lambda step: -step.worth)
    return [*steps, *(replace(step, gained=0) for step in spare)]


def _with_last(steps: Sequence[Step], places: Sequence[Place]) -> list[Step]:
    """The frame as it is comes last, even if it added nothing here: it is the one that needs no guess at sizes."""
    before = [step for step in steps if step.rung != LAST]
    left = [place for place in places if not any(place.read_by(step.rung) for step in before)]
    return [*before, alone(left, LAST)]


def _tell(name: str, places: Sequence[Place], steps: Sequence[Step]) -> None:
    _say(f"{name}: {len(places)} places")
    for step in steps:
        _say(f"  {_line(step)}")
    rest = {rung for place in places for rung in place.tries} - {step.rung for step in steps}
    for rung in sorted(rest):
        by_itself = alone(places, rung)
        _say(f"  {'(' + rung + ')':18} adds nothing; alone {by_itself.gained} at {by_itself.ms:.2f} ms")


def _line(step: Step) -> str:
    return f"{step.rung:18} {step.gained} of {step.tried}, {step.ms:.2f} ms, {step.wrong} wrong"


def _write(steps: Mapping[str, Sequence[Step]]) -> None:
    unread = [kind for kind, found in steps.items() if not found]
    if unread:
        raise VoidError(f"nothing was read in regions of the kind {', '.join(unread)}: {TABLE.name} stays as it is")
    TABLE.write_text(_toml(steps), encoding="utf-8")
    _say(f"written: {TABLE}")


def _toml(steps: Mapping[str, Sequence[Step]]) -> str:
    lines = [HEAD]
    glance = [step for step in steps[WHOLE] if RUNGS[step.rung].formats == DOTS][:GLANCES]
    whole = [step for step in steps[WHOLE] if step not in glance]
    for name, found in (*((kind, steps[kind]) for kind in KINDS), ("glance", glance), (WHOLE, whole)):
        rows = (f'    "{step.rung}",'.ljust(24) + f"  # {_line(step).split(maxsplit=1)[1]}" for step in found)
        lines.append("\n".join((f"{name} = [", *rows, "]\n")))
    return "\n".join(lines)


def _figures(seen: Sequence[Seen], steps: Mapping[str, Sequence[Step]]) -> Iterator[Figure]:
    wrong = sum(step.wrong for found in steps.values() for step in found)
    rungs = {name: float(len(found)) for name, found in steps.items()}
    yield Figure("ladder.wrong", float(wrong), "reads", 0, {"pictures": float(len(seen)), **rungs})


def _say(words: str) -> None:
    print(f"  {words}", flush=True)  # noqa: T201
