"""Who a device is: a station's name, its two roles, the board it runs on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["station", "agent"]
ROLES: tuple[Role, ...] = ("station", "agent")
STATION = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
BOARD = re.compile(r"[0-9A-Za-z]{1,64}")
"""A board's serial number."""
AGENT_SUFFIX = ".fw"


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a request and of a certificate."""

    station: str
    role: Role
    board: str | None
    """Serial number of the board; None where the machine has none."""

    @property
    def common_name(self) -> str:
        """What the broker knows the identity by: ``OR-03``, or ``OR-03.fw`` for the agent."""
        return self.station + (AGENT_SUFFIX if self.role == "agent" else "")


def read_subject(common_name: str, board: str | None) -> Subject:
    """The subject with this common name.

    Raises:
        ValueError: no station may have that name, or no board that number.
    """
    station, dot, rest = common_name.partition(".")
    if STATION.fullmatch(station) is None or dot + rest not in ("", AGENT_SUFFIX):
        expected = f"1 to 31 capital letters, digits and hyphens, and {AGENT_SUFFIX} for the agent"
        raise ValueError(f"name {common_name[:64]!r}: expected {expected}, for example OR-03")
    if board is not None and BOARD.fullmatch(board) is None:
        raise ValueError(f"board {board[:80]!r}: expected 1 to 64 letters and digits")
    return Subject(station, "agent" if dot else "station", board)
