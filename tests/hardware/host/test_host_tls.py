"""Certificates against a real mosquitto, with a clock that can judge their dates and with one that cannot."""

from __future__ import annotations

import gc
import getpass
import re
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hardware.host.link import Connected, Disconnected, Link, LinkSettings
from hardware.host.tls import CREDENTIALS, Tls, TlsError, advice, client_context, notices, valid_until
from tests.support.pki import DAY, NOW, Authority
from tests.support.site import MOSQUITTO, Broker


class TlsBroker(Broker):
    """A mosquitto with one certificate that asks each client for one."""

    def __init__(self, folder: Path, own: Tls, authority: Authority, revoked: Path | None = None) -> None:
        super().__init__(folder)
        lines = f"listener {self.port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\n"
        lines += f"cafile {authority.file}\ncertfile {own.certificate}\nkeyfile {own.key}\nuser {getpass.getuser()}\n"
        lines += "" if revoked is None else f"crlfile {revoked}\n"
        self._config.write_text(lines, encoding="ascii")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def start(tmp_path: Path, authority: Authority) -> Iterator[Callable[..., Broker]]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    started: list[Broker] = []

    def start(own: Tls, revoked: Path | None = None) -> Broker:
        broker = TlsBroker(tmp_path, own, authority, revoked)
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.stop()


def outcome(port: int, tls: Tls, *, trusted: bool = True) -> tuple[Link, Connected | Disconnected]:
    """A link, and the first thing it says."""
    link = Link(LinkSettings("127.0.0.1", port, "A", tls), time_trusted=lambda: trusted)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for event in link.step(0.05):
            if isinstance(event, Connected | Disconnected):
                return link, event
    raise AssertionError("neither connected nor refused within 10 s")


SERVERS = {
    "good": (lambda a: a.identity("broker"), True, True, ""),
    "expired": (lambda a: a.identity("broker", until=NOW - DAY), False, True, "certificate has expired"),
    "not yet valid": (
        lambda a: a.identity("broker", since=NOW + DAY, until=NOW + 2 * DAY),
        False,
        True,
        "not yet valid",
    ),
    "another host": (lambda a: a.identity("broker", host="x", address="10.9.9.9"), False, False, "address mismatch"),
}


@pytest.mark.parametrize("trusted", [True, False], ids=["clock right", "clock not set"])
@pytest.mark.parametrize("case", SERVERS.values(), ids=SERVERS.keys())
def test_the_brokers_certificate(
    case: tuple[Callable[[Authority], Tls], bool, bool, str],
    trusted: bool,
    authority: Authority,
    start: Callable[..., Broker],
) -> None:
    make, passes_right, passes_unset, said = case
    broker = start(make(authority))
    link, event = outcome(broker.port, authority.identity("A"), trusted=trusted)
    if passes_right if trusted else passes_unset:
        assert event == Connected()
        assert link.time_checked is trusted
    else:
        assert isinstance(event, Disconnected)
        assert said in event.reason
        assert advice(event.reason)
    link.close()


@pytest.mark.parametrize("trusted", [True, False], ids=["clock right", "clock not set"])
def test_a_broker_of_another_authority_is_refused(
    trusted: bool, authority: Authority, start: Callable[..., Broker], tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", "another authority")
    broker = start(other.identity("broker"))
    link, event = outcome(broker.port, authority.identity("A"), trusted=trusted)
    assert isinstance(event, Disconnected)
    assert "signed by the authority" in advice(event.reason)
    link.close()


CLIENTS = {
    "revoked": (lambda a, _other: a.identity("A"), "holds this station's certificate for revoked"),
    "expired": (lambda a, _other: a.identity("A", until=NOW - DAY), "holds this station's certificate for expired"),
    "another authority": (lambda a, other: replace(other.identity("A"), ca=a.file), "does not know who signed"),
}


@pytest.mark.parametrize("trusted", [True, False], ids=["clock right", "clock not set"])
@pytest.mark.parametrize("case", CLIENTS.values(), ids=CLIENTS.keys())
def test_what_the_broker_says_of_the_stations_certificate(
    case: tuple[Callable[[Authority, Authority], Tls], str],
    trusted: bool,
    authority: Authority,
    start: Callable[..., Broker],
    tmp_path: Path,
) -> None:
    make, said = case
    tls = make(authority, Authority(tmp_path / "other", "another authority"))
    broker = start(authority.identity("broker"), authority.revoke(*([tls] if "revoked" in said else [])))
    link, event = outcome(broker.port, tls, trusted=trusted)
    assert isinstance(event, Disconnected)
    assert said in advice(event.reason), event.reason
    link.close()


def test_a_clock_that_becomes_right_has_the_dates_checked(authority: Authority, start: Callable[..., Broker]) -> None:
    broker = start(authority.identity("broker", until=NOW - DAY))
    right = [False]
    link = Link(LinkSettings("127.0.0.1", broker.port, "A", authority.identity("A")), time_trusted=lambda: right[0])
    told: list[object] = []
    while Connected() not in told:
        told += link.step(0.05)
    assert link.time_checked is False
    assert link.step(0.05) == [], "an unset clock stays unset: no reason to leave"
    right[0] = True
    told = []
    while len(told) < 2:
        told += link.step(0.05)
    first, second = told
    assert isinstance(first, Disconnected)
    assert (first.code, first.hung_up) == (None, False), "nothing that was sent is to blame"
    assert isinstance(second, Disconnected)
    assert "certificate has expired" in second.reason
    link.close()


def test_the_socket_does_not_wait_to_fill_a_packet(authority: Authority, start: Callable[..., Broker]) -> None:
    broker = start(authority.identity("broker"))
    link, event = outcome(broker.port, authority.identity("A"))
    assert event == Connected()
    assert link._session is not None
    sock = link._session.client.socket()
    assert isinstance(sock, ssl.SSLSocket)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert sock.version() in ("TLSv1.2", "TLSv1.3")
    link.close()


def test_tls_below_1_2_is_not_spoken(authority: Authority) -> None:
    assert client_context(authority.identity("A"), check_time=True).minimum_version == ssl.TLSVersion.TLSv1_2


def _hang_up(server: socket.socket) -> None:
    server.accept()[0].close()


def test_a_handshake_that_is_hung_up_leaves_no_socket_open(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        link = Link(LinkSettings("127.0.0.1", server.getsockname()[1], "A", authority.identity("A")))
        link_events: list[object] = []
        threading.Thread(target=_hang_up, args=(server,), daemon=True).start()
        while not link_events:
            link_events = list(link.step(0.05))
        assert isinstance(link_events[0], Disconnected)
        link.close()
        gc.collect()
    assert [str(each.message) for each in caught] == []


def _unreadable(tls: Tls) -> Tls:
    return replace(tls, certificate=tls.certificate.with_name("gone.pem"))


def _not_pem(tls: Tls) -> Tls:
    tls.certificate.write_text("hello", encoding="ascii")
    return tls


def _open_key(tls: Tls) -> Tls:
    tls.key.chmod(0o640)
    return tls


BROKEN = {
    "gone certificate": (_unreadable, r"gone\.pem: the certificate cannot be read \(No such file.*ask site IT"),
    "not PEM": (_not_pem, r"not a certificate and its open key in PEM"),
    "open key": (_open_key, r"has mode 0640: expected 0600, run chmod 600 .*\.key"),
    "gone key": (lambda tls: replace(tls, key=Path("/gone.key")), r"/gone\.key: the key cannot be read"),
    "gone authority": (lambda tls: replace(tls, ca=Path("/gone.pem")), r"/gone\.pem: not the certificate of an auth"),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN.keys())
def test_an_identity_that_cannot_be_used_says_what_to_do(
    case: tuple[Callable[[Tls], Tls], str], authority: Authority
) -> None:
    spoil, said = case
    tls = spoil(authority.identity("A"))
    with pytest.raises(TlsError, match=said):
        client_context(tls, check_time=True)
    link, event = outcome(1, tls)
    assert isinstance(event, Disconnected), "it is told and tried again, nothing crashes"
    link.close()


def test_a_key_of_another_certificate_is_told(authority: Authority) -> None:
    tls = replace(authority.identity("A"), key=authority.identity("B").key)
    with pytest.raises(TlsError, match=r"B-.*\.key is not the key of .*A-.*\.pem"):
        client_context(tls, check_time=True)


def test_a_credential_of_systemd_may_have_an_access_list(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = _open_key(authority.identity("A"))
    monkeypatch.setenv(CREDENTIALS, str(tls.key.parent))
    client_context(tls, check_time=True)


DATES = {
    "long": (timedelta(days=365), []),
    "30 days": (timedelta(days=30, hours=1), []),
    "soon": (timedelta(days=29, hours=1), ["expires on .*, in 29 days: .* before that"]),
    "over": (timedelta(hours=-1), ["expired on "]),
}


@pytest.mark.parametrize(("left", "said"), DATES.values(), ids=DATES.keys())
def test_a_certificate_that_ends_is_told_in_time(left: timedelta, said: list[str], tmp_path: Path) -> None:
    authority = Authority(tmp_path, until=NOW + 3650 * DAY)
    found = notices(authority.identity("A", until=NOW + left), NOW)
    assert len(found) == len(said)
    for text, pattern in zip(found, said, strict=True):
        assert re.search(pattern, text)


def test_an_authority_that_ends_and_one_that_has_not_begun_are_told(tmp_path: Path) -> None:
    ends = Authority(tmp_path / "ends", until=NOW + 3 * DAY)
    begins = Authority(tmp_path / "begins", since=NOW + DAY, until=NOW + 3650 * DAY)
    own = ends.identity("A", until=NOW + 365 * DAY)
    assert "ca.pem expires on" in notices(own, NOW)[0]
    assert "is valid from" in notices(replace(own, ca=begins.file), NOW)[0]
    assert notices(replace(own, ca=Path("/gone")), NOW) == []


def test_the_end_of_a_certificate(tmp_path: Path) -> None:
    made = Authority(tmp_path).identity("OR-01", until=NOW + 3 * DAY)
    end = valid_until(made.certificate)
    assert end is not None
    assert abs(end - (NOW + 3 * DAY)) < timedelta(seconds=2)
    assert valid_until(tmp_path / "none.pem") is None
    assert valid_until(made.key) is None
