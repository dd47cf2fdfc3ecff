"""What ``udi-station camera calibrate`` does besides measuring: files, the camera that is in use, what is printed."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.vision.calibrate import Calibration, calibrate, glance
from edge.vision.report import as_json as json_of
from edge.vision.report import as_text, live, settings
from edge.vision.target import draw, encode
from edge.vision.verdict import Finding, Values, good_enough, judge
from hardware.camera import Adjustable
from hardware.camera_open import open_adjustable
from hardware.camera_settings import CameraSettings
from hardware.host.files import replace
from hardware.host.local import LineClient
from hardware.host.toml_edit import EditError, with_values

__all__ = ["BenchError", "find", "free_camera", "good_enough", "keep", "report", "show_live", "write_target"]

USAGE = 2
FAILED = 1


class BenchError(Exception):
    """The command cannot be done; the text says what to do."""

    def __init__(self, text: str, status: int) -> None:
        """Keep the exit status beside the text."""
        super().__init__(text)
        self.status = status


def write_target(path: Path) -> str:
    """Write the page to print; what to do with it.

    Raises:
        BenchError: the suffix is neither ``.pdf`` nor ``.png``, or the file cannot be written.
    """
    try:
        path.write_bytes(encode(draw(), path.suffix.lower()))
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: {error}", USAGE) from error
    return (
        f"{path}: 用激光打印机 600 dpi 按实际大小(100%,不缩放)打印在哑光白纸上,A5 或 A4;"
        "量一下标尺,应为 100 mm;平放在放包装的位置\n"
        "print it on a laser printer at 600 dpi and 100 % on matt white paper, A5 or A4; measure the ruler: 100 mm; "
        "lay it flat where packages will lie"
    )


def free_camera(wanted: CameraSettings, socket: Path) -> Adjustable:
    """The configured camera, if nobody else has it.

    Raises:
        BenchError: the camera process has it, or it has no lens and exposure to be set.
        CameraError: it cannot be opened.
    """
    if wanted.source == "folder":
        raise BenchError('[camera] source = "folder": expected "picamera2" or "simulated" to calibrate', USAGE)
    client = LineClient(socket)
    client.step(0)
    taken = client.connected
    client.close()
    if taken and wanted.source == "picamera2":
        text = "相机正在使用中,先停下它 / the camera is in use, stop it first: sudo systemctl stop udi-camera"
        raise BenchError(text, FAILED)
    return open_adjustable(wanted)


def find(
    camera: Adjustable, configured: CameraSettings, say: Callable[[str], None]
) -> tuple[Calibration, tuple[Finding, ...]]:
    """The best values for the target under the camera, and what is to be said of the view.

    Raises:
        CameraError: the camera fails.
    """
    start = Values(configured.lens_position, configured.exposure_us, configured.gain)
    found = calibrate(camera, start, say)
    return found, judge(found.values, found.measured)


def show_live(camera: Adjustable, say: Callable[[str], None]) -> None:
    """A line for every look, until Ctrl-C.

    Raises:
        CameraError: the camera fails.
    """
    try:
        while True:
            say(live(glance(camera)))
    except KeyboardInterrupt:
        return


def report(found: Calibration, findings: tuple[Finding, ...], *, as_json: bool) -> str:
    """The result for a person or a program."""
    return json.dumps(json_of(found, findings), ensure_ascii=False) if as_json else as_text(found, findings)


def keep(config: Path, found: Calibration, problems: Callable[[dict[str, Any]], list[str]]) -> str:
    """Put the values found into the configuration file, durably; all else in it stays. What to do next.

    Args:
        config: the station's file.
        found: a calibration.
        problems: what a check of a whole configuration finds.

    Raises:
        BenchError: the target was not found, or the file cannot be changed; it is as it was.
    """
    if found.measured is None:
        raise BenchError("没有找到标定页,配置未改 / nothing is written: the target was not found", FAILED)
    try:
        before = config.read_text(encoding="utf-8")
        after = with_values(before, "camera", settings(found.values))
        new = set(problems(tomllib.loads(after))) - set(problems(tomllib.loads(before)))
        if new:
            raise BenchError(f"{config}: 配置未改 / not changed: {'; '.join(sorted(new))}", USAGE)
        _replace(config, after)
    except (OSError, EditError) as error:
        raise BenchError(f"{config}: 配置未改 / not changed: {error}", USAGE) from error
    return f"{config}: 已写入 [camera] / written; sudo systemctl restart udi-camera"


def _replace(path: Path, text: str) -> None:
    """With the mode and the owner that it had."""
    before = path.stat()
    replace(path, text.encode(), mode=stat.S_IMODE(before.st_mode))
    after = path.stat()
    if (before.st_uid, before.st_gid) != (after.st_uid, after.st_gid):
        os.chown(path, before.st_uid, before.st_gid)
