import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.catalog.authorities import authorities
from edge.cli import main
from edge.sign import public_half
from edge.station.config import findings, read_config

GOOD = """
[station]
id = "OR-03"
organisation = { id = "H510104", role = "hospital" }
place = "OR-03"
home_task = "CHECK"

[link]
host = "hub.site"
port = 8883
bench = true

[[scanner]]
kind = "serial"
device = "/dev/serial/by-id/usb-x"
no_read = "NR"

[panel]
ready = 5
tick = 17
cross = 27
bar = 22
wrench = 23
buzzer = { pin = 18, kind = "passive" }
"""
PATTERNS = """
[patterns]
badge = { prefix = "N", length = [4, 4] }
wristband = { prefix = "ZY" }
"""
PUBLIC = "j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8="
SEAL = f"""
[seal]
kid = "hub-2026"
public_key = "{PUBLIC}"
"""


def authority(name: str, number: int, may: str = '"order"') -> str:
    key = base64.b64encode(public_half(bytes([number]) * 32)).decode()
    return f'\n[[authority]]\nname = "{name}"\npublic_key = "{key}"\nmay = [{may}]\n'


TLS = 'tls = { ca = "a", certificate = "b", key = "c" }'
CATALOGUE = '[catalogue]\nfolder = "b"\n'
CAMERA = '[camera]\nsource = "folder"\nfolder = "photos"\n'
CASES = {
    "unknown key": (GOOD.replace('place = "OR-03"', 'place = "OR-03"\nplcae = "x"'), "station.plcae"),
    "missing key": (GOOD.replace("port = 8883", ""), "link.port"),
    "wrong type": (GOOD.replace("port = 8883", 'port = "8883"'), "link.port"),
    "impossible port": (GOOD.replace("8883", "88830"), "link.port"),
    "bad name": (GOOD.replace('id = "OR-03"', 'id = "or 3"'), "station.id"),
    "reserved name": (GOOD.replace('id = "OR-03"', 'id = "SITE"'), "station.id"),
    "bad framing": (GOOD.replace('no_read = "NR"', 'framing = "tab"'), "scanner[0].framing"),
    "unknown region": (GOOD.replace("[link]", 'region = "atlantis"\n[link]'), "station.region"),
    "open link outside a bench": (GOOD.replace("bench = true", ""), "link.tls"),
    "one pin, two lamps": (GOOD.replace("tick = 17", "tick = 5"), "panel.tick"),
    "a light for no camera": (GOOD + "light = 12\n", "panel.light"),
    "a light on the buzzer's pin": (GOOD + "light = 18\n" + CAMERA, "panel.buzzer.pin"),
    "patients in the clear": (GOOD + PATTERNS, "seal"),
    "key of the wrong size": (GOOD + PATTERNS + SEAL.replace(PUBLIC[:8], ""), "seal.public_key"),
    "key that seals nothing": (GOOD + PATTERNS + SEAL.replace(PUBLIC, "A" * 43 + "="), "seal.public_key"),
    "prefixes overlap": (GOOD + SEAL + PATTERNS.replace('"ZY"', '"NX"'), "patterns.wristband"),
    "a pattern of digits": (GOOD + SEAL + PATTERNS.replace('"ZY"', '"69"'), "patterns.wristband"),
    "house codes that could be badges": (
        GOOD + SEAL + PATTERNS + 'house_code = { prefix = "N1" }',
        "patterns.house_code",
    ),
    "a pattern of nothing": (GOOD + PATTERNS.replace('prefix = "ZY"', ""), "patterns.wristband.symbology"),
    "a prefix with a space before it": (GOOD + PATTERNS.replace('"ZY"', '" ZY"'), "patterns.wristband.prefix"),
    "a symbology by its name": (
        GOOD + PATTERNS.replace('"ZY"', '"ZY", symbology = ["Code 39"]'),
        "patterns.wristband.symbology",
    ),
    "a check of no kind": (GOOD + PATTERNS.replace('"ZY"', '"ZY", check = "mod9"'), "patterns.wristband.check"),
    "GS1's numbers of patients in the clear": (GOOD + '[patterns]\ngsrn = ["wristband"]\n', "seal"),
    "a mobile station without bed labels": (GOOD.replace("[link]", "mobile = true\n[link]"), "patterns.bed"),
    "USE without patterns": (GOOD.replace('"CHECK"', '"USE"'), "patterns"),
    "SHIP without anybody to sign on": (GOOD.replace('"CHECK"', '"SHIP"'), "patterns"),
    "one authority for orders": (GOOD + authority("quality", 1), "authority"),
    "two authorities of one name": (GOOD + authority("quality", 1) + authority("quality", 2), "authority[1].name"),
    "two authorities of one key": (
        GOOD + authority("quality", 1) + authority("director", 1),
        "authority[1].public_key",
    ),
    "authority without a name": (GOOD + authority("", 1), "authority[0].name"),
    "authority with half a key": (GOOD + authority("quality", 1).replace("A", ""), "authority[0].public_key"),
    "authority that no card can name": (GOOD + authority("quality", 1, '"cards"'), "authority[0].name"),
    "authority that may nothing": (GOOD + authority("quality", 1, ""), "authority[0].may"),
    "authority that may anything": (GOOD + authority("quality", 1, '"all"'), "authority[0].may[0]"),
    "two catalogues": (GOOD + '[catalogue]\nfile = "a"\nfolder = "b"\n', "catalogue.folder"),
    "no catalogue in the table": (GOOD + "[catalogue]\n", "catalogue.folder"),
    "a folder that anybody may sign": (GOOD.replace("bench = true", TLS) + CATALOGUE, "authority"),
    "no reader": (GOOD.replace("[[scanner]]", "[nothing]"), "scanner"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "station.toml"


@pytest.mark.parametrize(("text", "key"), CASES.values(), ids=CASES.keys())
def test_a_fault_is_named_by_its_key(file: Path, text: str, key: str) -> None:
    file.write_text(text, encoding="utf-8")
    found = findings(file)
    assert key in [finding["key"] for finding in found]
    for finding in found:
        assert finding["expected"]
        assert finding["message"]


def test_a_good_file_gives_the_values(file: Path) -> None:
    file.write_text(GOOD + PATTERNS + SEAL, encoding="utf-8")
    config = read_config(file)
    assert config.station.organisation.role == "hospital"
    assert config.scanner[0].framing == "cr"
    assert config.patterns.badge is not None
    assert config.patterns.badge.length == (4, 4)


def test_a_pattern_may_say_all_and_gs1_numbers_need_none(file: Path) -> None:
    own = (
        '[patterns]\ngsrn = ["badge", "wristband"]\nbed = { prefix = "BED-" }\n'
        'document = { length = [10, 10], characters = "digits", check = "mod10", symbology = ["]A", "]C0"] }\n'
    )
    file.write_text(GOOD.replace('"CHECK"', '"USE"\nmobile = true') + own + SEAL, encoding="utf-8")
    config = read_config(file)
    assert config.station.mobile
    assert config.patterns.document is not None
    assert config.patterns.document.symbology == ("]A", "]C0")


def test_authorities_are_those_of_signatures(file: Path) -> None:
    both = (
        authority("quality", 1)
        + authority("director", 2, '"order", "catalogue"')
        + authority("hub", 3, '"catalogue"')
        + authority("CARDS", 4, '"cards"')
    )
    file.write_text(GOOD + both, encoding="utf-8")
    found = authorities(read_config(file).authority)
    assert [(each.name, sorted(each.may)) for each in found] == [
        ("quality", ["order"]),
        ("director", ["catalogue", "order"]),
        ("hub", ["catalogue"]),
        ("CARDS", ["cards"]),
    ]
    assert found[0].public_key == public_half(b"\1" * 32)


def test_all_faults_are_told_at_once(file: Path) -> None:
    file.write_text(GOOD.replace("8883", "0").replace("tick = 17", "tick = 99"), encoding="utf-8")
    assert {finding["key"] for finding in findings(file)} >= {"link.port", "panel.tick"}


def test_the_command_prints_json_and_fails(file: Path) -> None:
    file.write_text(GOOD.replace("8883", "0"), encoding="utf-8")
    result = CliRunner().invoke(main, ["check-config", str(file), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0] == {
        "key": "link.port",
        "value": 0,
        "expected": "a port from 1 to 65535",
        "message": json.loads(result.stdout)[0]["message"],
    }


def test_the_command_accepts_a_good_file(file: Path) -> None:
    file.write_text(GOOD, encoding="utf-8")
    result = CliRunner().invoke(main, ["check-config", str(file), "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_an_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["check-config", str(tmp_path / "none.toml")])
    assert result.exit_code == 1
    assert result.stdout == f"{tmp_path}/none.toml: No such file or directory; expected a readable TOML file in UTF-8\n"


def test_a_camera_may_have_a_light_and_may_have_none(file: Path) -> None:
    for light in ("light = 12\n", ""):
        file.write_text(GOOD + light + CAMERA, encoding="utf-8")
        assert findings(file) == []
        panel = read_config(file).panel
        assert panel is not None
        assert panel.light == (12 if light else None)
