"""Half an hour of generated video through the eye and the station's intake: nothing lost, nothing doubled, flat memory.

``make bench ONLY=soak MINUTES=30``; two minutes if nothing is said. Time is the video's own: it goes as fast as it can.
The idle frame and the label at 1.75 pixels per module are measured on frames of 1920 x 1080 beside it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from edge.station.intake import Intake, Presented
from edge.udi.presentation import Shape
from edge.vision.eye import Eye, Look
from tests.bench.figures import Figure, percentile
from tests.support import frames
from tests.support.video import Director, Laid, Script, Video, times

SEED = int(os.environ.get("SEED", "6"))
PER_SECOND = 15.0
TODAY = date(2026, 11, 24)
SECOND_NS = 1_000_000_000
SLACK_S = 1.0
"""Before a thing lies still it may be read in the hand, and after it was touched while it leaves."""
STILLS, STILL_FRAMES = 40, 4
IDLES = 300


@dataclass(slots=True)
class Soak:
    """What came of a run."""

    told: list[tuple[float, bytes | None, Shape]] = field(default_factory=list)
    """When, what, and as which shape the station would have judged."""
    prompts: list[tuple[float, int]] = field(default_factory=list)
    idle_ms: list[float] = field(default_factory=list)
    busy_ms: list[float] = field(default_factory=list)
    resident_kb: list[int] = field(default_factory=list)


def measure(_folder: Path) -> list[Figure]:
    minutes = float(os.environ.get("MINUTES", "2"))
    script = Director(SEED).write(minutes)
    began = time.monotonic()
    ran = run(script, minutes)
    pace = (time.monotonic() - began) / (minutes * 60)
    return [*_counted(script, minutes, ran), *_spent(ran, pace), _idle(), _stills()]


def run(script: Script, minutes: float) -> Soak:
    """Show the video to an eye whose looks go to an intake; the lamp obeys the eye."""
    video, eye, intake, soak = Video(script, seed=SEED), Eye(), Intake(), Soak()
    lamp = True
    for number, time_s in enumerate(times(minutes, PER_SECOND)):
        luma, t0_ns = video.frame(time_s, lamp=lamp), int((time_s + 1) * SECOND_NS)
        began = time.thread_time_ns()
        look = eye.look(luma, t0_ns)
        took_ms = (time.thread_time_ns() - began) / 1e6
        (soak.busy_ms if look.present or look.changed else soak.idle_ms).append(took_ms)
        for presented in told(intake, look, t0_ns):
            udi = presented.presentation.reads[0].payload if presented.presentation.reads else None
            soak.told.append((time_s, udi, presented.presentation.shape))
        if look.prompt is not None:
            soak.prompts.append((time_s, look.prompt))
        lamp = look.light
        if number % 150 == 0:
            soak.resident_kb.append(_resident_kb())
    return soak


def told(intake: Intake, look: Look, t0_ns: int) -> list[Presented]:
    """What the station makes of a look."""
    out = intake.tick(t0_ns)
    if look.gone_ns is not None:
        out += intake.seen((), look.gone_ns, TODAY)
    if look.changed:
        out += intake.seen(look.reads, t0_ns, TODAY)
    return out


def _counted(script: Script, minutes: float, ran: Soak) -> Iterator[Figure]:
    whole = [each for each in script.laid if each.until_s < minutes * 60 - SLACK_S]
    readable = [each for each in whole if each.payload is not None]
    lost, doubled, _ = compare(readable, ran.told)
    *_, foreign = compare(script.laid, ran.told)
    acts = Counter(each.act for each in readable)
    wrong = Counter(f"lost {each.act}" for each in lost) + Counter(f"doubled {each.act}" for each in doubled)
    yield Figure("soak.lost", len(lost), "of shown", 0, {"shown": len(readable), **acts})
    yield Figure("soak.doubled", len(doubled), "more", 0, dict(wrong))
    yield Figure("soak.false_or_wrong", len(foreign), "reads", 0)
    asked = [each for each in whole if each.payload is None]
    right = sum(prompts_in(ran.prompts, each) == [1, 2] for each in asked)
    yield Figure("soak.prompts_missed", len(asked) - right, "of laid", 0, {"laid": len(asked)})
    spare = len(ran.prompts) - sum(len(prompts_in(ran.prompts, each)) for each in script.laid if each.payload is None)
    yield Figure("soak.prompts_for_nothing", spare, "prompts", 0)


def compare(
    shown: Sequence[Laid], heard: Sequence[tuple[float, bytes | None, Shape]]
) -> tuple[list[Laid], list[Laid], list[tuple[float, bytes | None, Shape]]]:
    """What was shown and not told, shown once and told again, told and not shown."""
    left, lost, doubled = list(heard), [], []
    for each in shown:
        own = [one for one in left if _is_of(one, each)]
        if not own:
            lost.append(each)
        else:
            left.remove(own[0])
    for one in list(left):
        of = [each for each in shown if _is_of(one, each)]
        if of:
            doubled.append(of[-1])
            left.remove(one)
    return lost, doubled, left


def _is_of(heard: tuple[float, bytes | None, Shape], laid: Laid) -> bool:
    at_s, payload, shape = heard
    inside = laid.since_s - SLACK_S <= at_s <= laid.until_s + SLACK_S
    return inside and payload == laid.payload and shape is Shape.COMPLETE


def prompts_in(prompts: Sequence[tuple[float, int]], laid: Laid) -> list[int]:
    """The prompts while a thing lay there."""
    return [number for at_s, number in prompts if laid.since_s <= at_s <= laid.until_s + SLACK_S]


def _spent(ran: Soak, pace: float) -> Iterator[Figure]:
    third = max(1, len(ran.resident_kb) // 3)
    first, last = (sum(part) / len(part) / 1024 for part in (ran.resident_kb[:third], ran.resident_kb[-third:]))
    yield Figure("soak.memory_growth", last - first, "MB", 10.0, {"first": first, "last": last})
    for name, spent in (("idle", ran.idle_ms), ("busy", ran.busy_ms)):
        rivals = {"p50": percentile(spent, 0.5), "p99": percentile(spent, 0.99), "frames": float(len(spent))}
        yield Figure(f"soak.{name}_ms", percentile(spent, 0.5), "ms", None, rivals)
    yield Figure("soak.pace", pace, "of time", 1.0)


def _resident_kb() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def _idle() -> Figure:
    """A view of 1920 x 1080 that stands: what one more frame costs."""
    views = [frames.again(frames.scene("datamatrix", 4.0, seed=1)[0], _typical(), seed=seed) for seed in range(8)]
    eye, spent = Eye(), []
    for number in range(IDLES):
        began = time.thread_time_ns()
        look = eye.look(views[number % len(views)], number * SECOND_NS // 15 + 1)
        spent.append((time.thread_time_ns() - began) / 1e6)
        assert not look.changed or number < STILL_FRAMES
    rests = spent[IDLES // 3 :]
    return Figure("eye.idle_ms", percentile(rests, 0.5), "ms", 0.1, {"p99": percentile(rests, 0.99)})


def _stills() -> Figure:
    """Labels at 1.75 pixels per module, each seen in four frames."""
    read = 0
    for seed in range(STILLS):
        scene, truth = frames.scene("datamatrix", 1.75, seed=SEED * 1000 + seed)
        eye = Eye()
        shown = [frames.again(scene, _typical(), seed=9 * seed + number) for number in range(STILL_FRAMES)]
        looks = [eye.look(luma, number * SECOND_NS // 15 + 1) for number, luma in enumerate(shown)]
        read += any(each.payload == truth.payload for look in looks for each in look.reads)
    return Figure("eye.still_read", read / STILLS, "share", 0.9, {"labels": STILLS}, floor=True)


def _typical() -> frames.Condition:
    return frames.CONDITIONS["typical"]
