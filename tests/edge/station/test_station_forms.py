"""Forms of texts: what two of them have in common is found exactly, and shown by an example."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.station.forms import ALPHANUMERIC, ANY, DIGITS, LETTERS, Characters, Form, common, exactly
from edge.udi.checks import has_mod10

FITS: dict[str, tuple[Form, str, str | None, bool]] = {
    "as it says": (Form(exactly("N"), DIGITS, 4, 4), "N1207", "]C0", True),
    "of any symbology": (Form(exactly("N"), DIGITS, 4, 4), "N1207", None, True),
    "too short": (Form(exactly("N"), DIGITS, 4, 4), "N120", None, False),
    "too long": (Form(exactly("N"), DIGITS, 4, 4), "N12070", None, False),
    "shorter than its head": (Form(exactly("ZY1")), "ZY", None, False),
    "another prefix": (Form(exactly("N"), DIGITS, 4, 4), "M1207", None, False),
    "another class": (Form(exactly("N"), DIGITS, 4, 4), "N12O7", None, False),
    "full-width digits are none": (Form((), DIGITS, 1, 4), "１２", None, False),
    "any that can be printed": (Form((), ANY, 1, 9), "张 3-é", None, True),
    "not a control character": (Form((), ANY, 1, 9), "A\x1dB", None, False),
    "another symbology": (Form((), ANY, 1, 9, ("]A", "]C0")), "A", "]C1", False),
    "one of its symbologies": (Form((), ANY, 1, 9, ("]A", "]C0")), "A", "]C0", True),
    "a reader that sends no symbology": (Form((), ANY, 1, 9, ("]A",)), "A", None, True),
    "its check digit does not count": (Form((), DIGITS, 8, 8, holds=has_mod10), "12345678", None, True),
}


@pytest.mark.parametrize(("form", "text", "symbology", "fits"), FITS.values(), ids=FITS.keys())
def test_a_form_fits_its_texts(form: Form, text: str, symbology: str | None, fits: bool) -> None:
    assert form.fits(text, symbology) is fits


APART: dict[str, tuple[Form, Form]] = {
    "prefixes": (Form(exactly("N")), Form(exactly("ZY"))),
    "lengths": (Form(exactly("N"), ANY, 4, 4), Form(exactly("N"), ANY, 5, 9)),
    "lengths with the prefixes": (Form(exactly("N"), ANY, 1, 2), Form(exactly("NX1"), ANY, 1, 9)),
    "classes": (Form(exactly("N"), DIGITS, 1, 9), Form(exactly("N"), LETTERS, 1, 9)),
    "a prefix that the other's class has not": (Form(exactly("N"), DIGITS, 1, 9), Form(exactly("NX"), DIGITS, 1, 9)),
    "symbologies": (Form((), DIGITS, 1, 9, ("]A", "]C0")), Form((), DIGITS, 1, 9, ("]C1", "]E"))),
}


@pytest.mark.parametrize(("one", "other"), APART.values(), ids=APART.keys())
def test_forms_that_are_told_apart(one: Form, other: Form) -> None:
    assert common(one, other) is None
    assert common(other, one) is None


def test_an_example_has_the_check_characters_of_both() -> None:
    found = common(Form(exactly("69"), DIGITS, 6, 12), Form((), DIGITS, 8, 8, ("]E",), has_mod10))
    assert found is not None
    assert (found.symbology, found.checked) == ("]E", True)
    assert has_mod10(found.text)


def test_an_example_whose_check_characters_cannot_all_be_right_says_so() -> None:
    found = common(Form(exactly("12345678"), DIGITS, holds=has_mod10), Form((), DIGITS, 8, 8))
    assert found is not None
    assert (found.text, found.checked) == ("12345678", False)


CLASSES: tuple[Characters, ...] = (DIGITS, LETTERS, ALPHANUMERIC, ANY)
LENGTHS = ((1, 1), (1, 2), (2, 2))
ALPHABET = "N1-"
"""Of every class and outside of it: what two classes have in common shows in these."""
TEXTS = ["".join(text) for length in range(1, 5) for text in product(ALPHABET, repeat=length)]


def test_of_all_small_forms_those_overlap_that_have_a_text_in_common() -> None:
    forms = [Form(exactly(head), *rest) for head in ("", "N", "1", "N1") for rest in small_rests()]
    fitting = [frozenset(text for text in TEXTS if form.fits(text, None)) for form in forms]
    for (one, texts), (other, others) in combinations(zip(forms, fitting, strict=True), 2):
        assert (common(one, other) is not None) is bool(texts & others), (one, other)


def small_rests() -> list[tuple[Characters, int, int]]:
    return [(characters, *length) for characters in CLASSES for length in LENGTHS]


HEADS = st.text("N12a", max_size=3).map(exactly) | st.lists(st.sampled_from(CLASSES), max_size=3).map(tuple)
SYMBOLOGIES = st.lists(st.sampled_from(["]A", "]C", "]C0", "]C1"]), max_size=2).map(tuple)


@st.composite
def forms(draw: st.DrawFn) -> Form:
    least = draw(st.integers(0, 4))
    return Form(draw(HEADS), draw(st.sampled_from(CLASSES)), least, draw(st.integers(least, 5)), draw(SYMBOLOGIES))


@given(forms(), forms())
def test_an_example_is_of_both_forms(one: Form, other: Form) -> None:
    found = common(one, other)
    if found is not None:
        symbology = f"{found.symbology or ']C'}0"[:3]
        assert one.fits(found.text, symbology)
        assert other.fits(found.text, symbology)
