"""What one parse costs, beside biip on the same strings in the same run, and what importing the parser costs.

A string is DI, expiry, lot and serial of a GS1 DataMatrix, each of them different. Ours reads it with every check and
all findings; biip checks less (no partners, no check pairs, no repeats) and gives no parts of a UDI.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import biip

from edge.udi.model import Udi
from edge.udi.parse import parse
from tests.bench import fixture
from tests.bench.figures import Figure, VoidError

STRINGS = 2_000
ROUNDS = 9
IMPORTS = 15
TODAY = fixture.FIRST_AT.date()
IMPORT = """
import json, os, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before, began = resident(), time.perf_counter()
import edge.udi.parse, edge.udi.assemble
took = time.perf_counter() - began
print(json.dumps([took * 1e3, (resident() - before) / 1e6]))
"""


def measure(_folder: Path) -> list[Figure]:
    strings = _strings()
    ours, theirs = list[float](), list[float]()
    for number in range(ROUNDS + 1):
        pair = _per_s(_ours, strings), _per_s(biip.parse, strings)
        if number > 0:  # the first round warms up both
            ours.append(pair[0])
            theirs.append(pair[1])
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    took_ms, grew_mb = zip(*(_import() for _ in range(IMPORTS)), strict=True)
    rivals = {
        "per_s": statistics.median(ours),
        "biip_per_s": statistics.median(theirs),
        "least": ratios[0],
        "most": ratios[-1],
    }
    return [
        Figure("parse.times_biip", statistics.median(ratios), "x", 12, rivals, floor=True),
        Figure("parse.import_ms", statistics.median(took_ms), "ms", 25, {"least": min(took_ms), "most": max(took_ms)}),
        Figure("parse.import_mb", statistics.median(grew_mb), "MB", 6, {"most": max(grew_mb)}),
    ]


def _strings() -> list[str]:
    labels = fixture.Labels(seed=3)
    strings = [
        f"]d201{labels.di()}17{labels.day(5, 1500):%y%m%d}10{labels.text(6, 10)}\x1d21{labels.text(8, 12)}"
        for _ in range(STRINGS)
    ]
    for text in strings:
        result = parse(text, today=TODAY)
        message = biip.parse(text).gs1_message
        theirs = [] if message is None else [(each.ai.ai, each.value) for each in message.element_strings]
        if not isinstance(result, Udi) or result.findings or list(result.elements) != theirs:
            raise VoidError(f"the two do not say the same of {text!r}")
    return strings


def _ours(text: str) -> object:
    return parse(text, today=TODAY)


def _per_s(reader: Callable[[str], object], strings: Sequence[str]) -> float:
    gc.collect()
    began = time.perf_counter()
    for text in strings:
        reader(text)
    return len(strings) / (time.perf_counter() - began)


def _import() -> tuple[float, float]:
    """Milliseconds and megabytes above the bare interpreter, byte code cached, in a process of its own."""
    done = subprocess.run([sys.executable, "-I", "-c", IMPORT], capture_output=True, check=True, text=True)
    took_ms, grew_mb = json.loads(done.stdout)
    return took_ms, grew_mb
