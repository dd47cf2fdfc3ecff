from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge import wire
from edge.hub.store import Store
from tests.support.postgres import Postgres

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def scan_body(**changed: Any) -> dict[str, Any]:
    read = {
        "bytes": base64.b64encode(b"010690123456789210A1").decode(),
        "symbology": "]d2",
        "source": "scanner",
        "t0_ns": 5,
        "took_ms": 2.9,
        "picture": None,
    }
    udi: dict[str, Any] = {
        "issuer": "GS1",
        "di": "06901234567892",
        "lot": "A1",
        "serial": None,
        "manufactured": None,
        "expires": "2027-12-31",
        "trace_key": "GS1|06901234567892|L|A1",
        "findings": [],
    }
    outcome = changed.pop("outcome", "ACCEPTED")
    reasons = changed.pop("reasons", [])
    udi |= {name: changed.pop(name) for name in ("di", "lot", "serial") if name in changed}
    body = {
        "reads": [read],
        "udi": udi,
        "product": {"level": "sale_unit", "contains": 1, "catalogue": None, "rules": "r"},
        "verdict": {"outcome": outcome, "reasons": reasons},
        "count": 1,
    }
    names = [
        "document",
        "line",
        "owner",
        "counterparty",
        "case",
        "patient",
        "house_code",
        "measurement",
        "override",
        "reason",
        "corrects",
    ]
    return body | dict.fromkeys(names) | changed


@dataclass
class FakeJournal:
    """Makes events as a station's journal does: gapless, chained, exact bytes."""

    station: str = "OR-03"
    epoch: str = "9f2c41d07be3a1c4"
    lines: list[bytes] = field(default_factory=list)

    def add(self, kind: wire.Kind, body: dict[str, Any], after_s: float = 10.0, **fields: Any) -> bytes:
        at = START + timedelta(seconds=after_s * len(self.lines))
        ident = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.station} {self.epoch} {len(self.lines)}")
        draft = wire.Draft(
            event_id=fields.pop("event_id", f"{str(ident)[:14]}7{str(ident)[15:19]}8{str(ident)[20:]}"),
            station=self.station,
            kind=kind,
            at=fields.pop("at", wire.iso(at)),
            clock=fields.pop("clock", {"quality": "ntp", "boot": "b", "mono_ns": 1}),
            organisation={"id": "H510104", "role": "hospital"},
            place=fields.pop("place", self.station),
            body=body,
            **fields,
        )
        return self.put(draft.encode(self.epoch, len(self.lines) + 1, self.chain))

    def scan(self, after_s: float = 10.0, *, fields: dict[str, Any] | None = None, **changed: Any) -> bytes:
        return self.add(wire.Kind.SCAN, scan_body(**changed), after_s, **{"operator": "N1207", **(fields or {})})

    def again(self, line: bytes) -> bytes:
        """The same event under its old id, as after a fork."""
        return self.put(wire.replace_place(line, epoch=self.epoch, seq=len(self.lines) + 1, chain=self.chain))

    def put(self, line: bytes) -> bytes:
        self.lines.append(line)
        return line

    @property
    def chain(self) -> str | None:
        return wire.digest(self.lines[-1]) if self.lines else None

    @property
    def topic(self) -> str:
        return wire.topic(self.station, "scan")

    def properties(self, first: int, count: int) -> dict[str, str]:
        return {"station": self.station, "epoch": self.epoch, "first_seq": str(first), "count": str(count)}


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new, empty store can be: every test of a store runs on both kinds."""
    if request.param == "sqlite":
        return str(tmp_path / "hub.sqlite3")
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    opened = Store.open_writer(place)
    yield opened
    opened.close()


@pytest.fixture
def second_store(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """Another one of the same kind."""
    second = str(tmp_path / "second.sqlite3") if store.is_sqlite else request.getfixturevalue("postgres").database()
    opened = Store.open_writer(second)
    yield opened
    opened.close()
