"""What a device believes of an honest repository: through lost caches, wrong clocks, new keys and broken transfers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from firmware_service.places import Places
from firmware_service.release.layout import METADATA
from firmware_service.release.manifest import Layer, Patch
from firmware_service.update.fetching import FolderSource, Source, WebSource
from firmware_service.update.trust import SourceError, StaleError, latest
from hardware.host.clock import BUILD_FLOOR, Clock
from tests.support.file_server import FileServer, serving
from tests.support.pki import Authority
from tests.support.releases import CHANNEL, DAY, NOW, Device, Maker

PATIENCE_S = 0.5
CACHE = ("timestamp.json", "snapshot.json", "targets.json", "root_history/1.root.json")


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    made = Maker(tmp_path)
    made.init()
    return made


@pytest.fixture
def device(maker: Maker, tmp_path: Path) -> Device:
    return Device(Places(tmp_path / "device"), maker.repository.root())


@pytest.fixture
def server(maker: Maker) -> Iterator[FileServer]:
    with serving(maker.folder) as made:
        yield made


@pytest.fixture(params=["http", "stick"])
def source(request: pytest.FixtureRequest, maker: Maker, server: FileServer) -> Source:
    return WebSource(server.url, patience_s=PATIENCE_S) if request.param == "http" else FolderSource(maker.folder)


def newest(device: Device, source: Source, floor: int = 0) -> str:
    return device.trust(source).newest(CHANNEL, floor).version


def test_the_newest_release_and_its_bytes(maker: Maker, device: Device, source: Source, tmp_path: Path) -> None:
    maker.issue("1.0.0", 1)
    made = maker.issue("1.1.0", 2)
    trust = device.trust(source)
    assert trust.newest(CHANNEL, floor=0) == made
    assert trust.newest(CHANNEL, floor=2) == made
    with pytest.raises(StaleError, match="kept 3"):
        trust.newest(CHANNEL, floor=3)
    layer = made.layer("app")
    *_, last = trust.fetch(layer, tmp_path / "app")
    assert last == layer.size
    assert (tmp_path / "app").read_bytes() == (maker.folder / layer.path).read_bytes()


def test_the_newest_is_told_by_the_counter_and_in_its_channel(maker: Maker, device: Device, source: Source) -> None:
    maker.issue("1.10.0", 1)
    maker.issue("1.9.1", 2)
    maker.release("2.0.0", 3, channel="beta")
    maker.sign("targets")
    maker.publish()
    assert newest(device, source) == "1.9.1"
    assert device.trust(source).newest("beta", 0).version == "2.0.0"


@pytest.mark.parametrize("name", CACHE)
@pytest.mark.parametrize("damage", [b"", bytes(4096), b"{}", b'{"signed": ', None], ids=repr)
def test_a_damaged_cache_heals(name: str, damage: bytes | None, maker: Maker, device: Device) -> None:
    maker.issue("1.0.0", 1)
    stick = FolderSource(maker.folder)
    assert newest(device, stick) == "1.0.0"
    file = device.places.trust / name
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    maker.issue("1.1.0", 2)
    assert newest(device, stick) == "1.1.0"
    assert newest(device, stick) == "1.1.0"


def test_what_a_look_that_was_cut_off_has_left_goes(maker: Maker, device: Device, source: Source) -> None:
    maker.issue("1.0.0", 1)
    assert newest(device, source) == "1.0.0"
    before = sorted(device.places.trust.iterdir())
    NamedTemporaryFile(dir=device.places.trust, delete=False).close()
    assert sorted(device.places.trust.iterdir()) != before
    assert newest(device, source) == "1.0.0"
    assert sorted(device.places.trust.iterdir()) == before


def test_a_wiped_cache_comes_back(maker: Maker, device: Device, source: Source) -> None:
    maker.issue("1.0.0", 1)
    assert newest(device, source) == "1.0.0"
    shutil.rmtree(device.places.trust)
    assert newest(device, source, floor=1) == "1.0.0"


CLOCKS = {
    "1970": (datetime(1970, 1, 1, tzinfo=UTC), True),
    "a year behind": (NOW - 365 * DAY, True),
    "120 days ahead": (NOW + 120 * DAY, False),
    "2106": (datetime(2106, 2, 7, tzinfo=UTC), False),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_wrong_clock_loses_nothing_and_is_over_when_it_is_right(
    name: str, maker: Maker, device: Device, source: Source
) -> None:
    maker.issue("1.0.0", 1)
    assert newest(device, source) == "1.0.0"
    maker.issue("1.1.0", 2)
    device.now, goes_on = CLOCKS[name]
    if goes_on:
        assert newest(device, source, floor=1) == "1.1.0"
    else:
        with pytest.raises(StaleError, match="is this device's clock right"):
            newest(device, source, floor=1)
    device.now = NOW
    assert newest(device, source, floor=1) == "1.1.0"


def test_a_signed_time_outlives_a_clock_that_starts_in_1970(maker: Maker, device: Device, source: Source) -> None:
    """The kept timestamp was signed after the end of a root that another copy still has."""
    maker.issue("1.0.0", 1)
    later = NOW + (3 * 365 + 1) * DAY
    maker.repository.rotate_root([], [], later - 3 * DAY)
    maker.repository.renew_targets(later)
    maker.sign("root-1", "root-2", "targets")
    maker.publish(later)
    device.now = datetime(1970, 1, 1, tzinfo=UTC)
    assert newest(device, source) == "1.0.0"
    (maker.folder / METADATA / "2.root.json").unlink()
    (device.places.trust / "root_history/2.root.json").unlink()
    with pytest.raises(StaleError, match=r"root\.json is expired"):
        newest(device, source)


def test_a_kept_timestamp_by_a_revoked_key_tells_no_time(maker: Maker, device: Device, source: Source) -> None:
    """Who had the online key could sign a time far ahead; another key ends that."""
    maker.issue("1.0.0", 1)
    maker.repository.renew(maker.keys.signer("online"), NOW + 3650 * DAY)
    assert newest(device, source) == "1.0.0"
    with pytest.raises(StaleError, match="expired"):
        newest(device, source)
    maker.repository.rotate_key("online", maker.keys.public("online-2"), NOW)
    maker.sign("root-1", "root-3")
    maker.repository.publish(maker.keys.signer("online-2"), NOW)
    assert newest(device, source) == "1.0.0"


def add_and_remove(maker: Maker) -> None:
    maker.repository.rotate_root([maker.keys.public("root-4")], [maker.keys.public("root-1").keyid], NOW)
    maker.sign("root-1", "root-2", "root-4")


def twice(maker: Maker) -> None:
    add_and_remove(maker)
    maker.publish()
    maker.repository.rotate_root([maker.keys.public("root-5")], [maker.keys.public("root-2").keyid], NOW)
    maker.sign("root-2", "root-4", "root-5")


def another_targets_key(maker: Maker) -> None:
    maker.repository.rotate_key("targets", maker.keys.public("targets-2"), NOW)
    maker.repository.renew_targets(NOW)
    maker.sign("root-1", "root-2", "targets-2")


@pytest.mark.parametrize("rotation", [add_and_remove, twice, another_targets_key], ids=lambda each: each.__name__)
def test_a_device_follows_new_keys(
    rotation: Callable[[Maker], None], maker: Maker, device: Device, source: Source
) -> None:
    """Also one that has seen none of them in between."""
    maker.issue("1.0.0", 1)
    assert newest(device, source) == "1.0.0"
    rotation(maker)
    maker.publish()
    maker.release("1.1.0", 2)
    maker.sign("targets-2" if rotation is another_targets_key else "targets")
    maker.publish()
    assert newest(device, source) == "1.1.0"
    shutil.rmtree(device.places.trust)
    assert newest(device, source) == "1.1.0"


@pytest.fixture
def layer(maker: Maker) -> Layer:
    return maker.issue("1.0.0", 1).layer("app")


def blobs(layer: Layer) -> list[Layer | Patch]:
    return [layer, Patch("0" * 64, layer.sha256, layer.size)]


def test_a_server_of_the_site_is_known_by_its_authority(
    layer: Layer, maker: Maker, device: Device, tmp_path: Path
) -> None:
    site, other = Authority(tmp_path / "site"), Authority(tmp_path / "other")
    with serving(maker.folder, site.identity("server")) as server:
        trust = device.trust(WebSource(server.url, site.identity("OR-03.fw")))
        assert trust.newest(CHANNEL, 0).version == "1.0.0"
        list(trust.fetch(layer, tmp_path / "layer"))
        stranger = device.trust(WebSource(server.url, other.identity("OR-03.fw")))
        with pytest.raises(SourceError, match="certificate verify failed"):
            stranger.newest(CHANNEL, 0)
        plain = device.trust(WebSource(server.url))
        with pytest.raises(SourceError, match="with this device's identity"):
            plain.newest(CHANNEL, 0)
    assert (tmp_path / "layer").stat().st_size == layer.size


def test_a_patch_lies_beside_the_layers(layer: Layer, maker: Maker, device: Device, source: Source) -> None:
    patch = Patch("0" * 64, layer.sha256, layer.size)
    shutil.copy(maker.folder / layer.path, maker.folder / patch.path)
    out = maker.folder.parent / "patch"
    for _ in device.trust(source).fetch(patch, out):
        pass
    assert out.stat().st_size == patch.size


@pytest.mark.parametrize("damage", ["tampered", "longer", "missing"])
def test_other_bytes_than_promised_are_thrown_away(
    damage: str, layer: Layer, maker: Maker, device: Device, source: Source, tmp_path: Path
) -> None:
    file, good, out = maker.folder / layer.path, (maker.folder / layer.path).read_bytes(), tmp_path / "layer"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(good[:-1] + b"!" if damage == "tampered" else b"!" + good)
    with pytest.raises(SourceError, match="not whole" if damage == "missing" else "expected SHA-256"):
        list(device.trust(source).fetch(layer, out))
    assert not out.exists()
    file.write_bytes(good)
    list(device.trust(source).fetch(layer, out))
    assert out.read_bytes() == good


def test_a_broken_transfer_goes_on_where_it_was(
    layer: Layer, maker: Maker, device: Device, server: FileServer, tmp_path: Path
) -> None:
    server.manners[layer.path] = "cut"
    trust = device.trust(WebSource(server.url))
    with pytest.raises(SourceError, match="expected"):
        list(trust.fetch(layer, tmp_path / "layer"))
    assert (tmp_path / "layer.part").stat().st_size == layer.size // 2
    server.manners.clear()
    list(trust.fetch(layer, tmp_path / "layer"))
    assert server.asked[-1] == (layer.path, f"bytes={layer.size // 2}-")
    assert (tmp_path / "layer").read_bytes() == (maker.folder / layer.path).read_bytes()


def test_a_stick_pulled_out_in_mid_copy_goes_on_where_it_was(
    layer: Layer, maker: Maker, device: Device, tmp_path: Path
) -> None:
    trust = device.trust(FolderSource(maker.folder))
    copying = trust.fetch(layer, tmp_path / "layer")
    assert next(copying) == 0
    assert 0 < next(copying) < layer.size
    file = maker.folder / layer.path
    whole = file.read_bytes()
    file.write_bytes(b"")
    with pytest.raises(SourceError, match="are there"):
        list(copying)
    file.write_bytes(whole)
    assert next(trust.fetch(layer, tmp_path / "layer")) > 0
    list(trust.fetch(layer, tmp_path / "layer"))
    assert (tmp_path / "layer").read_bytes() == whole


def test_a_server_that_drips_a_layer_is_given_up(
    layer: Layer, device: Device, server: FileServer, tmp_path: Path
) -> None:
    server.manners[layer.path] = "drip"
    with pytest.raises(SourceError, match="expected 512 a second"):
        list(device.trust(WebSource(server.url, patience_s=PATIENCE_S)).fetch(layer, tmp_path / "layer"))
    assert (tmp_path / "layer.part").exists()


def test_endless_bytes_of_a_layer_end_where_it_should(
    layer: Layer, device: Device, server: FileServer, tmp_path: Path
) -> None:
    server.manners[layer.path] = "endless"
    with pytest.raises(SourceError, match="expected SHA-256"):
        list(device.trust(WebSource(server.url)).fetch(layer, tmp_path / "layer"))
    assert not (tmp_path / "layer.part").exists()


def test_the_latest_time_is_the_floor_when_the_clock_is_behind_it(tmp_path: Path) -> None:
    assert latest(Clock(tmp_path, floor=NOW + 36500 * DAY)) == NOW + 36500 * DAY
    assert latest(Clock(tmp_path)) >= BUILD_FLOOR
