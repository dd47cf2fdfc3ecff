"""What one parse costs, beside biip on the same strings in the same run, and what importing the parser costs.

A string is DI, expiry, lot and serial of a GS1 DataMatrix, each of them different. Ours reads it with every check and
all findings; biip checks less (no partners, no check pairs, no repeats) and gives no parts of a UDI. The products are
as many as a site has, so that what is remembered of a GTIN or a day helps here as it does there.
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
import json, os, sys, time
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before, began = resident(), time.perf_counter()
for name in sys.argv[1:]:
    __import__(name)
took = time.perf_counter() - began
print(json.dumps([took * 1e3, (resident() - before) / 1e6]))
"""
OURS, RIVAL = ("edge.udi.parse", "edge.udi.assemble"), ("biip",)
LONGEST = 65_536
HEADS = (
    *(
        "",
        "]d2",
        "]d20106901234567892",
        "]d10106901234567892",
        "]A0",
        "(01)06901234567892",
        "+A123",
        "+$$7",
        "=/",
        "=+06000",
    ),
    *("MA.156.M0.100350.01004YA10017.", "MF1*SN", "https://x/01/06901234567892", "https://x/?", '<UDI IAC="MA">'),
    *("[)>\x1e06\x1d", "8013", "a"),
)
UNITS = (
    *(
        "1",
        "\x1d",
        "10A\x1d",
        "21A\x1d",
        "17991231",
        "(10)",
        "(",
        "/10/",
        "/",
        "%41",
        "%",
        "=,",
        "=",
        "&10=A",
        ".L1",
        "..",
    ),
    *("*SN1", "/$", "/S", "<DI/>", "<", "|", "<GS>", " ", "０", "é", "\x1e", "1T1\x1d", "\r\n", "a1"),
)
"""Hostile content: a beginning that chooses a reader, then one thing over and over."""


def measure(_folder: Path) -> list[Figure]:
    strings = _strings()
    ours, theirs = list[float](), list[float]()
    for number in range(ROUNDS + 1):
        pair = _per_s(_ours, strings), _per_s(biip.parse, strings)
        if number > 0:  # the first round warms up both
            ours.append(pair[0])
            theirs.append(pair[1])
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    took_ms, grew_mb = zip(*(_import(OURS) for _ in range(IMPORTS)), strict=True)
    rival_ms, _ = zip(*(_import(RIVAL) for _ in range(IMPORTS)), strict=True)
    worst_ms, worst = max((_hostile_ms(head, unit), head + unit) for head in HEADS for unit in UNITS)
    rivals = {
        "per_s": statistics.median(ours),
        "biip_per_s": statistics.median(theirs),
        "least": ratios[0],
        "most": ratios[-1],
    }
    return [
        Figure("parse.times_biip", statistics.median(ratios), "x", 12, rivals, floor=True),
        Figure("parse.worst_of_64_kib_ms", worst_ms, "ms", 5, {f"{worst!r} ...": worst_ms}),
        Figure(
            "parse.import_ms",
            statistics.median(took_ms),
            "ms",
            25,
            {"least": min(took_ms), "most": max(took_ms), "biip_ms": statistics.median(rival_ms)},
        ),
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


def _hostile_ms(head: str, unit: str) -> float:
    """The best of three: what the content costs, not what else the machine was doing."""
    payload = (head + unit * LONGEST).encode()[:LONGEST]
    took = []
    for _ in range(3):
        began = time.perf_counter()
        parse(payload, today=TODAY)
        took.append(time.perf_counter() - began)
    return min(took) * 1e3


def _import(modules: Sequence[str]) -> tuple[float, float]:
    """Milliseconds and megabytes above the bare interpreter, byte code cached, in a process of its own."""
    words = [sys.executable, "-I", "-c", IMPORT, *modules]
    done = subprocess.run(words, capture_output=True, check=True, text=True)
    took_ms, grew_mb = json.loads(done.stdout)
    return took_ms, grew_mb
