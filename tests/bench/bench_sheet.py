"""Sheets of twelve stickers through the camera path: how many come whole, how many stay halves, none joined wrong.

Every sticker has a serial, so that a half of another sticker in it cannot pass for its own. ``SHEETS=N`` takes more.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from edge.udi.presentation import Presentation, Shape
from edge.udi.stickers import stickers
from edge.vision.ladder import read_frame
from tests.bench import fixture
from tests.bench.figures import Figure, percentile
from tests.support.frames import CONDITIONS, Kind
from tests.support.sheets import Sticker, form

TODAY = fixture.FIRST_AT.date()
PX: dict[Kind, float] = {"datamatrix": 3.0, "code128": 2.0, "qr": 3.0}


def measure(_folder: Path) -> list[Figure]:
    sheets = int(os.environ.get("SHEETS", "12"))
    return [figure for kind, px in PX.items() for figure in _kind(kind, px, sheets)]


def _kind(kind: Kind, px: float, sheets: int) -> list[Figure]:
    counts: Counter[str] = Counter()
    took = []
    for seed in range(sheets):
        condition = CONDITIONS["typical" if seed % 2 else "low_contrast"]
        luma, printed = form(kind, px, seed=1000 + seed, condition=condition)
        began = time.process_time()
        found = stickers(read_frame(luma, t0_ns=0), today=TODAY)
        took.append((time.process_time() - began) * 1e3)
        counts.update(_judged(each, printed) for each in found)
        counts["printed"] += len(printed)
    rivals = {"p50_ms": percentile(took, 0.5), "most_ms": max(took), "alone": counts["alone"], "other": counts["other"]}
    return [
        Figure(f"sheet.{kind}.whole", counts["whole"] / counts["printed"], "share", rivals=rivals),
        Figure(f"sheet.{kind}.wrong_joins", counts["wrong"], "stickers", 0),
    ]


def _judged(found: Presentation, printed: Sequence[Sticker]) -> str:
    if found.udi is None or found.shape is Shape.INVALID:
        return "other"
    said = {name: getattr(found.udi, name) for name in ("di", "lot", "serial")}
    owners = [each for each in printed if all(said[name] in (None, getattr(each, name)) for name in said)]
    if not owners:
        return "wrong"
    return "alone" if None in said.values() else "whole"
