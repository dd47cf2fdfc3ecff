"""Forty rooms: their list, their cards, their labels."""

from __future__ import annotations

import base64
from pathlib import Path

import pylopdf_fonts_zh_cn
import pypdfium2
import pytest
import zxingcpp
from click.testing import CliRunner, Result

from firmware_service.card.room_label import RoomLabel, read_label
from firmware_service.card.rooms import Room, RoomsError, read_rooms
from firmware_service.cli import main
from tests.support.boot_images import boot_files, content, make_image
from tests.support.site_folder import LABEL_KEY, LABEL_PUBLIC, make_release, make_site

FONT = Path(pylopdf_fonts_zh_cn.__file__).with_name("NotoSansSC-Regular.otf")
ROOMS = "station,place,address,token\nOR-03,手术室 3,10.20.3.17/24,or-03.token\nOR-04,手术室 4,,\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_site(tmp_path / "site")
    (tmp_path / "site/root.json").write_bytes(make_release(tmp_path / "releases"))
    (tmp_path / "rooms.csv").write_bytes(b"\xef\xbb\xbf" + ROOMS.encode())
    (tmp_path / "or-03.token").write_text("Zm9yLW9uZS1zdGF0aW9uLW9ubHk\n", encoding="ascii")
    key = tmp_path / "label.key"
    key.touch(mode=0o600)
    key.write_bytes(base64.b64encode(LABEL_KEY))
    return tmp_path


def ask(folder: Path, *more: str | Path, text: str | None = None) -> Result:
    arguments = ["card", "batch", folder / "rooms.csv", "--site", folder / "site/site.toml", "--out", folder / "out"]
    return CliRunner().invoke(main, [*map(str, [*arguments, *more])], input=text)


def test_an_image_for_each_room(folder: Path) -> None:
    image = make_image(folder / "raspios.img", boot_files())
    done = ask(folder, "--target", image, "--bundle", folder / "releases")
    assert done.exit_code == 0, done.output
    assert b'place = "\xe6\x89\x8b\xe6\x9c\xaf\xe5\xae\xa4 3"' in content(folder / "out/OR-03.img", "udi/station.toml")
    assert b"10.20.3.17/24" in content(folder / "out/OR-03.img", "network-config")
    assert b"dhcp4" in content(folder / "out/OR-04.img", "network-config")
    assert done.output.count("token yes") == done.output.count("token no") == 1


def test_one_card_after_the_other(folder: Path) -> None:
    reader = folder / "reader"
    for name, data in boot_files().items():
        (reader / name).parent.mkdir(parents=True, exist_ok=True)
        (reader / name).write_bytes(data)
    done = ask(folder, "--target", reader, text="\n\n")
    assert done.exit_code == 0, done.output
    assert "OR-04: put its card in, then press Enter" in done.output
    assert b'id = "OR-04"' in (reader / "udi/station.toml").read_bytes()


def test_the_labels_on_paper_are_read_and_believed(folder: Path) -> None:
    done = ask(folder, "--label-key", folder / "label.key", "--font", FONT)
    assert done.exit_code == 0, done.output
    page = pypdfium2.PdfDocument(folder / "out/labels.pdf")[0]
    found = zxingcpp.read_barcodes(page.render(scale=4).to_pil())
    labels = sorted((read_label(each.text, LABEL_PUBLIC) for each in found), key=lambda label: label.station)
    assert labels == [
        RoomLabel("第一医院", "OR-03", "手术室 3", "10.20.3.17/24"),
        RoomLabel("第一医院", "OR-04", "手术室 4"),
    ]
    words = page.get_textpage().get_text_range()
    for expected in ("OR-03", "手术室 3", "开机后对准此码", "New station"):
        assert expected in words


def test_another_sites_key_signs_no_label_here(folder: Path) -> None:
    (folder / "label.key").write_bytes(base64.b64encode(bytes(32)))
    done = ask(folder, "--label-key", folder / "label.key", "--font", FONT)
    assert done.exit_code == 1
    assert "not signed for this site" in done.output
    assert not (folder / "out/labels.pdf").exists()


def test_a_new_label_key_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "label.key"
    made = CliRunner().invoke(main, ["card", "label-key", str(file)])
    assert made.exit_code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text("ascii").strip() not in made.output
    assert CliRunner().invoke(main, ["card", "label-key", str(file)]).exit_code == 1


def test_nothing_to_do_is_said(folder: Path) -> None:
    assert "nothing to do" in ask(folder).output


def test_without_a_font_it_is_said_what_to_install(folder: Path) -> None:
    done = ask(folder, "--label-key", folder / "label.key", "--font", folder / "none.otf")
    assert "apt install fonts-noto-cjk, or give --font FILE" in done.output


def test_a_list_is_read(folder: Path) -> None:
    assert read_rooms(folder / "rooms.csv") == [
        Room("OR-03", "手术室 3", "10.20.3.17/24", "or-03.token"),
        Room("OR-04", "手术室 4"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column station, place is missing"),
        ("station,place\n", "no rooms in it"),
        ("station,place,colour\nOR-03,x,red\n", "unknown column colour: expected station, place, address, token"),
        ("station,place\nor 3,x\nOR-04,\n", "line 2: station 'or 3'"),
        ("station,place\nor 3,x\nOR-04,\n", "line 3: place ''"),
        ("station,place,address\nOR-03,x,10.0.0.1\n", "line 2: address '10.0.0.1': expected such as 10.20.3.17/24"),
        ("station,place\nOR-03,x\nOR-03,y\n", "station OR-03 stands there twice"),
        ("station,place,address\nOR-03,x,10.0.0.1/8\nOR-04,y,10.0.0.1/8\n", "address 10.0.0.1/8 stands there twice"),
        ("station,place\nOR-03,x,y,z\n", "line 2: more cells than columns"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rooms.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RoomsError) as caught:
        read_rooms(file)
    assert said in str(caught.value)
