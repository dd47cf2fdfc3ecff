import numpy as np
import pytest

from edge.demo.labels import HEIGHT, WIDTH, Label, Symbol, render
from edge.vision.ladder import read_frame

UDI = "(01)06901234567892(17)271231(10)A1(21)S9"
LABELS = {
    "one DataMatrix": (
        Label(("Hip stem", "LOT A1"), (Symbol(UDI, "datamatrix"),)),
        {b"01069012345678921727123110A1\x1d21S9"},
    ),
    "two halves": (
        Label(("Screw",), (Symbol("(01)06901234567892", "code128"), Symbol("(17)271231(10)A1", "code128"))),
        {b"0106901234567892", b"1727123110A1"},
    ),
    "with a second code": (
        Label(("Lens",), (Symbol(UDI, "datamatrix"), Symbol("C0101010010101000001", "datamatrix", gs1=False))),
        {b"01069012345678921727123110A1\x1d21S9", b"C0101010010101000001"},
    ),
    "badge": (Label(("N1207",), (Symbol("N1207", "code128", gs1=False),)), {b"N1207"}),
    "nothing": (Label(("no code here",)), set()),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("label", "payloads"), LABELS.values(), ids=LABELS.keys())
def test_every_kind_of_label_is_read_by_a_plain_decode(label: Label, payloads: set[bytes], seed: int) -> None:
    image = render(label, seed=seed)
    assert image.shape == (HEIGHT, WIDTH)
    assert {read.payload for read in read_frame(image, t0_ns=0)} == payloads


def test_a_seed_gives_the_same_picture() -> None:
    label = LABELS["badge"][0]
    assert np.array_equal(render(label, seed=3), render(label, seed=3))
    assert not np.array_equal(render(label, seed=3), render(label, seed=4))
