"""What kind of symbol a place is like: where bars run side by side, a region of their own is made around them.

A code is longer than a place that `edge.vision.locate` finds, and is cut into pieces there; so bars are looked for in
all places of a frame first, and joined. A place that lies among bars stays, as the last: it may hold a matrix after
all, and is passed over if the bars have read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from edge.vision.bars import find_bars, joined
from edge.vision.linear import ABOVE, QUIET_ZONE
from edge.vision.pixels import Luma, gradients, halved, overall
from edge.vision.regions import Bars, Region

MOST_LINEAR = 24
"""A form full of stickers has as many, and no fabric costs more."""
ONE_WAY = 0.25
"""Coherence of a place that may have bars somewhere: they reach 0.9, text and matrix symbols 0.1."""
AMONG = 0.8
"""Share of a place that lies between bars from which on it is one of their pieces."""
SAMPLES = 7


def by_kind(luma: Luma, regions: Sequence[Region]) -> tuple[Region, ...]:
    """Linear regions around the bars that lie in these, these themselves, and at last those that lie among bars.

    Args:
        luma: height x width, uint8.
        regions: of that image, the most likely first; the order is kept.
    """
    found = joined(_bars(luma, regions))[:MOST_LINEAR]
    if not found:
        return tuple(regions)
    linear = [around_bars(luma, bars, _score(bars, regions)) for bars in found]
    among = [region for region in regions if _among(region, found)]
    return (*linear, *(region for region in regions if region not in among), *among)


def _bars(luma: Luma, regions: Sequence[Region]) -> Iterator[Bars]:
    for region in regions:
        crop = region.crop(luma)
        if coherence(crop) >= ONE_WAY:
            yield from (bars.moved(region.x, region.y) for bars in find_bars(crop))


def coherence(crop: Luma) -> float:
    """How much the slopes run one way: 1 for bars, 0 where they run anywhere."""
    right, down = gradients(halved(crop))
    xx, yy, xy = overall(right * right), overall(down * down), overall(right * down)
    return math.hypot(xx - yy, 2 * xy) / max(xx + yy, 1.0)


def around_bars(luma: Luma, bars: Bars, score: float) -> Region:
    """The box around bars of an image and their quiet zones."""
    outline = bars.outline(QUIET_ZONE, ABOVE)
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    left, top = max(0, int(min(xs))), max(0, int(min(ys)))
    right, bottom = min(luma.shape[1], math.ceil(max(xs))), min(luma.shape[0], math.ceil(max(ys)))
    return Region(left, top, right - left, bottom - top, "linear", score, ABOVE, bars.moved(-left, -top))


def _score(bars: Bars, regions: Sequence[Region]) -> float:
    """Bars are as likely as the place where they were found."""
    return max((region.score for region in regions if region.holds(bars.x, bars.y)), default=0.0)


def _among(region: Region, found: Sequence[Bars]) -> bool:
    """Whether a place is a piece of bars."""
    left, top, right, bottom = region.core()
    points = [(x, y) for x in np.linspace(left, right, SAMPLES) for y in np.linspace(top, bottom, SAMPLES)]
    inside = sum(any(bars.hold(x, y) for bars in found) for x, y in points)
    return inside >= AMONG * len(points)
