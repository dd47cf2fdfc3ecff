"""What both ways of a first start have in common: names on the card, the service, host names. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from firmware_service.card.site import Site

FOLDER = "udi"
"""Of everything that is ours on the boot partition."""
PROGRAM = f"{FOLDER}/first-start.pyz"
NETWORK_CA = f"{FOLDER}/network-ca.pem"
UNIT = "udi-first-start.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
UNIT_TEXT = f"""[Unit]
Description=UDI station: first start from the card
ConditionPathExists=/boot/firmware/{PROGRAM}
After=local-fs.target network.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
# A power cut in the middle is no harm: it starts again until it is done.
ExecStart=/usr/bin/python3 -I /boot/firmware/{PROGRAM} --boot /boot/firmware
Restart=on-failure
RestartSec=60
TimeoutStartSec=30min

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a card is to become."""

    site: Site
    instance: str
    """New for every preparation: what was done for an older one does not count."""
    station: str | None = None
    address: str | None = None
    """With its prefix length, for [network.static]; None: DHCP."""

    @property
    def host_name(self) -> str:
        """Until a name is given by the label all unnamed stations have the same."""
        return (self.station or "udi-station").lower()


def pairwise_key(ssid: str, password: str) -> str:
    """A Wi-Fi's key in 64 hex digits, so that the password itself is not on the card (IEEE 802.11i, annex H.4)."""
    return hashlib.pbkdf2_hmac("sha1", password.encode(), ssid.encode(), 4096, 32).hex()
