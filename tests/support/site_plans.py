"""Any plan for a card that the settings of a site admit."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from hypothesis import strategies as st

from firmware_service.card.first_files import Plan
from firmware_service.card.site import (
    Account,
    AuthorityTable,
    Dot1x,
    Network,
    ReleaseTable,
    Site,
    SiteTable,
    Static,
    StationDefaults,
    Wifi,
)

_SHARP = ["'", '"', "\\", "$(id)", "`id`", "%s", "{}", "!!binary", "null", "on", "0x1F", "~", "é\xa0\ufeff", "-x", "#x"]
LINES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=24) | st.sampled_from(
    [*_SHARP, " a ", "a: b # c", "- x"]
)
_SSIDS = LINES.filter(lambda value: len(value.encode()) <= 32)
_WPA = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63)
_STATIC = Static("10.20.3.1", ("10.0.0.2", "10.0.0.3"), {"OR-03": "10.20.3.17/24"})


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    signs_in: Literal["eth0", "wlan0"] | None = draw(st.sampled_from(["eth0", "wlan0", None]))
    dot1x = None
    if signs_in is not None:
        dot1x = Dot1x("peap", draw(LINES), Path("/ca.pem"), draw(LINES), signs_in)
    wifi = None
    if signs_in == "wlan0" or draw(st.booleans()):
        wifi = Wifi(draw(_SSIDS), None if signs_in == "wlan0" else draw(_WPA), draw(st.booleans()))
    static = draw(st.sampled_from([None, _STATIC]))
    site = Site(
        SiteTable(draw(LINES)),
        AuthorityTable("https://a", "0" * 64, "A" * 43 + "="),
        ReleaseTable(Path("/root.json")),
        StationDefaults(Path("/template.toml")),
        Network(wifi, dot1x, static),
        Account(
            password_hash=draw(st.sampled_from([None, "$y$j9T$abc$def/."])),
            ssh_keys=(f"ssh-ed25519 AAAA {draw(LINES)}",),
        ),
    )
    station = draw(st.sampled_from([None, "OR-03"]))
    return Plan(site, "udi-0123456789abcdef", station, "10.20.3.17/24" if static and station else None)
