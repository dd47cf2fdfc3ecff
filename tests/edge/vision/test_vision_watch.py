import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from edge.cli import main
from edge.udi.read import Corners, Read
from edge.vision.cli import _is_device
from edge.vision.symbols import read_symbols, write_symbol
from edge.vision.watch import Watch, pixels_per_module, printable
from hardware.host.local import LineServer

UDI = b"01069012345678921729123110A1\x1d21S9"
BOX: Corners = ((10, 10), (98, 10), (98, 98), (10, 98))


def read(payload: bytes = UDI, symbology: str | None = "]d2", **more: Any) -> Read:
    fields: dict[str, Any] = {
        "corners": BOX,
        "format": "DataMatrix",
        "rung": "native",
        "margin": 0.75,
        "took_ms": 3.14,
    } | more
    return Read(payload, symbology, "camera", 7, **fields)


def sighting(*reads: Read) -> dict[str, Any]:
    return {"schema": 1, "type": "sighting", "reads": [each.to_json() for each in reads]}


def everything(_read: Read) -> bool:
    return True


def test_a_line_for_what_came_and_for_what_went_and_none_for_what_stays() -> None:
    watch = Watch(everything)
    (came,) = watch.lines(sighting(read()))
    assert (
        came == "+ ]d2 DataMatrix   native            3.1 ms  margin 0.75   4.4 px  01069012345678921729123110A1␝21S9"
    )
    assert watch.lines(sighting(read())) == []
    other = read(b"0106901234567892", "]C1", format="Code128", margin=None)
    assert [line[0] for line in watch.lines(sighting(other))] == ["-", "+"]
    assert watch.lines(sighting()) == ["- 0106901234567892"]


def test_prompts_and_problems_are_told_and_the_rest_is_not() -> None:
    watch = Watch(everything)
    assert watch.lines({"type": "prompt", "number": 1})[0].startswith("? ")
    assert watch.lines({"type": "prompt", "number": 2}) != watch.lines({"type": "prompt", "number": 1})
    assert watch.lines({"type": "problem", "message": "no frame"}) == ["! no frame"]
    assert watch.lines({"type": "alive"}) == watch.lines({"type": "light", "on": True}) == watch.lines({}) == []


def test_what_may_not_be_shown_is_counted_only() -> None:
    watch = Watch(lambda each: each.payload == UDI)
    lines = watch.lines(sighting(read(), read(b"ZY0012345", "]C0")))
    assert UDI[:10].decode() in lines[0]
    assert "ZY0012345" not in " ".join(lines)
    assert "9 " in lines[1]
    assert "ZY0012345" not in " ".join(watch.lines(sighting()))


def test_bytes_that_are_no_text_are_shown_in_hex() -> None:
    assert "hex ff00" in Watch(everything).lines(sighting(read(b"\xff\x00")))[0]


@given(st.text(max_size=40))
def test_no_code_gives_orders_to_a_terminal(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in shown)


messages = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.sampled_from(["sighting", "prompt", "problem"]), body=messages)
def test_any_message_gives_lines_or_none(kind: str, body: Any) -> None:
    watch = Watch(everything)
    for message in ({"type": kind, "reads": [body], "number": 1, "message": body}, {"type": kind, "reads": body}):
        assert all(isinstance(line, str) for line in watch.lines(message))


SCALED = {
    "datamatrix": ("(01)06901234567892(17)291231(10)A1(21)S9", True),
    "code128": ("(01)06901234567892(17)291231(10)A1", True),
}


@pytest.mark.parametrize("kind", SCALED.keys())
@pytest.mark.parametrize("scale", [2, 5])
def test_pixels_per_module_are_about_right(kind: str, scale: int) -> None:
    text, gs1 = SCALED[kind]
    image = write_symbol(text, kind, gs1=gs1, scale=scale)  # type: ignore[arg-type]  # the keys are the literals
    (symbol,) = read_symbols(image, ("DataMatrix", "Code128"))
    a, b, c, d = ((round(x), round(y)) for x, y in symbol.corners)
    seen = read(symbol.payload, symbol.symbology, format=symbol.format, corners=(a, b, c, d))
    assert pixels_per_module(seen) == pytest.approx(scale, rel=0.12)


UNKNOWN = {
    "no place": {"corners": None},
    "no kind": {"format": None},
    "a kind of changing size": {"format": "QRCode"},
    "larger than any symbol": {"payload": bytes(range(128, 256)) * 20},
}


@pytest.mark.parametrize("changes", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_where_modules_cannot_be_counted_nothing_is_said(changes: dict[str, Any]) -> None:
    assert pixels_per_module(read(**changes)) is None
    assert pixels_per_module(read(b"4006381333931", "]E0", format="EAN13")) == pytest.approx(88 / 95)


@given(st.binary(max_size=60), st.sampled_from(["DataMatrix", "Code128"]))
def test_any_payload_has_a_size(payload: bytes, kind: str) -> None:
    found = pixels_per_module(read(payload, None, format=kind))
    assert found is not None
    assert 0 < found < 10


SHOWN = {
    "a UDI": (UDI, "]d2", True),
    "a half with lot and date": (b"1729123110A1", "]C1", True),
    "HIBC": (b"+A123BJC5D6E71G", "]A0", True),
    "a product's EAN": (b"4006381333931", "]E0", True),
    "MA": (b"MA.156.M0.100221.sn12", "]Q1", True),
    "the target": (b"CAL0280025012", "]d1", True),
    "a wristband": (b"ZY0012345", "]C0", False),
    "a badge": (b"N1207", "]A0", False),
    "a number": (b"4006381333931", "]C0", False),
    "an identity card that looks like a date": (b"110101199003074514", "]Q1", False),
    "a blood donation": (b"=A99971312345600", "]C0", False),
    "GS1's number of a patient": (b"8018123456789012345675", "]C1", False),
    "a patient beside a product": (b"01069012345678928018123456789012345675", "]d2", False),
    "no text": (b"\xff\xfe", "]d1", False),
    "nothing": (b"", None, False),
}


@pytest.mark.parametrize(("payload", "symbology", "shown"), SHOWN.values(), ids=SHOWN.keys())
def test_only_what_is_surely_a_device_is_shown(payload: bytes, symbology: str | None, shown: bool) -> None:
    assert _is_device(read(payload, symbology)) is shown


def test_the_command_says_that_nothing_runs(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["camera", "watch", "--socket", str(tmp_path / "camera.sock")])
    assert result.exit_code == 1
    assert "systemctl start udi-camera" in result.output


def test_the_command_prints_until_the_process_ends_and_keeps_people_off_the_screen(tmp_path: Path) -> None:
    socket = tmp_path / "camera.sock"
    server = LineServer(socket)

    def serve() -> None:
        asked: list[Any] = []
        while not asked:
            asked = server.step(0.1)
        server.broadcast(sighting(read(), read(b"ZY0012345", "]C0", format="Code128")))
        server.step(0.1)
        server.close()

    serving = threading.Thread(target=serve)
    serving.start()
    result = CliRunner().invoke(main, ["camera", "watch", "--socket", str(socket)])
    serving.join()
    assert result.exit_code == 1
    assert "01069012345678921729123110A1␝21S9" in result.output
    assert "ZY0012345" not in result.output
    assert "journalctl" in result.output
