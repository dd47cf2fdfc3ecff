import base64
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_service.card.room_label import RoomLabel, new_key, sign_label
from firmware_service.card.site import Site
from firmware_service.naming import LABEL, shown_text, signed_label, station_name, take_name
from firmware_service.places import Places
from hardware.host.toml import parse
from hardware.host.toml_edit import EditError

KEY, PUBLIC = new_key()
OTHER, _ = new_key()
OURS = RoomLabel("第一医院", "OR-03", "三号手术室")
SITE = parse(
    {
        "site": {"name": "第一医院"},
        "authority": {
            "url": "https://udi.site:8443",
            "pin": "0" * 64,
            "label_key": base64.b64encode(PUBLIC).decode("ascii"),
        },
        "release": {"root": "/etc/udi-station/root.json"},
        "station": {"template": "/etc/udi-station/template.toml"},
    },
    Site,
)
SHOWN = {
    "ours": (sign_label(OURS, KEY), OURS),
    "a stranger's": (sign_label(OURS, OTHER), None),
    "another site's, of the same key": (sign_label(RoomLabel("第二医院", "OR-03", "走廊"), KEY), None),
    "a package": ("0106901234567892", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "label"), SHOWN.values(), ids=SHOWN.keys())
def test_only_this_sites_labels_count(text: str, label: RoomLabel | None) -> None:
    assert signed_label(text, SITE) == label


def test_the_station_is_named_by_its_label(tmp_path: Path) -> None:
    places, template = Places(tmp_path), tmp_path / "template.toml"
    places.station_file.parent.mkdir(parents=True)
    template.write_text('# ours\n[station]\nid = "NEW"\nplace = "NEW"\nhome_task = "USE"\n', encoding="utf-8")
    assert station_name(places) is None
    take_name(places, OURS, template)
    assert station_name(places) == "OR-03"
    text = places.station_file.read_text(encoding="utf-8")
    assert text == '# ours\n[station]\nid = "OR-03"\nplace = "三号手术室"\nhome_task = "USE"\n'
    assert stat.S_IMODE(places.station_file.stat().st_mode) == 0o640


def test_the_address_of_a_label_waits_for_the_network(tmp_path: Path) -> None:
    places, template = Places(tmp_path), tmp_path / "template.toml"
    for folder in (places.station_file.parent, places.state):
        folder.mkdir(parents=True)
    template.write_text("[station]\n", encoding="utf-8")
    take_name(places, OURS, template)
    assert not places.address.exists(), "this label brings none"
    take_name(places, replace(OURS, address="10.20.3.17/24"), template)
    assert places.address.read_text("ascii") == "10.20.3.17/24"


def test_a_template_without_a_station_names_nobody(tmp_path: Path) -> None:
    places, template = Places(tmp_path), tmp_path / "template.toml"
    places.station_file.parent.mkdir(parents=True)
    template.write_text("[link]\n", encoding="utf-8")
    with pytest.raises(EditError):
        take_name(places, OURS, template)
    assert station_name(places) is None


def test_what_was_shown_is_read_whatever_it_is(tmp_path: Path) -> None:
    places = Places(tmp_path)
    assert shown_text(places) is None
    places.station_run.mkdir(parents=True)
    (places.station_run / LABEL).write_bytes(b"\xff\x00")
    assert signed_label(shown_text(places) or "", SITE) is None
