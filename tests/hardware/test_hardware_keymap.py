from hypothesis import given
from hypothesis import strategies as st

from hardware.keymap import KeyDecoder

LETTERS = dict(zip("qwertyuiop", range(16, 26), strict=True)) | dict(zip("1234567890", range(2, 12), strict=True))
SHIFT, CTRL, ALT, ENTER, BRACKET, CAPS = 42, 29, 56, 28, 27, 58
BLOCK = {"0": 82, "2": 80, "9": 73}


def typed(*keys: int) -> bytes:
    """Press and let go each key; a negative one stays down until the end."""
    decoder, held, out = KeyDecoder(), [], b""
    for key in keys:
        out += decoder.key(abs(key), down=True)
        if key < 0:
            held.append(-key)
        else:
            out += decoder.key(key, down=False)
    for key in held:
        out += decoder.key(key, down=False)
    return out


def test_shift_makes_capitals_and_signs() -> None:
    assert typed(-SHIFT, LETTERS["q"], LETTERS["1"]) == b"Q!"


def test_caps_lock_turns_letters_only() -> None:
    assert typed(CAPS, LETTERS["q"], LETTERS["1"]) == b"Q1"


def test_gs_as_ctrl_and_bracket() -> None:
    assert typed(-CTRL, BRACKET) == b"\x1d"


def test_gs_as_alt_code() -> None:
    assert typed(-ALT, BLOCK["0"], BLOCK["2"], BLOCK["9"]) == b"\x1d"


def test_enter_ends() -> None:
    assert typed(LETTERS["q"], ENTER) == b"q\r"


@given(st.lists(st.tuples(st.integers(0, 767), st.booleans()), max_size=200))
def test_any_keys_never_raise(events: list[tuple[int, bool]]) -> None:
    decoder = KeyDecoder()
    for code, down in events:
        assert len(decoder.key(code, down=down)) <= 1
