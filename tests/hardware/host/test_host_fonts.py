"""Which font is taken where several lie, one, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.host.fonts import PACKAGED, FontError, chinese_fonts, font_file

OTHER = "truetype/arphic/uming.ttc"
FOUND: dict[str, tuple[list[str], list[str]]] = {
    "none": (["truetype/dejavu/DejaVuSans.ttf"], []),
    "the best first": ([PACKAGED[2], PACKAGED[0]], [PACKAGED[0], PACKAGED[2]]),
    "a bold one is not the first": (["opentype/noto/NotoSansCJK-Bold.ttc", PACKAGED[0]], [PACKAGED[0]]),
    "another one, anywhere": ([OTHER], [OTHER]),
}


@pytest.mark.parametrize(("there", "expected"), FOUND.values(), ids=FOUND.keys())
def test_the_fonts_of_a_machine(tmp_path: Path, there: list[str], expected: list[str]) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(each.relative_to(tmp_path)) for each in chinese_fonts(tmp_path)]
    assert found[: len(expected)] == expected
    assert bool(found) == bool(expected)
    if expected:
        assert font_file(None, tmp_path) == tmp_path / expected[0]


def test_a_given_font_is_taken_and_a_missing_one_is_said(tmp_path: Path) -> None:
    given = tmp_path / "mine.ttf"
    with pytest.raises(FontError, match=r"no font .*mine\.ttf: expected one with Chinese; apt install fonts-noto-cjk"):
        font_file(given)
    given.touch()
    assert font_file(given) == given
    with pytest.raises(FontError, match=r"no font in .*nowhere: expected one"):
        font_file(None, tmp_path / "nowhere")
