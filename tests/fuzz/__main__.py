"""``python -m tests.fuzz SECONDS FOLDER``: a coverage-guided run over everything in `edge.udi`.

Needs atheris, which ``make fuzz`` installs. The run starts from the corpus and works in FOLDER; when it ends without a
fault, the smallest set of inputs that reaches everything reached is written back to the corpus.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fuzz.target import CORPUS, corpus

LONGEST = 400
"""Bytes of an input; long inputs have tests of their own."""


def main(seconds: int, folder: Path) -> int:
    begin, end = folder / "corpus", folder / "smallest"
    for each in (begin, end):
        each.mkdir(parents=True, exist_ok=True)
        for old in each.iterdir():
            old.unlink()
    for number, data in enumerate(corpus()):
        (begin / f"{number:04d}").write_bytes(data)
    limits = [f"-max_len={LONGEST}", "-timeout=5", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    status = _libfuzzer([*limits, f"-max_total_time={seconds}", str(begin)])
    if status != 0:
        print(f"a fault: the input lies in {folder}", file=sys.stderr)  # noqa: T201
        return status
    status = _libfuzzer([*limits, "-use_counters=0", "-merge=1", str(end), str(begin)])
    if status == 0:
        kept = sorted((file.read_bytes() for file in end.iterdir()), key=lambda data: (len(data), data))
        CORPUS.write_text("".join(f"{data.hex()}\n" for data in kept), encoding="ascii")
        print(f"{len(kept)} inputs kept in {CORPUS.name}")  # noqa: T201
    return status


def _libfuzzer(words: list[str]) -> int:
    return subprocess.run([sys.executable, "-m", "tests.fuzz.run", *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2])))
