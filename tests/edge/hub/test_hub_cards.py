"""``udi-hub cards`` on both kinds of store: what is printed is read back from its pixels."""

from __future__ import annotations

import json
import stat
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pylopdf_fonts_zh_cn
import pypdfium2
import pytest
from click.testing import CliRunner, Result

import edge.hub
from edge.cards import Card, CardKind, read_card, values, words
from edge.catalog.authorities import authorities
from edge.documents import Document, DocumentKind, Line
from edge.hub import cards
from edge.hub.cards_notice import LOOK_NS, CardsNotice
from edge.hub.cards_sheets import StaffError, read_staff
from edge.hub.cli import main
from edge.hub.config import read_config
from edge.hub.documents import keeping as documents
from edge.hub.store import Store
from edge.revocation import TOPIC, read_revoked
from edge.sign import Authority
from edge.udi.model import Udi
from edge.udi.parse import parse
from edge.vision.symbols import Symbol, read_symbols

FONT = Path(pylopdf_fonts_zh_cn.__file__).with_name("NotoSansSC-Regular.otf")
DOTS_PER_MM = 8


@dataclass(frozen=True, slots=True)
class Office:
    """A hub whose cards somebody prints."""

    folder: Path
    authority: Authority

    @property
    def signing(self) -> list[str]:
        return ["--config", str(self.folder / "hub.toml"), "--as", "CARDS", "--key", str(self.folder / "cards.key")]

    @property
    def out(self) -> Path:
        return self.folder / "cards.pdf"

    def ask(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["cards", *arguments])

    def print(self, *arguments: str) -> Page:
        done = self.ask("print", *arguments, *self.signing, "--out", str(self.out), "--font", str(FONT))
        assert done.exit_code == 0, done.output
        assert stat.S_IMODE(self.out.stat().st_mode) == 0o600
        return Page(self.out, self.authority)

    def revoke(self, *arguments: str) -> Result:
        return self.ask("revoke", *arguments, *self.signing)

    def listed(self) -> list[dict[str, Any]]:
        done = self.ask("list", "--json", "--config", str(self.folder / "hub.toml"))
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows


class Page:
    """A printed PDF, as somebody sees it."""

    def __init__(self, file: Path, authority: Authority) -> None:
        with pypdfium2.PdfDocument(file) as document:
            pages = [document[number] for number in range(len(document))]
            self.words = "\n".join(page.get_textpage().get_text_bounded() for page in pages)
            scale = DOTS_PER_MM * 25.4 / 72
            self.pixels = [np.array(page.render(scale=scale, grayscale=True).to_numpy()) for page in pages]
        self._authority = authority

    def symbols(self, kind: str) -> Iterator[Symbol]:
        """Each symbol in the order in which people read."""
        for page in self.pixels:
            found = read_symbols(page.reshape(page.shape[:2]), [kind])
            yield from sorted(found, key=lambda each: (round(each.corners[0][1] / 100), each.corners[0][0]))

    def cards(self, kind: str = "QRCode") -> list[Card]:
        return [read_card(each.payload.decode(), [self._authority]) for each in self.symbols(kind)]


@pytest.fixture
def office(tmp_path: Path, place: str, store: Store) -> Office:
    assert store.name
    made = CliRunner().invoke(main, ["cards", "key", "CARDS", "--out", str(tmp_path / "cards.key")])
    assert made.exit_code == 0, made.output
    hub = f'[hub]\nstore = "{place}"\nsite = "test"\n[link]\nhost = "x"\nport = 1883\nbench = true\n'
    (tmp_path / "hub.toml").write_text(hub + made.stdout, encoding="utf-8")
    return Office(tmp_path, authorities(read_config(tmp_path / "hub.toml").authority)[0])


def test_a_key_is_made_and_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "k"
    made = CliRunner().invoke(main, ["cards", "key", "CARDS", "--out", str(file)])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in made.output
    assert tomllib.loads(made.stdout)["authority"][0]["may"] == ["cards"]
    assert CliRunner().invoke(main, ["cards", "key", "CARDS", "--out", str(file)]).exit_code == 1
    assert CliRunner().invoke(main, ["cards", "key", "质量部", "--out", str(tmp_path / "l")]).exit_code == 2


def test_a_sheet_has_every_task_act_reason_and_digit(office: Office) -> None:
    page = office.print("sheet")
    found = page.cards()
    expected = [
        (kind, value)
        for kind in (CardKind.TASK, CardKind.ACT, CardKind.REASON, CardKind.OVERRIDE, CardKind.MADE, CardKind.DIGIT)
        for value in values(kind)
    ]
    assert [(each.kind, each.value) for each in found] == expected
    for each in found:
        zh, en = words(each)
        assert (zh in page.words, en in page.words) == (True, True), each
    assert "0.50 mm" in page.words


PRINTED: dict[str, tuple[Sequence[str], list[tuple[CardKind, str]]]] = {
    "panel": (
        ["panel"],
        [*((CardKind.TASK, value) for value in values(CardKind.TASK)), (CardKind.ACT, "CLOSE")],
    ),
    "cases": (["cases", "--count", "2"], [(CardKind.CASE, "C000001"), (CardKind.CASE, "C000002")]),
    "emergency": (["cases", "--count", "1", "--emergency"], [(CardKind.EMERGENCY, "E000001")]),
    "places": (["each", "place", "OR-01", "OR-02"], [(CardKind.PLACE, "OR-01"), (CardKind.PLACE, "OR-02")]),
    "lines": (["each", "line", "0", "12"], [(CardKind.LINE, "0"), (CardKind.LINE, "12")]),
    "quantities": (["each", "quantity", "200"], [(CardKind.QUANTITY, "200")]),
}


@pytest.mark.parametrize(("arguments", "expected"), PRINTED.values(), ids=PRINTED.keys())
def test_what_is_printed_is_read(
    office: Office, arguments: Sequence[str], expected: list[tuple[CardKind, str]]
) -> None:
    page = office.print(*arguments)
    found = page.cards()
    assert [(each.kind, each.value) for each in found] == expected
    assert all(part in page.words for each in found for part in words(each))


def test_the_list_of_a_loaner_kit_has_a_card_beside_each_line(office: Office, store: Store) -> None:
    lines = (Line(1, "髓内钉", 2, di="06901234567892"), Line(3, "皮质骨螺钉", 10, item="SCREW-35"))
    with store.begin() as connection:
        said = Document("K-7", DocumentKind.KIT, "某器械商", None, lines)
        documents.keep(connection, said, "K-7.csv", "2026-11-26T08:00:00.000000Z")
    page = office.print("kit", "K-7")
    kinds = [CardKind.DOCUMENT, *[CardKind.LINE] * 3]
    assert [(each.kind, each.value) for each in page.cards()] == list(zip(kinds, ["K-7", "0", "1", "3"], strict=True))
    assert "清单行 3 皮质骨螺钉" in page.words
    refused = office.ask("print", "kit", "K-8", *office.signing, "--out", str(office.out))
    assert refused.exit_code == 2
    assert "no list of K-8 is kept here" in refused.output


def test_data_matrix_reads_as_well(office: Office) -> None:
    assert [each.value for each in office.print("panel", "--symbol", "datamatrix").cards("DataMatrix")] == [
        *values(CardKind.TASK),
        "CLOSE",
    ]


def test_no_number_is_printed_twice(office: Office) -> None:
    first = office.print("cases", "--count", "3").cards()
    second = office.print("cases", "--count", "3").cards()
    numbers = [each.number for each in first + second]
    assert numbers == [f"{number:06}" for number in range(1, 7)]
    assert [row["number"] for row in office.listed()] == numbers


def test_a_badge_shows_a_name_and_encodes_none(office: Office) -> None:
    staff = office.folder / "staff.csv"
    staff.write_text("\ufeffnumber,name,rights\n0123,王芳,QW\n0124,李明,\n", encoding="utf-8")
    page = office.print("badges", str(staff))
    assert [(each.value, each.rights) for each in page.cards()] == [("0123", "QW"), ("0124", "")]
    assert "王芳" in page.words
    assert all("王芳".encode() not in each.payload for each in page.symbols("QRCode"))
    assert "王芳" not in json.dumps(office.listed(), ensure_ascii=False)


STAFF = {
    "no columns": "0123,王芳,QW\n",
    "nobody": "number,name,rights\n",
    "not UTF-8": "number,name\n1,王".encode("gbk"),
}


@pytest.mark.parametrize("content", STAFF.values(), ids=STAFF.keys())
def test_a_file_that_is_no_staff_is_refused(tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "staff.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(StaffError, match="expected"):
        read_staff(file)


def test_practice_labels_are_udis_that_say_practice(office: Office) -> None:
    done = office.ask("print", "practice", "--out", str(office.out), "--font", str(FONT))
    assert done.exit_code == 0, done.output
    page = Page(office.out, office.authority)
    found = [parse(each.payload, each.symbology, today=date(2026, 6, 1)) for each in page.symbols("DataMatrix")]
    udis = [each for each in found if isinstance(each, Udi) and each.valid]
    assert [(each.di is not None, each.lot) for each in udis] == [
        (True, "PRACTICE"),
        (True, "PRACTICE"),
        (True, None),
        (False, "PRACTICE"),
    ]
    good, expired = (each.expires for each in udis[:2])
    assert good is not None
    assert expired is not None
    assert expired < date.today() < good  # noqa: DTZ011 - as the labels are made
    assert page.words.count("练习") >= 5


def test_revoked_cards_are_told_to_the_site(office: Office, store: Store) -> None:
    notice = CardsNotice(store)
    office.print("cases", "--count", "3")
    assert notice.due(0) is None
    assert office.revoke("000002").exit_code == 0
    told = notice.due(LOOK_NS)
    assert told is not None
    topic, payload = told
    first = read_revoked(payload)
    first.demand_signed([office.authority])
    assert (topic, first.numbers) == (TOPIC, ("000002",))
    assert notice.due(2 * LOOK_NS) is None
    notice.begin()
    assert notice.due(2 * LOOK_NS) == told
    assert office.revoke("000003").exit_code == 0
    again = notice.due(4 * LOOK_NS)
    assert again is not None
    second = read_revoked(again[1])
    assert second.numbers == ("000002", "000003")
    assert second.version > first.version
    assert [row["revoked"] is not None for row in office.listed()] == [False, True, True]


def test_a_badge_is_revoked_by_its_staff_number(office: Office, store: Store) -> None:
    staff = office.folder / "staff.csv"
    staff.write_text("number,name,rights\n0123,A,\n0124,B,\n0123,A,\n", encoding="utf-8")
    office.print("badges", str(staff))
    assert office.revoke("--badge", "0123").exit_code == 0
    told = CardsNotice(store).due(0)
    assert told is not None
    assert read_revoked(told[1]).numbers == ("000001", "000003")


NOT_REVOKED = {
    "nothing": ([], 2, "expected NUMBERS"),
    "a number that was never printed": (["000009"], 1, "no card 000009 was printed"),
    "a stranger": (["--badge", "0999"], 1, "no badge of '0999'"),
}


@pytest.mark.parametrize(("arguments", "status", "text"), NOT_REVOKED.values(), ids=NOT_REVOKED.keys())
def test_what_cannot_be_revoked_is_said(office: Office, arguments: list[str], status: int, text: str) -> None:
    done = office.revoke(*arguments)
    assert (done.exit_code, text in done.output) == (status, True), done.output


def test_a_key_that_is_not_the_authority_s_neither_prints_nor_revokes(office: Office, store: Store) -> None:
    office.print("cases", "--count", "1")
    (office.folder / "cards.key").unlink()
    office.ask("key", "CARDS", "--out", str(office.folder / "cards.key"))
    printed = office.ask("print", "sheet", *office.signing, "--out", str(office.out), "--font", str(FONT))
    assert (printed.exit_code, "did not sign" in printed.output) == (1, True), printed.output
    assert (office.revoke("000001").exit_code, len(office.listed())) == (1, 1)
    assert CardsNotice(store).due(0) is None


def test_a_hub_without_the_packages_for_printing_names_them(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "edge.hub.cards_pdf")
    monkeypatch.delattr(edge.hub, "cards_pdf")
    monkeypatch.setitem(sys.modules, "fpdf", None)
    done = office.ask("print", "sheet", *office.signing, "--out", str(office.out))
    assert (done.exit_code, "udi-station[cards,camera]" in done.output) == (2, True), done.output
    assert not office.out.exists()


def test_a_list_goes_on_above_what_a_lost_store_said(store: Store) -> None:
    with store.begin() as connection:
        made = cards.issue(connection, [cards.Wanted(CardKind.CASE)] * 2, "2026-01-01T00:00:00Z")
        signer = ("CARDS", bytes(32))
        first = cards.take_back(connection, [made[0].number], [], ("2026-01-01T00:00:00Z", 1_767_225_600), signer)
        late = cards.take_back(connection, [made[1].number], [], ("2025-01-01T00:00:00Z", 1_735_689_600), signer)
    assert (first.version, late.version) == (1_767_225_600, 1_767_225_601)
