"""Each known attack on a repository of releases, over HTTP and over a stick; after each an honest copy works again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Root, TargetFile, Targets

from firmware_service.places import Places
from firmware_service.release.layout import METADATA, target_path
from firmware_service.release.manifest import write_manifest
from firmware_service.update.fetching import FolderSource, Source, WebSource
from firmware_service.update.trust import ForgedError, SourceError, StaleError, TrustError, UnfitError
from tests.support.file_server import FileServer, serving
from tests.support.releases import CHANNEL, DAY, NOW, ROOTS, RUNS, Device, Maker

PATIENCE_S = 0.5
YEAR = 365 * DAY


@dataclass(slots=True)
class Scene:
    """A device that has seen release 1.0.0, and a copy of the repository that now offers 1.1.0."""

    maker: Maker
    device: Device
    served: Path
    server: FileServer | None
    older: Path
    """A copy from the time of 1.0.0."""
    floor: int = 1
    channel: str = CHANNEL
    source: Source = field(init=False)

    def __post_init__(self) -> None:
        self.source = WebSource(self.server.url, patience_s=PATIENCE_S) if self.server else FolderSource(self.served)

    def serve(self, folder: Path) -> None:
        """Put another copy in the place of the one that is served."""
        shutil.rmtree(self.served)
        shutil.copytree(folder, self.served)

    def serve_newest(self) -> None:
        self.serve(self.maker.folder)

    def metadata(self, name: str) -> Path:
        return self.served / METADATA / name

    def misbehave(self, manner: str, name: str = "timestamp.json") -> None:
        """By the server, or by what a stick can have in a file's place."""
        if self.server:
            self.server.manners[f"{METADATA}/{name}"] = "endless" if manner == "endless" else "drip"
        elif manner == "endless":
            with self.metadata(name).open("ab") as file:
                file.truncate(1 << 40)
        else:
            self.metadata(name).unlink()
            os.mkfifo(self.metadata(name))

    def newest(self) -> str:
        return self.device.trust(self.source).newest(self.channel, self.floor).version


@pytest.fixture(params=["http", "stick"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    maker = Maker(tmp_path)
    device = Device(Places(tmp_path / "device"), maker.init())
    maker.issue("1.0.0", 1)
    older = maker.copy(tmp_path / "older")
    served = maker.copy(tmp_path / "served")
    with serving(served) as server:
        made = Scene(maker, device, served, server if request.param == "http" else None, older)
        assert made.newest() == "1.0.0"
        maker.issue("1.1.0", 2)
        made.serve_newest()
        yield made


def rollback(scene: Scene) -> None:
    assert scene.newest() == "1.1.0"
    scene.serve(scene.older)


def freeze(scene: Scene) -> None:
    scene.device.now = NOW + 91 * DAY


def old_targets_under_the_new_name(scene: Scene) -> None:
    shutil.copy(scene.metadata("2.targets.json"), scene.metadata("3.targets.json"))


def old_snapshot_under_the_new_name(scene: Scene) -> None:
    shutil.copy(scene.metadata("2.snapshot.json"), scene.metadata("3.snapshot.json"))


def newer_targets_that_no_snapshot_names(scene: Scene) -> None:
    """A list signed by the right key but never published."""
    made = Metadata[Targets].from_file(str(scene.metadata("3.targets.json")))
    made.signed.expires += DAY
    made.sign(scene.maker.keys.signer("targets"))
    made.to_file(str(scene.metadata("3.targets.json")))


def endless_timestamp(scene: Scene) -> None:
    scene.misbehave("endless")


def endless_root(scene: Scene) -> None:
    shutil.copy(scene.metadata("1.root.json"), scene.metadata("2.root.json"))
    scene.misbehave("endless", "2.root.json")


def timestamp_that_never_comes(scene: Scene) -> None:
    scene.misbehave("never")


def nothing_there(scene: Scene) -> None:
    shutil.rmtree(scene.served)
    scene.served.mkdir()


def cut(name: str) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        data = scene.metadata(name).read_bytes()
        scene.metadata(name).write_bytes(data[: len(data) // 2])

    attack.__name__ = f"half of {name}"
    return attack


def server_that_breaks_off(scene: Scene) -> None:
    if scene.server:
        scene.server.manners[f"{METADATA}/3.snapshot.json"] = "cut"
    else:
        scene.metadata("3.snapshot.json").unlink()


def forged_timestamp(scene: Scene) -> None:
    told = json.loads(scene.metadata("timestamp.json").read_bytes())
    told["signed"]["version"] = 99
    scene.metadata("timestamp.json").write_text(json.dumps(told), encoding="utf-8")


def targets_signed_online(scene: Scene) -> None:
    """Who holds the machine that renews cannot make releases."""
    repository, signer = scene.maker.repository, scene.maker.keys.signer("online")
    path = scene.maker.folder / METADATA / "3.targets.json"
    made = Metadata[Targets].from_file(str(path))
    made.signed.targets.clear()
    made.sign(signer)
    made.to_file(str(path))
    repository.renew(signer, NOW)
    scene.serve_newest()


def next_root(scene: Scene, *signers: str, old: str = "root-1", new: str = "root-4") -> None:
    """A second root without the key `old` and with the key `new`, signed by these."""
    made = Metadata[Root].from_file(str(scene.metadata("1.root.json")))
    made.signatures.clear()
    made.signed.version = 2
    made.signed.revoke_key(scene.maker.keys.public(old).keyid, "root")
    made.signed.add_key(scene.maker.keys.public(new), "root")
    for name in signers:
        made.sign(scene.maker.keys.signer(name), append=True)
    made.to_file(str(scene.metadata("2.root.json")))


def root_below_the_threshold(scene: Scene) -> None:
    next_root(scene, "root-2")


def root_signed_twice_by_one_key(scene: Scene) -> None:
    next_root(scene, "root-2")
    told = json.loads(scene.metadata("2.root.json").read_bytes())
    told["signatures"] *= 2
    scene.metadata("2.root.json").write_text(json.dumps(told), encoding="utf-8")


def root_signed_by_strangers(scene: Scene) -> None:
    next_root(scene, "root-4", "stranger-1", "stranger-2")


def root_signed_by_the_old_keys_only(scene: Scene) -> None:
    """One of the two signers is root no more."""
    next_root(scene, "root-1", "root-2")


def root_signed_by_the_new_keys_only(scene: Scene) -> None:
    next_root(scene, "root-4", "root-2")


def root_lowers_its_threshold(scene: Scene) -> None:
    next_root(scene, "root-4")
    made = Metadata[Root].from_file(str(scene.metadata("2.root.json")))
    made.signed.roles["root"].threshold = 1
    made.sign(scene.maker.keys.signer("root-4"))
    made.to_file(str(scene.metadata("2.root.json")))


def expired_root(scene: Scene) -> None:
    scene.device.now = NOW + 3 * YEAR + 2 * DAY
    scene.maker.repository.renew(scene.maker.keys.signer("online"), scene.device.now)
    scene.serve_newest()


def tampered_manifest(scene: Scene) -> None:
    for file in (scene.served / "release" / CHANNEL).iterdir():
        file.write_bytes(file.read_bytes().replace(b'"trial_s": 180', b'"trial_s": 181'))


def missing_manifest(scene: Scene) -> None:
    shutil.rmtree(scene.served / "release")


def wiped_cache_and_an_old_copy(scene: Scene) -> None:
    assert scene.newest() == "1.1.0"
    shutil.rmtree(scene.device.places.trust)
    scene.floor = 2
    scene.serve(scene.older)


def signed_under_a_wrong_name(version: str, counter: int, *, channel: str = CHANNEL) -> Callable[[Scene], None]:
    """The holder of the targets key signs a manifest of another channel, version or counter."""

    def attack(scene: Scene) -> None:
        release = scene.maker.release("2.0.0", 3)
        data = write_manifest(replace(release, version=version, channel=channel, counter=counter))
        target = TargetFile.from_data(target_path(CHANNEL, "2.0.0"), data, ["sha256"])
        target.unrecognized_fields["custom"] = {"counter": 3}
        (scene.maker.folder / target.get_prefixed_paths()[0]).write_bytes(data)
        staged = scene.maker.folder / "staged/targets.json"
        made = Metadata[Targets].from_file(str(staged))
        made.signed.targets[target.path] = target
        made.to_file(str(staged))
        scene.maker.sign("targets")
        scene.maker.publish()
        scene.serve_newest()

    return attack


def signed_nonsense(scene: Scene) -> None:
    signed_under_a_wrong_name("../../etc", 3)(scene)


def unknown_channel(scene: Scene) -> None:
    scene.channel = "beta"


def channel_that_is_a_path(scene: Scene) -> None:
    scene.channel = "../stable"


def runs(**other: object) -> Callable[[Scene], None]:
    def attack(scene: Scene) -> None:
        scene.maker.issue("2.0.0", 3, runs=replace(RUNS, **other))  # type: ignore[arg-type]
        scene.serve_newest()

    return attack


ATTACKS: dict[str, tuple[Callable[[Scene], None], type[TrustError] | tuple[type[TrustError], ...], str]] = {
    "rollback": (rollback, StaleError, "older than what this device has seen"),
    "freeze": (freeze, StaleError, "timestamp.json is expired"),
    "mix-and-match, old targets": (old_targets_under_the_new_name, ForgedError, "length"),
    "mix-and-match, old snapshot": (old_snapshot_under_the_new_name, ForgedError, "hash"),
    "mix-and-match, unpublished targets": (newer_targets_that_no_snapshot_names, ForgedError, "hash"),
    "endless timestamp": (endless_timestamp, SourceError, "longer than"),
    "endless root": (endless_root, SourceError, "longer than"),
    "slow timestamp": (timestamp_that_never_comes, SourceError, "timestamp.json"),
    "nothing there": (nothing_there, SourceError, "timestamp.json"),
    "truncated timestamp": (cut("timestamp.json"), ForgedError, "length|deserialize|Multiple|signed by"),
    "truncated snapshot": (cut("3.snapshot.json"), ForgedError, "length|deserialize|Multiple|signed by"),
    "truncated targets": (cut("3.targets.json"), ForgedError, "length|deserialize|Multiple|signed by"),
    "a transfer that breaks off": (server_that_breaks_off, SourceError, "3.snapshot.json"),
    "forged timestamp": (forged_timestamp, ForgedError, "signed by 0/1 keys"),
    "targets signed by the online key": (targets_signed_online, ForgedError, "signed by 0/1 keys"),
    "root below the threshold": (root_below_the_threshold, ForgedError, "signed by 1/2 keys"),
    "root signed twice by one key": (
        root_signed_twice_by_one_key,
        ForgedError,
        "length|hash|verified|deserialize|signed by",
    ),
    "root signed by strangers": (root_signed_by_strangers, ForgedError, "signed by 0/2 keys"),
    "root signed by the old keys only": (root_signed_by_the_old_keys_only, ForgedError, "signed by 1/2 keys"),
    "root signed by the new keys only": (root_signed_by_the_new_keys_only, ForgedError, "signed by 1/2 keys"),
    "root that lowers its threshold": (root_lowers_its_threshold, ForgedError, "signed by 0/2 keys"),
    "expired root": (expired_root, StaleError, "root.json is expired"),
    "tampered manifest": (tampered_manifest, ForgedError, "hash"),
    "missing manifest": (missing_manifest, SourceError, "release/stable/"),
    "wiped cache and an old copy": (wiped_cache_and_an_old_copy, StaleError, "this device has kept 2"),
    "manifest of another channel": (signed_under_a_wrong_name("2.0.0", 3, channel="beta"), ForgedError, "beta"),
    "manifest of another version": (signed_under_a_wrong_name("9.0.0", 3), ForgedError, "9.0.0"),
    "manifest of another counter": (signed_under_a_wrong_name("2.0.0", 300), ForgedError, "300"),
    "signed nonsense": (signed_nonsense, ForgedError, "cannot be read"),
    "unknown channel": (unknown_channel, UnfitError, "no release"),
    "channel that is a path": (channel_that_is_a_path, UnfitError, "expected such as stable"),
    "another architecture": (runs(architecture="x86_64"), UnfitError, "for x86_64, this is aarch64"),
    "another Python": (runs(python="cp311"), UnfitError, "cp311"),
    "another operating system": (runs(systems=("bookworm",)), UnfitError, "bookworm"),
    "a newer updater": (runs(updater=2), UnfitError, "updater 2"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_an_honest_copy_works_after_it(name: str, scene: Scene) -> None:
    attack, error, says = ATTACKS[name]
    attack(scene)
    with pytest.raises(error, match=says) as found:
        scene.newest()
    assert type(found.value) is error
    recover(scene)
    assert scene.newest() == "3.0.0"


def recover(scene: Scene) -> None:
    """The clock is right, the channel is ours, and the copy is honest and fresh."""
    if scene.server:
        scene.server.manners.clear()
    scene.channel = CHANNEL
    if scene.device.now > NOW + 3 * YEAR:
        scene.maker.repository.rotate_root([], [], scene.device.now)
        scene.maker.sign(*ROOTS)
    scene.maker.release("3.0.0", 4, scene.device.now)
    scene.maker.sign("targets")
    scene.maker.publish(scene.device.now)
    scene.serve_newest()
