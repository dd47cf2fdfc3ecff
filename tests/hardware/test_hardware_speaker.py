"""The speaker with a real player process behind it: what it is given, and what it does when there is none."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hardware.phrases import samples
from hardware.speaker import Speaker, sound
from tests.support.site import wait_for

NOT_THERE = ("no-such-player-anywhere",)


@pytest.fixture
def player(tmp_path: Path) -> Path:
    """Writes what it is told to play into a file, whole, and the device it is told to play it on."""
    script = tmp_path / "player"
    lines = (
        "#!/bin/sh",
        f'cat > "{tmp_path}/part" && mv "{tmp_path}/part" "{tmp_path}/played"',
        f'echo "$1" > "{tmp_path}/device"',
    )
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def test_phrases_reach_the_player_one_after_the_other(player: Path, tmp_path: Path) -> None:
    speaker = Speaker("hw:1", volume=0.5, player=(str(player),))
    try:
        speaker.say(("line_7", "no_udi"))
        wait_for((tmp_path / "device").exists, "the player")
        assert (tmp_path / "played").read_bytes() == sound(("line_7", "no_udi"), 0.5)
        wait_for(lambda: (tmp_path / "device").read_text() == "--device=hw:1\n", "the device")
    finally:
        speaker.close()


def test_what_is_in_no_table_is_left_out_and_named(
    player: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = Speaker(player=(str(player),))
    try:
        speaker.say(("nobody", "no_udi"))
        wait_for((tmp_path / "played").exists, "the player")
        assert len((tmp_path / "played").read_bytes()) == 2 * len(samples("no_udi"))
    finally:
        speaker.close()
    assert "phrases=nobody" in caplog.text


def test_without_a_player_everything_else_goes_on_and_the_log_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    speaker = Speaker(player=NOT_THERE)
    try:
        speaker.say(("no_udi",))
        wait_for(lambda: "nothing is heard" in caplog.text, "the log")
        speaker.say(("half",))
    finally:
        speaker.close()
    assert caplog.text.count("nothing is heard") == 1
