"""Hostile tars: nothing is written outside, nothing but folders, plain files and links that stay inside."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_service.release.tars import ArchiveError, DigestReader, names_of, unpack_tar, write_tar


def entry(
    name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"x", link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(data) if kind == tarfile.REGTYPE else 0
    return info, data


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, tarfile.DIRTYPE)


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, tarfile.SYMTYPE, link=target)


def tar(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for info, data in entries:
            made.addfile(info, io.BytesIO(data))
    return out.getvalue()


def pax(name: str, **headers: str) -> tuple[tarfile.TarInfo, bytes]:
    info, data = entry(name)
    info.pax_headers = headers
    return info, data


def unpack(data: bytes, into: Path) -> None:
    unpack_tar(DigestReader(io.BytesIO(data), len(data)), into)


HOSTILE: dict[str, bytes] = {
    "absolute": tar(entry("/etc/passwd")),
    "one step up": tar(entry("../x")),
    "a step up in the middle": tar(folder("a"), entry("a/../../x")),
    "a step up that comes back": tar(folder("a"), entry("a/../x")),
    "the folder itself": tar(folder(".")),
    "a dot before": tar(entry("./x")),
    "two slashes": tar(folder("a"), entry("a//x")),
    "a backslash": tar(entry("a\\x")),
    "a control character": tar(entry("a\x1bx")),
    "a line": tar(entry("a\nx")),
    "bytes that are no UTF-8": tar(entry("a\udcffx"), form=tarfile.GNU_FORMAT),
    "a long name": tar(entry("x" * 300)),
    "a name by an extended header": tar(pax("x", path="../y")),
    "a size by an extended header": tar(pax("x", size="99999999999")),
    "a size below zero": tar(pax("x", size="-512")),
    "the same twice": tar(entry("x"), entry("x")),
    "a file where a folder is": tar(folder("x"), entry("x")),
    "a folder that was not named": tar(entry("a/x")),
    "below a file": tar(entry("a"), entry("a/x")),
    "below a link": tar(folder("d"), link("a", "d"), entry("a/x")),
    "a link to the root": tar(link("a", "/")),
    "a link up": tar(link("a", "..")),
    "a link up from a folder": tar(folder("d"), link("d/a", "../..")),
    "a link up behind a link": tar(folder("d"), link("d/a", ".."), link("b", "d/a/..")),
    "a link to nothing": tar(link("a", "")),
    "a hard link": tar(entry("x"), entry("y", tarfile.LNKTYPE, link="x")),
    "a hard link outside": tar(entry("y", tarfile.LNKTYPE, link="/etc/passwd")),
    "a character device": tar(entry("x", tarfile.CHRTYPE)),
    "a block device": tar(entry("x", tarfile.BLKTYPE)),
    "a pipe": tar(entry("x", tarfile.FIFOTYPE)),
    "an old sparse file": tar(entry("x", tarfile.GNUTYPE_SPARSE)),
    "a new sparse file": tar(pax("x", **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "y"})),
    "an unknown type": tar(entry("x", b"Z")),
    "cut": tar(entry("x", data=b"x" * 9000))[:4000],
    "nothing": b"",
    "no tar": b"x" * 10240,
    "long names on long names": b"".join(tar(entry("x", tarfile.GNUTYPE_LONGNAME))[:512] for _ in range(3000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tar_is_refused_and_nothing_is_outside(name: str, tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(ArchiveError):
        unpack(HOSTILE[name], into)
    assert [path.name for path in tmp_path.iterdir()] == ["into"]


def test_a_layer_does_not_write_through_a_link_of_another(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "into").mkdir()
    (tmp_path / "into/a").symlink_to("../inside")
    with pytest.raises(FileExistsError):
        unpack(tar(folder("a"), entry("a/x")), tmp_path / "into")
    assert not list((tmp_path / "inside").iterdir())


def test_a_layer_does_not_replace_a_file_of_another(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        unpack(tar(entry("x")), tmp_path)
    assert (tmp_path / "x").read_text(encoding="utf-8") == "mine"


def test_more_than_promised_is_not_read(tmp_path: Path) -> None:
    data = tar(entry("x", data=b"x" * 100_000))
    with pytest.raises(ArchiveError, match="longer than the promised"):
        unpack_tar(DigestReader(io.BytesIO(data), 50_000), tmp_path)


def test_links_that_stay_inside_are_kept(tmp_path: Path) -> None:
    unpack(tar(folder("a"), folder("b"), entry("a/x", data=b"7"), link("b/y", "../a/x"), link("c", "b")), tmp_path)
    assert (tmp_path / "c/y").read_bytes() == b"7"


def test_rights_are_not_taken_over(tmp_path: Path) -> None:
    info, data = entry("x")
    info.mode, info.uid, info.gid = 0o7777, 4711, 4711
    unpack(tar((info, data)), tmp_path)
    found = (tmp_path / "x").stat()
    assert (found.st_mode & 0o7777, found.st_uid) == (0o755, os.getuid())


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    "make",
    [make_pipe, lambda path: path.symlink_to("/etc"), lambda path: path.symlink_to("../..")],
    ids=["a pipe", "a link to /etc", "a link up"],
)
def test_what_is_not_taken_is_not_packed_either(make: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    make(tmp_path / "tree/x")
    with pytest.raises(ArchiveError):
        write_tar(tmp_path / "tree", ["x"], tmp_path / "tar")


GOOD = tar(folder("a"), entry("a/x", data=b"7" * 700), link("a/y", "x"), folder("b"), pax("b/z", comment="é"))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=6), st.integers(0, len(GOOD)))
def test_a_damaged_tar_is_refused_or_stays_inside(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(GOOD)
    for place, value in changes:
        data[place] = value
    with tempfile.TemporaryDirectory() as name:
        into = Path(name) / "into"
        into.mkdir()
        with contextlib.suppress(ArchiveError, OSError):
            unpack(bytes(data[: max(length, 512)]), into)
        assert list(Path(name).iterdir()) == [into]
        root = into.resolve()
        for path in into.rglob("*"):
            assert path.resolve().is_relative_to(root)
        shutil.rmtree(into)


NAMES = st.lists(st.sampled_from(["a", "b", "..", ".", "", "c"]), min_size=1, max_size=4).map("/".join)
ENTRIES = st.builds(
    lambda name, kind, target: entry(name, kind, link=target),
    NAMES,
    st.sampled_from([tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]),
    NAMES,
)


@settings(deadline=None, max_examples=300)
@given(st.lists(ENTRIES, max_size=8))
def test_no_order_of_links_and_folders_leads_out(entries: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        into = Path(name) / "into"
        into.mkdir()
        with contextlib.suppress(ArchiveError, OSError):
            unpack(tar(*entries), into)
        assert list(Path(name).iterdir()) == [into]
        root = into.resolve()
        for path in into.rglob("*"):
            if path.is_symlink():
                target = Path(os.path.normpath(path.parent.resolve() / path.readlink()))
                assert target.is_relative_to(root)


def test_modes_are_the_same_whatever_the_umask(tmp_path: Path) -> None:
    """The station is another user than the one who unpacks."""
    (tmp_path / "tree/bin").mkdir(parents=True)
    for name, mode in (("bin/run", 0o700), ("data", 0o600)):
        (tmp_path / "tree" / name).touch(mode)
    write_tar(tmp_path / "tree", names_of(tmp_path / "tree"), tmp_path / "tar")
    (tmp_path / "out").mkdir()
    before = os.umask(0o077)
    try:
        with (tmp_path / "tar").open("rb") as stream:
            unpack_tar(stream, tmp_path / "out")
    finally:
        os.umask(before)
    modes = {name: (tmp_path / "out" / name).stat().st_mode & 0o777 for name in ("bin", "bin/run", "data")}
    assert modes == {"bin": 0o755, "bin/run": 0o755, "data": 0o644}
