"""What is taken out of texts and configurations, and what stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_service.diagnostics.scrub import GONE, people_of, scrub_object, scrub_table, scrub_text, secrets_of

GOES = [
    ("password", "wpa: password=hunter2!x", "hunter2!x"),
    ("password with spaces", "password: correct horse battery", "battery"),
    ("camel case", "wifiPassword=hunter2!x", "hunter2!x"),
    ("JSON", '{"psk": "hunter2!x", "ssid": "ward"}', "hunter2!x"),
    ("JSON with an escape", '{"psk": "hunt\\"er2!x"}', "er2!x"),
    ("single quotes", "psk='hunter2!x y'", "hunter2!x y"),
    ("token", "enrol token=4711-0815", "4711-0815"),
    ("option", "run --enrol-token 4711-0815", "4711-0815"),
    ("Authorization", "Authorization: Bearer abc.def", "abc.def"),
    ("bearer alone", "sent bearer abc.def", "abc.def"),
    ("proxy", "https_proxy=http://ward:hunter2@proxy.site:3128", "hunter2"),
    ("private key", "-----BEGIN EC PRIVATE KEY-----\nMHc=\nCAQ==\n-----END EC PRIVATE KEY-----", "MHc="),
    ("half a private key", "x -----BEGIN PRIVATE KEY-----\nMIIB\nCAQ==", "MIIB"),
    ("base64", "got q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83v+A==", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ"),
    ("hash", "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "9f86d081884c7d65"),
    ("room label", "shown UDIROOM1.ABCDEF.GH", "ABCDEF.GH"),
    ("patient", "patient=ZY123456 seen", "ZY123456"),
    ("patient in Chinese", "住院号:ZY123456", "ZY123456"),
    ("wide colon", "患者\uff1aZY123456", "ZY123456"),
    ("password in Chinese", "密码\uff1ahunter2 x", "hunter2"),
    ("payload", "payload=b'0106901234567892'", "0106901234567892"),
    ("identity card", "read 11010519491231002X twice", "11010519491231002X"),
    ("mobile phone", "call 13800138000 please", "13800138000"),
    ("operator", "operator=N1207 signed on", "N1207"),
]


@pytest.mark.parametrize(("text", "secret"), [row[1:] for row in GOES], ids=[row[0] for row in GOES])
def test_goes(text: str, secret: str) -> None:
    assert secret in text
    found = scrub_text(text)
    assert secret not in found
    assert GONE in found


STAYS = [
    "level=INFO logger=edge.station.daemon state=ready station=OR-03 version=0.1.0",
    "event_id=0193a7c2-7c1e-7cc2-9c1b-2f0f5a0b1c2d outcome=ACCEPTED took_ms=4.1",
    "scanner=/dev/serial/by-id/usb-Honeywell_Imaging___Mobility_1900_12345678-if00 opened",
    "worker=desk is stale: stopping",
    "udi-camera.service: Main process exited, code exited, status 1",
    "192.168.10.7 10000000abcdef01 dc:a6:32:01:02:03 06901234567892",
]


@pytest.mark.parametrize("text", STAYS)
def test_stays(text: str) -> None:
    assert scrub_text(text) == text


def test_secrets_of_this_machine_stand_nowhere_even_without_a_name() -> None:
    secrets = secrets_of({"network": {"wifi": {"ssid": "ward-3", "psk": "summer rain"}}, "unknown": "what is this"})
    assert scrub_text("joined ward-3 by summer rain, what is this", secrets) == f"joined {GONE} by {GONE}, {GONE}"


PATTERNS = {
    "wristband": {"prefix": "ZY", "length": [6, 10]},
    "badge": {"prefix": "N", "length": [4, 4], "characters": "digits"},
}


@pytest.mark.parametrize("text", ["ZY123456", "N1207", "at ZY12345678 again"])
def test_people_by_the_forms_of_this_site(text: str) -> None:
    assert not re.search(r"\d{4}", scrub_text(text, people=people_of(PATTERNS)))


@pytest.mark.parametrize(
    "patterns", [None, {}, {"wristband": "ZY"}, {"wristband": {"prefix": 3}}, {"badge": {"length": 4}}]
)
def test_patterns_that_are_none_are_passed_over(patterns: object) -> None:
    assert people_of(patterns) == ()


def test_a_configuration_shows_what_is_known_to_be_harmless() -> None:
    table = {
        "station": {"id": "OR-03", "place": "OR-03", "mobile": False},
        "link": {"host": "hub.site", "port": 8883, "tls": {"key": "/etc/key.pem", "ca": "/etc/ca.pem"}},
        "scanner": [{"device": "/dev/serial/by-id/usb-A", "baud": 115200}],
        "new": {"thing": "nobody thought of", "depth": 3, "password": 1234},
    }
    assert scrub_table(table) == {
        "station": {"id": "OR-03", "place": "OR-03", "mobile": False},
        "link": {"host": "hub.site", "port": 8883, "tls": {"key": GONE, "ca": "/etc/ca.pem"}},
        "scanner": [{"device": "/dev/serial/by-id/usb-A", "baud": 115200}],
        "new": {"thing": f"{GONE} 17 characters", "depth": 3, "password": GONE},
    }


def test_objects_keep_their_form() -> None:
    told = {"a": ["ok", 3, True, None, 1.5], "token": {"x": "y"}, "why": "token=abc def", "n": 13800138000}
    assert scrub_object(told) == {
        "a": ["ok", 3, True, None, 1.5],
        "token": GONE,
        "why": f"token={GONE}",
        "n": GONE,
    }


@given(st.text(max_size=80), st.text(st.characters(categories=["L", "N", "P"]), min_size=8, max_size=30))
def test_a_secret_of_this_machine_never_stays(text: str, secret: str) -> None:
    secrets = secrets_of({"wifi": {"psk": secret}})
    assert secret not in scrub_text(f"{text}{secret}{text}", secrets).replace(GONE, "")
