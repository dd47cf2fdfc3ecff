"""Image files as luma: the one importer of Pillow for reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 100_000_000


class ImageError(ValueError):
    """A file that is no readable image; the text names the file and what to do."""


def load_luma(path: Path) -> NDArray[np.uint8]:
    """Read an image as grey values, height x width, uint8: the pixels as stored, whatever a camera noted of its turn.

    What is transparent lies on white, as print lies on paper. Of several pictures in one file the first is taken.

    Raises:
        ImageError: empty, truncated, too large, not an image, or not readable.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ImageError(
                    f"{path}: {image.width} x {image.height} pixels, expected at most {MOST_PIXELS}: scale it down"
                )
            return _luma(image)
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: expected an image, found {_found(path)}: take the photograph again") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, ImageError):
            raise
        raise ImageError(f"{path}: cannot be read as an image ({error}): take the photograph again") from error


def _luma(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would cut off at 255
        return (np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8)
    if "A" in image.getbands() or "transparency" in image.info:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.asarray(image.convert("L"), dtype=np.uint8)


def _found(path: Path) -> str:
    size = path.stat().st_size
    return "an empty file" if size == 0 else f"{size} bytes of something else"
