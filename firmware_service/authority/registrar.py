"""Who gets a certificate, keeps it, and loses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from firmware_service.authority import audit
from firmware_service.authority.keyring import Keyring
from firmware_service.authority.signing import Revoked, sign_device
from firmware_service.authority.store import Issued, Rows, Store, Token
from firmware_service.authority.tokens import hash_of, refusal
from firmware_service.identity.est import Request

WINDOW = timedelta(days=90)
"""So long after its end a certificate can still be renewed by who holds its key."""
REPEATED = timedelta(days=30)
"""So long a renewal that the device has not shown yet is given out again, in place of another one."""
UNAUTHORIZED, FORBIDDEN, CONFLICT = 401, 403, 409


class Refused(Exception):  # noqa: N818 - what it is called
    """No; the text says why and what to do."""

    def __init__(self, status: int, text: str) -> None:
        """Keep the status for HTTP."""
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Registrar:
    """Decides, keeps and tells; every method is one transaction.

    Attributes:
        store: tokens and certificates.
        keyring: what signs.
        log: the audit log.
    """

    store: Store
    keyring: Keyring
    log: Path

    def add_token(self, token: Token, now: datetime) -> None:
        """Keep a new token."""
        with self.store.transaction() as rows:
            rows.add_token(token)
            self._tell(rows, now, "token", token=token.name, station=token.station, board=token.board)

    def revoke_token(self, name: str, now: datetime) -> Token:
        """Make a token useless.

        Raises:
            Refused: there is none of this name, or several.
        """
        with self.store.transaction() as rows:
            found = [token for token in rows.tokens() if name and token.hash.startswith(name)]
            if len(found) != 1:
                raise Refused(CONFLICT, f"{len(found)} tokens begin with {name!r}: authority token list shows them")
            rows.revoke_token(found[0], now)
            self._tell(rows, now, "token revoked", token=found[0].name)
            return found[0]

    def enrol(self, text: str, request: Request, now: datetime, source: str) -> x509.Certificate:
        """A certificate for a token. The same token and key get the same certificate again: an answer may be lost.

        Args:
            text: the token as it was shown.
            request: what is asked for.
            now: now.
            source: where the request came from, for the log.

        Raises:
            Refused: the token does not entitle to it.
        """
        with self._audited_refusal(now, request, source), self.store.transaction() as rows:
            token = rows.token(hash_of(text))
            role = request.subject.role
            given = None if token is None else next(iter(rows.issued(token=token.hash, role=role)), None)
            why = refusal(token, request, given, now)
            if why is not None or token is None:
                raise Refused(UNAUTHORIZED, why or "")
            if given is not None:
                return _still_good(given).certificate
            _refuse_taken_name(rows, token, request)
            rows.bind_token(token, request.subject.station, request.subject.board)
            return self._issue(rows, request, now, source, token)

    def renew(self, held: Issued, request: Request, now: datetime, source: str) -> x509.Certificate:
        """The next certificate for the same key; the same again while the device has not shown it.

        Args:
            held: what the device has proved to hold, see `held_by`.
            request: what is asked for.
            now: now.
            source: where the request came from, for the log.

        Raises:
            Refused: the certificate was taken back, ended too long ago, or is another's.
        """
        with self._audited_refusal(now, request, source), self.store.transaction() as rows:
            _refuse_renewal(rows.issued(number=held.number)[0], request, now)
            signs = self.keyring.signing().pin
            for each in rows.issued(pin=request.pin, state="pending", ca=signs):
                if now - each.issued < REPEATED:
                    return each.certificate
            return self._issue(rows, request, now, source, None)

    def confirm(self, held: Issued, now: datetime, source: str) -> Issued:
        """A device has shown this certificate: it is active, and whatever else its name held is not.

        Raises:
            Refused: the certificate was taken back.
        """
        with self.store.transaction() as rows:
            now_held = _still_good(rows.issued(number=held.number)[0])
            if now_held.state == "active":
                return now_held
            active = rows.issued(station=held.station, role=held.role, state="active")
            for each in active:
                self._end(rows, each, now, same_key=each.pin == held.pin)
            self._tell(rows, now, "confirmed", number=held.number, station=held.station, role=held.role, source=source)
            return rows.move(now_held, "active", now)

    def held_by(self, shown: x509.Certificate) -> Issued:
        """What is known of a certificate that somebody proved to hold.

        Raises:
            Refused: it is not one of the devices'.
        """
        return self._known(number=f"{shown.serial_number:x}", ca=self._pin_of_issuer(shown))

    def held_with(self, request: Request) -> Issued:
        """The newest certificate of the key that signed this request, which is a proof of holding it.

        Raises:
            Refused: the key is not known here.
        """
        return self._known(pin=request.pin)

    def revoke(self, station: str, why: str, now: datetime) -> list[Issued]:
        """Take back all that a station and its agent hold.

        Raises:
            Refused: it holds nothing.
        """
        with self.store.transaction() as rows:
            held = [each for each in rows.issued(station=station) if each.state != "revoked" and each.expires > now]
            if not held:
                raise Refused(CONFLICT, f"station {station!r} holds no certificate: authority list shows who does")
            for each in held:
                rows.move(each, "revoked", now)
            self._tell(rows, now, "revoked", station=station, count=len(held), why=why)
            return held

    def revoked(self, now: datetime) -> dict[str, list[Revoked]]:
        """What the lists name, by the pin of the authority that signed it; what has ended long ago is left out."""
        found: dict[str, list[Revoked]] = {}
        with self.store.transaction() as rows:
            for each in rows.issued(state="revoked"):
                if each.ended is not None and each.expires + WINDOW > now:
                    found.setdefault(each.ca, []).append(Revoked(int(each.number, 16), each.ended))
        return found

    def tell(self, now: datetime, act: str, **facts: str | int | None) -> None:
        """Write into the log what was done elsewhere."""
        with self.store.transaction() as rows:
            self._tell(rows, now, act, **facts)

    def _issue(self, rows: Rows, request: Request, now: datetime, source: str, token: Token | None) -> x509.Certificate:
        ca = self.keyring.signing()
        made = sign_device(ca, request, now)
        subject = request.subject
        issued = Issued(
            number=f"{made.serial_number:x}",
            station=subject.station,
            role=subject.role,
            board=subject.board,
            pin=request.pin,
            ca=ca.pin,
            issued=now,
            expires=made.not_valid_after_utc,
            token=None if token is None else token.hash,
            pem=made.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        )
        rows.add(issued)
        facts = {"number": issued.number, "station": issued.station, "role": issued.role, "board": issued.board}
        by = "renewal" if token is None else token.name
        self._tell(rows, now, "issued", **facts, by=by, key=issued.pin, source=source)
        return made

    def _end(self, rows: Rows, old: Issued, now: datetime, *, same_key: bool) -> None:
        """A renewed certificate goes by itself; the one of another key is on a device that was replaced."""
        rows.move(old, "superseded" if same_key else "revoked", now)
        if not same_key:
            self._tell(
                rows, now, "revoked", station=old.station, number=old.number, why="another device took its place"
            )

    def _tell(self, rows: Rows, now: datetime, act: str, **facts: str | int | None) -> None:
        rows.set_note("audit", audit.append(self.log, now, act, **facts))

    @contextmanager
    def _audited_refusal(self, now: datetime, request: Request, source: str) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            subject = request.subject
            facts = {"station": subject.station, "role": subject.role, "board": subject.board, "key": request.pin}
            self.tell(now, "refused", **facts, why=str(refused), source=source)
            raise

    def _known(self, **where: str) -> Issued:
        with self.store.transaction() as rows:
            found = rows.issued(**where)
        if not found:
            raise Refused(FORBIDDEN, "this authority has not given out that certificate: enrol with a token")
        return found[-1]

    def _pin_of_issuer(self, certificate: x509.Certificate) -> str:
        ca = self.keyring.of(certificate)
        return "" if ca is None else ca.pin


def _refuse_taken_name(rows: Rows, token: Token, request: Request) -> None:
    """A token for any station must not give away the name of one that works; a token for that station may."""
    subject = request.subject
    active = rows.issued(station=subject.station, role=subject.role, state="active")
    if token.station is None and any(each.pin != request.pin for each in active):
        raise Refused(
            CONFLICT,
            f"{subject.common_name} is at work on board {active[-1].board}: make a token for {subject.station} "
            f"to replace it (authority token new --station {subject.station}), or choose another name",
        )


def _refuse_renewal(held: Issued, request: Request, now: datetime) -> None:
    _still_good(held)
    if now >= held.expires + WINDOW:
        days = WINDOW.days
        raise Refused(
            FORBIDDEN, f"the certificate ended on {held.expires:%Y-%m-%d}, over {days} days ago: enrol with a token"
        )
    asked = request.subject
    if (asked.station, asked.role, asked.board) != (held.station, held.role, held.board) or request.pin != held.pin:
        raise Refused(
            FORBIDDEN,
            f"expected a request for {held.station} ({held.role}) on board {held.board} with the same key, "
            f"found {asked.station} ({asked.role}) on board {asked.board}",
        )


def _still_good(held: Issued) -> Issued:
    if held.state == "revoked":
        raise Refused(FORBIDDEN, f"the certificate of {held.station} was taken back: enrol with a new token")
    return held
