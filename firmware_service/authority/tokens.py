"""Tokens: a technician makes one for a card, the device shows it once. Pure but for the randomness."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta

from firmware_service.authority.store import Issued, Token
from firmware_service.identity.est import Request

BYTES = 20
"""Of randomness: nobody guesses 160 bits."""
LASTS = timedelta(hours=72)
LONGEST = timedelta(days=30)
_ASK = "make a new one: udi-firmware authority token new"


def make_token(station: str | None, board: str | None, now: datetime, lasts: timedelta = LASTS) -> tuple[str, Token]:
    """A new token, as text for the card and as it is kept."""
    text = base64.b32encode(secrets.token_bytes(BYTES)).decode("ascii")
    return text, Token(hash_of(text), station, board, now, now + lasts)


def hash_of(text: str) -> str:
    """By which a token is found; neither case nor spaces around it matter."""
    return hashlib.sha256(text.strip().upper().encode()).hexdigest()


def refusal(token: Token | None, request: Request, given: Issued | None, now: datetime) -> str | None:
    """Why a token does not entitle to what is asked for; None: it does.

    Args:
        token: None: unknown here.
        request: what is asked for.
        given: what this token was already used for in the same role.
        now: now.
    """
    if token is None:
        return f"this token is not known here: is it of another site? Or {_ASK}"
    if token.revoked is not None:
        return f"token {token.name} was taken back on {token.revoked:%Y-%m-%d %H:%M} UTC: {_ASK}"
    subject = request.subject
    if token.station not in (None, subject.station):
        return f"token {token.name} is for station {token.station}, asked for was {subject.station}: {_ASK}"
    if token.board not in (None, subject.board):
        return f"token {token.name} is for board {token.board}, shown by board {subject.board}: {_ASK}"
    if given is not None and given.pin != request.pin:
        return f"token {token.name} was used on {given.issued:%Y-%m-%d %H:%M} UTC, for another key: {_ASK}"
    if given is None and now >= token.expires:
        return f"token {token.name} ended on {token.expires:%Y-%m-%d %H:%M} UTC: {_ASK}"
    return None
