"""What this device holds: its keys, certificates and the authorities it trusts, in one folder bound to one board.

    board           serial number of the board it was made on
    ca.pem          the authorities
    station, agent  a folder for each identity: key.pem (or key.cred), certificate.pem, next.pem, confirmed

A card that was copied into another board is noticed by ``board``: everything is wiped before anything is used, and why
is kept for the station to say. So the copy never meets the original at the broker.
"""

from __future__ import annotations

import json
import logging
import os
import pwd
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from firmware_service.identity.credentials import TOOL, KeyFile, overwrite
from firmware_service.identity.est import public_key
from firmware_service.identity.names import ROLES, Role
from firmware_service.identity.pem import PemError, key_bytes, parse_key, read_certificates, write_certificates
from firmware_service.places import Places
from hardware.host import files
from hardware.host.tls import Tls

log = logging.getLogger(__name__)

State = Literal["unenrolled", "enrolling", "enrolled"]
Why = Literal["cloned", "decommissioned", "refused"]
STATION_USER = "udi"
NO_TOOL = "/nonexistent"
WORDS: dict[Why, tuple[str, str]] = {
    "cloned": (
        "这张卡是从另一台设备复制的:身份已清除,请用新令牌重新上线",
        "this card was copied from another device: its identity was wiped, enrol it with a new token",
    ),
    "decommissioned": ("本机已停用:身份已清除", "this device was decommissioned: its identity was wiped"),
    "refused": (
        "证书机构不再承认本机的证书:请联系信息科",
        "the site's authority refuses the certificate of this device: ask site IT",
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a device that had an identity has none, or none that counts."""

    why: Why
    expected: str | None = None
    """The board it was bound to."""
    found: str | None = None
    """The board it was found on."""
    told: str | None = None
    """The authority's own words."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The folder of identities of one device.

    Attributes:
        places: where things lie.
        creds: systemd's tool for sealed keys.
    """

    places: Places
    creds: str = TOOL

    @property
    def folder(self) -> Path:
        """See the module."""
        return self.places.identity

    @property
    def ca(self) -> Path:
        """The authorities that are trusted."""
        return self.folder / "ca.pem"

    @property
    def station_tls(self) -> Path:
        """What the station's link reads, anew at every connection: ``ca.pem``, ``certificate.pem``, ``key.pem``."""
        return self.places.station_file.parent / "tls"

    @property
    def board(self) -> str | None:
        """The board it is bound to, empty where that has no number; None: it is bound to none."""
        try:
            return (self.folder / "board").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None

    @property
    def state(self) -> State:
        """How far enrolment has come."""
        if all((self.folder / role / "confirmed").exists() for role in ROLES):
            return "enrolled"
        return "enrolling" if any(self.key(role).kind for role in ROLES) else "unenrolled"

    @property
    def reason(self) -> Reason | None:
        """Why there is no identity any more; None: there never was, or there is."""
        try:
            return Reason(**json.loads((self.places.state / "identity-reason.json").read_bytes()))
        except FileNotFoundError:
            return None

    def key(self, role: Role) -> KeyFile:
        """Where the key of an identity rests."""
        return KeyFile(self.folder / role, self.places.run / "keys", self.creds)

    def certificate_file(self, role: Role, *, next_: bool = False) -> Path:
        """The certificate that counts, or the one that may follow it."""
        return self.folder / role / ("next.pem" if next_ else "certificate.pem")

    def certificate(self, role: Role) -> x509.Certificate | None:
        """The certificate that counts; None: there is none yet."""
        file = self.certificate_file(role)
        return read_certificates(file)[0] if file.exists() else None

    def tls(self, role: Role, *, next_: bool = False) -> Tls:
        """The identity for a connection; with ``next_``: by the certificate that may follow.

        Raises:
            OSError: there is no key, or it cannot be opened here.
        """
        return Tls(self.ca, self.certificate_file(role, next_=next_), self.key(role).path())

    def bind(self, board: str | None) -> None:
        """Before the first key is made: whose it will be."""
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        files.replace(self.folder / "board", f"{board or ''}\n".encode("ascii"))

    def accept(self, role: Role, certificate: x509.Certificate, *, next_: bool = False) -> None:
        """Keep a certificate for the key that is held.

        Raises:
            PemError: it is for another key.
        """
        if not self.fits(role, certificate):
            raise PemError(f"the authority answered with a certificate for another key than that of the {role}")
        write_certificates(self.certificate_file(role, next_=next_), [certificate])

    def fits(self, role: Role, certificate: x509.Certificate) -> bool:
        """Whether a certificate is for the key that is held."""
        key = parse_key(self.key(role).path().read_bytes(), role)
        return public_key(certificate) == key.public_key()

    def promote(self, role: Role) -> None:
        """Let the next certificate be the one that counts."""
        self.certificate_file(role, next_=True).replace(self.certificate_file(role))
        files.sync_folder(self.folder / role)

    def confirmed(self, role: Role) -> bool:
        """Whether the authority knows that the certificate has arrived."""
        certificate, file = self.certificate(role), self.folder / role / "confirmed"
        return certificate is not None and file.exists() and file.read_text("ascii") == _number(certificate)

    def confirm(self, role: Role) -> None:
        """The authority knows it."""
        certificate = self.certificate(role)
        if certificate is not None:
            files.replace(self.folder / role / "confirmed", _number(certificate).encode("ascii"))

    def hand_over(self) -> None:
        """Give the station its files; those that have not changed are left alone.

        Where the key is sealed, an open copy lies in memory until the next start of the machine, and a link to it here.
        """
        _make_open_folder(self.station_tls)
        wanted = {"ca.pem": self.ca.read_bytes(), "certificate.pem": self.certificate_file("station").read_bytes()}
        for name, data in wanted.items():
            _replace_if_other(self.station_tls / name, data, mode=0o644)
        key, file = self.key("station"), self.station_tls / "key.pem"
        opened = file if key.kind == "file" else self.places.run / "station-key.pem"
        _make_open_folder(opened.parent)
        _replace_if_other(opened, key.path().read_bytes(), mode=0o600)
        _give_to_station(opened)
        if opened != file:
            _link(file, opened)

    def wipe(self, reason: Reason) -> None:
        """Back to unenrolled, and why. Cut off at any moment it is gone on with by the next `check_board`.

        The reason comes first and ``board`` goes last: while it stands, a device that is not on its board wipes again.
        """
        self.remember(reason)
        overwrite(self.places.run / "station-key.pem")
        overwrite(self.station_tls / "key.pem")
        (self.station_tls / "key.pem").unlink(missing_ok=True)  # a link whose copy is gone
        for role in ROLES:
            self.key(role).wipe()
            for name in ("certificate.pem", "next.pem", "confirmed"):
                (self.folder / role / name).unlink(missing_ok=True)
        for file in (self.station_tls / "certificate.pem", self.station_tls / "ca.pem", self.ca, self.folder / "board"):
            file.unlink(missing_ok=True)
        if self.folder.exists():
            files.sync_folder(self.folder)

    def remember(self, reason: Reason) -> None:
        """Keep why."""
        self.places.state.mkdir(parents=True, mode=0o700, exist_ok=True)
        files.replace(self.places.state / "identity-reason.json", json.dumps(asdict(reason)).encode())

    def forget_reason(self) -> None:
        """A new identity begins."""
        if self.reason is not None:
            (self.places.state / "identity-reason.json").unlink()
            files.sync_folder(self.places.state)

    def say(self) -> dict[str, Any]:
        """Tell the station how things stand, in ``identity.json`` of the agent's folder under /run, and return it."""
        reason = self.reason
        told: dict[str, Any] = {"schema": 1, "state": self.state, "board": self.board, "reason": None}
        if reason is not None:
            chinese, english = WORDS[reason.why]
            told["reason"] = asdict(reason) | {"zh": chinese, "en": english}
        _make_open_folder(self.places.run)
        text = json.dumps(told, ensure_ascii=False).encode()
        _replace_if_other(self.places.run / "identity.json", text, mode=0o644)
        return told


def holding_of(places: Places) -> Holding:
    """What this machine holds; in a tree that stands for it nothing is sealed to the machine that runs this."""
    return Holding(places) if places.root == Path("/") else Holding(places, NO_TOOL)


def make_key(holding: Holding, role: Role) -> None:
    """Make the key of an identity on this device, unless there is one."""
    if holding.key(role).kind is None:
        kind = holding.key(role).write(key_bytes(ec.generate_private_key(ec.SECP256R1())))
        log.info("identity=%s key=made kept=%s", role, kind)


def check_board(holding: Holding, board: str | None) -> bool:
    """Whether what is held belongs to this board; if not, it is wiped, and the station told.

    A board whose number cannot be read is let pass: that is a fault of the machine, not another machine.
    A decommissioning that was cut off is gone on with.
    """
    expected = holding.board
    before = holding.reason
    if before is not None and before.why == "decommissioned" and expected is not None:
        holding.wipe(before)
        expected = None
    good = not expected or board is None or board == expected
    if not good:
        log.error("identity=wiped why=cloned expected=%s found=%s", expected, board)
        holding.wipe(Reason("cloned", expected, board))
    holding.say()
    return good


def _number(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"


def _replace_if_other(file: Path, data: bytes, *, mode: int) -> None:
    if not file.exists() or file.read_bytes() != data:
        files.replace(file, data, mode=mode)
    if file.stat().st_mode & 0o777 != mode:  # the agent's umask takes everybody's rights away
        file.chmod(mode)


def _make_open_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)


def _give_to_station(file: Path) -> None:
    """TLS takes a key only from a file that nobody else can read; so it has to be the station's own."""
    if os.geteuid() != 0:
        return
    try:
        user = pwd.getpwnam(STATION_USER)
    except KeyError:
        log.info("user=%s does not exist: %s stays root's", STATION_USER, file)
        return
    os.chown(file, user.pw_uid, user.pw_gid)


def _link(file: Path, target: Path) -> None:
    if file.is_symlink() and file.readlink() == target:
        return
    beside = file.with_name(f"{file.name}.part")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    beside.replace(file)
    files.sync_folder(file.parent)
