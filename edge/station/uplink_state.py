"""What the uplink is told at its start, and what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.host.link import LinkSettings


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """Who sends, and what the status says of it."""

    station: str
    link: LinkSettings
    session: str
    version: str
    since: str
    notices_missing_by: tuple[str, ...]


@dataclass(slots=True)
class UplinkStats:
    """Counters since the start of the process."""

    connected: bool = False
    hub_present: bool = False
    connects: int = 0
    messages: int = 0
    events: int = 0
    reported: int = 0
    set_aside: tuple[int, ...] = ()
    """Events, by seq, that the broker does not take; those behind them go on."""
    taken_over: int = 0
    certificate_dates: str | None = None
    """``checked`` or ``not checked``, for want of a clock, at this connection; None without TLS."""
