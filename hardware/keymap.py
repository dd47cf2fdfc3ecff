"""What a keyboard scanner types: key events to bytes. Pure.

US layout, which scanners send by default. GS comes as Ctrl and the closing bracket, or as an Alt code on the number
block (Alt, 0 2 9).
"""

from __future__ import annotations

_PLAIN = {
    2: "1", 3: "2", 4: "3", 5: "4", 6: "5", 7: "6", 8: "7", 9: "8", 10: "9", 11: "0", 12: "-", 13: "=",
    16: "q", 17: "w", 18: "e", 19: "r", 20: "t", 21: "y", 22: "u", 23: "i", 24: "o", 25: "p", 26: "[", 27: "]",
    30: "a", 31: "s", 32: "d", 33: "f", 34: "g", 35: "h", 36: "j", 37: "k", 38: "l", 39: ";", 40: "'", 41: "`",
    43: "\\", 44: "z", 45: "x", 46: "c", 47: "v", 48: "b", 49: "n", 50: "m", 51: ",", 52: ".", 53: "/", 57: " ",
    15: "\t", 98: "/", 55: "*", 74: "-", 78: "+", 83: ".",
}  # fmt: skip
_SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))
_NUMBER_BLOCK = {82: 0, 79: 1, 80: 2, 81: 3, 75: 4, 76: 5, 77: 6, 71: 7, 72: 8, 73: 9}
_ENTER = (28, 96)
_SHIFT, _CTRL, _ALT = (42, 54), (29, 97), (56, 100)
_CAPS_LOCK = 58
_CONTROL_LEAST, _CONTROL_MOST = ord("@"), ord("_")
MOST_ALT = 255


class KeyDecoder:
    """Turns key codes of Linux's input layer into the bytes that were scanned."""

    def __init__(self) -> None:
        """Start with no key down."""
        self._down: set[int] = set()
        self._caps = False
        self._alt: int | None = None

    def key(self, code: int, *, down: bool) -> bytes:
        """One key event; gives the bytes it produced, a carriage return for Enter."""
        if not down:
            self._down.discard(code)
            return self._alt_done() if code in _ALT else b""
        self._down.add(code)
        if code == _CAPS_LOCK:
            self._caps = not self._caps
        if self._held(_ALT) and code in _NUMBER_BLOCK:
            self._alt = ((self._alt or 0) * 10 + _NUMBER_BLOCK[code]) % 1000
            return b""
        return self._character(code)

    def _character(self, code: int) -> bytes:
        if code in _ENTER:
            return b"\r"
        if code in _NUMBER_BLOCK:
            return b"%d" % _NUMBER_BLOCK[code]
        plain = _PLAIN.get(code)
        if plain is None:
            return b""
        if self._held(_CTRL):
            return self._control(plain)
        if plain.isalpha():
            return (plain.upper() if self._held(_SHIFT) != self._caps else plain).encode()
        return (_SHIFTED.get(plain, plain) if self._held(_SHIFT) else plain).encode()

    @staticmethod
    def _control(plain: str) -> bytes:
        value = ord(plain.upper())
        return bytes([value & 0x1F]) if _CONTROL_LEAST <= value <= _CONTROL_MOST else b""

    def _alt_done(self) -> bytes:
        value, self._alt = self._alt, None
        return b"" if value is None or value > MOST_ALT else bytes([value])

    def _held(self, codes: tuple[int, int]) -> bool:
        return not self._down.isdisjoint(codes)
