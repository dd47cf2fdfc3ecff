"""What reading a UDID release costs the CPU, beside the standard library's iterparse on the same parts.

The rival gives each device as a dictionary of texts: no dates, numbers, classes or lists of packages, no ZIP, and it is
handed parts that are mended already, since it stops at the first bare ampersand.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import iterparse

from edge.catalog.udid_mend import Mender
from edge.catalog.udid_zip import open_release
from tests.bench.figures import Figure, VoidError
from tests.support.udid_release import PER_PART, Made, write_full

PARTS = 8
ROUNDS = 5
RECORDS = PARTS * PER_PART
RESIDENT = """
import sys
from pathlib import Path
from edge.catalog.udid_zip import open_release
with open_release(Path(sys.argv[1])) as release:
    count = sum(1 for part in release.parts for _ in release.read(part, lambda _: None))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(count, int(peak.split()[1]) / 1024)
"""


def measure(folder: Path) -> list[Figure]:
    path = write_full(Made(RECORDS, seed=5), folder)
    with zipfile.ZipFile(path) as archive:
        mended = [_mended(archive.read(name)) for name in archive.namelist()]
    ours, theirs = list[float](), list[float]()
    for _ in range(ROUNDS):
        ours.append(_cpu_us(lambda: _read(path)))
        theirs.append(_cpu_us(lambda: sum(_iterparse(each) for each in mended)))
    rivals = {"iterparse_us": statistics.median(theirs), "least": min(ours), "most": max(ours)}
    return [
        Figure("release.cpu_us", statistics.median(ours), "us", None, rivals),
        Figure("release.resident_mb", _resident(path), "MB", 60),
    ]


def _mended(data: bytes) -> bytes:
    mender = Mender()
    return mender.feed(data) + mender.end()


def _read(path: Path) -> int:
    with open_release(path) as release:
        return sum(1 for part in release.parts for _ in release.read(part, lambda _: None))


def _iterparse(data: bytes) -> int:
    count = 0
    for _, element in iterparse(BytesIO(data)):  # noqa: S314 (our own)
        if element.tag == "device":
            count += bool({child.tag: child.text for child in element})
            element.clear()
    return count


def _cpu_us(work: Callable[[], int]) -> float:
    began = time.process_time()
    count = work()
    took = time.process_time() - began
    if not RECORDS * 0.999 <= count <= RECORDS:
        raise VoidError(f"{count} of {RECORDS} records came out")
    return took / count * 1e6


def _resident(path: Path) -> float:
    command = [sys.executable, "-c", RESIDENT, str(path)]
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
    return float(out.split()[1])
