import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from edge.vision.ladder import read_frame
from edge.vision.symbols import read_symbols, write_symbol

UDI = "(01)06901234567892(17)291231(10)A1(21)S9"
BYTES = b"01069012345678921729123110A1\x1d21S9"
CARRIERS = {"datamatrix": "]d2", "code128": "]C1", "qr": "]Q3"}


def luma(*shape: int, dtype: type = np.uint8) -> NDArray[np.uint8]:
    return np.zeros(shape, dtype=dtype)


@pytest.mark.parametrize(("kind", "symbology"), CARRIERS.items())
def test_what_is_written_is_read_with_separator_and_identifier(kind: str, symbology: str) -> None:
    image = write_symbol(UDI, kind, gs1=True, scale=3)  # type: ignore[arg-type]  # the keys are the literals
    (read,) = read_frame(image, t0_ns=7)
    assert (read.payload, read.symbology, read.t0_ns, read.source) == (BYTES, symbology, 7, "camera")
    assert read.corners is not None


def test_code_39_is_read_in_its_standard_form() -> None:
    text = "+A123BJC5D6E71G"
    image = np.array(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code39Std).to_image(scale=3))
    assert [read.payload for read in read_frame(image, t0_ns=0)] == [text.encode()]


def test_a_view_with_strides_and_a_read_only_frame_are_read() -> None:
    image = write_symbol(UDI, "datamatrix", gs1=True, scale=4)
    frame = np.full((400, 600), 255, np.uint8)
    frame[50 : 50 + image.shape[0], 60 : 60 + image.shape[1]] = image
    view = frame[:380, :590]
    view.flags.writeable = False
    assert len(read_frame(view, t0_ns=0)) == 1


WRONG = {
    "three channels": luma(10, 10, 3),
    "one row": luma(10),
    "no pixels": luma(0, 10),
    "not bytes": luma(10, 10, dtype=np.float64),
}


@pytest.mark.parametrize("frame", WRONG.values(), ids=WRONG.keys())
def test_a_frame_of_the_wrong_form_is_told(frame: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="height x width"):
        read_frame(frame, t0_ns=0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (3000, 4000)])
def test_any_size_gives_reads_or_none(shape: tuple[int, int]) -> None:
    assert read_frame(luma(*shape), t0_ns=0) == ()


def test_no_formats_read_nothing() -> None:
    image = write_symbol(UDI, "datamatrix", gs1=True, scale=3)
    assert read_symbols(image, ()) == ()
    assert len(read_symbols(image, ("DataMatrix",))) == 1


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (zxingcpp.BarcodeFormat.MicroQRCode, "QRCode"),
        (zxingcpp.BarcodeFormat.RMQRCode, "QRCode"),
        (zxingcpp.BarcodeFormat.AztecRune, "Aztec"),
    ],
    ids=["micro QR", "rMQR", "Aztec rune"],
)
def test_kinds_too_small_to_be_sure_of_are_not_read(kind: zxingcpp.BarcodeFormat, name: str) -> None:
    drawn = np.array(zxingcpp.create_barcode("25", kind).to_image(scale=4))
    assert [each.bytes for each in zxingcpp.read_barcodes(drawn)] != []
    assert read_symbols(drawn, [name]) == ()
