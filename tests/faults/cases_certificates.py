"""Certificates that are expired, revoked, or of an authority that the other side does not know."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hardware.host.link import Tls
from tests.faults.table import fault
from tests.faults.world import World
from tests.support.pki import DAY, NOW, Authority
from tests.support.secure import SecureBroker


class SecureWorld(World):
    """The shipped broker; every identity has a certificate."""

    def __init__(self, folder: Path) -> None:
        self.secure = SecureBroker(folder, ["OR-01", "EVIL"])
        super().__init__(folder, broker=self.secure)
        self.secure.configure(["OR-01", "EVIL"])

    def give(self, tls: Tls) -> Tls:
        """Put these files in the place of the station's; gives what was there."""
        here = self.station.home
        former = Tls(here / "ca.pem", here / "own.pem", here / "own.key")
        for new, old in zip(
            (tls.ca, tls.certificate, tls.key), (former.ca, former.certificate, former.key), strict=True
        ):
            shutil.copy2(new, old)
        line = f'tls = {{ ca = "{former.ca}", certificate = "{former.certificate}", key = "{former.key}" }}'
        file = here / "station.toml"
        lines = [line if each.startswith("tls = ") else each for each in file.read_text(encoding="utf-8").split("\n")]
        file.write_text("\n".join(lines), encoding="utf-8")
        return former


def _without(world: World, bad: Callable[[SecureWorld], Tls]) -> None:
    """The station scans with a certificate that is refused, and gets a good one under the same names."""
    assert isinstance(world, SecureWorld)
    world.station.scan(3)
    world.wait(world.station.acknowledged, "delivery")
    world.station.end()
    world.give(bad(world))
    world.station.start()
    world.station.scan(10)
    assert not world.station.status()["link"]["connected"]
    assert not world.station.life.green() & world.held().events
    world.give(world.secure.authority.identity("OR-01"))
    world.station.end()
    world.station.start()


@fault("station's certificate expired", quick=True, build=SecureWorld)
def expired(world: World) -> None:
    _without(world, lambda secure: secure.secure.authority.identity("OR-01", until=NOW - DAY))


@fault("station's certificate of a wrong authority", build=SecureWorld)
def wrong_authority(world: World) -> None:
    def bad(secure: SecureWorld) -> Tls:
        stranger = Authority(secure.site.folder / "stranger", "somebody else").identity("OR-01")
        return Tls(secure.secure.authority.file, stranger.certificate, stranger.key)

    _without(world, bad)


@fault("broker's authority unknown to the station", build=SecureWorld)
def unknown_broker(world: World) -> None:
    def bad(secure: SecureWorld) -> Tls:
        good = secure.secure.authority.identity("OR-01")
        return Tls(Authority(secure.site.folder / "stranger", "somebody else").file, good.certificate, good.key)

    _without(world, bad)


@fault("station's certificate revoked", quick=True, build=SecureWorld)
def revoked(world: World) -> None:
    def bad(secure: SecureWorld) -> Tls:
        own = secure.secure.authority.identity("OR-01")
        secure.secure.authority.revoke(own)
        secure.broker.end()
        secure.broker.start()
        return own

    _without(world, bad)
