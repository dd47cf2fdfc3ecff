"""What is certainly the same text in two tables: full and half width, spaces, case, the form of brackets."""

from __future__ import annotations

import unicodedata

_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BRACKETS = dict.fromkeys(map(ord, "[{<【〔〖《「"), "(") | dict.fromkeys(map(ord, "]}>】〕〗》」"), ")")
_SAME = _WIDTH | {ord(wide): _BRACKETS.get(ord(wide) - 0xFEE0, chr(ord(wide) - 0xFEE0)) for wide in "［］｛｝＜＞"}
_TABLE = _SAME | _BRACKETS


def fold(text: str) -> str:
    """The text without what certainly makes no difference; a dash, an index or a unit may make one, and stays."""
    return "".join(text.translate(_TABLE).split()).casefold()


def heading(text: str) -> str:
    """A column's heading, however it was typed."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if character.isalnum())
