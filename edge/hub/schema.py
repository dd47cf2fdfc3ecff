"""The store's version and its migrations, by alembic."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

HEAD = "0007"
"""The version that this hub works with: the newest file in ``migrations/versions``."""
_MIGRATING = 7_431_001
"""PostgreSQL's advisory lock: one migration at a time."""


def create(connection: Connection, version: str = HEAD) -> None:
    """Bring a store, empty or of an older version, to `version` within the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - a hub that finds its tables starts without it
    from alembic.config import Config  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def version(connection: Connection) -> str | None:
    """The version of a store; None if it has none."""
    from alembic.migration import MigrationContext  # noqa: PLC0415 - see `create`

    return MigrationContext.configure(connection).get_current_revision()
