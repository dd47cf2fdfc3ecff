"""The manifest of a release: one exact form, and nothing else is read as one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.release.manifest import (
    JournalSchema,
    Layer,
    LayerName,
    Manifest,
    ManifestError,
    Patch,
    Runs,
    read_manifest,
    write_manifest,
)

SHA256 = st.text("0123456789abcdef", min_size=64, max_size=64)
SIZES = st.integers(1, 1 << 40)
PATCHES = st.builds(Patch, SHA256, SHA256, SIZES)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


def layers(name: LayerName) -> st.SearchStrategy[Layer]:
    return st.builds(Layer, st.just(name), SHA256, SIZES, SHA256, SIZES, st.lists(PATCHES, max_size=2).map(tuple))


MANIFESTS = st.builds(
    Manifest,
    version=st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,3}){1,3}[a-z]?\Z"),
    channel=st.from_regex(r"\A[a-z][a-z0-9-]{0,15}\Z"),
    counter=SIZES,
    layers=st.tuples(layers("deps"), layers("app")),
    runs=st.builds(
        Runs,
        st.sampled_from(("aarch64", "x86_64")),
        st.sampled_from(("cp311", "cp313")),
        st.lists(TEXTS, max_size=3).map(tuple),
        st.dictionaries(TEXTS, TEXTS, max_size=3),
        st.integers(1, 9),
    ),
    journal=st.builds(lambda low, more: JournalSchema(low + more, low), st.integers(1, 9), st.integers(0, 9)),
    trial_s=st.integers(1, 86_400),
)


@given(MANIFESTS)
def test_what_is_written_is_read(manifest: Manifest) -> None:
    data = write_manifest(manifest)
    assert read_manifest(data) == manifest
    assert write_manifest(read_manifest(data)) == data
    assert data.count(b"\n") == 1


@given(st.binary(max_size=200))
def test_other_bytes_are_no_manifest(data: bytes) -> None:
    with pytest.raises(ManifestError):
        read_manifest(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(MANIFESTS, st.data())
def test_a_changed_value_is_read_right_or_refused(manifest: Manifest, data: st.DataObject) -> None:
    """Whatever stands in one place: what is read says the same again, or it is no manifest."""
    told: dict[str, Any] = json.loads(write_manifest(manifest))
    place: Any = told
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not (isinstance(place[key], dict | list) and place[key]) or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    try:
        read = read_manifest(json.dumps(told).encode())
    except ManifestError:
        return
    assert read_manifest(write_manifest(read)) == read


GOOD = Manifest(
    "1.4.0",
    "stable",
    7,
    tuple(Layer(name, "0" * 64, 1, "1" * 64, 2) for name in ("deps", "app")),
    Runs("aarch64", "cp313", ("trixie",)),
    JournalSchema(2, 1),
)


def put(*keys: str | int, value: object) -> Callable[[Any], None]:
    def change(told: Any) -> None:
        for key in keys[:-1]:
            told = told[key]
        told[keys[-1]] = value

    return change


WRONG: dict[str, tuple[Callable[[Any], None], str]] = {
    "a version that climbs": (put("version", value="../../etc"), "version = '../../etc'"),
    "a version with a line": (put("version", value="1.0.0\n"), "version"),
    "a channel that climbs": (put("channel", value="../beta"), "channel = '../beta'"),
    "no counter": (lambda told: told.pop("counter"), "counter is missing"),
    "counter 0": (put("counter", value=0), "above 0"),
    "counter true": (put("counter", value=True), "counter = True"),
    "an unknown key": (put("countr", value=1), "did you mean counter"),
    "a hash in capitals": (put("layers", 0, "sha256", value="A" * 64), "layers[0].sha256"),
    "a hash that climbs": (put("layers", 1, "sha256", value="../" * 21 + "a"), "layers[1].sha256"),
    "a layer twice": (put("layers", 0, "name", value="app"), "one layer deps and one layer app"),
    "an unknown layer": (put("layers", 0, "name", value="kernel"), "layers[0].name"),
    "no layer": (put("layers", value=[]), "layers"),
    "a negative size": (put("layers", 0, "tar_size", value=-1), "layers[0].tar_size"),
    "a size as text": (put("layers", 0, "size", value="1"), "layers[0].size"),
    "an unknown architecture": (put("runs", "architecture", value="armv6l"), "runs.architecture"),
    "an odd interpreter": (put("runs", "python", value="pypy"), "such as cp313"),
    "a journal that nobody can open": (put("journal", "opens_from", value=3), "journal.opens_from = 3"),
    "no trial": (put("trial_s", value=0), "seconds above 0"),
    "a later form": (put("schema", value=2), "this updater is older than the release"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name: str) -> None:
    change, said = WRONG[name]
    told = json.loads(write_manifest(GOOD))
    change(told)
    with pytest.raises(ManifestError) as found:
        read_manifest(json.dumps(told).encode())
    assert said in str(found.value)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"7", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_no_object_is_no_manifest(data: bytes) -> None:
    with pytest.raises(ManifestError):
        read_manifest(data)


def test_paths_follow_from_content() -> None:
    assert GOOD.layer("app").path == f"blob/{'0' * 64}.tar.zst"
    assert Patch("1" * 64, "2" * 64, 1).path == f"blob/{'2' * 64}.patch.zst"
