"""The hub's configuration file: strict TOML into frozen dataclasses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edge.catalog.authorities import AuthorityTable, wrong
from hardware.host.toml import Problem, load

CONFIG = Path("/etc/udi-hub/hub.toml")
STATE = Path("/var/lib/udi-hub")
_PORT = {"check": lambda value: 0 <= value < 2**16, "expected": "a port from 0 (any free one) to 65535"}
_FILLED = {"check": bool, "expected": "a text that is not empty"}
MOST_DAYS = 3650
_PASSWORD = re.compile(r"[a-z+]+://[^/@]*:[^/@]*@|[^?]*\?.*\bpassword=")


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class HubTable:
    """``[hub]``."""

    store: str = field(metadata=_FILLED)
    """A SQLite file for one hub (``<store>.lock`` keeps a second out), or ``postgresql://...`` for several."""
    id: str = field(default="hub", metadata=_FILLED)
    """Client id at the broker."""
    site: str = field(default="site", metadata=_FILLED)
    """The site that patients are sealed for; the same text as in the stations' ``[seal] site``."""
    keys: Path | None = None
    """Folder of ``<kid>.key`` files, mode 0600: X25519 private keys, raw, in base64. None: patients stay sealed."""
    pictures_days: int = field(
        default=90,
        metadata={"check": lambda value: 1 <= value <= MOST_DAYS, "expected": f"days from 1 to {MOST_DAYS}"},
    )
    """So long pictures are kept. They serve to clear up a package without a code with its supplier, which is done with
    the quarter's accounts at the latest; no record is made of them, and a person may be in one by accident."""
    diagnostics: Path | None = None
    """Folder for the archives that ``udi-hub fleet ask diagnostics`` brings: of each machine the newest five, 16 MiB at
    most, of all machines the newest 512 MiB. None: ``diagnostics`` beside the store's file; with PostgreSQL in the
    hub's own folder, /var/lib/udi-hub."""

    @property
    def diagnostics_folder(self) -> Path:
        """Where the archives of machines lie."""
        if self.diagnostics is not None:
            return self.diagnostics
        beside = STATE if "://" in self.store else Path(self.store).parent
        return beside / "diagnostics"

    def problems(self) -> Iterable[Problem]:
        """A password has no place here; the message does not repeat it."""
        if _PASSWORD.match(self.store):
            expected = (
                "no password: name a file of mode 0600 that holds it, postgresql://...?passfile=/etc/udi-station/pg"
            )
            yield Problem("store", None, expected, f"store has a password in it: expected {expected}")


@dataclass(frozen=True, slots=True)
class TlsTable:
    """``[link] tls``: the hub's identity at the broker."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class LinkTable:
    """``[link]``: the broker of the site."""

    host: str = field(metadata=_FILLED)
    port: int = field(metadata={"check": lambda value: 1 <= value < 2**16, "expected": "a port from 1 to 65535"})
    tls: TlsTable | None = None
    share: str | None = field(
        default=None,
        metadata={
            "check": re.compile(r"[A-Za-z0-9-]{1,30}").fullmatch,
            "expected": "a name of letters, digits and hyphens, the same for all hubs of the site",
        },
    )
    """Several hubs on one database: the name under which they share the events (MQTT v5 shared subscription), where the
    broker can do that. None: each hub receives everything, which is right for one, and costs work with several."""
    bench: bool = False

    def problems(self) -> Iterable[Problem]:
        """Without TLS only on a bench."""
        if self.tls is None and not self.bench:
            expected = "ca, certificate and key files; only a bench (bench = true) goes without"
            yield Problem("tls", None, expected, f"tls is missing: expected {expected}")


@dataclass(frozen=True, slots=True)
class PageTable:
    """``[page]``: the pages for people."""

    listen: str = field(
        default="127.0.0.1",
        metadata={
            "check": _is_loopback,
            "expected": "a loopback address: to reach further, put a proxy with TLS and sign-in before it",
        },
    )
    port: int = field(default=8080, metadata=_PORT)


@dataclass(frozen=True, slots=True)
class FilesTable:
    """``[files]``: the catalogue that stations fetch, ``udi-station catalog`` makes and signs it."""

    folder: Path
    address: str = field(
        metadata={
            "check": re.compile(r"https?://[^/]+(/.*)?/").fullmatch,
            "expected": "the address as stations reach it, such as https://hub.site:8443/files/",
        }
    )
    listen: str = "0.0.0.0"  # noqa: S104 - stations are on other machines, and only with a certificate get in
    port: int = field(default=8443, metadata=_PORT)
    tls: TlsTable | None = None
    bench: bool = False

    def problems(self) -> Iterable[Problem]:
        """Without TLS only on a bench."""
        if self.tls is None and not self.bench:
            expected = "ca, certificate and key files; only a bench (bench = true) goes without"
            yield Problem("tls", None, expected, f"tls is missing: expected {expected}")


@dataclass(frozen=True, slots=True)
class DocumentsTable:
    """``[documents]``: deliveries, shipments, issues and returns, from ERP, WMS or SPD to the stations and back."""

    authority: str = field(metadata=_FILLED)
    """Name of the stations' ``[[authority]]`` as whom this hub signs documents."""
    key: Path
    """Its private key, a file of mode 0600, as ``udi-hub documents key`` makes it."""
    folder: Path | None = None
    """Files that appear here are imported, and moved to ``done`` or ``failed``. None: only by command."""
    map: Path | None = None
    """The site's own column headings, TOML."""
    kind: Literal["receipt", "shipment", "issue", "return", "kit", "count"] | None = None
    """What a document is whose rows do not say it. None: they have to."""
    tables: Path | None = None
    """The site's tables, for item codes and 医保 codes."""
    catalogue: Path | None = None
    """For names and registration certificates on shipping documents."""
    supplier: str | None = None
    """Who delivers, as it stands on accompanying notes."""


@dataclass(frozen=True, slots=True)
class BindingsTable:
    """``[bindings]``: what stations bound to house codes (绑码), told to all stations."""

    authority: str = field(metadata=_FILLED)
    """Name of the stations' ``[[authority]]`` as whom this hub signs bindings."""
    key: Path
    """Its private key, a file of mode 0600, as ``udi-hub bindings key`` makes it."""


@dataclass(frozen=True, slots=True)
class TimeTable:
    """``[time]``: the time, said once a minute to machines that can ask nobody else."""

    signer: str = field(metadata=_FILLED)
    """Name of the machines' ``[[signer]]`` as whom this hub says it."""
    key: Path
    """Its private key, a file of mode 0600, as ``udi-hub fleet key --may time`` makes it."""


@dataclass(frozen=True, slots=True)
class HubConfig:
    """The whole file."""

    hub: HubTable
    link: LinkTable
    page: PageTable = PageTable()
    files: FilesTable | None = None
    documents: DocumentsTable | None = None
    bindings: BindingsTable | None = None
    time: TimeTable | None = None
    authority: tuple[AuthorityTable, ...] = ()
    """Whose signatures make an order; the same tables as in the stations' files."""

    def problems(self) -> Iterable[Problem]:
        """What only all authorities together can tell."""
        return wrong(self.authority)


def read_config(path: Path) -> HubConfig:
    """Read and check a hub's file.

    Raises:
        ConfigError: with every problem found, each naming its dotted key.
    """
    return load(path, HubConfig)
