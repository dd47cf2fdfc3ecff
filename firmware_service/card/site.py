"""``site.toml``: what a technician writes once per site and every card of it carries.

The card carries it without its secrets (`for_card`): these go into the files for the network and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from hardware.host.toml import ConfigError, Problem, load

STATION = re.compile(r"[A-Z0-9][A-Z0-9-]{0,30}")
"""A station's name."""
_KEY_BYTES = 32
_MOST_SSID = 32
_PSK = (8, 63)


def is_text(value: str) -> bool:
    """Whether it is one line of text that fits everywhere: no control character, no line break, not empty."""
    return bool(value) and not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in value)


def _matches(pattern: str, expected: str) -> dict[str, Any]:
    return {"check": lambda value: re.fullmatch(pattern, value) is not None, "expected": expected}


def _is_key(value: str) -> bool:
    try:
        return len(base64.b64decode(value, validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def is_address(value: str) -> bool:
    """Whether it is an IPv4 address with its prefix length."""
    try:
        return "/" in value and bool(ipaddress.IPv4Interface(value))
    except ValueError:
        return False


def _is_host_address(value: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(value))
    except ValueError:
        return False


_TEXT = {"check": is_text, "expected": "one line of text"}
_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]"
_HTTPS = _matches(
    rf"https://({_HOST})(:\d{{1,5}})?(/[\w.~/%+-]*)?", "such as https://udi.site:8443, without a password"
)
_HTTP = _matches(rf"https?://({_HOST})(:\d{{1,5}})?(/[\w.~/%+-]*)?", "such as http://mirror.site, without a password")
_PROXY = _matches(rf"http://({_HOST}):\d{{1,5}}/?", "such as http://proxy.site:3128, without a password")
_SHA256 = _matches(r"[0-9a-f]{64}", "a SHA-256 in 64 lower-case hex digits")
_TIME = _matches(r"([01]\d|2[0-3]):[0-5]\d", "a time of day such as 02:00")


@dataclass(frozen=True, slots=True)
class SiteTable:
    """``[site]``."""

    name: str = field(metadata=_TEXT)
    country: str = field(default="CN", metadata=_matches(r"[A-Z]{2}", "two capital letters such as CN"))
    """ISO 3166: which radio channels are allowed."""
    time_zone: str = field(
        default="Asia/Shanghai",
        metadata=_matches(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", "such as Asia/Shanghai"),
    )
    locale: str = field(default="C.UTF-8", metadata=_matches(r"[A-Za-z_]{1,8}\.UTF-8", "such as zh_CN.UTF-8"))


@dataclass(frozen=True, slots=True)
class Account:
    """``[account]``: for the technician on the machine itself; without it there is one that nobody can sign in to."""

    name: str = field(default="udi-service", metadata=_matches(r"[a-z][a-z0-9-]{0,30}", "such as udi-service"))
    password_hash: str | None = field(
        default=None,
        repr=False,
        metadata=_matches(r"\$(y|6|5)\$[A-Za-z0-9./$=,]+", "the output of mkpasswd, beginning with $y$ or $6$"),
    )
    ssh_keys: tuple[str, ...] = ()
    """With any, SSH is on, and only for these."""

    def problems(self) -> Iterable[Problem]:
        """Each key is one line as in ``authorized_keys``."""
        for number, key in enumerate(self.ssh_keys):
            if re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?", key) is None or not is_text(key):
                yield _problem(f"ssh_keys[{number}]", key, "a public key such as ssh-ed25519 AAAA… name")


@dataclass(frozen=True, slots=True)
class Wifi:
    """``[network.wifi]``."""

    ssid: str = field(
        metadata={
            "check": lambda value: is_text(value) and len(value.encode()) <= _MOST_SSID,
            "expected": "1 to 32 bytes",
        }
    )
    password: str | None = field(default=None, repr=False)
    """Absent where [network.dot1x] signs in on wlan0."""
    hidden: bool = False

    def problems(self) -> Iterable[Problem]:
        """The password is one of WPA's, and never shown; the name comes through netplan as it is."""
        if re.fullmatch(r"(\d{1,3}; *)+", self.ssid) is not None or "\\;" in self.ssid:
            yield _problem("ssid", self.ssid, r"a name without \; that is no list like 49;50; (netplan changes it)")
        if self.password is not None and re.fullmatch(rf"[ -~]{{{_PSK[0]},{_PSK[1]}}}", self.password) is None:
            yield _problem("password", "(not shown)", "8 to 63 letters, digits and signs of ASCII")


@dataclass(frozen=True, slots=True)
class Dot1x:
    """``[network.dot1x]``: IEEE 802.1X by name and password; not by certificate, whose key has no place here."""

    method: Literal["peap", "ttls"]
    identity: str = field(metadata=_TEXT)
    ca: Path
    """PEM of who vouches for the network's server."""
    password: str | None = field(default=None, repr=False)
    interface: Literal["eth0", "wlan0"] = "eth0"

    def problems(self) -> Iterable[Problem]:
        """The password is one line, and never shown."""
        if self.password is not None and not is_text(self.password):
            yield _problem("password", "(not shown)", "one line of text")


@dataclass(frozen=True, slots=True)
class Static:
    """``[network.static]``: addresses that are not given by DHCP."""

    gateway: str = field(metadata={"check": _is_host_address, "expected": "an IPv4 address"})
    dns: tuple[str, ...]
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Station to its address, such as ``10.20.3.17/24``; a station that is not named here asks DHCP."""
    interface: Literal["eth0", "wlan0"] = "eth0"

    def problems(self) -> Iterable[Problem]:
        """Names are stations' names, addresses have a prefix length."""
        for number, each in enumerate(self.dns):
            if not _is_host_address(each):
                yield _problem(f"dns[{number}]", each, "an IPv4 address")
        for name, address in self.addresses.items():
            if STATION.fullmatch(name) is None:
                yield _problem(f"addresses.{name}", address, "a station's name such as OR-03 as the key")
            if not is_address(address):
                yield _problem(f"addresses.{name}", address, "an address with its prefix length, such as 10.20.3.17/24")


@dataclass(frozen=True, slots=True)
class Network:
    """``[network]``."""

    wifi: Wifi | None = None
    dot1x: Dot1x | None = None
    static: Static | None = None
    proxy: str | None = field(default=None, metadata=_PROXY)
    """Asked for packages and releases; authority, broker and hub lie inside the site."""
    direct: tuple[str, ...] = ()
    """Hosts that these are fetched from without it: a name or address, ``.site`` for all below."""
    ntp: tuple[str, ...] = ()
    """Time servers of the site; without any, those that DHCP names."""
    mirror: str | None = field(default=None, metadata=_HTTP)
    """Where Debian's and Raspberry Pi's packages lie, in ``debian``, ``debian-security`` and ``raspberrypi`` below."""

    def problems(self) -> Iterable[Problem]:
        """Time servers and what is reached directly are hosts; the Wi-Fi has one way to sign in."""
        for number, each in enumerate(self.direct):
            if re.fullmatch(_HOST, each.removeprefix(".")) is None:
                yield _problem(f"direct[{number}]", each, "a host such as updates.site, or .site for all below it")
        for number, each in enumerate(self.ntp):
            if re.fullmatch(_HOST, each) is None:
                yield _problem(f"ntp[{number}]", each, "a host such as ntp.site")
        by_dot1x = self.dot1x is not None and self.dot1x.interface == "wlan0"
        if by_dot1x and (self.wifi is None or self.wifi.password is not None):
            yield _problem("dot1x.interface", "wlan0", "a [network.wifi] without a password, or eth0")

    def proxy_to(self, url: str) -> str | None:
        """The proxy that is between this site and a server of packages or releases; None where there is none."""
        host = urlsplit(url).hostname or ""
        names = [each.lower().strip("[]") for each in self.direct]
        inside = any(host == each or (each.startswith(".") and host.endswith(each)) for each in names)
        return None if inside else self.proxy


@dataclass(frozen=True, slots=True)
class AuthorityTable:
    """``[authority]``: where a station gets its certificate."""

    url: str = field(metadata=_HTTPS)
    pin: str = field(metadata=_SHA256)
    """Of the CA's public key (SubjectPublicKeyInfo)."""
    label_key: str = field(metadata={"check": _is_key, "expected": "32 bytes in base64, printed by card label-key"})
    """Public Ed25519 key of who signs room labels."""


@dataclass(frozen=True, slots=True)
class Window:
    """When an update may start, local time; it may go over midnight."""

    begin: str = field(metadata=_TIME)
    end: str = field(metadata=_TIME)


@dataclass(frozen=True, slots=True)
class ReleaseTable:
    """``[release]``: where updates come from and whom to believe."""

    root: Path
    """Root metadata of the repository (The Update Framework)."""
    url: str | None = field(default=None, metadata=_HTTPS)
    """Absent where only sticks bring updates."""
    channel: str = field(default="stable", metadata=_matches(r"[a-z][a-z0-9-]{0,15}", "such as stable"))
    ring: int = field(default=1, metadata={"check": lambda value: value in range(10), "expected": "0 (first) to 9"})
    window: Window = Window("02:00", "05:00")


@dataclass(frozen=True, slots=True)
class StationDefaults:
    """``[station]``: the station file that every station of the site gets."""

    template: Path
    """A whole station.toml; `firmware_service.card.station_file` puts id and place into it."""


@dataclass(frozen=True, slots=True)
class SignerTable:
    """``[signer.NAME]``: whose signature counts on this site's machines, as ``udi-hub fleet key`` prints it."""

    public_key: str = field(metadata={"check": _is_key, "expected": "an Ed25519 public key: 32 bytes in base64"})
    may: tuple[Literal["configuration", "time"], ...]


@dataclass(frozen=True, slots=True)
class Site:
    """The whole file."""

    site: SiteTable
    authority: AuthorityTable
    release: ReleaseTable
    station: StationDefaults
    network: Network = field(default_factory=Network)
    account: Account = field(default_factory=Account)
    signer: Mapping[str, SignerTable] = field(default_factory=dict)

    def keys(self, what: Literal["configuration", "time"]) -> dict[str, bytes]:
        """Public keys of those who may say this, by name."""
        able = {name: each for name, each in self.signer.items() if what in each.may}
        return {name: base64.b64decode(each.public_key) for name, each in able.items()}


ON_DEVICE = Path("/etc/udi-station")
_WITH_SECRETS = ("network.wifi.password", "network.dot1x.password", "account.password_hash")


def load_site(path: Path) -> Site:
    """Read the technician's file; its paths are relative to where it lies.

    Raises:
        ConfigError: with every problem found, none of which shows a secret.
    """
    try:
        site = load(path, Site)
    except ConfigError as error:
        raise ConfigError(tuple(_without_secret(problem) for problem in error.problems)) from None
    if missing := tuple(_missing_secrets(site.network)):
        raise ConfigError(missing)
    dot1x = site.network.dot1x and replace(site.network.dot1x, ca=path.parent / site.network.dot1x.ca)
    return replace(
        site,
        network=replace(site.network, dot1x=dot1x),
        release=replace(site.release, root=path.parent / site.release.root),
        station=replace(site.station, template=path.parent / site.station.template),
    )


def _without_secret(problem: Problem) -> Problem:
    """The value is left out where it is a secret or a whole table with one."""
    if not any(secret == problem.key or secret.startswith(f"{problem.key}.") for secret in _WITH_SECRETS):
        return problem
    return _problem(problem.key, "(not shown)", problem.expected)


def _missing_secrets(network: Network) -> Iterable[Problem]:
    """What the device's copy may leave out, a card may not."""
    dot1x = network.dot1x
    if network.wifi and network.wifi.password is None and (dot1x is None or dot1x.interface == "eth0"):
        yield _problem("network.wifi.password", None, "8 to 63 letters, digits and signs of ASCII")
    if dot1x and dot1x.password is None:
        yield _problem("network.dot1x.password", None, "one line of text")


def for_card(site: Site) -> Site:
    """The same without secrets, and with the files where they lie on the device."""
    network = site.network
    wifi = network.wifi and replace(network.wifi, password=None)
    dot1x = network.dot1x and replace(network.dot1x, password=None, ca=ON_DEVICE / "network-ca.pem")
    return replace(
        site,
        network=replace(network, wifi=wifi, dot1x=dot1x),
        account=replace(site.account, password_hash=None),
        release=replace(site.release, root=ON_DEVICE / "root.json"),
        station=replace(site.station, template=ON_DEVICE / "template.toml"),
    )


def _problem(key: str, value: object, expected: str) -> Problem:
    return Problem(key, value, expected, f"{key} = {value!r}: expected {expected}")
