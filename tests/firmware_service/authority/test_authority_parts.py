"""The log's chain, the limits, the keys' folder, the lists: without a network."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from firmware_service.authority import audit
from firmware_service.authority.config import AuthorityTable
from firmware_service.authority.keyring import Keyring, KeyringError
from firmware_service.authority.limits import ADDRESSES, Limits
from firmware_service.authority.office import Office, lists_left, open_office
from firmware_service.authority.registrar import Refused
from firmware_service.authority.signing import CRL_ALARM_AT, CRL_RENEWED_AT, new_key
from firmware_service.authority.tokens import make_token
from firmware_service.identity.est import Request, pin_of
from firmware_service.identity.names import Role, Subject
from tests.support.devices import ENVIRONMENT, ROOT

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = open_office(AuthorityTable("Test", ("localhost",), state=tmp_path))
    made.keyring.make_first("Test", NOW)
    made.tend(NOW)
    yield made
    made.registrar.store.close()


def request(station: str = "OR-03", role: Role = "station") -> Request:
    return Request(Subject(station, role, "b1"), new_key().public_key())


def log_of(folder: Path, lines: int) -> Path:
    file = folder / "audit.jsonl"
    for n in range(lines):
        audit.append(file, NOW, "act", n=n)
    return file


def test_a_chain_is_followed(tmp_path: Path) -> None:
    file = log_of(tmp_path, 20)
    assert audit.verify(file) == 20
    assert [json.loads(line)["n"] for line in file.read_text("utf-8").splitlines()] == list(range(20))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: lines[:3] + lines[4:], 4),
        (lambda lines: [*lines[:3], lines[3].replace(b'"n": 3', b'"n": 9'), *lines[4:]], 5),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines[:3], b"rubbish\n", *lines[3:]], 4),
        (lambda lines: [*lines[:3], b"[]\n", *lines[3:]], 4),
        (lambda lines: [*lines, lines[-1]], 7),
    ],
    ids=["taken out", "changed", "swapped", "first gone", "rubbish", "a list", "doubled"],
)
def test_a_changed_line_is_named(change: object, line: int, tmp_path: Path) -> None:
    file = log_of(tmp_path, 6)
    assert callable(change)
    file.write_bytes(b"".join(change(file.read_bytes().splitlines(keepends=True))))
    with pytest.raises(audit.AuditError, match=f"line {line}:"):
        audit.verify(file)


def test_a_missing_end_is_noticed_by_the_store(office: Office) -> None:
    office.registrar.tell(NOW, "something")
    lines = office.registrar.log.read_bytes().splitlines(keepends=True)
    assert office.verify_log() == len(lines)
    office.registrar.log.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(audit.AuditError, match="its end is missing"):
        office.verify_log()


def test_half_a_line_of_a_power_cut_is_taken_away(tmp_path: Path) -> None:
    file = log_of(tmp_path, 3)
    with file.open("ab") as log:
        log.write(b'{"at": "2027')
    audit.append(file, NOW, "act", n=3)
    assert audit.verify(file) == 4


def test_many_writers_make_one_chain(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: audit.append(file, NOW, "act", n=n), range(80)))
    assert audit.verify(file) == 80


KILLED = """
import os, signal, sys, threading, time
from pathlib import Path
from datetime import UTC, datetime
from firmware_service.authority.config import AuthorityTable
from firmware_service.authority.office import open_office
from firmware_service.authority.signing import new_key
from firmware_service.authority.tokens import make_token
from firmware_service.identity.est import Request
from firmware_service.identity.names import Subject
office = open_office(AuthorityTable("Test", ("localhost",), state=Path(sys.argv[1])))
now = datetime(2027, 3, 1, 8, tzinfo=UTC)
print("ready", flush=True)
for n in range(100000):
    text, token = make_token(None, None, now)
    office.registrar.add_token(token, now)
    made = office.registrar.enrol(text, Request(Subject(f"S{n}", "station", None), new_key().public_key()), now, "x")
    print(f"{made.serial_number:x}", flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 20])
def test_a_killed_authority_forgets_nothing_it_gave_out(after: int, office: Office) -> None:
    words = [sys.executable, "-c", KILLED, str(office.table.state)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=ROOT) as process:
        assert process.stdout is not None
        given = [process.stdout.readline().strip() for _ in range(after + 1)][1:]
        os.kill(process.pid, signal.SIGKILL)
        given += process.stdout.read().split()
    office.verify_log()
    with office.registrar.store.transaction() as rows:
        kept = {each.number for each in rows.issued()}
        assert rows.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert {number for number in given if len(number) > 30} <= kept
    told = {json.loads(line).get("number") for line in office.registrar.log.read_text("utf-8").splitlines()}
    assert kept <= told


def test_limits_refill() -> None:
    limits = Limits(most=2, per_s=0.5, most_in_total=3, per_s_in_total=1)
    assert [limits.take("a", 0), limits.take("a", 0)] == [0, 0]
    assert limits.take("a", 0) == 2
    assert limits.take("b", 0) == 0
    assert limits.take("c", 0) == 1, "all together"
    assert limits.take("a", 2) == 0


def test_limits_remember_only_so_many() -> None:
    limits = Limits(most_in_total=1e9)
    for n in range(ADDRESSES + 10):
        limits.take(f"address {n}", 0)
    assert len(limits._each) == ADDRESSES


def test_a_refusal_costs_more_than_a_request() -> None:
    limits = Limits(most=10, per_s=1)
    limits.take("a", 0)
    limits.charge("a", 20, 0)
    assert limits.take("a", 0) == 1


def test_the_steps_of_a_roll_over_have_an_order(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "ca")
    with pytest.raises(KeyringError, match="authority init"):
        keyring.signing()
    keyring.make_first("Test", NOW)
    with pytest.raises(KeyringError, match="there is no next"):
        keyring.switch()
    with pytest.raises(KeyringError, match="no older"):
        keyring.finish()
    keyring.make_next("Test", NOW)
    with pytest.raises(KeyringError, match="under way"):
        keyring.make_next("Test", NOW)
    keyring.switch()
    with pytest.raises(KeyringError, match="under way"):
        keyring.make_next("Test", NOW)
    keyring.finish()
    keyring.make_next("Test", NOW)
    assert [ca.certificate.subject.rfc4514_string() for ca in keyring.trusted()] == [
        "CN=Test 2 2027-03-01",
        "CN=Test 3 2027-03-01",
    ]


def test_a_roll_over_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "ca")
    keyring.make_first("Test", NOW)
    new = keyring.make_next("Test", NOW)
    keyring.switch()
    (tmp_path / "ca/1").rename(tmp_path / "ca/1.gone")
    (tmp_path / "ca/1.gone/certificate.pem").unlink()
    assert [ca.pin for ca in keyring.trusted()] == [new.pin]
    assert keyring.finish() == []
    assert sorted(each.name for each in (tmp_path / "ca").iterdir()) == ["2", "signing"]


def test_a_first_key_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "ca")
    before = keyring.make_first("Test", NOW)
    (tmp_path / "ca/signing").unlink()
    (tmp_path / "ca/2.part").mkdir()
    assert not keyring.exists()
    assert keyring.make_first("Test", NOW).pin != before.pin
    assert len(keyring.trusted()) == 1


def test_keys_are_for_their_owner_only(office: Office) -> None:
    for key in office.table.state.rglob("key.pem"):
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700


def test_the_list_is_written_anew_in_time_and_its_end_is_an_alarm(office: Office) -> None:
    file = office.published / "revoked.pem"
    assert lists_left(file, NOW) >= timedelta(days=179)
    before = file.read_bytes()
    assert not office.tend(NOW + timedelta(days=59))
    assert file.read_bytes() == before
    near = NOW + timedelta(days=91)
    assert lists_left(file, near) < CRL_ALARM_AT < CRL_RENEWED_AT
    assert any("locks out everybody" in concern for concern in office.concerns(near))
    assert office.tend(near)
    assert not any("locks out" in concern for concern in office.concerns(near))


def test_publishing_at_once_leaves_whole_files(office: Office) -> None:
    others = [open_office(office.table) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: [each.publish(NOW) for _ in range(10)], others))
    for each in others:
        each.registrar.store.close()
    assert lists_left(office.published / "revoked.pem", NOW) > timedelta(days=179)
    assert sorted(file.name for file in office.published.iterdir()) == ["ca.pem", "revoked.pem"]
    office.verify_log()


def test_a_broker_that_was_not_told_is_remembered(office: Office) -> None:
    office.tell_broker()
    assert not office.untold
    failing = Office(replace(office.table, on_change=("/bin/false",)), office.keyring, office.registrar)
    failing.publish(NOW)
    with pytest.raises(subprocess.CalledProcessError):
        failing.tell_broker()
    assert failing.untold
    office.tell_broker()
    assert not failing.untold


def test_the_server_gets_a_new_certificate_in_time_and_for_new_hosts(office: Office) -> None:
    file = office.server / "certificate.pem"
    before = file.read_bytes()
    office.tend(NOW + timedelta(days=274))
    assert file.read_bytes() == before
    office.tend(NOW + timedelta(days=276))
    renewed = file.read_bytes()
    assert renewed != before
    table = AuthorityTable("Test", ("authority.site", "192.168.1.5"), state=office.table.state)
    Office(table, office.keyring, office.registrar).tend(NOW + timedelta(days=276))
    names = x509.load_pem_x509_certificate(file.read_bytes()).extensions
    found = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(each.value) for each in found} == {"authority.site", "192.168.1.5"}


def test_half_a_renewal_of_the_server_is_done_again(office: Office) -> None:
    (office.server / "key.pem").unlink()
    office.tend(NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(office.server / "certificate.pem", office.server / "key.pem")


def test_a_list_names_what_was_revoked_and_each_authority_has_one(office: Office) -> None:
    text, token = make_token(None, None, NOW)
    office.registrar.add_token(token, NOW)
    made = office.registrar.enrol(text, request(), NOW, "test")
    office.keyring.make_next("Test", NOW)
    office.registrar.revoke("OR-03", "stolen", NOW)
    assert office.tend(NOW), "a list for the next authority too"
    lists = (office.published / "revoked.pem").read_bytes().split(b"-----END X509 CRL-----\n")[:-1]
    found = [x509.load_pem_x509_crl(each + b"-----END X509 CRL-----\n") for each in lists]
    assert [len(list(each)) for each in found] == [1, 0]
    assert found[0].get_revoked_certificate_by_serial_number(made.serial_number) is not None
    with pytest.raises(Refused, match="holds no certificate"):
        office.registrar.revoke("OR-03", "again", NOW)


def test_a_certificate_says_who_and_what_for(office: Office) -> None:
    text, token = make_token("OR-03", "b1", NOW)
    office.registrar.add_token(token, NOW)
    asked = request()
    made = office.registrar.enrol(text, asked, NOW, "test")
    assert made.subject.rfc4514_string() == "2.5.4.5=b1,CN=OR-03"
    assert pin_of(made.public_key()) == asked.pin  # type: ignore[arg-type]
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [each._name for each in usage] == ["clientAuth"]
    constraints = made.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not constraints.ca
    assert made.not_valid_after_utc - NOW == timedelta(days=730)
