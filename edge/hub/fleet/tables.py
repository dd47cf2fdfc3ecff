"""The fleet's tables: what machines said last, what they shall have, what they were asked."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from edge.hub.tables import METADATA, NUMBER

__all__ = ["METADATA", "fleet_command", "fleet_machine", "fleet_wanted"]

fleet_machine = Table(
    "fleet_machine",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("health", Text),
    Column("health_at", Text),
    Column("reported", Text),
    Column("reported_at", Text),
)
"""What each machine said last: its health, and what became of its configuration; JSON as it came."""

fleet_wanted = Table(
    "fleet_wanted",
    METADATA,
    Column("station", Text, primary_key=True),
    Column("rev", NUMBER, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
    Column("wanted_at", Text, nullable=False),
)
"""Configurations that were wanted, signed as they go to the agent; of each station the highest revision counts."""

fleet_command = Table(
    "fleet_command",
    METADATA,
    Column("ident", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("expires", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Index("fleet_command_status", "status"),
)
"""What machines were asked to do, and how far that has come."""
