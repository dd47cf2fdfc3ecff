"""alembic's way in: runs within the transaction of `edge.hub.schema.create`."""

from alembic import context

from edge.hub.fleet import tables

context.configure(connection=context.config.attributes["connection"], target_metadata=tables.METADATA)
context.run_migrations()
