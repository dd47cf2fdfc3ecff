"""Requests to the camera and JPEGs to the card: sealed, stored, and dropped when no event names them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.seal import new_key, open_picture, public_half
from edge.station.config import SealTable
from edge.station.messages import Kept
from edge.station.photographer import Photographer
from edge.station.pictures import Limits, PictureStore
from tests.support.jpeg import noisy
from tests.support.site import wait_for

KEY = new_key()
SEAL = SealTable("k1", base64.b64encode(public_half(KEY)).decode(), "ward")


@pytest.fixture
def photographer(tmp_path: Path) -> Iterator[tuple[Photographer, PictureStore, list[Kept]]]:
    store = PictureStore(tmp_path / "pictures", "OR-01", SEAL, Limits(spare_bytes=0))
    kept: list[Kept] = []
    made = Photographer(store)
    made.on_kept = lambda ident, name: kept.append(Kept(ident, name))
    made.worker.start()
    yield made, store, kept
    made.worker.stop()


def test_a_picture_is_sealed_and_stored_and_one_that_is_too_late_deleted(
    photographer: tuple[Photographer, PictureStore, list[Kept]],
) -> None:
    made, store, kept = photographer
    jpeg = noisy()
    assert made.ask("e1")
    assert (made.requests(), made.requests()) == (["e1"], [])
    made.keep("e1", jpeg)
    made.keep("e2", b"no jpeg")
    wait_for(lambda: len(kept) == 2, "the worker")
    assert kept[1] == Kept("e2", None)
    name = kept[0].name
    assert name is not None
    data = store.read(name)
    assert data is not None
    assert open_picture(data, {"k1": KEY}, site="ward", station="OR-01") == jpeg
    made.drop(name)
    assert store.names() == []


@pytest.mark.parametrize(("seal", "spare"), [(None, 0), (SEAL, 1 << 60)], ids=["no key", "no room"])
def test_what_could_not_be_kept_is_not_asked_for(tmp_path: Path, seal: SealTable | None, spare: int) -> None:
    made = Photographer(PictureStore(tmp_path / "pictures", "OR-01", seal, Limits(spare_bytes=spare)))
    assert not made.ask("e1")
    assert made.requests() == []
    assert not (tmp_path / "pictures").exists()
