import string
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.toml_edit import EditError, with_values

FILE = """# a station
[station]
gain = 3  # another gain

[camera]   # the camera
source = "picamera2"
# the lens
lens_position = 7.5   # dioptres, by hand
exposure_us = 8000
size = [1456, 1088]

[[scanner]]
exposure_us = 1
"""


def test_values_change_where_they_stand_and_comments_stay() -> None:
    after = with_values(FILE, "camera", {"lens_position": 8.21, "exposure_us": 2500})
    assert after == FILE.replace("7.5", "8.21").replace("8000", "2500")


def test_a_key_that_is_not_there_is_put_at_the_beginning_of_its_table() -> None:
    after = with_values(FILE, "camera", {"gain": 2.5})
    assert after == FILE.replace("# the camera\n", "# the camera\ngain = 2.5\n")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_value(text: str) -> None:
    for given_text in (FILE, FILE.replace('source = "picamera2"\n', "")):
        assert tomllib.loads(with_values(given_text, "camera", {"source": text}))["camera"]["source"] == text


def test_the_last_table_of_a_file_without_a_last_newline() -> None:
    assert with_values("[camera]\ngain = 1", "camera", {"gain": 2.5}) == "[camera]\ngain = 2.5\n"


IMPOSSIBLE = {
    "not there": "[station]\n",
    "inline": "camera = { gain = 1 }\n",
    "dotted": "camera.gain = 1\n",
    "no TOML": "[camera]\ngain = \n",
    "quoted": '[camera]\n"gain" = 1\n',
    "within a text of many lines": "[camera]\nnote = '''\ngain = 1\n'''\n",
    "a table that looks like it in a text": "a = '''\n[camera]\n'''\n[camera]\n",
}


@pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_changed_so_is_said_how_to_write_by_hand(text: str) -> None:
    with pytest.raises(EditError, match=r"\[camera\]\ngain = 2\.5"):
        with_values(text, "camera", {"gain": 2.5})


keys = st.text(string.ascii_lowercase, min_size=1, max_size=3)
numbers = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))
lines = st.lists(st.sampled_from(["a = 1", "b = 'x # y' # z", "", "# gain = 3", "c = [1,\n 2]", "[t]", "gain = 4 #5"]))


@given(before=lines, inside=lines, values=st.dictionaries(keys, numbers, min_size=1))
def test_whatever_stands_there_only_the_values_change_or_nothing(
    before: list[str], inside: list[str], values: dict[str, float]
) -> None:
    text = "\n".join([*before, "[camera]", *inside]) + "\n"
    try:
        after = tomllib.loads(with_values(text, "camera", values))
    except EditError:
        return
    wanted = tomllib.loads(text)
    wanted["camera"] |= values
    assert after == wanted
