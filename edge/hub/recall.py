"""Recalls, stop-use orders and holds at the hub: drafted, signed by two, published, withdrawn by a further version.

A version's bytes are never changed once they are drafted: whoever signed has signed just these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Row, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from edge.catalog.notices import Notice
from edge.catalog.orders import OrderError, SiteOrder, decode, encode, withdrawal
from edge.hub.tables import change, site_order, site_order_signature
from edge.sign import Authority, Signature, public_half, sign


class RecallError(ValueError):
    """What cannot be done with an order, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of an order."""

    notice: Notice
    drafted: str
    published: str | None
    """When; None: a draft."""

    @property
    def said(self) -> SiteOrder:
        """The order."""
        return self.notice.said

    @property
    def signed_by(self) -> tuple[str, ...]:
        """Whose signatures are there, fitting or not."""
        return tuple(each.by for each in self.notice.signatures)


def draft(connection: Connection, said: SiteOrder) -> Kept:
    """Write down an order as its next version, whatever version it names.

    Raises:
        RecallError: it has no form to sign, or somebody drafted the same order at this moment.
    """
    last = connection.execute(
        select(func.max(site_order.c.version)).where(site_order.c.order_id == said.order.order)
    ).scalar()
    said = replace(said, version=(last or 0) + 1)
    try:
        body = encode(said)
        Notice(said, body, (_ROOM, _ROOM)).encode()
    except OrderError as error:
        raise RecallError(str(error)) from None
    row = {"order_id": said.order.order, "version": said.version, "body": body, "drafted": said.issued}
    try:
        connection.execute(insert(site_order).values(**row))
    except IntegrityError:
        raise RecallError(f"order {said.order.order} was drafted by somebody else at this moment: look at it") from None
    return Kept(Notice(said, body, ()), said.issued, None)


_ROOM = Signature("n" * 100, "s" * 88)


def draft_withdrawal(connection: Connection, ident: str, issued: str, ends: date) -> Kept:
    """Write down that the published order is taken back.

    Raises:
        RecallError: nothing is published under this number, or it is withdrawn.
    """
    former = published(connection).get(ident)
    if former is None:
        raise RecallError(f"no order {ident} is published: see udi-hub recall list")
    if former.said.withdrawn:
        raise RecallError(f"order {ident} is withdrawn already, by version {former.said.version}")
    return draft(connection, withdrawal(former.said, version=0, issued=issued, ends=ends))


def open_draft(connection: Connection, ident: str) -> Kept:
    """The draft of an order: its highest version, if that is not published.

    Raises:
        RecallError: there is none.
    """
    last = newest(connection, ident)
    if last.published is not None:
        raise RecallError(
            f"version {last.said.version} of order {ident} is published and nothing newer is drafted: "
            "udi-hub recall draft or withdraw"
        )
    return last


def newest(connection: Connection, ident: str) -> Kept:
    """The highest version of an order, published or not.

    Raises:
        RecallError: there is none.
    """
    query = _versions().where(site_order.c.order_id == ident).order_by(site_order.c.version.desc()).limit(1)
    found = [_kept(connection, row) for row in connection.execute(query).all()]
    if not found:
        raise RecallError(f"no order {ident}: see udi-hub recall list")
    return found[0]


def sign_draft(connection: Connection, kept: Kept, authority: Authority, key: bytes, signed: str) -> Kept:
    """Add a signature; signing twice changes nothing.

    Raises:
        RecallError: the key is not the authority's, or the authority may not sign orders.
    """
    if public_half(key) != authority.public_key:
        raise RecallError(f"this key is not that of [[authority]] {authority.name!r}: its public half is another one")
    if "order" not in authority.may:
        raise RecallError(f"[[authority]] {authority.name!r} may not sign orders")
    made = sign("order", kept.notice.body, by=authority.name, key=key)
    others = tuple(each for each in kept.notice.signatures if each.by != made.by)
    if len(others) == len(kept.notice.signatures):
        place = {"order_id": kept.said.order.order, "version": kept.said.version}
        row = {**place, "authority": made.by, "sig": made.sig, "signed": signed}
        connection.execute(insert(site_order_signature).values(**row))
    return replace(kept, notice=replace(kept.notice, signatures=(*others, made)))


def publish(connection: Connection, kept: Kept, authorities: Iterable[Authority], at: str) -> None:
    """Let a draft count from now on.

    Raises:
        RecallError: two authorities that are known here have not signed it.
    """
    ident, version = kept.said.order.order, kept.said.version
    try:
        kept.notice.demand_signed(authorities)
    except OrderError as error:
        raise RecallError(f"order {ident} version {version}: {error}; see udi-hub recall sign") from None
    here = (site_order.c.order_id == ident, site_order.c.version == version, site_order.c.published.is_(None))
    connection.execute(update(site_order).where(*here).values(published=at))


def adopt(connection: Connection, notice: Notice, at: str) -> None:
    """Take over a published version that this store does not have: it was restored from an older copy.

    The caller has checked the signatures, and that the version is higher than any published one.
    """
    place = {"order_id": notice.said.order.order, "version": notice.said.version}
    for table in (site_order_signature, site_order):  # a draft of this number counts nowhere, the published one does
        connection.execute(table.delete().where(*(table.c[name] == value for name, value in place.items())))
    connection.execute(insert(site_order).values(**place, body=notice.body, drafted=notice.said.issued, published=at))
    for each in notice.signatures:
        connection.execute(insert(site_order_signature).values(**place, authority=each.by, sig=each.sig, signed=at))


def revision(connection: Connection) -> int:
    """Changes whenever something is published: no version is ever deleted or taken back silently."""
    return connection.execute(select(func.count()).where(site_order.c.published.is_not(None))).scalar_one()


def published(connection: Connection) -> dict[str, Kept]:
    """The version of each order that counts, by its number."""
    query = _versions().where(site_order.c.published.is_not(None)).order_by(site_order.c.version)
    return {row.order_id: _kept(connection, row) for row in connection.execute(query).all()}


def listed(connection: Connection) -> Iterator[Kept]:
    """The highest version of each order, by its number, drafts too; and the published one below a draft."""
    rows = connection.execute(_versions().order_by(site_order.c.order_id, site_order.c.version)).all()
    last = {row.order_id: row for row in rows}
    counting = {row.order_id: row for row in rows if row.published is not None}
    for ident, row in last.items():
        if counting.get(ident, row) is not row:
            yield _kept(connection, counting[ident])
        yield _kept(connection, row)


def stations(connection: Connection, kept: Kept) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The stations that said they took this version, and those that said they refused something of this order."""
    c = change.c
    query = select(c.station, c.what, c.detail).where(
        c.kind == "station", c.what.in_(("order_taken", "order_refused")), c.ident == kept.said.order.order
    )
    taken, refused = set(), set()
    for row in connection.execute(query):
        if row.what == "order_refused":
            refused.add(row.station)
        elif row.detail.get("version") == kept.said.version:
            taken.add(row.station)
    return tuple(sorted(taken)), tuple(sorted(refused))


def _versions() -> Select[tuple[str, int, bytes, str, str | None]]:
    c = site_order.c
    return select(c.order_id, c.version, c.body, c.drafted, c.published)


def _kept(connection: Connection, row: Row[tuple[str, int, bytes, str, str | None]]) -> Kept:
    c = site_order_signature.c
    query = select(c.authority, c.sig).where(c.order_id == row.order_id, c.version == row.version).order_by(c.authority)
    signatures = tuple(Signature(by, sig) for by, sig in connection.execute(query))
    return Kept(Notice(decode(bytes(row.body)), bytes(row.body), signatures), row.drafted, row.published)
