"""The fonts of this machine that have Chinese: what is printed for people needs one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path("/usr/share/fonts")
PACKAGED = (
    "opentype/noto/NotoSansCJK-Regular.ttc",
    "truetype/wqy/wqy-microhei.ttc",
    "truetype/wqy/wqy-zenhei.ttc",
)
"""Where Debian's packages put the best of them."""
OTHERS = ("*CJK*", "wqy*", "*DroidSansFallback*", "*SourceHan*", "uming*", "ukai*")
"""Names of more, without their ending."""


class FontError(OSError):
    """No font with Chinese."""


def chinese_fonts(folder: Path = FOLDER) -> Iterator[Path]:
    """Files that should have Chinese, the best first; whether one can be read is not known yet.

    Args:
        folder: where fonts lie, at any depth.
    """
    yield from (folder / each for each in PACKAGED if (folder / each).is_file())
    for pattern in OTHERS:
        yield from sorted(folder.rglob(f"{pattern}.tt[cf]")) + sorted(folder.rglob(f"{pattern}.otf"))


def font_file(given: Path | None, folder: Path = FOLDER) -> Path:
    """The font to print with.

    Args:
        given: a file that somebody chose; None: one of this machine.
        folder: where fonts lie.

    Raises:
        FontError: the given one is missing, or none is installed.
    """
    found = next(chinese_fonts(folder), None) if given is None else given
    if found is None or not found.is_file():
        where = f"in {folder}" if given is None else str(given)
        raise FontError(f"no font {where}: expected one with Chinese; apt install fonts-noto-cjk, or give --font FILE")
    return found
