from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.udi.read import Read
from edge.vision import ladder
from edge.vision.ladder import Search, read_frame
from edge.vision.locate import locate
from edge.vision.pixels import Luma
from edge.vision.symbols import read_symbols, write_symbol
from tests.support.frames import CONDITIONS, FOUR, Ground, Kind, content, empty, sheet, shot

SIZE = (960, 720)
LOOK_MS = 10.0


def paste(frame: Luma, symbol: Luma, x: int, y: int) -> None:
    frame[y : y + symbol.shape[0], x : x + symbol.shape[1]] = symbol


def paper(width: int = 960, height: int = 720) -> Luma:
    return np.full((height, width), 220, np.uint8)


def payloads(reads: tuple[Read, ...]) -> list[bytes]:
    return sorted(read.payload for read in reads)


def centre(read: Read) -> tuple[float, float]:
    assert read.corners is not None
    return sum(x for x, _ in read.corners) / 4, sum(y for _, y in read.corners) / 4


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sizes of all images that the decoder gets, and with which formats."""
    seen: list[str] = []

    def note(luma: Luma, formats: tuple[str, ...], **options: Any) -> Any:
        seen.append(f"{luma.shape[1]}x{luma.shape[0]} {' '.join(formats)}")
        return read_symbols(luma, formats, **options)

    monkeypatch.setattr(ladder, "read_symbols", note)
    return seen


@pytest.mark.parametrize("ground", ["plain", "wood", "text"])
@pytest.mark.parametrize("condition", FOUR)
@pytest.mark.parametrize("kind", ["datamatrix", "qr"])
def test_a_symbol_is_read_with_its_place(kind: Kind, condition: str, ground: Ground) -> None:
    frame = shot(kind, CONDITIONS[condition], 3, seed=21, ground=ground, size=SIZE)
    (read,) = read_frame(frame.luma, t0_ns=5)
    assert (read.payload, read.t0_ns, read.source) == (frame.truth[0].payload, 5, "camera")
    assert frame.truth[0].holds(centre(read))
    assert read.margin is not None


def test_what_reads_at_once_costs_one_look_at_a_small_part(looks: list[str]) -> None:
    frame = shot("datamatrix", CONDITIONS["typical"], 4, seed=3, ground="text", size=SIZE)
    assert read_frame(frame.luma, t0_ns=0)
    (look,) = looks
    width, height = (int(side) for side in look.split()[0].split("x"))
    assert width * height < SIZE[0] * SIZE[1] / 8
    assert "Code128" not in look


@pytest.mark.parametrize("kind", ["datamatrix", "qr"])
@pytest.mark.parametrize("condition", ["typical", "low_contrast"])
def test_every_sticker_of_a_sheet_is_a_read_of_its_own(kind: Kind, condition: str) -> None:
    form = sheet(kind, 3, seed=8, condition=CONDITIONS[condition])
    reads = read_frame(form.luma, t0_ns=0)
    assert payloads(reads) == sorted(each.payload for each in form.truth)
    for each in form.truth:
        (read,) = (read for read in reads if read.payload == each.payload)
        assert each.holds(centre(read))


@pytest.mark.parametrize("gap", [12, 24, 60])
def test_two_symbols_beside_each_other_are_two_reads(gap: int) -> None:
    frame = paper()
    one, other = (write_symbol(content(number)[0], "datamatrix", gs1=True, scale=3) for number in (1, 2))
    paste(frame, one, 300, 200)
    paste(frame, other[:, 3:], 300 + one.shape[1] + gap, 200)
    assert payloads(read_frame(frame, t0_ns=0)) == sorted(content(number)[1] for number in (1, 2))


def test_a_symbol_that_only_a_later_rung_reads_is_found_beside_one_that_the_first_reads() -> None:
    frame = paper()
    paste(frame, write_symbol(content(1)[0], "datamatrix", gs1=True, scale=4), 200, 200)
    paste(frame, 255 - write_symbol(content(2)[0], "datamatrix", gs1=True, scale=4), 300, 200)
    assert payloads(read_frame(frame, t0_ns=0)) == sorted(content(number)[1] for number in (1, 2))


def test_the_same_content_twice_in_view_is_two_reads() -> None:
    frame = paper()
    symbol = write_symbol(content(1)[0], "datamatrix", gs1=True, scale=4)
    paste(frame, symbol, 100, 100)
    paste(frame, symbol, 600, 400)
    assert payloads(read_frame(frame, t0_ns=0)) == [content(1)[1]] * 2


def test_a_linear_code_in_what_looks_like_a_matrix_is_within_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.vision.kinds.find_bars", lambda _crop: ())
    frame = paper()
    paste(frame, write_symbol("(01)06901234567892", "code128", gs1=True, scale=2), 200, 200)
    (read,) = read_frame(frame, t0_ns=0)
    assert (read.payload, (read.rung or "")[:4]) == (b"0106901234567892", "bars")
    assert read.margin is not None


def test_only_the_formats_asked_for_are_looked_for(looks: list[str]) -> None:
    frame = paper()
    paste(frame, write_symbol(content(1)[0], "datamatrix", gs1=True, scale=4), 200, 200)
    assert read_frame(frame, t0_ns=0, formats=("QRCode",)) == ()
    assert all(look.split()[1:] == ["QRCode"] for look in looks)


def test_a_small_image_is_looked_at_as_a_whole_first(looks: list[str]) -> None:
    symbol = write_symbol(content(1)[0], "datamatrix", gs1=True, scale=3)
    assert payloads(read_frame(symbol, t0_ns=0)) == [content(1)[1]]
    assert looks[0].split()[0] == f"{symbol.shape[1]}x{symbol.shape[0]}"
    assert len(looks) == 1


def test_the_whole_frame_is_looked_at_once_and_only_if_nothing_was_read(looks: list[str]) -> None:
    whole = f"{SIZE[0]}x{SIZE[1]}"
    read_frame(shot("datamatrix", CONDITIONS["typical"], 3, seed=3, size=SIZE).luma, t0_ns=0)
    assert not [look for look in looks if look.startswith(whole)]
    read_frame(empty("text", seed=3, size=SIZE), t0_ns=0)
    every = [look for look in looks if look.startswith(whole) and "Code128" in look]
    assert len(every) == 1, "of all kinds; marks of dots are looked for in other views of it"


def test_without_the_whole_frame_it_is_not_looked_at(looks: list[str]) -> None:
    page = empty("text", seed=3, size=SIZE)
    search = Search(page, full=False)
    search.step(page, t0_ns=0)
    assert search.done
    assert not [look for look in looks if look.startswith(f"{SIZE[0]}x{SIZE[1]}")]


def ticking() -> Callable[[], int]:
    """A clock that goes on by half of `LOOK_MS` each time somebody looks at it."""
    ticks = count(step=int(LOOK_MS * 1e6 / 2))
    return lambda: next(ticks)


def steps(search: Search, luma: Luma, budget_ms: float) -> Iterator[tuple[Read, ...]]:
    while not search.done:
        yield search.step(luma, t0_ns=0, budget_ms=budget_ms)


@pytest.mark.parametrize("budget_ms", [0.0, 15.0, 100.0])
def test_a_budget_spreads_the_same_work_over_frames(budget_ms: float) -> None:
    form = sheet("datamatrix", 3, seed=8, condition=CONDITIONS["typical"])
    search = Search(form.luma, now_ns=ticking())
    parts = list(steps(search, form.luma, budget_ms))
    assert len(parts) > 1
    assert payloads(tuple(read for part in parts for read in part)) == payloads(search.reads)
    assert payloads(search.reads) == payloads(read_frame(form.luma, t0_ns=0))


def test_a_search_that_is_done_does_nothing(looks: list[str]) -> None:
    frame = shot("datamatrix", CONDITIONS["typical"], 3, seed=3, size=SIZE).luma
    search = Search(frame)
    assert len(search.step(frame, t0_ns=0)) == 1
    before = len(looks)
    assert search.step(frame, t0_ns=0) == ()
    assert len(looks) == before


def test_a_better_picture_is_searched_anew_and_keeps_what_was_read() -> None:
    frame = paper()
    paste(frame, write_symbol(content(1)[0], "datamatrix", gs1=True, scale=4), 200, 200)
    search = Search(frame)
    search.step(frame, t0_ns=0)
    better = frame.copy()
    paste(better, write_symbol(content(2)[0], "datamatrix", gs1=True, scale=4), 600, 400)
    search.again(better)
    assert not search.done
    assert payloads(search.step(better, t0_ns=0)) == [content(2)[1]]
    assert payloads(search.reads) == sorted(content(number)[1] for number in (1, 2))


def test_a_thorough_search_goes_on_where_nothing_looks_like_a_symbol(looks: list[str]) -> None:
    frame = shot("datamatrix", CONDITIONS["typical"], 3, seed=3, ground="text", size=SIZE)
    search = Search(frame.luma, thorough=True)
    search.step(frame.luma, t0_ns=0)
    assert payloads(search.reads) == [frame.truth[0].payload]
    assert len(looks) > 20


def test_a_frame_of_another_size_is_told() -> None:
    search = Search(paper())
    with pytest.raises(ValueError, match=r"\(720, 960\).*\(100, 100\)"):
        search.step(paper(100, 100), t0_ns=0)


@pytest.mark.parametrize("ground", ["plain", "wood", "text"])
def test_nothing_is_read_where_nothing_is(ground: Ground) -> None:
    assert read_frame(empty(ground, seed=4, size=SIZE), t0_ns=0) == ()


def test_texture_without_end_is_given_up(looks: list[str]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (700, 900), dtype=np.uint8)
    assert locate(noise)
    assert read_frame(noise, t0_ns=0) == ()
    pixels = [int(width) * int(height) for width, height in (look.split()[0].split("x") for look in looks)]
    frames = ladder.LIKELY_EFFORT + ladder.NEAR_EFFORT + ladder.FAR_EFFORT
    assert sum(pixels) <= frames * ladder.FRAME + noise.size + 3 * 900 * 900


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 120),
    st.integers(1, 120),
    st.integers(0, 2**31),
    st.sampled_from([(1, 1), (2, 1), (1, 3), (-1, 1), (1, -1)]),
)
def test_any_array_gives_reads_or_none(height: int, width: int, seed: int, stride: tuple[int, int]) -> None:
    luma = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)[:: stride[0], :: stride[1]]
    luma.flags.writeable = False
    search = Search(luma, thorough=True)
    for _ in steps(search, luma, 0.0):
        pass
    assert all(read.corners is not None for read in search.reads)
