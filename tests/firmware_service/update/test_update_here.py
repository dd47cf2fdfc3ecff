"""The updates of this machine put together."""

from __future__ import annotations

import base64
from datetime import time
from pathlib import Path

import pytest

from firmware_service.card.site import load_site
from firmware_service.places import Places
from firmware_service.update.here import look_before, make_updater, wake_guard
from firmware_service.update.updater import Updater
from hardware.host.clock import Clock
from hardware.host.tls import Tls

SITE = f"""\
[site]
name = "site"
[authority]
url = "https://udi.site:8443"
pin = "{"0" * 64}"
label_key = "{base64.b64encode(bytes(32)).decode("ascii")}"
[release]
root = "/etc/udi-station/root.json"
url = "https://releases.site/udi"
channel = "beta"
ring = 3
window = {{ begin = "22:00", end = "04:30" }}
[station]
template = "/etc/udi-station/template.toml"
"""


def updater(root: Path, text: str, identity: Tls | None) -> Updater:
    (root / "etc/udi-station").mkdir(parents=True)
    (root / "etc/udi-station/root.json").write_bytes(b"{}")
    (root / "site.toml").write_text(text, encoding="utf-8")
    return make_updater(Places(root), load_site(root / "site.toml"), Clock(root), lambda: identity, lambda: False)


def test_what_the_site_wants_is_what_is_done(tmp_path: Path) -> None:
    wish = updater(tmp_path, SITE, None).wish
    assert (wish.channel, wish.ring) == ("beta", 3)
    assert (wish.window.begin, wish.window.end) == (time(22), time(4, 30))


@pytest.mark.parametrize(("address", "certificate", "looks"), [(1, 1, True), (1, 0, False), (0, 1, False)])
def test_it_looks_where_there_is_an_address_and_with_a_certificate(
    tmp_path: Path, *, address: bool, certificate: bool, looks: bool
) -> None:
    text = SITE if address else SITE.replace('url = "https://releases.site/udi"\n', "")
    identity = Tls(tmp_path / "ca", tmp_path / "certificate", tmp_path / "key") if certificate else None
    assert (updater(tmp_path, text, identity).source() is not None) is looks


def test_a_systemd_that_is_not_there_ends_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wake_guard([str(tmp_path / "systemctl")])
    assert "guard=wake problem=" in capfd.readouterr().err
    assert look_before(Places(tmp_path), [str(tmp_path / "systemctl")]).units == ()
