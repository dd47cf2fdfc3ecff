"""``python -m tests.bench [PART...]``: prints this run's ratios and percentiles and keeps them in .bench/latest.json.

Exit status 1 when a figure is void, or a part that was asked for cannot be measured here; a missed goal is only said.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench import (
    bench_catalog,
    bench_drain,
    bench_fleet,
    bench_journal,
    bench_judge,
    bench_ladder,
    bench_life,
    bench_parse,
    bench_publish,
    bench_release,
    bench_sheet,
    bench_signal,
    bench_slot,
    bench_soak,
    bench_start,
    bench_vision,
    fixture,
)
from tests.bench.figures import Figure, MissingError, VoidError, keep
from tests.support.site import ROOT

FOLDER = ROOT / ".bench"
PARTS: Mapping[str, Callable[[Path], Sequence[Figure]]] = {
    "fixture": lambda _folder: fixture.measure(),
    "parse": bench_parse.measure,
    "judge": bench_judge.measure,
    "journal": bench_journal.measure,
    "life": bench_life.measure,
    "signal": bench_signal.measure,
    "start": bench_start.measure,
    "publish": bench_publish.measure,
    "drain": bench_drain.measure,
    "fleet": bench_fleet.measure,
    "release": bench_release.measure,
    "sheet": bench_sheet.measure,
    "slot": bench_slot.measure,
    "catalog": bench_catalog.measure,
    "soak": bench_soak.measure,
    "vision": bench_vision.measure,
    "ladder": bench_ladder.measure,
}


def main(words: Sequence[str]) -> int:
    unknown = [word for word in words if word not in PARTS]
    if unknown:
        print(f"no part {', '.join(unknown)}: expected {', '.join(PARTS)}", file=sys.stderr)  # noqa: T201
        return 2
    FOLDER.mkdir(exist_ok=True)
    good = [_run(part, asked=bool(words)) for part in (words or PARTS)]
    print(f"kept in {FOLDER / 'latest.json'}")  # noqa: T201
    return 0 if all(good) else 1


def _run(part: str, *, asked: bool) -> bool:
    print(f"{part}:", flush=True)  # noqa: T201
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir=FOLDER, prefix=f"{part}-") as folder:
            figures: Sequence[Figure] = PARTS[part](Path(folder))
    except MissingError as missing:
        print(f"  not measured: {missing}")  # noqa: T201
        return not asked
    except VoidError as void:
        print(f"  VOID: {void}")  # noqa: T201
        keep(FOLDER / "latest.json", void.figures)
        return False
    for figure in figures:
        print(figure.line())  # noqa: T201
    print(f"  ({time.monotonic() - began:.1f} s)", flush=True)  # noqa: T201
    keep(FOLDER / "latest.json", figures)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
