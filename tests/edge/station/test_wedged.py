"""Only a camera process that could not be killed is worth a reboot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.station.wedged import WEDGED_NS, Wedged


def proc(root: Path, pid: int, state: str, begun: int) -> None:
    folder = root / "proc" / str(pid)
    folder.mkdir(parents=True, exist_ok=True)
    fields = [state, *["0"] * 18, str(begun), "0"]
    (folder / "stat").write_text(f"{pid} (udi) camera) {' '.join(fields)}\n", encoding="ascii")


LATER: dict[str, tuple[tuple[str, int] | None, bool]] = {
    "still there, in uninterruptible sleep": (("D", 500), True),
    "still there": (("S", 500), True),
    "gone": (None, False),
    "only its exit status is left": (("Z", 500), False),
    "another one under its number": (("S", 900), False),
}


@pytest.mark.parametrize(("later", "wanted"), LATER.values(), ids=LATER.keys())
def test_only_a_process_that_could_not_be_killed_is_worth_a_reboot(
    tmp_path: Path, later: tuple[str, int] | None, wanted: bool
) -> None:
    watch = Wedged(tmp_path / "reboot-wanted", tmp_path)
    proc(tmp_path, 4711, "S", 500)
    watch.alive(4711)
    if later is None:
        (tmp_path / "proc/4711/stat").unlink()
    else:
        proc(tmp_path, 4711, *later)
    watch.look(WEDGED_NS)
    assert (tmp_path / "reboot-wanted").exists() is wanted


def test_a_new_process_that_delivers_ends_the_watch_of_the_old_one(tmp_path: Path) -> None:
    watch = Wedged(tmp_path / "reboot-wanted", tmp_path)
    proc(tmp_path, 4711, "D", 500)
    watch.alive(4711)
    watch.alive(4712)
    watch.look(WEDGED_NS)
    assert not (tmp_path / "reboot-wanted").exists()


def test_a_folder_that_is_gone_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watch = Wedged(tmp_path / "gone/reboot-wanted")
    watch.alive(os.getpid())
    watch.look(WEDGED_NS)
    assert "no reboot can be asked for" in caplog.text
