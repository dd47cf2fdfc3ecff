"""House codes that were bound here or elsewhere: in force at once, kept, in the place of what the hub says no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.bindings import BindingError, Bindings, Symbol, page_of, read_page, signed
from edge.sign import Authority, new_key, public_half
from edge.station.binding_book import OWN_FILE, BindingBook
from edge.station.house import HouseCodes
from tests.edge.test_wire import validator

KEY = new_key()
HUB = Authority("HUB", public_half(KEY), frozenset({"bindings"}))
A = Symbol(b"010690123456789221S1", "]d2")
A_OTHERWISE = Symbol(b"010690123456789210A1\x1d21S1", "]d2")
B = Symbol(b"010690123456789221S2", "]d2")
PAGE = page_of("HV1")


def book(folder: Path | None = None) -> BindingBook:
    return BindingBook(folder, [HUB])


def page(version: int = 1, bindings: Bindings | None = None, name: str = PAGE) -> bytes:
    said = {"HV1": A} if bindings is None else bindings
    return signed(name, version, said, by="HUB", key=KEY).encode()


def written(kept: BindingBook) -> BindingBook:
    while kept.write():
        pass
    return kept


def test_what_was_bound_here_holds_at_once_and_after_a_start(tmp_path: Path) -> None:
    kept = book(tmp_path / "b")
    kept.bind("e1", "HV1", A)
    assert HouseCodes(book=kept).find("HV1") == A
    lost = book(tmp_path / "b")
    assert lost.said("HV1") == []
    lost.restore(json.loads(json.dumps(kept.recent())))
    assert lost.said("HV1") == [A], "the journal had it, the file had not yet"
    written(kept)
    assert (kept.recent(), kept.unwritten) == ([], False)
    assert book(tmp_path / "b").said("HV1") == [A]


def test_what_the_card_refused_is_as_it_was_before() -> None:
    kept = book()
    kept.bind("e1", "HV1", A)
    kept.settled("e1", recorded=False)
    assert kept.said("HV1") == []
    kept.bind("e2", "HV1", A)
    kept.settled("e2", recorded=True)
    kept.take_back("e3", "e2")
    assert kept.said("HV1") == []
    kept.settled("e3", recorded=False)
    assert kept.said("HV1") == [A]


def test_what_was_taken_back_here_counts_no_more_though_the_hub_says_it(tmp_path: Path) -> None:
    kept = book(tmp_path / "b")
    kept.bind("e1", "HV1", A)
    assert kept.take(PAGE, page()) is not None
    assert kept.stats_json() == {"known": 1, "own": 0}, "the hub tells it: it need not be kept twice"
    kept.take_back("e2", "e1")
    assert written(kept).said("HV1") == []
    assert book(tmp_path / "b").said("HV1") == []
    kept.bind("e3", "HV1", B)
    assert HouseCodes(book=kept).find("HV1") == B, "and not a conflict with what the hub does not know yet"
    kept.take(PAGE, page(2, {"HV1": B}))
    assert (kept.said("HV1"), kept.stats_json()["own"]) == ([B], 0)


def test_taking_back_a_second_binding_leaves_the_first() -> None:
    kept = book()
    kept.bind("e1", "HV1", A)
    kept.bind("e2", "HV1", A)
    kept.take_back("e3", "e2")
    assert kept.said("HV1") == [A]
    kept.take_back("e4", "another event")
    assert kept.said("HV1") == [A]


SAID: dict[str, tuple[Symbol | None, Bindings, Symbol | None, bool]] = {
    "nothing": (None, {}, None, False),
    "the same twice": (A, {"HV1": A}, A, False),
    "the same, in another order of its label": (A_OTHERWISE, {"HV1": A}, A_OTHERWISE, False),
    "another one at the hub": (A, {"HV1": B}, None, True),
    "several at the hub": (None, {"HV1": None}, None, True),
    "one here, and several at the hub": (A, {"HV1": None}, None, True),
}


@pytest.mark.parametrize(("own", "hub", "found", "disputed"), SAID.values(), ids=SAID.keys())
def test_a_code_stands_for_one_udi_or_for_none(
    own: Symbol | None, hub: Bindings, found: Symbol | None, *, disputed: bool
) -> None:
    kept = book()
    if own is not None:
        kept.bind("e1", "HV1", own)
    kept.take(PAGE, page(1, hub))
    codes = HouseCodes(book=kept)
    assert (codes.find("HV1"), codes.disputed("HV1")) == (found, disputed)
    assert codes.known("HV1") == (found is not None or disputed)


def test_a_conflict_that_the_hub_knows_ends_what_this_station_says() -> None:
    kept = book()
    kept.bind("e1", "HV1", A)
    kept.take(PAGE, page(1, {"HV1": None}))
    assert HouseCodes(book=kept).disputed("HV1")
    kept.take(PAGE, page(2, {"HV1": B}))
    assert HouseCodes(book=kept).find("HV1") == B


def test_pages_are_kept_and_only_newer_ones_are_taken(tmp_path: Path) -> None:
    kept = book(tmp_path / "b")
    kept.take(PAGE, page(2))
    assert kept.take(PAGE, page(2)) is None
    assert kept.take(PAGE, b"") is None
    with pytest.raises(BindingError, match="version 2 was taken before"):
        kept.take(PAGE, page(1, {}))
    assert written(kept).said("HV1") == [A]
    assert BindingBook(tmp_path / "b").said("HV1") == [A], "whoever signed it"


REFUSED = {
    "no JSON": b"\xff{",
    "another schema": page().replace(b'"schema":1', b'"schema":2'),
    "version 0": page().replace(b'"version":1', b'"version":0'),
    "another page": page(name="00" if PAGE != "00" else "01", bindings={}),
    "a code of another page": page().replace(b"HV1", b"HV2"),
    "no binding": page().replace(b'"]d2"', b"5"),
    "changed": page().replace(b"21S1", b"21S9"),
    "of nobody known": signed(PAGE, 1, {}, by="THEM", key=new_key()).encode(),
    "too long": page() + b" " * 32768,
}


@pytest.mark.parametrize("payload", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_page_of_the_hubs_changes_nothing(payload: bytes) -> None:
    kept = book()
    with pytest.raises(BindingError):
        kept.take(PAGE, payload)
    assert kept.said("HV1") == []


def test_without_an_authority_no_page_is_taken() -> None:
    with pytest.raises(BindingError, match="authority"):
        BindingBook(None).take(PAGE, page())


def test_a_page_has_one_form_and_says_what_it_says() -> None:
    said: Bindings = {"HV1": A_OTHERWISE}
    for bindings in (said, {"HV1": None}):
        validator("bindings-page").validate(json.loads(page(7, bindings)))
    assert dict(read_page(page(7, said), PAGE).bindings) == said
    many = {f"HV{n}": A for n in range(100_000) if page_of(f"HV{n}") == PAGE}
    assert len(many) > 300
    held = dict(list(many.items())[:300])
    assert len(signed(PAGE, 1, held, by="HUB", key=KEY).encode()) <= 32768
    with pytest.raises(BindingError, match="at most 32768"):
        signed(PAGE, 1, {code * 12: A for code in many}, by="HUB", key=KEY).encode()


def test_damaged_files_are_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    kept = book(folder)
    kept.bind("e1", "HV2", A)
    kept.take(PAGE, page())
    written(kept)
    (folder / OWN_FILE).write_bytes(b'{"own": [5]}')
    assert (book(folder).said("HV1"), book(folder).said("HV2")) == ([A], [])
    (folder / f"{PAGE}.json").write_bytes(b"{")
    assert book(folder).said("HV1") == []


def test_a_card_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("in the way")
    kept = book(tmp_path / "b")
    kept.bind("e1", "HV1", A)
    with pytest.raises(OSError, match="b"):
        kept.write()
    assert (kept.unwritten, kept.said("HV1"), len(kept.recent())) == (True, [A], 1)
    (tmp_path / "b").unlink()
    assert book(tmp_path / "b").said("HV1") == []
    assert not kept.write()
    assert book(tmp_path / "b").said("HV1") == [A]
