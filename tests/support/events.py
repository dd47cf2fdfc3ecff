from datetime import UTC, datetime

from edge import wire
from edge.station.journal.store import OpenedEpoch

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def draft(body: dict[str, object] | None = None, kind: wire.Kind = wire.Kind.STATION) -> wire.Draft:
    return wire.Draft(
        event_id=wire.uuid7(AT),
        station="OR-01",
        kind=kind,
        at=wire.iso(AT),
        clock={"quality": "ntp", "boot": "b", "mono_ns": 1},
        organisation={"id": "H1", "role": "hospital"},
        place="OR-01",
        body=body or wire.station_change("configuration"),
    )


def opening(opened: OpenedEpoch) -> wire.Draft:
    return draft(
        wire.station_change(
            "epoch_opened", previous=opened.previous, lost=opened.lost, salvaged=opened.salvaged, why=opened.why
        )
    )
