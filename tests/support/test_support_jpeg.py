import pytest
from PIL import Image

from tests.support.jpeg import metadata_segments
from tests.support.jpeg import noisy as jpeg

EXIF = Image.Exif()
EXIF[0x010E] = "ZY20261234"


CASES: dict[str, tuple[bytes, list[str]]] = {
    "as Pillow writes it": (jpeg(), []),
    "progressive, many scans": (jpeg(progressive=True), []),
    "with restarts": (jpeg(restart_marker_blocks=1), []),
    "a comment": (jpeg(comment=b"ZY20261234"), ["COM"]),
    "EXIF": (jpeg(exif=EXIF), ["APP1"]),
    "a colour profile": (jpeg(icc_profile=bytes(200)), ["APP2"]),
    "XMP": (jpeg(xmp=b"<x/>"), ["APP1"]),
    "behind the end": (jpeg() + b"ZY20261234", ["10 bytes behind the image"]),
    "a thumbnail in APP0": (jpeg().replace(b"JFIF\0", b"JFXX\0"), ["APP0 that is no plain JFIF header"]),
}


@pytest.mark.parametrize(("data", "found"), CASES.values(), ids=CASES.keys())
def test_what_is_no_picture_is_named(data: bytes, found: list[str]) -> None:
    assert metadata_segments(data) == found


@pytest.mark.parametrize("data", [b"", b"\x89PNG", jpeg()[:-2], jpeg()[:300], jpeg()[:5]])
def test_what_is_no_whole_jpeg_is_not_called_clean(data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        metadata_segments(data)
