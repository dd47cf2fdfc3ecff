"""Where things lie on a device; under a prefix, so that a test or a mounted tree can stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """All paths of one device.

    Attributes:
        root: ``/``, or the tree that stands for it.
    """

    root: Path = Path("/")

    @property
    def boot(self) -> Path:
        """The FAT partition, which any PC can read."""
        return self.root / "boot/firmware"

    @property
    def token(self) -> Path:
        """The single-use token that the card brought for enrolment; erased once it was used."""
        return self.boot / "udi/token"

    @property
    def address(self) -> Path:
        """The address that a room's label brought, until NetworkManager has taken it."""
        return self.state / "address"

    @property
    def state(self) -> Path:
        """The agent's own, for root only; outlives every slot."""
        return self.root / "var/lib/udi-firmware"

    @property
    def run(self) -> Path:
        """The agent's, until the next start of the machine."""
        return self.root / "run/udi-firmware"

    @property
    def identity(self) -> Path:
        """Keys and certificates, a folder for each of the two identities: ``station`` and ``agent``."""
        return self.state / "identity"

    @property
    def trust(self) -> Path:
        """What this device believes of the repository of releases (TUF metadata)."""
        return self.state / "trust"

    @property
    def slots_file(self) -> Path:
        """The state of the slots, see `firmware_service.update.slots`."""
        return self.state / "slots.json"

    @property
    def slots(self) -> Path:
        """A folder for each installed version."""
        return self.root / "opt/udi/slots"

    @property
    def current(self) -> Path:
        """The link to the slot that runs."""
        return self.root / "opt/udi/current"

    @property
    def station_file(self) -> Path:
        """The station's configuration."""
        return self.root / "etc/udi-station/station.toml"

    @property
    def site_file(self) -> Path:
        """What the card said of the site; see `firmware_service.card.site`."""
        return self.root / "etc/udi-station/site.toml"

    @property
    def station_run(self) -> Path:
        """The station's, until the next start of the machine."""
        return self.root / "run/udi-station"
