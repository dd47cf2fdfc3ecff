"""The station's book of documents: real files, and whatever a broker may hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from edge.document_notices import TOPICS
from edge.documents import Document, DocumentError
from edge.sign import Authority
from edge.station.book_notices import BookNotices
from edge.station.document_book import DocumentBook
from edge.station.notices import Notices
from tests.support.documents import AUTHORITY, altered, document, line, payload

TODAY = date(2026, 11, 26)
YESTERDAY, TOMORROW = TODAY - timedelta(1), TODAY + timedelta(1)


def book(folder: Path, **more: object) -> DocumentBook:
    found: DocumentBook = DocumentBook(folder / "documents", (AUTHORITY,), today=lambda: TODAY, **more)  # type: ignore[arg-type]  # of a test's table
    return found


def take(kept: DocumentBook, *found: Document) -> list[Document | None]:
    return [kept.take(said.ident, payload(said)) for said in found]


def written(kept: DocumentBook) -> None:
    while kept.write():
        pass


def idents(kept: DocumentBook) -> list[str]:
    return [f"PO-{number}" for number in range(1, 10) if kept.get(f"PO-{number}") is not None]


def test_a_document_is_known_at_once_and_lasts_when_it_is_written(tmp_path: Path) -> None:
    kept = book(tmp_path)
    assert take(kept, document(), document("PO-2")) == [document(), document("PO-2")]
    assert kept.get("PO-1") == document()
    assert kept.get("PO-9") is None
    assert book(tmp_path).get("PO-1") is None
    written(kept)
    again = book(tmp_path)
    assert [again.get(ident) for ident in ("PO-1", "PO-2")] == [document(), document("PO-2")]
    assert take(again, document()) == [None]
    assert not again.unwritten


NEWER = document("PO-1", line(quantity=11), version=2)
REFUSED = {
    "an older one": (payload(document()), "version 1 is older than version 2"),
    "another one of the same version": (payload(replace(NEWER, owner="x")), "taken before, with another content"),
    "a stranger's": (payload(replace(NEWER, version=3), by="nobody"), "'nobody' may not sign a document here"),
    "another's": (payload(document("PO-7")), "around a document"),
    "no notice": (b"{}", "not a notice"),
}


@pytest.mark.parametrize(("sent", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_changes_nothing(sent: bytes, why: str, tmp_path: Path) -> None:
    kept = book(tmp_path)
    take(kept, document())
    assert take(kept, NEWER) == [NEWER]
    written(kept)
    with pytest.raises(DocumentError, match=why):
        kept.take("PO-1", sent)
    assert (kept.get("PO-1"), kept.unwritten) == (NEWER, False)


def test_a_station_without_authorities_says_so(tmp_path: Path) -> None:
    for able in ((), (Authority("it", AUTHORITY.public_key, frozenset(("order",))),)):
        with pytest.raises(DocumentError, match=r"station\.toml"):
            DocumentBook(tmp_path, able).take("PO-1", payload(document()))


def test_what_the_hub_ended_is_over_and_can_be_finished(tmp_path: Path) -> None:
    kept = book(tmp_path)
    take(kept, document(), document("PO-2", expires=TODAY), document("PO-3", expires=YESTERDAY))
    assert kept.take("PO-1", b"") is None
    assert kept.take("PO-9", b"") is None
    written(kept)
    for each in (kept, book(tmp_path)):
        assert each.get("PO-1") == document()
        assert each.stats_json()["over"] == 2, "one by the hub, one by its day"
    assert take(kept, document()) == [document()], "the hub opened it again"
    written(kept)
    assert book(tmp_path).stats_json()["over"] == 1


def test_the_quota_drops_what_is_needed_least_and_never_what_is_open(tmp_path: Path) -> None:
    kept = book(tmp_path, quota_bytes=3 * 4096, is_open=lambda ident: ident == "PO-1")
    take(kept, document("PO-1", expires=YESTERDAY), document("PO-2", expires=TOMORROW))
    take(kept, document("PO-3", expires=TOMORROW), document("PO-4", expires=YESTERDAY))
    assert kept.get("PO-4") is None, "over"
    kept.take("PO-3", b"")
    take(kept, document("PO-5", expires=TODAY))
    assert kept.get("PO-3") is None, "ended by the hub"
    take(kept, document("PO-6", expires=TOMORROW))
    assert kept.get("PO-5") is None, "ends first"
    written(kept)
    assert {*idents(book(tmp_path)), "PO-1"} == {"PO-1", "PO-2", "PO-6"}
    assert book(tmp_path).get("PO-1") is not None


def test_a_damaged_file_costs_its_document_alone(tmp_path: Path) -> None:
    kept = book(tmp_path)
    take(kept, document(), document("PO-2"))
    written(kept)
    (tmp_path / "documents" / "PO-1.json").write_bytes(payload(document())[:100])
    again = book(tmp_path)
    assert idents(again) == ["PO-2"]
    assert take(again, document()) == [document()]


def test_a_card_that_does_not_write_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "documents").write_bytes(b"in the way")
    kept, notices = book(tmp_path), Notices()
    heard = BookNotices("document", TOPICS, kept, notices)
    assert heard.on_message(TOPICS.replace("+", "PO-1"), payload(document()))
    heard.work()
    assert "only until a restart" in notices.texts[0]
    (tmp_path / "documents").unlink()
    written(kept)
    assert idents(book(tmp_path)) == ["PO-1"]


def test_a_refusal_is_said_until_the_right_notice_stands_there(tmp_path: Path) -> None:
    notices = Notices()
    heard = BookNotices("document", TOPICS, book(tmp_path), notices)
    topic = TOPICS.replace("+", "PO-1")
    heard.on_message(topic, altered(payload(document()), version=7))
    assert "a notice of document 'PO-1' is not taken" in notices.texts[0]
    heard.on_message(TOPICS.replace("+", "PO-2"), b"{}")
    assert "(and 1 more)" in notices.texts[0]
    heard.on_message(topic, payload(document()))
    assert "'PO-2'" in notices.texts[0]
    heard.on_message(TOPICS.replace("+", "PO-2"), b"")
    assert notices.texts == ()
    assert not heard.on_message("udi/site/order/R-1", b"")


IDENTS = st.sampled_from(("PO-1", "PO-2"))


class Site(RuleBasedStateMachine):
    """Notices in any order, restarts at any moment: what was written is there, what is known is the newest."""

    folder: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        for file in self.folder.glob("documents/*"):
            file.unlink()
        self.kept = book(self.folder)
        self.newest: dict[str, int] = {}
        self.safe: dict[str, int] = {}

    @rule(ident=IDENTS, version=st.integers(1, 4))
    def hear(self, ident: str, version: int) -> None:
        said = document(ident, version=version)
        if version < self.newest.get(ident, 0):
            with pytest.raises(DocumentError):
                self.kept.take(ident, payload(said))
            return
        self.kept.take(ident, payload(said))
        self.newest[ident] = version

    @rule(ident=IDENTS)
    def end(self, ident: str) -> None:
        assert self.kept.take(ident, b"") is None

    @rule()
    def write(self) -> None:
        written(self.kept)
        self.safe = dict(self.newest)

    @rule()
    def restart(self) -> None:
        self.kept = book(self.folder)
        self.newest = dict(self.safe)

    @invariant()
    def the_newest_is_known(self) -> None:
        found = {ident: self.kept.get(ident) for ident in ("PO-1", "PO-2")}
        assert {ident: said.version for ident, said in found.items() if said is not None} == self.newest


def test_any_order_of_notices_and_restarts(tmp_path: Path) -> None:
    class Here(Site):
        folder = tmp_path

    plan = settings(max_examples=100, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(Here, settings=plan)
