import wave
from pathlib import Path

from click.testing import CliRunner

from edge.cli import main
from hardware.signals import Signal


def test_every_signal_of_every_profile_is_written(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["signals", "render", str(tmp_path)])
    assert result.exit_code == 0
    for profile in ("day", "night", "silent"):
        assert {file.name for file in (tmp_path / profile).iterdir()} == {
            f"{s}.{e}" for s in Signal for e in ("svg", "wav")
        }
    with wave.open(str(tmp_path / "day" / "STOP.wav")) as reader:
        assert reader.getnframes() / reader.getframerate() > 0.6
