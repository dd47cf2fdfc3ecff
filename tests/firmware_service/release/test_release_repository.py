"""The repository's keeping: nothing is published that is not signed by who may, and nothing published changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_service.places import Places
from firmware_service.release.repository import PublishError, Repository, Signatures
from firmware_service.update.fetching import FolderSource
from tests.support.releases import CHANNEL, DAY, NOW, ROOTS, Device, Maker


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def staged(maker: Maker) -> list[Signatures]:
    return maker.repository.signatures()


def test_a_ceremony_on_separate_media(maker: Maker) -> None:
    roots = [maker.keys.public(name) for name in ROOTS]
    maker.repository.init(roots, maker.keys.public("targets"), maker.keys.public("online"), NOW)
    assert staged(maker) == [Signatures("root", 1, 2), Signatures("targets", 1, 1)]
    maker.sign("root-2")
    maker.sign("root-2")
    assert staged(maker)[0].missing == 1
    maker.sign("targets")
    with pytest.raises(PublishError, match="root version 1: 1 signatures are missing"):
        maker.publish()
    assert not (maker.folder / "metadata").exists()
    maker.sign("root-3")
    maker.publish()
    assert staged(maker) == []


def few_roots(maker: Maker) -> None:
    roots = [maker.keys.public(name) for name in ROOTS[:2]]
    maker.repository.init(roots, maker.keys.public("targets"), maker.keys.public("online"), NOW)


def one_key_for_two_roles(maker: Maker) -> None:
    roots = [maker.keys.public(name) for name in ROOTS]
    maker.repository.init(roots, maker.keys.public("online"), maker.keys.public("online"), NOW)


def a_release_before_init(maker: Maker) -> None:
    maker.release("1.0.0", 1)


@pytest.mark.parametrize("step", [few_roots, one_key_for_two_roles, a_release_before_init])
def test_what_cannot_begin_is_refused(step: Callable[[Maker], None], maker: Maker) -> None:
    with pytest.raises(PublishError):
        step(maker)
    assert not (maker.folder / "metadata").exists()


def init_again(maker: Maker) -> None:
    maker.init()


def same_counter(maker: Maker) -> None:
    maker.release("1.0.1", 5)


def same_version(maker: Maker) -> None:
    maker.release("1.0.0", 6)


def unsigned_release(maker: Maker) -> None:
    maker.release("1.1.0", 6)
    maker.publish()


def stranger_signs(maker: Maker) -> None:
    maker.release("1.1.0", 6)
    maker.sign("root-1")


def other_online_key(maker: Maker) -> None:
    maker.repository.renew(maker.keys.signer("targets"), NOW)


def too_few_root_keys(maker: Maker) -> None:
    maker.repository.rotate_root([], [maker.keys.public("root-1").keyid], NOW)


def unknown_root_key(maker: Maker) -> None:
    maker.repository.rotate_root([], ["0" * 64], NOW)


def new_targets_key_over_an_old_list(maker: Maker) -> None:
    maker.repository.rotate_key("targets", maker.keys.public("targets-2"), NOW)
    maker.sign("root-1", "root-2")
    maker.publish()


def a_layer_that_is_missing(maker: Maker) -> None:
    made = maker.release("1.1.0", 6)
    (maker.folder / "staged/targets.json").unlink()
    maker.repository.add(made, maker.folder.parent / "nowhere", NOW)


REFUSED: dict[Callable[[Maker], None], str] = {
    init_again: "holds a repository already",
    same_counter: "expected a higher one",
    same_version: "a release is never changed",
    unsigned_release: "1 signatures are missing",
    stranger_signs: "signs nothing here",
    other_online_key: "not this repository's online key",
    too_few_root_keys: "2 root keys: expected 3 or more",
    unknown_root_key: "root has",
    new_targets_key_over_an_old_list: "signed by a former key",
    a_layer_that_is_missing: "expected a layer of",
}


def published(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "metadata").iterdir()}


@pytest.mark.parametrize("step", REFUSED, ids=lambda each: each.__name__)
def test_what_is_refused_changes_nothing_that_devices_see(step: Callable[[Maker], None], maker: Maker) -> None:
    maker.init()
    maker.issue("1.0.0", 5)
    before = published(maker.folder)
    with pytest.raises(PublishError, match=REFUSED[step]):
        step(maker)
    assert published(maker.folder) == before


def test_nothing_published_is_ever_changed_but_the_timestamp(maker: Maker) -> None:
    maker.init()
    maker.issue("1.0.0", 1)
    before = published(maker.folder)
    maker.issue("1.1.0", 2)
    maker.repository.renew(maker.keys.signer("online"), NOW + DAY)
    after = published(maker.folder)
    assert {name for name in before if before[name] != after[name]} == {"timestamp.json"}


PUBLISH = """
import os
import signal
import sys
from pathlib import Path
from tests.support.releases import Maker
left = int(sys.argv[2])
real = os.fsync
def dies(fd):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    real(fd)
os.fsync = dies
Maker(Path(sys.argv[1])).publish()
"""


def test_a_kill_at_any_step_of_publishing_leaves_what_devices_can_use(tmp_path: Path) -> None:
    """Each flush of the disk is one step; after the kill the same command finishes the work."""
    killed = 0
    for step in range(40):
        maker = Maker(tmp_path / str(step))
        root = maker.init()
        maker.issue("1.0.0", 1)
        maker.repository.rotate_root([maker.keys.public("root-4")], [maker.keys.public("root-1").keyid], NOW)
        maker.release("1.1.0", 2)
        maker.sign("root-1", "root-2", "root-4", "targets")
        command = [sys.executable, "-c", PUBLISH, str(tmp_path / str(step)), str(step)]
        ended = subprocess.run(command, check=False, env=os.environ)
        device = Device(Places(tmp_path / str(step) / "device"), root)
        seen = device.trust(FolderSource(maker.folder)).newest(CHANNEL, 1).version
        assert seen in {"1.0.0", "1.1.0"}
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        killed += 1
        Repository(maker.folder).publish(maker.keys.signer("online"), NOW)
        assert device.trust(FolderSource(maker.folder)).newest(CHANNEL, 1).version == "1.1.0"
    assert killed >= 8
    assert seen == "1.1.0"
