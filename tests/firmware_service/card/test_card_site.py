from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.card import site as site_module
from firmware_service.card.site import (
    Account,
    AuthorityTable,
    Dot1x,
    Network,
    ReleaseTable,
    SignerTable,
    Site,
    SiteTable,
    Static,
    StationDefaults,
    Wifi,
    for_card,
    load_site,
)
from firmware_service.card.site_text import station_file, write_site
from firmware_service.cli import main
from hardware.host.toml import ConfigError, parse
from hardware.host.toml_edit import EditError
from tests.support.site_folder import DOT1X_PASSWORD, TEMPLATE, WIFI_PASSWORD, make_site

BAD = [
    ({"site": 'name = "x"\ncolour = "red"\n'}, "site.colour is not a known key"),
    ({"site": 'name = "a\\nb"\n'}, "site.name = 'a\\nb': expected one line of text"),
    ({"site": 'name = "x"\ntime_zone = "../etc"\n'}, "site.time_zone"),
    ({"network": 'proxy = "http://me:secret@proxy:3128"\n'}, "without a password"),
    ({"network": 'proxy = "https://proxy.site"\n'}, "such as http://proxy.site:3128"),
    ({"network": 'proxy = "http://proxy.site"\n'}, "such as http://proxy.site:3128"),
    ({"network": 'direct = ["10.0.0.0/8"]\n'}, "network.direct[0] = '10.0.0.0/8': expected a host"),
    ({"network": 'direct = [""]\n'}, "network.direct[0] = '': expected a host"),
    ({"network": 'ntp = ["a b"]\n'}, "network.ntp[0] = 'a b': expected a host"),
    ({"network__static": 'gateway = "x"\ndns = []\n'}, "network.static.gateway = 'x': expected an IPv4 address"),
    (
        {"network__static": 'gateway = "10.0.0.1"\ndns = []\naddresses = { "OR-03" = "10.0.0.5" }\n'},
        "network.static.addresses.OR-03 = '10.0.0.5': expected an address with its prefix length",
    ),
    ({"network__wifi": 'ssid = "ward"\n'}, "network.wifi.password = None: expected 8 to 63"),
    ({"network__wifi": 'ssid = "49;50;"\npassword = "hunter22"\n'}, "network.wifi.ssid = '49;50;': expected a name"),
    ({"network__wifi": "ssid = 'a\\;b'\npassword = \"hunter22\"\n"}, "expected a name without"),
    (
        {"network__dot1x": 'method = "tls"\nidentity = "x"\nca = "ca.pem"\n'},
        "network.dot1x.method = 'tls': expected one of peap, ttls",
    ),
    ({"account": 'ssh_keys = ["x; rm -rf /"]\n'}, "account.ssh_keys[0]"),
    ({"authority": 'url = "http://udi.site"\npin = "0"\nlabel_key = "AA"\n'}, "authority.url"),
    ({"release": ""}, "release is missing"),
]


@pytest.mark.parametrize(("changes", "said"), BAD, ids=lambda value: value if isinstance(value, str) else None)
def test_what_is_wrong_is_named(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site(make_site(tmp_path, **changes))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"network__wifi": 'ssid = "ward"\npassword = "hunter2"\n'},
        {"network__wifi": 'ssid = "ward"\npassword = 20261126\n'},
        {"network__wifi": 'ssid = "ward"\npasword = "hunter22222"\n'},
        {"network__dot1x": 'method = "peap"\nidentity = "x"\nca = "c"\npassword = "hunter2\\u0007"\n'},
        {"account": 'password_hash = "hunter2"\n'},
        {"account": 'password_hash = ["hunter2"]\n'},
        {"network": 'wifi = "hunter2"\n', "network__wifi": "", "network__dot1x": "", "network__static": ""},
    ],
)
def test_no_problem_shows_a_secret(tmp_path: Path, changes: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site(make_site(tmp_path, **changes))
    assert "hunter2" not in str(caught.value)
    assert "20261126" not in str(caught.value)
    if "pasword" not in str(changes):
        assert "(not shown)" in str(caught.value)


def test_neither_the_settings_as_text_nor_those_of_the_card_have_a_secret(tmp_path: Path) -> None:
    site = load_site(make_site(tmp_path, account='password_hash = "$y$j9T$abc$def"\n'))
    assert site.network.wifi is not None
    assert site.network.wifi.password == WIFI_PASSWORD
    for text in (repr(site), write_site(for_card(site))):
        for secret in (WIFI_PASSWORD, DOT1X_PASSWORD, "$y$"):
            assert secret not in text


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    site = load_site(make_site(tmp_path / "site"))
    assert site.release.root == tmp_path / "site/root.json"
    assert site.network.dot1x is not None
    assert site.network.dot1x.ca == tmp_path / "site/ca.pem"


texts = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30)


def _is_ssid(text: str) -> bool:
    return len(text.encode()) <= 32 and ";" not in text


sites = st.builds(
    Site,
    site=st.builds(SiteTable, name=texts),
    authority=st.just(AuthorityTable("https://a", "0" * 64, "A" * 43 + "=")),
    release=st.just(ReleaseTable(Path("/root.json"))),
    station=st.just(StationDefaults(Path("/template.toml"))),
    account=st.builds(Account, ssh_keys=st.just(("ssh-ed25519 AAAA x",))),
    network=st.builds(
        Network,
        wifi=st.none() | st.builds(Wifi, ssid=texts.filter(_is_ssid), hidden=st.booleans()),
        dot1x=st.none() | st.builds(Dot1x, method=st.just("ttls"), identity=texts, ca=st.just(Path("/ca"))),
        static=st.none() | st.just(Static("10.0.0.1", ("10.0.0.2",), {"OR-03": "10.0.0.5/24"})),
        ntp=st.just(("ntp.site",)),
    ),
)


@given(sites)
def test_settings_that_were_written_are_read_again(site: Site) -> None:
    assert parse(tomllib.loads(write_site(site)), Site) == site


@given(station=st.from_regex(r"[A-Z0-9][A-Z0-9-]{0,30}", fullmatch=True), place=texts)
def test_a_stations_file_is_the_template_with_name_and_place(station: str, place: str) -> None:
    before, after = tomllib.loads(TEMPLATE), tomllib.loads(station_file(TEMPLATE, station, place))
    before["station"] |= {"id": station, "place": place}
    assert after == before


def test_a_template_without_station_is_refused() -> None:
    with pytest.raises(EditError):
        station_file("[camera]\n", "OR-03", "x")


EXAMPLE = Path(site_module.__file__).with_name("site.example.toml")


def test_the_example_can_be_used_as_it_is_and_with_all_its_keys(tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["card", "example"]).output
    assert printed == EXAMPLE.read_text("utf-8")
    plain = tmp_path / "site.toml"
    plain.write_text(printed, encoding="utf-8")
    assert load_site(plain).site.name == "第一医院"
    whole = re.sub(r"(?m)^# (?=\[|[a-z_0-9]+ = )", "", printed)
    whole = whole.replace('"..."', '"not a secret"').replace("$y$j9T$...", "$y$j9T$abc$def").replace("AAAA...", "AAAA")
    plain.write_text(whole, encoding="utf-8")
    site = load_site(plain)
    assert site.network.static is not None
    told = set(re.findall(r"(?m)^([a-z_0-9]+) = ", whole)) | {"begin", "end"}
    tables = (SiteTable, Account, Wifi, Dot1x, Static, AuthorityTable, ReleaseTable, StationDefaults, SignerTable)
    assert told >= {field.name for table in tables for field in dataclasses.fields(table)}
