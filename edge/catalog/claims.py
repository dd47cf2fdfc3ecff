"""Whose DI it is: every record's claims, sorted once, the newest first where several claim one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from edge.catalog.tree import di_of

CONTESTED = 8
"""Added to the level of a GTIN that further records claim: those stand in ``claim``."""
MOST_NAMED = 1_000
"""Contradictions that are named one by one; the rest is counted."""
_BATCH = 20_000
_SUPERSEDED = """
CREATE TABLE work.superseded AS SELECT product FROM (
  SELECT product, row_number() OVER (PARTITION BY di ORDER BY rank DESC, product DESC) AS place
  FROM work.arrived WHERE level = 0) WHERE place > 1
"""
_SORTED = """
SELECT di, product, level, contains FROM work.arrived
WHERE product NOT IN (SELECT product FROM work.superseded) ORDER BY di, rank DESC, product DESC
"""
_Claim = tuple[Any, ...]


def settle(conn: sqlite3.Connection, report: Callable[[str], None]) -> int:
    """Drop what newer versions superseded, then bring every DI to its place.

    Args:
        conn: of a file that is being written, with its ``work`` attached.
        report: told each DI that several records claim.

    Returns:
        How many DIs there are.
    """
    conn.execute(_SUPERSEDED)
    dropped = conn.execute("DELETE FROM product WHERE id IN (SELECT product FROM work.superseded)").rowcount
    if dropped:
        report(f"{dropped} records are older versions of others in this release; the newer ones count")
    dis = contested = 0
    gtins, others = list[_Claim](), list[_Claim]()
    for di, claims in _by_di(conn):
        dis += 1
        if len(claims) > 1:
            contested += 1
            if contested <= MOST_NAMED:
                report(_told(conn, di, claims))
        _place(di, claims, gtins, others)
        if len(gtins) + len(others) >= _BATCH:
            _store(conn, gtins, others)
    _store(conn, gtins, others)
    if contested > MOST_NAMED:
        report(f"{contested - MOST_NAMED} further DIs stand in several records")
    return dis


def _by_di(conn: sqlite3.Connection) -> Iterator[tuple[Any, list[_Claim]]]:
    for di, group in groupby(conn.execute(_SORTED), key=itemgetter(0)):
        yield di, list(group)


def _place(di: Any, claims: Sequence[_Claim], gtins: list[_Claim], others: list[_Claim]) -> None:
    """The newest claim of a GTIN stands in the table that is read first; texts and older claims in the other."""
    rest = 0
    if isinstance(di, int):
        _, product, level, contains = claims[0]
        gtins.append((di, product, level + (CONTESTED if len(claims) > 1 else 0), contains))
        rest = 1
    others += [(di, place, *claim[1:]) for place, claim in enumerate(claims) if place >= rest]


def _store(conn: sqlite3.Connection, gtins: list[_Claim], others: list[_Claim]) -> None:
    conn.executemany("INSERT INTO gtin VALUES (?, ?, ?, ?)", gtins)
    conn.executemany("INSERT INTO claim VALUES (?, ?, ?, ?, ?)", others)
    gtins.clear()
    others.clear()


def _told(conn: sqlite3.Connection, di: Any, claims: Sequence[_Claim]) -> str:
    names = [_named(conn, claim[1]) for claim in claims]
    return f"DI {di_of(di)} stands in {len(names)} records, expected one: {', '.join(names)}; the first counts"


def _named(conn: sqlite3.Connection, product: int) -> str:
    sale, version = conn.execute("SELECT sale, version FROM product WHERE id = ?", (product,)).fetchone()
    return f"{di_of(sale)} (version {'-' if version is None else version})"
