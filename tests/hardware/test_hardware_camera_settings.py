from typing import Any

import pytest

from hardware.camera_settings import CameraSettings
from hardware.host.toml import ConfigError, parse

PI: dict[str, Any] = {"source": "picamera2"}
WRONG = {
    "odd width": ({"size": [1455, 1088]}, "size", "even"),
    "too small": ({"size": [32, 1088]}, "size", "64"),
    "too large": ({"size": [9000, 1088]}, "size", "4656"),
    "behind infinity": ({"lens_position": -0.1}, "lens_position", "dioptres"),
    "before the lens": ({"lens_position": 33}, "lens_position", "calibrate"),
    "no time": ({"exposure_us": 0}, "exposure_us", "30000"),
    "longer than a frame": ({"exposure_us": 40_000}, "exposure_us", "33333"),
    "less than no gain": ({"gain": 0.5}, "gain", "1 to 16"),
    "more than a sensor has": ({"gain": 20}, "gain", "1 to 16"),
    "a simulated camera without a scene": ({"source": "simulated"}, "scene", "image"),
    "a folder camera without a folder": ({"source": "folder"}, "folder", "folder of images"),
    "an unknown camera": ({"source": "webcam"}, "source", "simulated"),
    "an unknown key": ({"exposure": 5000}, "exposure", "exposure_us"),
}


@pytest.mark.parametrize(("changes", "key", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_value_that_cannot_be_is_named(changes: dict[str, Any], key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(PI | changes, CameraSettings)
    (problem,) = caught.value.problems
    assert problem.key == key
    assert words in problem.message


@pytest.mark.parametrize(
    "changes",
    [{}, {"lens_position": 0}, {"exposure_us": 1, "gain": 16}, {"source": "simulated", "scene": "page.png"}],
    ids=str,
)
def test_what_can_be_is_taken(changes: dict[str, Any]) -> None:
    assert parse(PI | changes, CameraSettings).source
