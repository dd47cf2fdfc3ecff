from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hardware.camera import FRAMES_PER_IMAGE, CameraError, FolderCamera, Frame
from hardware.camera_images import ImageError, load_luma

BAD = {
    "empty.png": b"",
    "cut.png": b"\x89PNG\r\n\x1a\n\0\0",
    "text.jpg": b"hello",
    "cut.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
}


def frames(camera: FolderCamera, count: int) -> list[Frame]:
    found: list[Frame] = []
    while len(found) < count:
        frame = camera.capture(0.05)
        if frame is not None:
            found.append(frame)
    return found


def test_each_image_is_shown_for_a_while_with_an_empty_view_after_it(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30), "white").save(tmp_path / name)
    camera = FolderCamera(tmp_path, period_s=0.06)
    names = [frame.name for frame in frames(camera, 2 * FRAMES_PER_IMAGE)]
    assert names == (["a.png"] * 4 + [""] * 2) + (["b.png"] * 4 + [""] * 2)


def test_an_image_that_lies_there_for_long_is_given_again_and_again(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "white").save(tmp_path / "a.png")
    camera = FolderCamera(tmp_path, period_s=600.0)
    seen = frames(camera, 4)
    assert {frame.name for frame in seen} == {"a.png"}, "600 s are not over"
    assert seen[-1].t0_ns - seen[0].t0_ns < 5 * 1e9, "one after the other, not one in 100 s"


def test_an_image_put_there_later_is_shown(tmp_path: Path) -> None:
    camera = FolderCamera(tmp_path, period_s=0.06)
    assert {frame.name for frame in frames(camera, 3)} == {""}
    Image.new("L", (40, 30)).save(tmp_path / "late.png")
    assert "late.png" in {frame.name for frame in frames(camera, 3)}


def test_a_bad_image_is_told_and_the_next_one_shown(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    Image.new("L", (40, 30)).save(tmp_path / "b.png")
    camera = FolderCamera(tmp_path, period_s=0.06)
    with pytest.raises(CameraError, match=r"a\.png"):
        frames(camera, 1)
    assert frames(camera, 1)[0].name == "b.png"


@pytest.mark.parametrize(("name", "content"), BAD.items(), ids=BAD.keys())
def test_a_file_that_is_no_image_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ImageError, match=name):
        load_luma(path)


def test_luma_is_height_by_width(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), (255, 255, 255)).save(tmp_path / "a.png")
    luma = load_luma(tmp_path / "a.png")
    assert luma.shape == (30, 40)
    assert luma.dtype == np.uint8
    assert int(luma[0, 0]) == 255


GREY = np.linspace(0, 65535, 48, dtype=np.uint16).reshape(6, 8)
LAID_OUT = {
    "16 bits": (Image.fromarray(GREY), (GREY >> 8).astype(np.uint8)),
    "transparent is paper": (Image.new("RGBA", (8, 6), (0, 0, 0, 0)), np.full((6, 8), 255, np.uint8)),
    "half transparent": (Image.new("LA", (8, 6), (0, 128)), np.full((6, 8), 127, np.uint8)),
    "one bit": (Image.new("1", (8, 6), 1), np.full((6, 8), 255, np.uint8)),
}


@pytest.mark.parametrize("name", LAID_OUT)
def test_every_kind_of_pixel_is_seen_as_grey(tmp_path: Path, name: str) -> None:
    image, expected = LAID_OUT[name]
    image.save(tmp_path / "a.png")
    assert np.array_equal(load_luma(tmp_path / "a.png"), expected)


def test_pixels_are_taken_as_stored_not_as_turned(tmp_path: Path) -> None:
    image = Image.new("L", (40, 30), 200)
    image.getexif()[274] = 6
    image.save(tmp_path / "a.jpg", exif=image.getexif())
    assert load_luma(tmp_path / "a.jpg").shape == (30, 40)
