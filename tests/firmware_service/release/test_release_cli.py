"""``udi-firmware release`` from keys to a published release, as its makers type it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_service.cli import main
from firmware_service.places import Places
from firmware_service.release.manifest import write_manifest
from firmware_service.update.fetching import FolderSource
from tests.support.releases import CHANNEL, NOW, Device, Maker

NAMES = ("root-1", "root-2", "root-3", "targets")


def release(*words: str | Path, typed: str = "", fails: str = "") -> str:
    result = CliRunner().invoke(main, ["release", *map(str, words)], input=typed)
    assert result.exit_code == (1 if fails else 0), result.output
    assert fails in result.output
    return result.output


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What ``build`` leaves, made by hand."""
    maker = Maker(tmp_path / "elsewhere")
    maker.init()
    made = maker.release("1.0.0", 1)
    folder = tmp_path / "elsewhere/made"
    (folder / "manifest.json").write_bytes(write_manifest(made))
    return folder


def test_from_keys_to_a_device(built: Path, tmp_path: Path) -> None:
    keys, repository = tmp_path / "keys", tmp_path / "repository"
    for name in NAMES:
        assert "identifier" in release("keys", "new", name, "--out", keys / name, typed=f"{name}!\n{name}!\n")
    release("keys", "new", "online", "--out", keys / "online", "--no-passphrase")

    def public(name: str) -> Path:
        return keys / name / f"{name}.pub"

    def sign(name: str) -> str:
        return release("sign", repository, "--key", public(name).with_suffix(".key"), typed=f"{name}!\n")

    online = ("--online-key", keys / "online/online.key")
    roots = [word for name in NAMES[:3] for word in ("--root", public(name))]
    said = release("init", repository, *roots, "--targets", public("targets"), "--online", public("online"))
    assert "root version 1: 2 signatures are missing" in said
    sign("root-1")
    release("publish", repository, *online, fails="root version 1: 1 signatures are missing")
    sign("root-3")
    release("add", repository, built)
    assert "targets version 1: signed, ready to publish" in sign("targets")
    release("publish", repository, *online)
    release("root", "export", repository, "--out", tmp_path / "root.json")
    release("renew", repository, *online)
    release("renew-list", repository)
    sign("targets")
    release("root", "rotate", repository, "--online", public("targets"), fails="has a role already")
    release("keys", "new", "online-2", "--out", keys / "online-2", "--no-passphrase")
    release("root", "rotate", repository, "--online", public("online-2"))
    sign("root-1")
    sign("root-2")
    release("publish", repository, *online, fails="not this repository's online key")
    device = Device(Places(tmp_path / "device"), (tmp_path / "root.json").read_bytes())
    assert device.trust(FolderSource(repository)).newest(CHANNEL, 0).version == "1.0.0"


def test_a_wrong_passphrase_is_said_in_a_line(tmp_path: Path) -> None:
    maker = Maker(tmp_path)
    maker.init(NOW)
    maker.release("1.0.0", 1)
    release("keys", "new", "other", "--out", tmp_path, typed="a\na\n")
    said = release("sign", maker.folder, "--key", tmp_path / "other.key", typed="b\n", fails="passphrase is wrong")
    assert "Traceback" not in said
    release("sign", maker.folder, "--key", tmp_path / "other.key", typed="a\n", fails="signs nothing here")


def test_a_build_that_fails_says_why(tmp_path: Path) -> None:
    words = ("build", "--version", "1.0.0", "--counter", "1", "--tree", tmp_path, "--out", tmp_path / "out")
    release(*words, fails="requirements.lock")
