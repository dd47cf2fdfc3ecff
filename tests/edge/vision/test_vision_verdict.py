from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from edge.vision.quality import Measured
from edge.vision.verdict import Code, Values, good_enough, judge
from hardware.host.toml import read_table

GOOD = Measured(
    symbols=48,
    px_per_mm=12.1,
    field_mm=(120.0, 90.0),
    tilt=0.01,
    near_side="left",
    paper=200.0,
    ink=20.0,
    clipped=0.0,
    evenness=0.9,
    noise=2.0,
    blur=0.8,
    blur_edges=0.9,
    flicker=0.01,
    greys=7,
    matrix_read_mm=0.21,
    matrix_missed_mm=(),
    linear_read_mm=0.17,
    linear_missed_mm=(),
)
SET = Values(8.2, 2000, 4.0)

FINDINGS: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, bool]], str]] = {
    "all well": ({}, {}, [], ""),
    "within what paper tells": ({"px_per_mm": 11.8}, {}, [], ""),
    "too far": ({"px_per_mm": 9.0}, {}, [("too_far", True)], "25% nearer"),
    "near": ({"field_mm": (78.0, 58.0)}, {}, [("too_near", False)], "78 x 58 mm"),
    "end of the lens": ({}, {"focus_at_end": True}, [("focus_at_end", True)], "8.2 dioptres"),
    "blurred": ({"blur": 1.6}, {}, [("blurred", True)], "1.6 pixels, expected at most 1.2"),
    "blurred at a low scale": ({"blur": 0.9, "px_per_mm": 7.0}, {}, [("too_far", True), ("blurred", True)], "0.9"),
    "corners": ({"blur_edges": 1.4}, {}, [("edges_blurred", False)], "1.4 pixels, 0.8 in the middle"),
    "a blur everywhere is told once": ({"blur": 2.0, "blur_edges": 4.0}, {}, [("blurred", True)], "lens"),
    "dark": ({"paper": 120.0}, {}, [("dark", True)], "120 levels, expected 140"),
    "bright": ({"paper": 250.0}, {}, [("clipped", True)], "250 levels"),
    "a mirror": ({"clipped": 0.05}, {}, [("clipped", True)], "5% of its pixels"),
    "noisy": ({"noise": 3.4}, {}, [("noisy", True)], "sigma 3.4 levels, expected at most 3 (2000 µs, gain 4.0)"),
    "slow": ({}, {"exposure_us": 8000}, [("slow", False)], "8000 µs smears"),
    "dirty": ({"ink": 110.0}, {}, [("low_contrast", True)], "45%"),
    "uneven": ({"evenness": 0.5}, {}, [("uneven", True)], "50% of the brightest"),
    "flicker": ({"flicker": 0.12}, {}, [("flicker", True)], "12%"),
    "tilted": (
        {"tilt": 0.11, "near_side": "top"},
        {},
        [("tilted", True)],
        "the upper side of the picture is 11% larger",
    ),
    "not read": (
        {"matrix_missed_mm": (0.254,), "linear_missed_mm": (0.212,)},
        {},
        [("not_read", False)],
        "Data Matrix 0.25 mm, Code 128 0.21 mm",
    ),
    "nothing but black": ({"paper": 0.0, "ink": 0.0, "evenness": 0.0}, {}, [("dark", True)], "0 levels"),
}


@pytest.mark.parametrize(("seen", "values", "wanted", "words"), FINDINGS.values(), ids=FINDINGS.keys())
def test_what_is_found_and_said(
    seen: dict[str, Any], values: dict[str, Any], wanted: list[tuple[str, bool]], words: str
) -> None:
    findings = judge(replace(SET, **values), replace(GOOD, **seen))
    assert [(finding.code, finding.bad) for finding in findings][: max(1, len(wanted))] == wanted
    assert words in " ".join(finding.en for finding in findings)
    assert good_enough(findings) is not any(bad for _, bad in wanted)


def test_without_the_target_nothing_else_is_said() -> None:
    (finding,) = judge(SET, None)
    assert (finding.code, finding.bad) == ("no_target", True)


def test_every_finding_has_words_in_both_languages_and_the_table_shows_each() -> None:
    table = read_table(Path(__file__).parents[3] / "edge/vision/verdict.toml")
    assert set(table) == set(get_args(Code))
    shown = {code for _, _, wanted, _ in FINDINGS.values() for code, _ in wanted} | {"no_target"}
    assert shown == set(table)
    for words in table.values():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in words["zh"])
        assert words["en"].isascii() or "µ" in words["en"]


def test_chinese_says_the_same_numbers() -> None:
    (finding,) = judge(replace(SET, exposure_us=5000, gain=8.0), replace(GOOD, noise=3.4))
    assert all(word in finding.zh for word in ("3.4", "5000 µs", "增益 8.0"))
